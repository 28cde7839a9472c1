//! #4 and #35: a process that stands still, first a vendor's, then the gateway's own.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::caller::{Delivery, Ended, Heard};
use super::gateway::Start;
use super::load::Load;
use super::report::{ProcessReport, percentile};
use super::{ProcessScenario, history, stage};

/// The shortest stall limit, in seconds.
const STALL: f64 = 3.0;
/// Probes while it stands still: three in each of the open times of 1, 2 and 4 seconds.
const PROBES: usize = 9;
/// The timeout for the first token and for whole answers, in seconds.
const PATIENCE: f64 = 10.0;

pub(super) fn vendor() -> ProcessScenario {
    ProcessScenario {
        number: 4,
        name: "frozen-vendor",
        about: "SIGSTOP of a vendor's process: it accepts and never answers; then SIGCONT",
        play: |binary| Box::pin(play_vendor(binary)),
    }
}

pub(super) fn gateway() -> ProcessScenario {
    ProcessScenario {
        number: 35,
        name: "frozen-gateway",
        about: "SIGSTOP of the gateway under load for longer than its timeouts; then SIGCONT",
        play: |binary| Box::pin(play_gateway(binary)),
    }
}

/// The vendor that freezes is a gateway itself: another process that speaks the format.
async fn play_vendor(binary: PathBuf) -> ProcessReport {
    let mut report = ProcessReport::default();
    let alpha = stage::vendor("alpha", Duration::from_millis(5)).await;
    let beta = stage::vendor("beta", Duration::from_millis(5)).await;
    let start = Start::of(&binary);
    let inner = format!(
        "{}routes:\n{}",
        stage::providers(&[&alpha]),
        stage::route("m", &["alpha"], "")
    );
    let stopped = start.run(&inner).await;
    let options = ", breaker: { preset: adaptive }, timeouts: { first_token: 10s, unary: 10s }";
    let config = format!(
        "{}  alpha: {{ kind: local, base_url: \"http://{}/v1\" }}\nroutes:\n{}{}",
        stage::providers(&[&beta]),
        stopped.caller.address,
        stage::route("chat", &["alpha", "beta"], options),
        stage::route("alone", &["alpha"], options),
    );
    let gateway = start.run(&config).await;
    let load = Load::start(gateway.caller, "chat", Duration::from_millis(25));
    sleep(Duration::from_secs(4)).await;
    let before = alpha.ledger().total();
    stopped.signal("STOP").await;
    let frozen = Instant::now();
    // The control: without another target the same freeze is felt.
    let caller = gateway.caller;
    let alone = tokio::spawn(caller.call("alone", Delivery::Unary));
    sleep(Duration::from_secs(9)).await;
    let during = alpha.ledger().total() - before;
    let calls = load.stop().await;
    during_the_freeze(&mut report, &calls, frozen);
    history::join(&mut report, &calls, &[&alpha, &beta]);
    let alone = alone.await.expect("callers do not panic");
    report.exactly(
        "control",
        "calls without another target that were lost",
        usize::from(!alone.is_whole()),
        1,
    );
    report.fired(
        "SIGSTOP, requests that the vendor read meanwhile",
        usize::from(during <= 1),
        1,
    );
    stopped.signal("CONT").await;
    let healed = Instant::now();
    let back = recovered(&gateway.caller, &mut report, &[&alpha, &beta]).await;
    let took = back.map_or(f64::INFINITY, |at| (at - healed).as_secs_f64());
    report.at_most("I9", "seconds until the vendor answers again", took, 15.0);
    report
}

