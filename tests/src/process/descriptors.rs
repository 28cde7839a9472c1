//! #45: a process with few file descriptors: it waits instead of spinning, blames nobody, and recovers.

use std::path::PathBuf;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::caller::{Ask, Caller, Delivery, Ended, Heard, hear};
use super::gateway::Start;
use super::load::{all_at_once, begun};
use super::report::ProcessReport;
use super::{ProcessScenario, history, stage};

const DESCRIPTORS: u32 = 64;
/// Callers who connect and keep silent: more than there are descriptors.
const SILENT: usize = 80;
/// Callers who each need a connection of their own to the vendor.
const CROWD: usize = 40;

pub(super) fn scenario() -> ProcessScenario {
    ProcessScenario {
        number: 45,
        name: "fd-exhaustion",
        about: "64 file descriptors: taken by silent callers, then by calls that need two each",
        play: |binary| Box::pin(play(binary)),
    }
}

async fn play(binary: PathBuf) -> ProcessReport {
    let mut report = ProcessReport::default();
    let alpha = stage::vendor("alpha", Duration::from_millis(20)).await;
    let beta = stage::vendor("beta", Duration::from_millis(20)).await;
    let config = format!(
        "{}routes:\n{}",
        stage::providers(&[&alpha, &beta]),
        stage::route("chat", &["alpha", "beta"], ", breaker: { preset: simple }")
    );
    let start = Start::of(&binary).with_descriptors(DESCRIPTORS);
    let mut gateway = start.run(&config).await;
    let caller = gateway.caller;

    // Calls in flight, then a crowd that says nothing.
    let early = begun(caller, "chat", Delivery::Stream, 5);
    sleep(Duration::from_millis(300)).await;
    let mut silent = Vec::new();
    for _ in 0..SILENT {
        silent.push(TcpStream::connect(caller.address).await);
    }
    let late = begun(caller, "chat", Delivery::Unary, 5);
    let (begun_at, cpu) = (Instant::now(), gateway.cpu());
    sleep(Duration::from_secs(3)).await;
    let busy = (gateway.cpu() - cpu).as_secs_f64() / begun_at.elapsed().as_secs_f64();
    let mut calls = early.join_all().await;
    history::all_whole(&mut report, "calls that were in flight", &calls);
    let errors = gateway.said("cannot accept connections").len();
    report.fired("accepts that failed", errors, 1);
    report.at_most(
        "I23",
        "lines of log a second about it",
        errors as f64 / 3.0,
        12.0,
    );
    report.at_most(
        "I23",
        "share of a core while nothing can be accepted",
        busy,
        0.1,
    );
    drop(silent);
    let waited = late.join_all().await;
    history::all_whole(&mut report, "calls that waited for a descriptor", &waited);
    calls.extend(waited);

    let crowd = crowd(caller).await;
    let lost: Vec<_> = crowd.iter().filter(|call| !call.is_whole()).collect();
    let typed = lost
        .iter()
        .filter(|call| matches!(call.ended, Ended::Error { .. }));
    report.at_least(
        "I26",
        "calls that found no descriptor for their vendor",
        lost.len() as f64,
        1.0,
    );
    report.exactly(
        "I1",
        "of those: ended with a typed error",
        typed.count(),
        lost.len(),
    );
    calls.extend(crowd);

    sleep(Duration::from_millis(500)).await;
    let after = all_at_once(caller, "chat", Delivery::Unary, 10).await;
    history::all_whole(&mut report, "calls after it", &after);
    let first = after.iter().filter(|call| call.provider == "alpha").count();
    report.exactly(
        "I11",
        "of those: answered by the first vendor, which nobody blames",
        first,
        10,
    );
    calls.extend(after);
    let is_running = gateway.ended(Duration::from_millis(10)).await.is_none();
    report.exactly("I23", "processes that live", usize::from(is_running), 1);
    let panics = gateway.said("panicked").len();
    report.exactly("I23", "panics", panics, 0);
    history::join(&mut report, &calls, &[&alpha, &beta]);
    report
}

/// Calls whose connections stand before any of them needs one to a vendor.
async fn crowd(caller: Caller) -> Vec<Heard> {
    let mut connections = Vec::new();
    for _ in 0..CROWD {
        let connected = TcpStream::connect(caller.address).await;
        connections.push(connected.expect("the kernel accepts"));
    }
    // The gateway accepts them all before the first one speaks.
    sleep(Duration::from_millis(300)).await;
    let mut calls = tokio::task::JoinSet::new();
    for mut stream in connections {
        let ask = Ask::new("chat", Delivery::Unary);
        calls.spawn(async move {
            let started = Instant::now();
            // A failed write shows as a cut answer.
            let _ = stream.write_all(&ask.bytes("close")).await;
            hear(&ask, stream, started).await
        });
    }
    calls.join_all().await
}
