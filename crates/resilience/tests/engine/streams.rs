//! Streams: what is invisible before the first content, and what is never silent after it.

use bytes::Bytes;
use futures_util::StreamExt;
use interline_core::{ErrorKind as K, FinishReason, FormatId, Frame, Phase, RawFrame, RetryHint};

use crate::bench::{Bench, bad_key, failure, read, target, unavailable};
use crate::fake::{Act, answer, end, fail, fail_in_prefix, finish, ping, started, text};

#[tokio::test(start_paused = true)]
async fn a_good_stream_comes_whole_with_its_prefix_and_meta() {
    let bench = Bench::new([vec![answer("hello")]]);
    let answer = bench.stream().await.unwrap();
    assert_eq!(answer.value.meta.request_id.as_deref(), Some("a-1"));
    assert_eq!(answer.route.target, target("a"));
    let read = read(answer.value).await;
    assert_eq!(
        (read.text.as_str(), read.frames, read.ended),
        ("hello", 3, true)
    );
    assert!(read.errors.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_error_before_content_falls_over_and_leaves_no_trace_in_the_stream() {
    let bench = Bench::new([
        vec![fail_in_prefix(failure(K::Overloaded, RetryHint::Backoff))],
        vec![answer("hello")],
    ]);
    let answer = bench.stream().await.unwrap();
    assert!(answer.route.is_fallback);
    assert_eq!(answer.value.meta.request_id.as_deref(), Some("b-2"));
    let read = read(answer.value).await;
    assert_eq!((read.text.as_str(), read.frames), ("hello", 3));
}

#[tokio::test(start_paused = true)]
async fn an_end_of_file_before_content_falls_over() {
    for cut in [vec![Act::Headers], vec![Act::Headers, started(), ping()]] {
        let bench = Bench::new([vec![cut], vec![answer("hello")]]);
        let answer = bench.stream().await.unwrap();
        assert_eq!(answer.route.target, target("b"));
        assert_eq!(answer.route.attempts[0].kind, Some(K::Protocol));
    }
}

#[tokio::test(start_paused = true)]
async fn an_adapter_that_counts_opening_frames_as_output_does_not_stop_a_fallback() {
    let error = unavailable().with_phase(Phase::AfterOutput);
    let bench = Bench::new([vec![fail_in_prefix(error)], vec![answer("hello")]]);
    assert!(bench.stream().await.unwrap().route.is_fallback);
}

#[tokio::test(start_paused = true)]
async fn an_end_of_file_after_content_is_an_error_and_never_an_end() {
    for cut in [
        vec![Act::Headers, started(), text("hel")],
        vec![Act::Headers, text("hel"), ping()],
    ] {
        let bench = Bench::new([vec![cut], vec![answer("from b")]]);
        let read = read(bench.stream().await.unwrap().value).await;
        assert_eq!(read.text, "hel");
        assert!(!read.ended);
        assert_eq!(read.errors.len(), 1);
        let error = &read.errors[0];
        assert_eq!(error.kind(), K::Protocol);
        assert_eq!(error.phase(), Phase::AfterOutput);
        assert_eq!(error.message(), "stream ended without its terminal event");
        assert_eq!(error.provider(), Some(&"a".into()));
        assert_eq!(bench.calls(), [1, 0], "no silent restart");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_after_content_is_told_once_with_all_attempts() {
    let broken = vec![
        Act::Headers,
        text("hel"),
        Act::Fail(unavailable()),
        text("!"),
    ];
    let bench = Bench::new([vec![fail(bad_key())], vec![broken], vec![answer("from c")]]);
    let read = read(bench.stream().await.unwrap().value).await;
    assert_eq!(read.text, "hel");
    assert_eq!(read.errors.len(), 1);
    let error = &read.errors[0];
    assert_eq!(
        (error.kind(), error.phase()),
        (K::Unavailable, Phase::AfterOutput)
    );
    let kinds: Vec<_> = error.attempts().iter().map(|a| a.kind).collect();
    assert_eq!(kinds, [Some(K::Authentication), Some(K::Unavailable)]);
    assert!(!error.other_target());
    assert_eq!(bench.calls(), [1, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_the_end_is_ignored() {
    let mut script = answer("hello");
    script.extend([text(" and more"), Act::Fail(unavailable()), end()]);
    let bench = Bench::new([vec![script]]);
    let read = read(bench.stream().await.unwrap().value).await;
    assert_eq!((read.text.as_str(), read.ended), ("hello", true));
    assert!(read.errors.is_empty());
    assert_eq!(bench.permits.counts().succeeded, 1);
}

#[tokio::test(start_paused = true)]
async fn an_empty_answer_that_ends_as_it_should_is_an_answer() {
    for reason in [FinishReason::Stop, FinishReason::ContentFilter] {
        let empty = vec![Act::Headers, started(), finish(reason)];
        let bench = Bench::new([vec![empty], vec![answer("from b")]]);
        let answer = bench.stream().await.unwrap();
        assert!(!answer.route.is_fallback);
        let read = read(answer.value).await;
        assert_eq!((read.frames, read.ended), (2, true));
        assert_eq!(bench.permits.counts().succeeded, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_content_commits_and_the_rest_is_not_awaited() {
    let script = vec![Act::Headers, started(), text("hel"), Act::Silence];
    let bench = Bench::new([vec![script]]);
    let mut stream = bench.stream().await.unwrap().value;
    assert!(!stream.next().await.unwrap().unwrap().has_content());
    assert!(stream.next().await.unwrap().unwrap().has_content());
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_openings_commits_before_it_fills_the_memory() {
    let mut many = vec![Act::Headers];
    many.extend(vec![ping(); 65]);
    many.push(Act::Fail(unavailable()));
    let big = Frame::new(
        RawFrame::new(
            FormatId::from_static("f"),
            None,
            Bytes::from(vec![b' '; 300 * 1024]),
        ),
        Vec::new(),
    );
    let large = vec![Act::Headers, Act::Frame(big), Act::Fail(unavailable())];
    for (script, frames) in [(many, 65), (large, 1)] {
        let bench = Bench::new([vec![script], vec![answer("from b")]]);
        let read = read(bench.stream().await.unwrap().value).await;
        assert_eq!(read.frames, frames);
        assert_eq!(read.errors.len(), 1);
    }
    let mut few = vec![Act::Headers];
    few.extend(vec![ping(); 64]);
    few.push(Act::Fail(unavailable()));
    let bench = Bench::new([vec![few], vec![answer("from b")]]);
    assert_eq!(bench.stream().await.unwrap().route.target, target("b"));
}

#[tokio::test(start_paused = true)]
async fn a_permit_is_held_until_the_end_of_the_stream() {
    let bench = Bench::new([vec![answer("hello")]]);
    let stream = bench.stream().await.unwrap().value;
    assert_eq!(bench.permits.counts().settled(), 0);
    read(stream).await;
    assert_eq!(bench.permits.counts().succeeded, 1);
    assert_eq!(bench.permits.counts().settled(), 1);
}
