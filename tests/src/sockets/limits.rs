//! Rate limits: every form of Retry-After (catalogue 17), and vendors that keep their limits (19).

use std::time::Duration;

use interline_core::{ErrorKind, HealthImpact, RetryHint};
use interline_simulator::{Dialect, EnforcedLimits, Fault, RetryAfter, Vendor};
use interline_transport::HttpConfig;

use super::SocketScenario;
use super::report::SocketReport;
use super::stage::{DIALECTS, Delivery, Ended, Stage};

const FORMATS: &str = "429-formats-on-the-wire";
const ENFORCED: &str = "enforced-limits";

pub(super) fn formats() -> SocketScenario {
    SocketScenario {
        number: 17,
        name: FORMATS,
        about: "Retry-After as seconds, milliseconds, fractions, dates, in the past, absurd and garbled",
        play: |_| {
            Box::pin(async {
                let mut report = SocketReport::new(FORMATS);
                for dialect in DIALECTS {
                    for (form, told) in forms() {
                        // The engine of a stage does not ask again before the time.
                        let stage = Stage::new(dialect).await;
                        let name = format!("{form:?} ({dialect:?})");
                        stage.broken.push_fault(Fault::rate_limited(form));
                        one_form(&stage, &name, told, &mut report).await;
                        stage.count_faults(&mut report);
                    }
                }
                report
            })
        },
    }
}

/// Each form and how long it asks to wait, where it says anything; a date has whole seconds.
fn forms() -> Vec<(RetryAfter, Option<(Duration, Duration)>)> {
    let exactly = |wait| Some((wait, wait));
    let seconds = Duration::from_secs;
    vec![
        (RetryAfter::Seconds(20), exactly(seconds(20))),
        (
            RetryAfter::Milliseconds(1500),
            exactly(Duration::from_millis(1500)),
        ),
        (
            RetryAfter::Fraction(0.25),
            exactly(Duration::from_millis(250)),
        ),
        (
            RetryAfter::HttpDateIn(seconds(30)),
            Some((seconds(28), seconds(30))),
        ),
        // What lies in the past, or says nothing, is no wish.
        (RetryAfter::HttpDateAgo(seconds(30)), None),
        (RetryAfter::Raw("6m0s".to_owned()), exactly(seconds(360))),
        (RetryAfter::Raw("9999".to_owned()), exactly(seconds(9999))),
        (RetryAfter::Raw("99999999999".to_owned()), None),
        (RetryAfter::Raw("-5".to_owned()), None),
        (RetryAfter::Raw("soon".to_owned()), None),
        (RetryAfter::Raw(String::new()), None),
    ]
}

async fn one_form(
    stage: &Stage,
    name: &str,
    told: Option<(Duration, Duration)>,
    report: &mut SocketReport,
) {
    let called = stage.call(Delivery::Unary, report).await;
    report.saw(name, &called);
    let Some(error) = called.first_error() else {
        return report.check("I13", Some(format!("{name}: no attempt failed")));
    };
    let is_limit =
        error.kind() == ErrorKind::RateLimited && error.health_impact() == HealthImpact::RateLimit;
    report.check("I11", (!is_limit).then(|| format!("{name}: {error:?}")));
    let is_met = match (error.retry(), told) {
        (RetryHint::After(wait), Some((least, most))) => wait >= least && wait <= most,
        (RetryHint::Backoff, None) => true,
        _ => false,
    };
    report.check(
        "I13",
        (!is_met).then(|| format!("{name}: read as {:?}", error.retry())),
    );
    let answered = matches!(called.ended, Ended::Whole { .. });
    report.check(
        "I6",
        (!answered).then(|| format!("{name}: {}", called.ended)),
    );
}

pub(super) fn enforced() -> SocketScenario {
    SocketScenario {
        number: 19,
        name: ENFORCED,
        about: "a vendor that lets 20 requests a second pass: the rest goes to the next target, and nobody comes too early",
        play: |_| {
            Box::pin(async {
                let mut report = SocketReport::new(ENFORCED);
                for dialect in DIALECTS {
                    enforced_by(dialect, &mut report).await;
                }
                report
            })
        },
    }
}

async fn enforced_by(dialect: Dialect, report: &mut SocketReport) {
    let limits = EnforcedLimits::new()
        .with_requests_per_minute(1200)
        .with_burst(Duration::from_millis(200));
    let vendor = Vendor::builder(dialect, "broken").with_enforced_limits(limits);
    let stage = Stage::with(vendor, &HttpConfig::default()).await;
    let mut refusals = 0;
    for _ in 0..60 {
        let called = stage.call(Delivery::Unary, report).await;
        let answered = matches!(called.ended, Ended::Whole { .. });
        report.check(
            "I6",
            (!answered).then(|| format!("{dialect:?}: {}", called.ended)),
        );
        if let Some(error) = called.first_error() {
            refusals += 1;
            if refusals == 1 {
                report.saw(format!("over 1200 RPM ({dialect:?})"), &called);
            }
            let told = matches!(error.retry(), RetryHint::After(wait) if !wait.is_zero());
            let is_limit = error.kind() == ErrorKind::RateLimited && told;
            report.check(
                "I11",
                (!is_limit).then(|| format!("{dialect:?}: {error:?}")),
            );
        }
    }
    report.faults_fired += refusals;
    report.check(
        "I26",
        (refusals == 0).then(|| format!("{dialect:?}: nothing was refused")),
    );
    // The engine pauses a target that asks to wait, so few requests come in vain.
    report.check(
        "I13",
        (refusals > 12).then(|| format!("{dialect:?}: {refusals} of 60 requests were refused")),
    );
}
