//! Whatever vendors do, the promises hold: random scripts, random policies, both kinds of call.

use std::sync::Arc;
use std::time::Duration;

use interline_core::{ErrorKind as K, Phase, RetryHint};
use interline_resilience::{
    Admission, AlwaysAdmit, AttemptPolicy, CallEvent, HedgeAfter, HedgePolicy, Observers,
    RetryBudgetConfig, RetryCounts, SimpleBreaker, SimpleBreakerConfig, Timeouts,
};
use proptest::prelude::*;
use tokio::time::Instant;

use crate::bench::{
    Bench, MS, S, bad_key, failure, rate_limited, read, refused_connection, stale_connection,
    unavailable,
};
use crate::fake::{Act, Script, end, ping, started, text};

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Ping,
    Text,
    End,
    Fail(usize),
    Silence,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0_u64..40_000).prop_map(Step::Wait),
        2 => Just(Step::Ping),
        4 => Just(Step::Text),
        3 => Just(Step::End),
        3 => (0_usize..12).prop_map(Step::Fail),
        1 => Just(Step::Silence),
    ]
}

fn error(number: usize) -> interline_core::Error {
    match number {
        0 => unavailable(),
        1 => bad_key(),
        2 => refused_connection(),
        3 => stale_connection(),
        4 => rate_limited(S(2)),
        5 => rate_limited(S(25)),
        6 => failure(K::RateLimited, RetryHint::Backoff),
        7 => failure(K::Overloaded, RetryHint::After(S(7))),
        8 => failure(K::InvalidRequest, RetryHint::Never),
        9 => failure(K::Protocol, RetryHint::Backoff),
        10 => failure(K::Unsupported, RetryHint::Never),
        _ => unavailable().with_phase(Phase::AfterOutput),
    }
}

/// Every piece of text names its attempt, so that mixing shows.
fn script(steps: &[Step], headers: bool, mark: &str) -> Script {
    let mut script = Vec::new();
    if headers {
        script.extend([Act::Headers, started()]);
    }
    for step in steps {
        let act = match step {
            Step::Wait(ms) => Act::Wait(MS(*ms)),
            Step::Ping => ping(),
            Step::Text => text(mark),
            Step::End => end(),
            Step::Fail(number) => Act::Fail(error(*number)),
            Step::Silence => Act::Silence,
        };
        if !headers && matches!(act, Act::Frame(_)) {
            continue;
        }
        script.push(act);
    }
    if !headers {
        script.push(Act::Fail(unavailable()));
    }
    script
}

#[derive(Clone, Debug)]
struct Case {
    /// Candidates, each with its attempts, each with whether headers come and its steps.
    scripts: Vec<Vec<(bool, Vec<Step>)>>,
    cap: Option<u32>,
    same_target: u32,
    total_secs: u64,
    breaker: bool,
    /// With a memory, whose budget bounds attempts, and hedges after so many milliseconds.
    hedge_ms: Option<u64>,
}

fn case() -> impl Strategy<Value = Case> {
    let attempt = (
        proptest::bool::weighted(0.7),
        proptest::collection::vec(step(), 0..8),
    );
    let candidate = proptest::collection::vec(attempt, 8);
    (
        proptest::collection::vec(candidate, 1..4),
        proptest::option::of(1_u32..6),
        0_u32..3,
        1_u64..200,
        any::<bool>(),
        proptest::option::of(0_u64..20_000),
    )
        .prop_map(
            |(scripts, cap, same_target, total_secs, breaker, hedge_ms)| Case {
                scripts,
                cap,
                same_target,
                total_secs,
                breaker,
                hedge_ms,
            },
        )
}

fn bench(case: &Case) -> Bench {
    let admission: Arc<dyn Admission> = if case.breaker {
        Arc::new(SimpleBreaker::new(
            SimpleBreakerConfig::default(),
            Arc::new(Observers::none()),
        ))
    } else {
        Arc::new(AlwaysAdmit)
    };
    let scripts = case
        .scripts
        .iter()
        .zip('a'..)
        .map(|(attempts, name)| {
            attempts
                .iter()
                .zip(0..)
                .map(|((headers, steps), number)| {
                    script(steps, *headers, &format!("{name}{number} "))
                })
                .collect()
        })
        .collect();
    let mut policy = AttemptPolicy::default()
        .with_same_target(case.same_target)
        .with_retries(RetryCounts::all(2))
        .with_timeouts(Timeouts::default().with_total(S(case.total_secs)));
    policy.max_attempts = case.cap;
    let Some(ms) = case.hedge_ms else {
        return Bench::with_admission(scripts, admission).policy(policy);
    };
    let hedge = HedgePolicy::default()
        .with_after(HedgeAfter::Fixed(MS(ms)))
        .with_max_share(1.0);
    Bench::with_admission(scripts, admission)
        .policy(policy.with_hedge(hedge))
        .budget(RetryBudgetConfig::default())
}

