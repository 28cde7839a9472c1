//! #47: callers invent names of models and targets without end: nothing grows with them.

use std::path::PathBuf;
use std::time::Duration;

use interline_simulator::Vendor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::caller::{Ask, Caller, Delivery};
use super::gateway::Start;
use super::load::all_at_once;
use super::report::ProcessReport;
use super::{ProcessScenario, history, stage};

/// Connections that send invented names.
const CONNECTIONS: usize = 4;
/// Names in one round, where the machine is quick enough: more than any map keeps (4096).
const ROUND: usize = 6000;
/// No round lasts longer, however slow the machine.
const PATIENCE: Duration = Duration::from_secs(8);

pub(super) fn scenario() -> ProcessScenario {
    ProcessScenario {
        number: 47,
        name: "key-explosion",
        about: "callers invent models of one vendor, and models of nobody, thousands of each",
        play: |binary| Box::pin(play(binary)),
    }
}

async fn play(binary: PathBuf) -> ProcessReport {
    let mut report = ProcessReport::default();
    let alpha: Vendor = stage::vendor("alpha", Duration::ZERO).await;
    let config = format!(
        "{}routes:\n{}",
        stage::providers(&[&alpha]),
        stage::route("chat", &["alpha"], "")
    );
    let gateway = Start::of(&binary).run(&config).await;
    let caller = gateway.caller;
    let mut figures = Vec::new();
    let mut names = 0;
    for round in 0..3 {
        names += invent(caller, round).await;
        let text = caller.get("/metrics").await.unwrap_or_default();
        figures.push((gateway.memory(), text.lines().count()));
    }
    report.fired("invented names", names, 3000);
    if let [(_, _), (second, series), (third, last)] = figures.as_slice() {
        // The first rounds fill what is bounded; on a slow machine the last one still does.
        report.at_most(
            "I21",
            "MiB that a further round of names costs",
            third - second,
            8.0,
        );
        report.at_most(
            "I21",
            "lines of metrics that it adds",
            *last as f64 - *series as f64,
            0.0,
        );
    }
    if let Some((_, lines)) = figures.last() {
        report.at_most("I21", "lines of metrics in all", *lines as f64, 400.0);
    }
    let calls = all_at_once(caller, "chat", Delivery::Stream, 20).await;
    history::all_whole(&mut report, "calls after it", &calls);
    history::join(&mut report, &calls, &[&alpha]);
    report
}

/// Sends invented names, as fast as they are answered; how many.
async fn invent(caller: Caller, round: usize) -> usize {
    let mut senders = JoinSet::new();
    for sender in 0..CONNECTIONS {
        senders.spawn(async move {
            let begun = Instant::now();
            let mut stream = TcpStream::connect(caller.address)
                .await
                .expect("a connection");
            let mut sent = 0;
            while sent < ROUND / CONNECTIONS && begun.elapsed() < PATIENCE {
                let vendor = if sent % 5 == 4 { "" } else { "alpha/" };
                let ask = Ask::new(&format!("{vendor}{round}-{sender}-{sent}"), Delivery::Unary);
                let written = stream.write_all(&ask.bytes("keep-alive")).await;
                written.expect("the gateway reads");
                reply_ends(&mut stream).await;
                sent += 1;
            }
            sent
        });
    }
    senders.join_all().await.into_iter().sum()
}

/// Reads one reply with a length.
async fn reply_ends(stream: &mut TcpStream) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.expect("the gateway answers");
        assert!(read > 0, "the gateway hung up after {bytes:?}");
        bytes.extend_from_slice(buffer.get(..read).unwrap_or_default());
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.parse::<usize>().ok())?
        });
        if length.is_some_and(|length| body.len() >= length) {
            return;
        }
    }
}
