//! The alert rules that ship with the documentation speak of metrics that exist.

#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is the report; the clippy option covers test functions only"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use interline::Client;
use interline_testkit::FakeProvider;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

const ALERTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/alerts.yml");

/// Keeps the names that are described.
#[derive(Debug, Default)]
struct Names(Mutex<BTreeSet<String>>);

impl Names {
    fn note(&self, name: &KeyName) {
        self.0.lock().unwrap().insert(name.as_str().to_owned());
    }
}

impl Recorder for Names {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.note(&name);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.note(&name);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.note(&name);
    }

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// The words of a text that look like names of our metrics.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("interline_") || word.starts_with("gen_ai_"))
        .collect()
}

#[test]
fn every_metric_that_an_alert_names_exists() {
    let names = Arc::new(Names::default());
    Client::builder()
        .provider("a", Arc::new(FakeProvider::new("a")))
        .metrics(Arc::clone(&names) as Arc<dyn Recorder + Send + Sync>)
        .build()
        .unwrap();
    let described = names.0.lock().unwrap().clone();
    let alerts = std::fs::read_to_string(ALERTS).unwrap();
    let named = metrics_in(&alerts);
    assert!(named.len() >= 5, "{named:?}");
    for name in named {
        assert!(
            described.contains(name),
            "{name} is not among {described:#?}"
        );
    }
}

#[test]
fn every_alert_says_how_bad_it_is_and_what_to_do() {
    let alerts = std::fs::read_to_string(ALERTS).unwrap();
    let rules: Vec<_> = alerts.split("- alert: ").skip(1).collect();
    assert!(rules.len() >= 3);
    for rule in rules {
        for part in ["expr: ", "severity: ", "summary: ", "description: "] {
            assert!(rule.contains(part), "{part} is missing in {rule}");
        }
    }
}