/// Makes the call several times in a row, as whole answers and as streams.
async fn run(case: &Case) -> Result<(), TestCaseError> {
    let bench = bench(case);
    let total = S(case.total_secs);
    // The clock of tokio's timers ticks in milliseconds.
    let tolerance = MS(2);
    // A stream that is answered pays for a hedge in the third round.
    for round in 0..3 {
        let before = bench.calls().iter().sum::<usize>();
        let began = Instant::now();
        let events_before = bench.events.all().len();
        let is_stream = round != 1;
        let stream = if is_stream {
            bench.stream().await
        } else {
            bench.complete().await.map(|answer| {
                answer.map(|response| {
                    let mark = response.text();
                    let words = mark
                        .split_whitespace()
                        .collect::<std::collections::BTreeSet<_>>();
                    assert!(words.len() <= 1, "mixed: {mark}");
                    interline_core::ChatStream::new(
                        response.meta,
                        futures_util::stream::iter([Ok(interline_core::Frame::of([
                            interline_core::StreamEvent::End,
                        ]))]),
                    )
                })
            })
        };
        match stream {
            Ok(answer) => {
                let made = answer.route.attempts.len();
                prop_assert!(answer.route.attempts[made - 1].kind.is_none());
                prop_assert!(
                    answer.route.attempts[..made - 1]
                        .iter()
                        .all(|a| a.kind.is_some())
                );
                let read = read(answer.value).await;
                let words: std::collections::BTreeSet<_> = read.text.split_whitespace().collect();
                prop_assert!(words.len() <= 1, "content of two attempts: {}", read.text);
                // An end or an error, exactly one of them: nothing is cut silently.
                prop_assert_eq!(usize::from(read.ended) + read.errors.len(), 1);
                for error in &read.errors {
                    prop_assert_eq!(error.phase(), Phase::AfterOutput);
                    prop_assert_eq!(error.attempts().len(), made);
                }
            }
            Err(error) => {
                prop_assert!(error.phase() != Phase::AfterOutput);
                let made = bench.calls().iter().sum::<usize>() - before;
                prop_assert_eq!(error.attempts().len(), made);
                if error.health_impact() == interline_core::HealthImpact::Credential {
                    return Err(TestCaseError::fail("a bad key looks like the caller's own"));
                }
            }
        }
        prop_assert!(
            began.elapsed() <= total + tolerance,
            "late by {:?}",
            began.elapsed()
        );

        let made = bench.calls().iter().sum::<usize>() - before;
        let cap = bench.policy.attempt_cap(bench.candidates.len()) as usize;
        let hedges = bench.events.all().split_off(events_before);
        let hedges = hedges
            .iter()
            .filter(|event| matches!(event, CallEvent::Hedged { .. }))
            .count();
        prop_assert!(hedges <= usize::from(is_stream && case.hedge_ms.is_some()));
        prop_assert!(made <= cap + hedges, "{made} attempts, cap {cap}");

        let counts = bench.permits.counts();
        prop_assert_eq!(counts.given, counts.settled());
        prop_assert_eq!(counts.given, bench.calls().iter().sum::<usize>());
        for seen in bench.fakes.iter().flat_map(|fake| fake.seen()) {
            prop_assert!(seen.closed_at.is_some(), "an attempt leaks");
        }

        let events = bench.events.all().split_off(events_before);
        let ends = events.iter().filter(|event| {
            matches!(
                event,
                CallEvent::Answered { .. } | CallEvent::Failed { .. } | CallEvent::Cancelled { .. }
            )
        });
        prop_assert_eq!(ends.count(), 1);
        let stream_ends = events.iter().filter(|event| {
            matches!(
                event,
                CallEvent::StreamFinished { .. }
                    | CallEvent::StreamFailed { .. }
                    | CallEvent::StreamCancelled { .. }
            )
        });
        let streamed = is_stream
            && matches!(
                events
                    .iter()
                    .find(|e| matches!(e, CallEvent::Answered { .. } | CallEvent::Failed { .. })),
                Some(CallEvent::Answered { .. })
            );
        prop_assert_eq!(stream_ends.count(), usize::from(streamed));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// A caller who loses patience at some moment, while the engine works or while the stream flows.
async fn walk_away(case: &Case, after: Duration) -> Result<(), TestCaseError> {
    let bench = bench(case);
    let patient = tokio::time::timeout(after, async {
        match bench.stream().await {
            Ok(answer) => drop(read(answer.value).await),
            Err(error) => drop(error),
        }
    });
    let gone = patient.await.is_err();
    let now = Instant::now();
    let counts = bench.permits.counts();
    prop_assert_eq!(counts.given, counts.settled());
    // Hedges are funded by earlier calls, of which there are none here.
    prop_assert!(counts.cancelled <= usize::from(gone));
    for seen in bench.fakes.iter().flat_map(|fake| fake.seen()) {
        prop_assert!(
            seen.closed_at.is_some_and(|at| at <= now),
            "an attempt leaks"
        );
    }
    let ends = bench.events.all().iter().filter(|e| is_end(e)).count();
    prop_assert_eq!(ends, 1);
    Ok(())
}

/// Whether nothing more is told of a call after this event.
fn is_end(event: &CallEvent) -> bool {
    matches!(
        event,
        CallEvent::Failed { .. }
            | CallEvent::Cancelled { .. }
            | CallEvent::StreamFinished { .. }
            | CallEvent::StreamFailed { .. }
            | CallEvent::StreamCancelled { .. }
    )
}

fn paused_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_promise_holds_whatever_vendors_do(case in case()) {
        paused_runtime().block_on(run(&case))?;
    }

    #[test]
    fn a_caller_may_walk_away_at_any_moment(case in case(), after in 0_u64..100_000) {
        paused_runtime().block_on(walk_away(&case, MS(after)))?;
    }
}
