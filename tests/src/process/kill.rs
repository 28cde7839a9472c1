//! #43: the process is killed with streams in flight, and started again.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::caller::{Delivery, Ended, Heard};
use super::gateway::{Start, free_port};
use super::load::{all_at_once, begun};
use super::report::ProcessReport;
use super::{ProcessScenario, history, stage};

const STREAMS: usize = 24;

pub(super) fn scenario() -> ProcessScenario {
    ProcessScenario {
        number: 43,
        name: "kill-9",
        about: "the gateway is killed with streams in flight, and started again",
        play: |binary| Box::pin(play(binary)),
    }
}

async fn play(binary: PathBuf) -> ProcessReport {
    let mut report = ProcessReport::default();
    let alpha = stage::vendor("alpha", Duration::from_millis(50)).await;
    let config = format!(
        "{}routes:\n{}",
        stage::providers(&[&alpha]),
        stage::route("chat", &["alpha"], "")
    );
    let (start, address) = (Start::of(&binary), free_port());
    let mut gateway = start.run_on(address, &config).await;
    let caller = gateway.caller;
    let streams = begun(caller, "chat", Delivery::Stream, STREAMS);
    let arrived = alpha
        .ledger()
        .wait_until(|ledger| ledger.total() == STREAMS as u64);
    let is_arrived = timeout(Duration::from_secs(10), arrived).await.is_ok();
    sleep(Duration::from_millis(500)).await;
    gateway.signal("KILL").await;
    let killed = Instant::now();
    let ended = gateway.ended(Duration::from_secs(5)).await;
    let is_killed = ended.is_some_and(|status| status.code().is_none());
    report.fired(
        "SIGKILL with all streams in flight",
        usize::from(is_killed && is_arrived),
        1,
    );
    let mut calls = streams.join_all().await;
    let cut = calls
        .iter()
        .filter(|call| call.ended == Ended::Cut && !call.text.is_empty());
    report.exactly(
        "seen",
        "streams cut after content, which their callers see",
        cut.count(),
        STREAMS,
    );
    let latest = calls.iter().map(|call| call.ended_at() - killed).max();
    let latest = latest.unwrap_or_default().as_secs_f64();
    report.at_most("I20", "seconds until the last caller sees it", latest, 1.0);
    let left = alpha
        .ledger()
        .wait_until(|ledger| ledger.active_connections() == 0);
    let is_left = timeout(Duration::from_secs(5), left).await.is_ok();
    report.at_most(
        "I20",
        "seconds until the vendor is let go",
        killed.elapsed().as_secs_f64(),
        1.0,
    );
    let open = usize::from(!is_left) * alpha.ledger().active_connections();
    report.exactly("I21", "connections that the vendor still holds", open, 0);
    let refused = all_at_once(caller, "chat", Delivery::Unary, 5).await;
    let is_refused = |call: &&Heard| call.ended == Ended::Refused;
    report.exactly(
        "seen",
        "of 5 calls while nobody listens: refused",
        refused.iter().filter(is_refused).count(),
        5,
    );

    let begun_at = Instant::now();
    let gateway = start.run_on(address, &config).await;
    let first = gateway.caller.call("chat", Delivery::Stream).await;
    let ready = (first.started - begun_at).as_secs_f64();
    report.at_most(
        "I27",
        "seconds from the start of the next process until it serves",
        ready,
        2.0,
    );
    let mut after = all_at_once(caller, "chat", Delivery::Unary, 20).await;
    after.push(first);
    history::all_whole(&mut report, "calls to the next process", &after);
    calls.extend(after);
    history::join(&mut report, &calls, &[&alpha]);
    report
}
