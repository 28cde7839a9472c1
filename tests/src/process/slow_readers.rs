//! #42: callers who hardly read: the vendor is held back, memory stays bounded, nobody else notices.

use std::path::PathBuf;
use std::time::Duration;

use interline_simulator::Fault;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::caller::{Ask, Caller, Delivery, Heard};
use super::gateway::{Gateway, Start};
use super::load::Load;
use super::report::{ProcessReport, percentile};
use super::{ProcessScenario, history, stage};

const READERS: usize = 16;
/// The buffer that the design allows a reader, in MiB.
const BUFFER: f64 = 1.0;
const MIB: f64 = 1024.0 * 1024.0;

pub(super) fn scenario() -> ProcessScenario {
    ProcessScenario {
        number: 42,
        name: "slow-reader",
        about: "callers read 1 KiB/s of answers without an end, others call beside them",
        play: |binary| Box::pin(play(binary)),
    }
}

async fn play(binary: PathBuf) -> ProcessReport {
    let mut report = ProcessReport::default();
    let alpha = stage::vendor("alpha", Duration::from_millis(5)).await;
    let endless = stage::vendor("endless", Duration::ZERO).await;
    endless.set_fault(Some(Fault::EndlessBody));
    let options = ", timeouts: { idle: 2s, progress: 3s }";
    let config = format!(
        "{}routes:\n{}{}",
        stage::providers(&[&alpha, &endless]),
        stage::route("chat", &["alpha"], ""),
        stage::route("endless", &["endless"], options),
    );
    let gateway = Start::of(&binary).run(&config).await;
    let caller = gateway.caller;
    let load = Load::start(caller, "chat", Duration::from_millis(20));
    let usual = busy(&gateway, Duration::from_secs(4)).await;
    let mut calls = load.stop().await;
    let unloaded = median(&calls);
    let before = gateway.memory();

    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        readers.spawn(read_slowly(caller, Duration::from_secs(8)));
    }
    sleep(Duration::from_secs(1)).await;
    let load = Load::start(caller, "chat", Duration::from_millis(20));
    let costs = busy(&gateway, Duration::from_secs(5)).await - usual;
    let beside = load.stop().await;
    let grown = gateway.memory() - before;
    let loaded = median(&beside);
    calls.extend(beside);
    let read = readers.join_all().await;

    let alive = read.iter().filter(|one| one.is_alive).count();
    report.exactly(
        "seen",
        "slow readers still served after 8 s, past the idle limit",
        alive,
        READERS,
    );
    report.fired("readers slower than the vendor", READERS, READERS);
    let per_reader = grown / READERS as f64;
    report.at_most(
        "I21",
        "MiB of memory for each slow reader",
        per_reader,
        BUFFER,
    );
    let sent = endless.ledger().exchanges();
    let most = sent.iter().map(|one| one.bytes_sent).max().unwrap_or(0) as f64 / MIB;
    // What the kernel buffers on both sides of the gateway is not the gateway's.
    report.at_most(
        "seen",
        "MiB that the vendor got rid of for one of them",
        most,
        16.0,
    );
    // The median and a little more, because what else runs on the machine decides the rest.
    let twice = 2.0 * unloaded + 0.1;
    report.at_most(
        "I22",
        "seconds of other calls, median (twice what it was)",
        loaded,
        twice,
    );
    report.at_most(
        "I23",
        "share of a core that the slow readers cost",
        costs,
        0.5,
    );
    let skips = caller.metric("interline_skips_total", &[]).await;
    report.exactly(
        "I11",
        "times that a vendor was passed over",
        skips as usize,
        0,
    );
    let quick = read_quickly(caller, Duration::from_secs(1)).await;
    report.at_least(
        "control",
        "MiB that a quick reader gets in a second",
        quick,
        1.0,
    );
    history::all_whole(&mut report, "other callers", &calls);
    history::join(&mut report, &calls, &[&alpha]);
    report
}

/// The share of a core that a gateway uses for a while.
async fn busy(gateway: &Gateway, lasting: Duration) -> f64 {
    let (cpu, since) = (gateway.cpu(), Instant::now());
    sleep(lasting).await;
    (gateway.cpu() - cpu).as_secs_f64() / since.elapsed().as_secs_f64()
}

fn median(calls: &[Heard]) -> f64 {
    let durations: Vec<_> = calls.iter().map(|call| call.duration).collect();
    percentile(&durations, 50).as_secs_f64()
}

struct Read {
    is_alive: bool,
}

/// Reads a kilobyte a second, with little room in its own kernel buffer.
async fn read_slowly(caller: Caller, lasting: Duration) -> Read {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let mut stream = socket.connect(caller.address).await.expect("a connection");
    let request = Ask::new("endless", Delivery::Stream).bytes("close");
    stream.write_all(&request).await.expect("it is written");
    let begun = Instant::now();
    let mut buffer = [0; 256];
    let mut is_alive = true;
    while begun.elapsed() < lasting && is_alive {
        is_alive = matches!(stream.read(&mut buffer).await, Ok(1..));
        sleep(Duration::from_millis(250)).await;
    }
    Read { is_alive }
}

/// How many MiB an eager reader gets.
async fn read_quickly(caller: Caller, lasting: Duration) -> f64 {
    let ask = Ask::new("endless", Delivery::Stream);
    let mut stream: TcpStream = caller.open(&ask).await.expect("a connection");
    let begun = Instant::now();
    let mut buffer = vec![0; 64 * 1024];
    let mut read = 0;
    while begun.elapsed() < lasting {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(bytes) => read += bytes,
        }
    }
    read as f64 / MIB
}
