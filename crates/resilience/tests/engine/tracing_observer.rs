//! What operators read: the right severity, and nothing of a vendor's words.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use interline_core::{ErrorKind as K, RetryHint};
use interline_resilience::{Call, Engine, SimpleBreaker, SimpleBreakerConfig, TracingObserver};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::bench::{Bench, bad_key, failure, request, unavailable};
use crate::fake::{Script, answer, fail};

/// Keeps each event as `LEVEL message field=value …`.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "interline"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => write!(self.0, " {value:?}").unwrap(),
            name => write!(self.0, " {name}={value:?}").unwrap(),
        }
    }
}

/// The lines above `debug` that one call leaves.
async fn lines<const N: usize>(scripts: [Vec<Script>; N]) -> Vec<String> {
    let lines = Lines::default();
    let guard = tracing::subscriber::set_default(lines.clone());
    let bench = Bench::new(scripts);
    let observer = Arc::new(TracingObserver);
    let breaker = SimpleBreaker::new(SimpleBreakerConfig::default(), observer.clone());
    let engine = Engine::new(Arc::new(breaker), observer, 1);
    let call = Call::new("id", "chat", &bench.candidates, &bench.policy);
    drop(engine.complete(call, &request()).await);
    drop(guard);
    let all = lines.0.lock().unwrap().clone();
    assert!(!all.is_empty());
    for line in &all {
        assert!(!line.contains("the vendor's own words"), "{line}");
    }
    all.into_iter()
        .filter(|line| !line.starts_with("DEBUG"))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_good_call_and_the_callers_mistake_are_nobodys_alarm() {
    assert_eq!(lines([vec![answer("hello")]]).await, [""; 0]);
    let mistake = failure(K::InvalidRequest, RetryHint::Never);
    assert_eq!(lines([vec![fail(mistake)]]).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_fallback_warns() {
    let lines = lines([vec![fail(unavailable())], vec![answer("hello")]]).await;
    assert_eq!(
        lines,
        [
            "WARN fell back to another target call=id route=chat operation=chat from=a/m to=b/m \
          attempt=2 reason=unavailable"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_dead_credential_is_an_error_and_so_is_a_call_that_nobody_serves() {
    let lines = lines([vec![fail(bad_key())]]).await;
    let levels: Vec<_> = lines
        .iter()
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert_eq!(levels, ["ERROR", "WARN", "ERROR"], "{lines:#?}");
    assert!(lines[0].contains("the vendor refuses the credential"));
    assert!(lines[0].contains("provider=a"));
    assert!(lines[1].contains("reason=credential"));
    assert!(lines[2].contains("kind=all_targets_failed"));
}
