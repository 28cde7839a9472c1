//! Which failures go on to the next target, and what the caller gets in the end.

use bytes::Bytes;
use interline_core::{
    ErrorKind as K, FinishReason, FormatId, Phase, RetryHint, TimeoutStage as T, WireError,
};
use interline_resilience::AttemptPolicy;
use tokio::time::Instant;

use crate::bench::{Bench, S, bad_key, failure, rate_limited, request, target, unavailable};
use crate::fake::{Act, answer, end, fail, fail_in_prefix, finish};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    /// The next target is asked, and its answer returned.
    NextAnswers,
    /// The caller gets the failure as it is.
    Returned,
}

/// `a` fails with `kind` and `b` would answer: the same for whole answers, for streams, and for
/// errors that come inside a stream before content.
#[track_caller]
fn check(kind: K, retry: RetryHint, expected: Then) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let error = failure(kind, retry);
        for script in [fail(error.clone()), fail_in_prefix(error)] {
            let bench = Bench::new([vec![script.clone()], vec![answer("from b")]]);
            let unary = bench.complete().await.map(|answer| answer.route);
            let bench_b = Bench::new([vec![script], vec![answer("from b")]]);
            let streamed = bench_b.stream().await.map(|answer| answer.route);
            for (bench, result) in [(bench, unary), (bench_b, streamed)] {
                match (expected, result) {
                    (Then::NextAnswers, Ok(route)) => {
                        assert_eq!(route.target, target("b"), "{kind}");
                        assert!(route.is_fallback, "{kind}");
                        assert_eq!(bench.calls(), [1, 1], "{kind}");
                    }
                    (Then::Returned, Err(error)) => {
                        assert_eq!(error.kind(), kind);
                        assert_eq!(error.message(), "the vendor's own words");
                        assert_eq!(error.attempts().len(), 1, "{kind}");
                        assert_eq!(bench.calls(), [1, 0], "{kind}");
                    }
                    (expected, result) => panic!("{kind}: wanted {expected:?}, got {result:?}"),
                }
            }
        }
    });
}

#[test]
fn transient_failures_go_on_to_the_next_target() {
    check(K::RateLimited, RetryHint::Backoff, Then::NextAnswers);
    check(K::RateLimited, RetryHint::After(S(1)), Then::NextAnswers);
    check(K::Overloaded, RetryHint::Backoff, Then::NextAnswers);
    check(K::Unavailable, RetryHint::Backoff, Then::NextAnswers);
    check(K::Unavailable, RetryHint::Never, Then::NextAnswers);
    check(K::Protocol, RetryHint::Backoff, Then::NextAnswers);
    check(
        K::Timeout(T::Connect),
        RetryHint::Backoff,
        Then::NextAnswers,
    );
    check(
        K::Timeout(T::FirstToken),
        RetryHint::Backoff,
        Then::NextAnswers,
    );
    check(K::Timeout(T::Idle), RetryHint::Backoff, Then::NextAnswers);
    check(K::Rejected, RetryHint::Never, Then::NextAnswers);
}

#[test]
fn bad_credentials_and_missing_abilities_go_on_to_the_next_target() {
    check(K::Authentication, RetryHint::Never, Then::NextAnswers);
    check(K::Permission, RetryHint::Never, Then::NextAnswers);
    check(K::QuotaExhausted, RetryHint::Never, Then::NextAnswers);
    check(K::Unsupported, RetryHint::Never, Then::NextAnswers);
}

#[test]
fn the_callers_mistakes_and_refusals_are_returned_as_they_are() {
    check(K::InvalidRequest, RetryHint::Never, Then::Returned);
    check(K::PayloadTooLarge, RetryHint::Never, Then::Returned);
    check(K::NotFound, RetryHint::Never, Then::Returned);
    check(K::ContextLength, RetryHint::Never, Then::Returned);
    check(K::ContentFiltered, RetryHint::Never, Then::Returned);
    check(K::Budget, RetryHint::Never, Then::Returned);
    check(K::Cancelled, RetryHint::Never, Then::Returned);
    check(K::Internal, RetryHint::Never, Then::Returned);
    check(K::Timeout(T::Total), RetryHint::Never, Then::Returned);
}

