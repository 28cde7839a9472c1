//! #46: the configuration changes twice a second under load: nobody is lost, and what is known stays known.

use std::path::PathBuf;
use std::time::Duration;

use interline_simulator::{ErrorCase, Fault, Vendor};
use tokio::time::sleep;

use super::caller::{Delivery, Heard};
use super::gateway::{Gateway, Start};
use super::load::{Load, all_at_once};
use super::report::ProcessReport;
use super::{ProcessScenario, history, stage};

/// Changes of the configuration; every fourth is a mistake.
const CHANGES: usize = 20;

pub(super) fn scenario() -> ProcessScenario {
    ProcessScenario {
        number: 46,
        name: "config-reload",
        about: "SIGHUP twice a second under load: vendors swap, every fourth file is bad",
        play: |binary| Box::pin(play(binary)),
    }
}

async fn play(binary: PathBuf) -> ProcessReport {
    let mut report = ProcessReport::default();
    let sick = stage::vendor("sick", Duration::ZERO).await;
    sick.set_fault(Some(Fault::error(ErrorCase::ServerError)));
    let alpha = stage::vendor("alpha", Duration::from_millis(25)).await;
    let beta = stage::vendor("beta", Duration::from_millis(25)).await;
    let config = |second: &Vendor| {
        let options = ", breaker: { preset: simple, skip: 10m }, retry: { budget: off }";
        format!(
            "{}routes:\n{}",
            stage::providers(&[&sick, second]),
            stage::route("chat", &["sick", second.name()], options)
        )
    };
    let start = Start::of(&binary);
    let gateway = start.run(&config(&alpha)).await;
    let caller = gateway.caller;
    // The sick vendor is found out before anything changes.
    let mut calls = Vec::new();
    for _ in 0..5 {
        calls.push(caller.call("chat", Delivery::Unary).await);
    }
    let found_out = sick.ledger().total();
    let load = Load::start(caller, "chat", Duration::from_millis(20));
    let mut slowest = 0.0_f64;
    for change in 0..CHANGES {
        let text = match change % 4 {
            3 => format!("{}roots: {{}}\n", config(&beta)),
            0 | 2 => config(&beta),
            _ => config(&alpha),
        };
        slowest = slowest.max(reload(&gateway, &text, change + 1).await);
        sleep(Duration::from_millis(450)).await;
    }
    calls.extend(load.stop().await);
    history::all_whole(&mut report, "calls", &calls);
    let bad = CHANGES / 4;
    report.fired("reloads", CHANGES, CHANGES);
    let count = async |outcome: &str| {
        let label = format!("outcome=\"{outcome}\"");
        caller
            .metric("interline_config_reloads_total", &[&label])
            .await as usize
    };
    report.exactly("seen", "good files taken", count("ok").await, CHANGES - bad);
    report.exactly("seen", "bad files refused", count("failed").await, bad);
    let told = gateway.said("configuration not reloaded");
    let placed = told
        .iter()
        .filter(|line| line.contains("roots") && line.contains(":8:"));
    report.exactly(
        "seen",
        "lines that say where a bad file is wrong",
        placed.count(),
        bad,
    );
    report.at_most("seen", "seconds that a reload takes", slowest, 1.0);
    // Swaps end at the second vendor's turn before the last, bad file.
    let last = all_at_once(caller, "chat", Delivery::Stream, 10).await;
    let by_beta = last.iter().filter(|call| call.provider == "beta").count();
    report.exactly(
        "seen",
        "calls of 10 that follow the last good file",
        by_beta,
        10,
    );
    calls.extend(last);
    let by = |name: &str| calls.iter().filter(|call| call.provider == name).count() as f64;
    report.at_least(
        "I26",
        "calls that the first vendor answered",
        by("alpha"),
        100.0,
    );
    report.at_least(
        "I26",
        "calls that the other one answered",
        by("beta"),
        100.0,
    );
    let again = (sick.ledger().total() - found_out) as usize;
    report.exactly(
        "I5",
        "calls to the sick vendor after it was found out",
        again,
        0,
    );
    control(
        &start,
        gateway,
        &config(&beta),
        &sick,
        &mut report,
        &mut calls,
    )
    .await;
    history::join(&mut report, &calls, &[&sick, &alpha, &beta]);
    report
}

/// Has a text taken over, or refused; how many seconds it took.
async fn reload(gateway: &Gateway, text: &str, nth: usize) -> f64 {
    let begun = tokio::time::Instant::now();
    gateway.config.replace(text);
    gateway.signal("HUP").await;
    // Signals that come together are one, so each is waited for.
    while gateway.said("reloaded").len() < nth && begun.elapsed() < Duration::from_secs(10) {
        sleep(Duration::from_millis(5)).await;
    }
    begun.elapsed().as_secs_f64()
}

/// A process that starts anew knows nothing: the check that health survives must fail for it.
async fn control(
    start: &Start,
    gateway: Gateway,
    config: &str,
    sick: &Vendor,
    report: &mut ProcessReport,
    calls: &mut Vec<Heard>,
) {
    drop(gateway);
    let before = sick.ledger().total();
    let gateway = start.run(config).await;
    calls.push(gateway.caller.call("chat", Delivery::Unary).await);
    let asked = (sick.ledger().total() - before) as usize;
    report.exactly(
        "control",
        "calls to the sick vendor after a restart in place of a reload",
        asked,
        1,
    );
}
