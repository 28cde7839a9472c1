//! #44: SIGTERM under load: what is in flight is finished, what comes later is refused, and nobody waits for ever.

use std::path::PathBuf;
use std::time::Duration;

use interline_simulator::Vendor;
use tokio::time::{Instant, sleep};

use super::caller::{Delivery, Ended, Heard};
use super::gateway::{Gateway, Start};
use super::load::Load;
use super::report::ProcessReport;
use super::{ProcessScenario, history, stage};

/// The grace period of the gateway, in seconds.
const GRACE: f64 = 30.0;

pub(super) fn scenario() -> ProcessScenario {
    ProcessScenario {
        number: 44,
        name: "drain",
        about: "SIGTERM under load, a second one, and a stream that outlasts the grace period",
        play: |binary| Box::pin(play(binary)),
    }
}

async fn play(binary: PathBuf) -> ProcessReport {
    let mut report = ProcessReport::default();
    under_load(&binary.clone(), &mut report).await;
    let slow = stage::vendor("slow", Duration::from_secs(2)).await;
    let start = Start::of(&binary);
    let (mut hasty, mut patient) = (over(&start, &slow).await, over(&start, &slow).await);
    let calls = [
        tokio::spawn(hasty.caller.call("chat", Delivery::Stream)),
        tokio::spawn(patient.caller.call("chat", Delivery::Stream)),
    ];
    slow.ledger().wait_until(|ledger| ledger.total() == 2).await;
    sleep(Duration::from_secs(3)).await;
    let asked = Instant::now();
    patient.signal("TERM").await;
    hasty.signal("TERM").await;
    sleep(Duration::from_millis(500)).await;
    hasty.signal("TERM").await;
    let again = Instant::now();
    let ended = hasty.ended(Duration::from_secs(10)).await;
    report.exactly("seen", "exit code after a second SIGTERM", code(ended), 1);
    let took = again.elapsed().as_secs_f64();
    report.at_most(
        "I19",
        "seconds until it ends after a second SIGTERM",
        took,
        1.0,
    );
    let ended = patient.ended(Duration::from_secs(60)).await;
    report.exactly(
        "seen",
        "exit code where a stream outlasts the grace period",
        code(ended),
        0,
    );
    let took = asked.elapsed().as_secs_f64();
    report.at_least("I19", "seconds of grace for it", took, GRACE - 1.0);
    report.at_most("I19", "seconds until the grace is over", took, GRACE + 1.0);
    report.exactly(
        "seen",
        "lines that say so",
        patient.said("time ran out").len(),
        1,
    );
    let mut heard = Vec::new();
    for call in calls {
        heard.push(call.await.expect("callers do not panic"));
    }
    let cut = heard.iter().filter(|call| call.ended == Ended::Cut);
    report.exactly("seen", "streams of the two that were cut", cut.count(), 2);
    report.fired("SIGTERM", 4, 4);
    history::join(&mut report, &heard, &[&slow]);
    report
}

async fn over(start: &Start, vendor: &Vendor) -> Gateway {
    let config = format!(
        "{}routes:\n{}",
        stage::providers(&[vendor]),
        stage::route("chat", &[vendor.name()], "")
    );
    start.run(&config).await
}

/// The exit code; 255 where there is none.
fn code(ended: Option<std::process::ExitStatus>) -> usize {
    let code = ended.and_then(|status| status.code());
    code.and_then(|code| usize::try_from(code).ok())
        .unwrap_or(255)
}

async fn under_load(binary: &std::path::Path, report: &mut ProcessReport) {
    let alpha = stage::vendor("alpha", Duration::from_millis(25)).await;
    let mut gateway = over(&Start::of(binary), &alpha).await;
    let load = Load::start(gateway.caller, "chat", Duration::from_millis(10));
    sleep(Duration::from_millis(1500)).await;
    gateway.signal("TERM").await;
    let asked = Instant::now();
    sleep(Duration::from_millis(500)).await;
    let calls = load.stop().await;
    let ended = gateway.ended(Duration::from_secs(40)).await;
    report.exactly("seen", "exit code after SIGTERM", code(ended), 0);
    let in_flight = |call: &&Heard| call.started < asked && call.ended_at() > asked;
    let in_flight = calls.iter().filter(in_flight).count();
    report.at_least("I26", "calls in flight at SIGTERM", in_flight as f64, 20.0);
    let refused = calls.iter().filter(|call| call.ended == Ended::Refused);
    report.at_least(
        "seen",
        "later calls that were refused",
        refused.count() as f64,
        10.0,
    );
    let accepted = calls.iter().filter(|call| call.ended != Ended::Refused);
    let accepted: Vec<_> = accepted.cloned().collect();
    history::all_whole(report, "accepted calls", &accepted);
    let last = accepted.iter().map(Heard::ended_at).max().unwrap_or(asked);
    let spare = (Instant::now() - last).as_secs_f64();
    report.at_most(
        "I19",
        "seconds between the last answer and the end",
        spare,
        2.0,
    );
    history::join(report, &accepted, &[&alpha]);
}
