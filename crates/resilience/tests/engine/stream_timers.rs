//! Timers of a stream whose content flows: idle, progress, total, and the slow reader.

use std::time::Duration;

use futures_util::StreamExt;
use interline_core::{ChatStream, ErrorKind as K, Phase, Progress, TimeoutStage as T};
use interline_resilience::{AttemptPolicy, Timeouts};
use tokio::time::{Instant, sleep, timeout};

use crate::bench::{Bench, S, read};
use crate::fake::{Act, Script, end, ping, text};

async fn open(acts: impl IntoIterator<Item = Act>) -> (Bench, ChatStream) {
    let mut script: Script = vec![Act::Headers, text("one")];
    script.extend(acts);
    let bench = Bench::new([vec![script]]);
    let stream = bench.stream().await.unwrap().value;
    (bench, stream)
}

#[track_caller]
fn is_idle_timeout(error: &interline_core::Error) {
    assert_eq!(error.kind(), K::Timeout(T::Idle));
    assert_eq!(error.phase(), Phase::AfterOutput);
}

#[tokio::test(start_paused = true)]
async fn silence_after_content_is_an_idle_timeout() {
    let (bench, stream) = open([Act::Silence]).await;
    let began = Instant::now();
    let read = read(stream).await;
    assert_eq!(began.elapsed(), S(20));
    assert_eq!(read.text, "one");
    assert_eq!(read.errors.len(), 1);
    is_idle_timeout(&read.errors[0]);
    assert_eq!(bench.permits.counts().failed, 1);
}

#[tokio::test(start_paused = true)]
async fn frames_and_reported_signs_of_life_keep_a_stream_alive() {
    let mut acts = Vec::new();
    for _ in 0..5 {
        acts.extend([Act::Wait(S(15)), Act::Report(Progress::Ping)]);
        acts.extend([Act::Wait(S(15)), ping()]);
        acts.extend([Act::Wait(S(15)), text(".")]);
    }
    acts.push(end());
    let (_, stream) = open(acts).await;
    let read = read(stream).await;
    assert!(read.ended);
    assert_eq!(read.text, "one.....");
}

#[tokio::test(start_paused = true)]
async fn signs_of_life_without_content_end_after_the_progress_timeout() {
    for sign in [ping(), Act::Report(Progress::Ping)] {
        let mut acts = Vec::new();
        for _ in 0..30 {
            acts.extend([Act::Wait(S(10)), sign.clone()]);
        }
        let (_, stream) = open(acts).await;
        let began = Instant::now();
        let read = read(stream).await;
        assert_eq!(began.elapsed(), S(120), "{sign:?}");
        is_idle_timeout(&read.errors[0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_not_a_silent_vendor() {
    let (_, mut stream) = open([text("two"), Act::Wait(S(5)), text("three"), end()]).await;
    let mut words = Vec::new();
    while let Some(frame) = stream.next().await {
        words.push(frame.unwrap());
        sleep(S(100)).await;
    }
    assert_eq!(words.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_came_while_the_reader_was_away_is_read_before_any_timer() {
    let (_, mut stream) = open([Act::Wait(S(10)), text("two"), end()]).await;
    stream.next().await.unwrap().unwrap();
    let nothing_yet = timeout(Duration::from_secs(1), stream.next()).await;
    assert!(nothing_yet.is_err());
    sleep(S(300)).await;
    assert!(stream.next().await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_total_timeout_holds_for_the_whole_stream() {
    let mut script = vec![Act::Headers];
    for _ in 0..100 {
        script.extend([text("."), Act::Wait(S(1))]);
    }
    let policy = AttemptPolicy::default().with_timeouts(Timeouts::default().with_total(S(30)));
    let bench = Bench::new([vec![script]]).policy(policy);
    let began = Instant::now();
    let read = read(bench.stream().await.unwrap().value).await;
    assert_eq!(began.elapsed(), S(30));
    assert_eq!(read.errors[0].kind(), K::Timeout(T::Total));
    assert_eq!(read.errors[0].phase(), Phase::AfterOutput);
    assert!(!read.ended);
}