/// Checks that the freeze was found out in time, and cost nobody his answer who had none of it yet.
fn during_the_freeze(report: &mut ProcessReport, calls: &[Heard], frozen: Instant) {
    let lost: Vec<_> = calls.iter().filter(|call| !call.is_whole()).collect();
    let is_typed = |call: &&&Heard| {
        let is_error = matches!(call.ended, Ended::Error { .. });
        is_error && !call.text.is_empty() && call.started < frozen
    };
    let committed = lost.iter().filter(is_typed).count();
    let without = format!(
        "calls of {} lost, but for {committed} streams in flight that ended with a typed error",
        calls.len()
    );
    report.exactly("I6", without, lost.len() - committed, 0);
    let stall = stall_limit(calls, frozen);
    let later = calls.iter().filter(|call| call.started > frozen);
    let durations: Vec<_> = later.clone().map(|call| call.duration).collect();
    let p99 = percentile(&durations, 99).as_secs_f64();
    report.at_most(
        "I7",
        "seconds that a call takes meanwhile, p99",
        p99,
        stall + 2.0,
    );
    // Whoever waits as long as a stall takes had to find out, or probed later on.
    let found_out = later.filter(|call| call.duration.as_secs_f64() >= STALL);
    let mut starts: Vec<_> = found_out.map(|call| call.started - frozen).collect();
    starts.sort_unstable();
    let last = starts.len().saturating_sub(PROBES + 1);
    let opened = starts.get(last).map_or(0.0, Duration::as_secs_f64);
    report.at_most(
        "I8",
        "seconds until calls pass it over",
        opened,
        stall + 2.0,
    );
}

/// The stall limit as the route works it out from the answers before the freeze, in seconds.
fn stall_limit(calls: &[Heard], frozen: Instant) -> f64 {
    let before = calls.iter().filter(|call| call.ended_at() < frozen);
    let durations: Vec<_> = before.map(|call| call.duration).collect();
    let three_times = percentile(&durations, 95).as_secs_f64() * 3.0;
    three_times.clamp(STALL, PATIENCE)
}

/// When a vendor answered first after its heal.
async fn recovered(
    caller: &super::caller::Caller,
    report: &mut ProcessReport,
    vendors: &[&interline_simulator::Vendor],
) -> Option<Instant> {
    let begun = Instant::now();
    let load = Load::start(*caller, "chat", Duration::from_millis(50));
    let mut back = None;
    while back.is_none() && begun.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(100)).await;
        let served = caller.call("chat", Delivery::Unary).await;
        back = (served.provider == "alpha").then(Instant::now);
    }
    let calls = load.stop().await;
    history::all_whole(report, "calls after SIGCONT", &calls);
    history::join(report, &calls, vendors);
    back
}

async fn play_gateway(binary: PathBuf) -> ProcessReport {
    let mut report = ProcessReport::default();
    let alpha = stage::vendor("alpha", Duration::from_millis(25)).await;
    let beta = stage::vendor("beta", Duration::from_millis(25)).await;
    let options = ", timeouts: { first_token: 2s, unary: 3s, idle: 2s }";
    let config = format!(
        "{}routes:\n{}",
        stage::providers(&[&alpha, &beta]),
        stage::route("chat", &["alpha", "beta"], options)
    );
    let gateway = Start::of(&binary).run(&config).await;
    let load = Load::start(gateway.caller, "chat", Duration::from_millis(50));
    sleep(Duration::from_secs(2)).await;
    let before = alpha.ledger().total();
    gateway.signal("STOP").await;
    sleep(Duration::from_millis(100)).await;
    let settled = alpha.ledger().total();
    sleep(Duration::from_secs(6)).await;
    let meanwhile = (alpha.ledger().total() - settled) as usize;
    report.fired(
        "SIGSTOP, no request left meanwhile",
        usize::from(meanwhile == 0 && before > 0),
        1,
    );
    gateway.signal("CONT").await;
    sleep(Duration::from_secs(3)).await;
    let skips = gateway.caller.metric("interline_skips_total", &[]).await;
    report.exactly(
        "I11",
        "times that a vendor was passed over",
        skips as usize,
        0,
    );
    let attempts_at_beta = beta.ledger().total() as usize;
    report.exactly(
        "seen",
        "calls that went to the next vendor",
        attempts_at_beta,
        0,
    );
    let calls = load.stop().await;
    let waited = calls
        .iter()
        .filter(|call| call.duration > Duration::from_secs(3));
    report.at_least(
        "I26",
        "calls that lived through the freeze",
        waited.count() as f64,
        20.0,
    );
    history::all_whole(&mut report, "calls", &calls);
    history::join(&mut report, &calls, &[&alpha, &beta]);
    report
}
