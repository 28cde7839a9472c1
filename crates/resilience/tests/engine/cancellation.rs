//! A caller who goes away takes the vendor's attempt along at once.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{Instant, sleep, timeout};

use crate::bench::{Bench, S, rate_limited};
use crate::fake::{Act, answer, fail, silence, started, text};

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_drops_the_attempt() {
    for script in [silence(), vec![Act::Headers, started(), Act::Silence]] {
        let bench = Bench::new([vec![script]]);
        let gave_up = timeout(S(2), is_send(bench.stream())).await;
        assert!(gave_up.is_err());
        let seen = &bench.fakes[0].seen()[0];
        assert_eq!(seen.closed_at, Some(Instant::now()));
        let counts = bench.permits.counts();
        assert_eq!((counts.given, counts.cancelled), (1, 1));
        assert_eq!(bench.events.words().last().unwrap(), "cancelled 1");
    }
    let bench = Bench::new([vec![silence()]]);
    assert!(timeout(S(2), is_send(bench.complete())).await.is_err());
    assert!(bench.fakes[0].seen()[0].closed_at.is_some());
}

#[tokio::test(start_paused = true)]
async fn dropping_a_stream_drops_the_vendors_stream_at_once() {
    let bench = Bench::new([vec![vec![Act::Headers, text("hel"), Act::Silence]]]);
    let mut stream = bench.stream().await.unwrap().value;
    stream.next().await.unwrap().unwrap();
    assert!(bench.fakes[0].seen()[0].closed_at.is_none());
    sleep(S(1)).await;
    drop(stream);
    assert_eq!(bench.fakes[0].seen()[0].closed_at, Some(Instant::now()));
    let counts = bench.permits.counts();
    assert_eq!((counts.cancelled, counts.settled()), (1, 1));
    assert_eq!(bench.events.words().last().unwrap(), "dropped a/m");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_was_never_read_counts_as_cancelled() {
    let bench = Bench::new([vec![answer("hello")]]);
    drop(bench.stream().await.unwrap());
    assert_eq!(bench.permits.counts().cancelled, 1);
    assert!(bench.fakes[0].seen()[0].closed_at.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_failed_stream_lets_go_of_the_vendor_before_the_caller_does() {
    let bench = Bench::new([vec![vec![Act::Headers, text("hel"), Act::Silence]]]);
    let mut stream = bench.stream().await.unwrap().value;
    while let Some(Ok(_)) = stream.next().await {}
    assert!(bench.fakes[0].seen()[0].closed_at.is_some());
    assert_eq!(bench.permits.counts().failed, 1);
    drop(stream);
    assert_eq!(bench.permits.counts().settled(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_timed_out_attempt_is_dropped_before_the_next_one_starts() {
    let bench = Bench::new([vec![silence()], vec![answer("from b")]]);
    bench.stream().await.unwrap();
    let closed = bench.fakes[0].seen()[0].closed_at.unwrap();
    assert!(closed <= bench.fakes[1].seen()[0].at);
}

#[tokio::test(start_paused = true)]
async fn a_caller_may_go_away_while_the_engine_waits() {
    let bench = Bench::new([vec![fail(rate_limited(S(5)))]]);
    let gave_up = timeout(Duration::from_secs(1), bench.complete()).await;
    assert!(gave_up.is_err());
    assert_eq!(bench.permits.counts().settled(), 1);
    assert_eq!(bench.events.words().last().unwrap(), "cancelled 1");
}
