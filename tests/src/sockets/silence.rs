//! Vendors that are slow to a crawl: heads byte by byte, pings only, bodies in drops, streams that stop.

use std::time::Duration;

use interline_core::ErrorKind::Timeout;
use interline_core::{HealthImpact, Phase, TimeoutStage};
use interline_simulator::{Dialect, Fault, Pacing, Vendor};
use interline_transport::HttpConfig;

use super::SocketScenario;
use super::case::{Case, Expected, Strike, Then, play, play_all};
use super::report::SocketReport;
use super::stage::{DIALECTS, Delivery, FIRST_TOKEN, IDLE, LATENESS, PROGRESS, Stage, UNARY};

const SLOW_HEADERS: &str = "slow-headers";
const TRICKLE: &str = "trickle-body";
const STALL: &str = "stall-mid-stream";

const STREAM: &[Delivery] = &[Delivery::Stream];
const WHOLE: &[Delivery] = &[Delivery::Unary];

fn endpoint(stage: TimeoutStage) -> Expected {
    Expected::kind(Timeout(stage)).impact(HealthImpact::Endpoint)
}

pub(super) fn slow_headers() -> SocketScenario {
    SocketScenario {
        number: 24,
        name: SLOW_HEADERS,
        about: "the head of the answer comes at one byte a second",
        play: |_| {
            Box::pin(async {
                let mut report = SocketReport::new(SLOW_HEADERS);
                let slow = || {
                    Strike::Fault(Fault::SlowHead {
                        per_byte: Duration::from_secs(1),
                    })
                };
                let expected = endpoint(TimeoutStage::FirstToken).phase(Phase::BeforeOutput);
                for (delivery, limit) in [(STREAM, FIRST_TOKEN), (WHOLE, UNARY)] {
                    let cases = vec![Case::fails("head at 1 B/s", slow(), expected).only(delivery)];
                    let mut one = SocketReport::new(SLOW_HEADERS);
                    play_all(cases, &mut one).await;
                    let late = one.p99().saturating_sub(limit);
                    report.check(
                        "I19",
                        (late > LATENESS).then(|| format!("{late:?} past the limit of {limit:?}")),
                    );
                    report.absorb(one);
                }
                report
            })
        },
    }
}

pub(super) fn trickle() -> SocketScenario {
    SocketScenario {
        number: 25,
        name: TRICKLE,
        about: "signs of life without an answer, and content too slowly",
        play: |_| {
            Box::pin(async {
                let mut report = SocketReport::new(TRICKLE);
                let first = endpoint(TimeoutStage::FirstToken);
                let every = Duration::from_millis(50);
                let drops = Strike::Fault(Fault::Trickle { per_byte: every });
                let cases = vec![
                    Case::fails(
                        "pings only",
                        Strike::Fault(Fault::PingsOnly { every }),
                        first,
                    ),
                    Case::fails("body at 20 B/s", drops, first),
                ];
                play_all(cases, &mut report).await;
                for dialect in DIALECTS {
                    slow_tokens(dialect, &mut report).await;
                }
                report
            })
        },
    }
}

/// Tokens further apart than the progress timer allows, over a connection that keeps quiet in between.
async fn slow_tokens(dialect: Dialect, report: &mut SocketReport) {
    let pacing = Pacing::new(Duration::ZERO, 4 * PROGRESS);
    let vendor = Vendor::builder(dialect, "broken").with_pacing(pacing);
    let stage = Stage::with(vendor, &HttpConfig::default()).await;
    let called = stage.call(Delivery::Stream, report).await;
    report.saw(
        format!("a token every {:?} (stream, {dialect:?})", 4 * PROGRESS),
        &called,
    );
    let kind = called.first_error().map(interline_core::Error::kind);
    let met = matches!(kind, Some(Timeout(TimeoutStage::Idle)));
    report.check(
        "seen",
        (!met).then(|| format!("slow tokens end in {kind:?}")),
    );
    let late = called.duration.saturating_sub(IDLE);
    report.check(
        "I19",
        (late > LATENESS).then(|| format!("{late:?} past the limit of {IDLE:?}")),
    );
}

pub(super) fn stall() -> SocketScenario {
    SocketScenario {
        number: 26,
        name: STALL,
        about: "a stream stops before, or after, its first content and stays open",
        play: |_| {
            Box::pin(async {
                let mut report = SocketReport::new(STALL);
                for dialect in DIALECTS {
                    let stage = Stage::new(dialect).await;
                    for events in 0..8 {
                        // Content comes with the second event of one dialect, the fourth of the other.
                        let prefix = match dialect {
                            Dialect::Anthropic => 3,
                            _ => 1,
                        };
                        let strike = Strike::Fault(Fault::Stall { events });
                        let case = if events <= prefix {
                            Case::fails(
                                "before content",
                                strike,
                                endpoint(TimeoutStage::FirstToken),
                            )
                        } else {
                            let idle = endpoint(TimeoutStage::Idle).phase(Phase::AfterOutput);
                            Case::fails("after content", strike, idle).then(Then::PartAndError)
                        };
                        play(&case.only(STREAM), &stage, &mut report).await;
                    }
                    let idle = endpoint(TimeoutStage::Idle).phase(Phase::BeforeOutput);
                    let half = Strike::Fault(Fault::Stall { events: 1 });
                    play(
                        &Case::fails("half an answer", half, idle).only(WHOLE),
                        &stage,
                        &mut report,
                    )
                    .await;
                }
                report
            })
        },
    }
}