#[tokio::test(start_paused = true)]
async fn the_first_candidate_that_answers_is_not_a_fallback() {
    let bench = Bench::new([vec![answer("from a")], vec![answer("from b")]]);
    let answer = bench.complete().await.unwrap();
    assert_eq!(answer.value.text(), "from a");
    assert_eq!(answer.route.target, target("a"));
    assert!(!answer.route.is_fallback);
    assert_eq!(answer.route.attempts.len(), 1);
    assert_eq!(bench.calls(), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn another_target_is_asked_at_once() {
    let bench = Bench::new([vec![fail(unavailable())], vec![answer("from b")]]);
    let began = Instant::now();
    let answer = bench.complete().await.unwrap();
    assert_eq!(began.elapsed(), S(0));
    let kinds: Vec<_> = answer.route.attempts.iter().map(|a| a.kind).collect();
    assert_eq!(kinds, [Some(K::Unavailable), None]);
}

#[tokio::test(start_paused = true)]
async fn each_target_is_asked_for_its_own_model_and_told_the_attempt() {
    let bench = Bench::new([vec![fail(unavailable())], vec![answer("from b")]]);
    bench.complete().await.unwrap();
    let seen = &bench.fakes[1].seen()[0];
    assert_eq!((seen.model.as_str(), seen.attempt), ("m", 2));
    assert_eq!(request().model.as_str(), "chat");
}

#[tokio::test(start_paused = true)]
async fn the_callers_mistake_keeps_the_vendors_body_and_lists_the_attempts() {
    let wire = WireError::new(
        FormatId::from_static("f"),
        400,
        Bytes::from_static(b"{\"bad\":1}"),
    );
    let mistake = failure(K::InvalidRequest, RetryHint::Never)
        .with_status(400)
        .with_param("messages")
        .with_wire(wire.clone());
    let bench = Bench::new([vec![fail(unavailable())], vec![fail(mistake)]]);
    let error = bench.complete().await.unwrap_err();
    assert_eq!(error.wire(), Some(&wire));
    assert_eq!(error.param(), Some("messages"));
    assert_eq!(error.provider(), Some(&"b".into()));
    let kinds: Vec<_> = error.attempts().iter().map(|a| a.kind).collect();
    assert_eq!(kinds, [Some(K::Unavailable), Some(K::InvalidRequest)]);
}

#[tokio::test(start_paused = true)]
async fn a_content_filter_in_a_good_answer_is_an_answer() {
    let filtered = vec![Act::Headers, finish(FinishReason::ContentFilter)];
    let bench = Bench::new([vec![filtered.clone(), filtered], vec![answer("from b")]]);
    let answer = bench.complete().await.unwrap();
    let reason = answer.value.finish_reason().cloned();
    assert_eq!(reason, Some(FinishReason::ContentFilter));
    assert!(bench.stream().await.is_ok());
    assert_eq!(bench.calls(), [2, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_bad_credential_never_looks_like_the_callers_own() {
    for scripts in [
        vec![vec![fail(bad_key())]],
        vec![vec![fail(bad_key())], vec![fail(bad_key())]],
        vec![vec![fail(unavailable())], vec![fail(bad_key())]],
    ] {
        let bench = Bench::with_admission(
            scripts,
            std::sync::Arc::new(interline_resilience::AlwaysAdmit),
        )
        .policy(AttemptPolicy::default().with_same_target(0));
        let error = bench.complete().await.unwrap_err();
        assert_eq!(error.kind(), K::AllTargetsFailed);
        assert_eq!(error.status(), None);
        assert!(error.wire().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn all_targets_failed_lists_each_attempt_without_the_vendors_words() {
    let bench = Bench::new([
        vec![fail(refused())],
        vec![fail(bad_key())],
        vec![fail(
            failure(K::QuotaExhausted, RetryHint::Never).with_status(402),
        )],
    ]);
    let error = bench.complete().await.unwrap_err();
    assert_eq!(error.kind(), K::AllTargetsFailed);
    assert_eq!(
        error.message(),
        "no target answered: a/m unavailable, b/m authentication (status 401), \
         c/m quota_exhausted (status 402)"
    );
    let listed: Vec<_> = error
        .attempts()
        .iter()
        .map(|a| (a.target.provider.as_str(), a.kind, a.status))
        .collect();
    assert_eq!(
        listed,
        [
            ("a", Some(K::Unavailable), None),
            ("b", Some(K::Authentication), Some(401)),
            ("c", Some(K::QuotaExhausted), Some(402)),
        ]
    );
    assert!(!format!("{error:?}").contains("the vendor's own words"));
}

fn refused() -> interline_core::Error {
    crate::bench::refused_connection()
}

#[tokio::test(start_paused = true)]
async fn all_targets_failed_says_whether_and_when_trying_again_may_help() {
    let hint = async |first, second| {
        let bench = Bench::new([vec![fail(first)], vec![fail(second)]])
            .policy(AttemptPolicy::default().with_same_target(0));
        bench.complete().await.unwrap_err().retry()
    };
    assert_eq!(
        hint(rate_limited(S(40)), rate_limited(S(20))).await,
        RetryHint::After(S(20))
    );
    assert_eq!(
        hint(unavailable(), rate_limited(S(20))).await,
        RetryHint::After(S(20))
    );
    assert_eq!(hint(unavailable(), bad_key()).await, RetryHint::Backoff);
    assert_eq!(hint(bad_key(), bad_key()).await, RetryHint::Never);
}

#[tokio::test(start_paused = true)]
async fn unsupported_is_returned_only_where_every_target_says_so() {
    let unsupported = || fail(failure(K::Unsupported, RetryHint::Never));
    let bench = Bench::new([vec![unsupported()], vec![unsupported()]]);
    let error = bench.complete().await.unwrap_err();
    assert_eq!(error.kind(), K::Unsupported);
    assert_eq!(error.provider(), Some(&"a".into()));
    assert_eq!(error.attempts().len(), 2);

    let bench = Bench::new([vec![unsupported()], vec![fail(bad_key())]]);
    assert_eq!(
        bench.complete().await.unwrap_err().kind(),
        K::AllTargetsFailed
    );
}

#[tokio::test(start_paused = true)]
async fn the_cap_counts_attempts_over_all_targets() {
    let down = || vec![fail(unavailable()), fail(unavailable())];
    let bench = Bench::new([down(), down(), down(), down()])
        .policy(AttemptPolicy::default().with_max_attempts(2));
    let error = bench.complete().await.unwrap_err();
    assert_eq!(bench.calls(), [1, 1, 0, 0]);
    assert!(
        error
            .message()
            .ends_with("2 more not asked: the attempt cap is reached")
    );
}

#[tokio::test(start_paused = true)]
async fn by_default_every_target_may_be_tried_and_at_least_three_attempts_made() {
    let down = || vec![fail(unavailable()), fail(unavailable())];
    let bench = Bench::new([down(), down(), down(), down(), down()]);
    bench.complete().await.unwrap_err();
    assert_eq!(bench.calls(), [1, 1, 1, 1, 1]);
    let bench = Bench::new([down(), down()]);
    bench.complete().await.unwrap_err();
    assert_eq!(bench.calls().iter().sum::<usize>(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_candidates_fails_before_anything_is_sent() {
    let bench = Bench::new([]);
    let error = bench.complete().await.unwrap_err();
    assert_eq!(error.kind(), K::AllTargetsFailed);
    assert_eq!(error.phase(), Phase::BeforeSend);
    assert!(error.attempts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_that_was_cut_is_nobodys_output_yet() {
    let cut = failure(K::Protocol, RetryHint::Backoff).with_phase(Phase::AfterOutput);
    let bench = Bench::new([vec![fail(cut)], vec![vec![end()]]]);
    let answer = bench.complete().await.unwrap();
    assert_eq!(answer.route.target, target("b"));
}

#[tokio::test(start_paused = true)]
async fn a_failed_domain_is_left_before_its_other_members_are_asked() {
    let scripts = || {
        [
            vec![fail(unavailable())],
            vec![answer("from b")],
            vec![answer("from c")],
        ]
    };
    let shared = [Some("cloud"), Some("cloud"), None];
    let answer_of = async |bench: Bench| bench.complete().await.unwrap().route.target;
    assert_eq!(answer_of(Bench::new(scripts())).await, target("b"));
    assert_eq!(
        answer_of(Bench::new(scripts()).domains(&shared)).await,
        target("c")
    );

    let limited = [
        vec![fail(rate_limited(S(9)))],
        vec![answer("from b")],
        vec![answer("from c")],
    ];
    let route = answer_of(Bench::new(limited).domains(&shared)).await;
    assert_eq!(
        route,
        target("b"),
        "a rate limit says nothing about the domain"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_domain_is_asked_last_and_never_forbidden() {
    let scripts = [
        vec![fail(unavailable())],
        vec![answer("from b")],
        vec![fail(unavailable())],
    ];
    let bench = Bench::new(scripts).domains(&[Some("cloud"), Some("cloud"), None]);
    assert_eq!(bench.complete().await.unwrap().route.target, target("b"));
    assert_eq!(bench.calls(), [1, 1, 1]);
}
