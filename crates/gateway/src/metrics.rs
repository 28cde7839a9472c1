//! Prometheus text: a recorder of our own, not the process's global one, so that two gateways in one process stay apart.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use metrics::{Gauge, Key, KeyName, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use tokio::time::{MissedTickBehavior, interval};

/// How often histograms hand over their samples, so that memory stays bounded between scrapes; the
/// exporter's own default.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

const METADATA: Metadata<'static> = Metadata::new("interline_gateway", Level::INFO, None);

const RELOADS: &str = "interline_config_reloads_total";
const LAST_RELOAD: &str = "interline_config_last_reload_successful";

/// The gateway's metrics.
pub(crate) struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
    in_flight: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let recorder = builder().build_recorder();
        let handle = recorder.handle();
        describe(&recorder);
        let in_flight = recorder.register_gauge(
            &Key::from_static_name("interline_http_requests_in_flight"),
            &METADATA,
        );
        Self {
            recorder: Arc::new(recorder),
            handle,
            in_flight,
        }
    }

    /// The recorder, for the client's own figures.
    pub(crate) fn recorder(&self) -> Arc<PrometheusRecorder> {
        Arc::clone(&self.recorder)
    }

    /// Counts a request as being worked on until the guard is dropped.
    pub(crate) fn request_started(&self) -> InFlight {
        self.in_flight.increment(1.0);
        InFlight(self.in_flight.clone())
    }

    /// Counts a reply; `path` is the route's pattern, so that the label's values are few.
    pub(crate) fn replied(&self, path: &str, status: StatusCode) {
        let labels = vec![
            Label::new("path", path.to_owned()),
            Label::new("status", status.as_str().to_owned()),
        ];
        let key = Key::from_parts("interline_http_requests_total", labels);
        self.recorder.register_counter(&key, &METADATA).increment(1);
    }

    /// Counts a reload of the configuration, and says whether the last one was good.
    pub(crate) fn reloaded(&self, outcome: ReloadOutcome) {
        let (code, is_good) = match outcome {
            ReloadOutcome::Good => ("ok", 1.0),
            ReloadOutcome::Bad => ("failed", 0.0),
        };
        let labels = vec![Label::new("outcome", code)];
        let key = Key::from_parts(RELOADS, labels);
        self.recorder.register_counter(&key, &METADATA).increment(1);
        let key = Key::from_static_name(LAST_RELOAD);
        self.recorder.register_gauge(&key, &METADATA).set(is_good);
    }

    /// All figures as Prometheus text.
    pub(crate) fn render(&self) -> String {
        self.handle.render()
    }

    /// Keeps memory bounded where nobody scrapes; runs until it is dropped.
    pub(crate) async fn upkeep(&self) {
        let mut ticks = interval(UPKEEP_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.handle.run_upkeep();
        }
    }
}

/// What came of a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReloadOutcome {
    /// The new configuration is in force.
    Good,
    /// The old one stays.
    Bad,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Counts a request as being worked on for as long as it lives.
#[derive(Debug)]
pub(crate) struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

fn describe(recorder: &PrometheusRecorder) {
    let name = KeyName::from_const_str;
    recorder.describe_counter(
        name("interline_http_requests_total"),
        None,
        "Replies by path and status, those without a model call included.".into(),
    );
    recorder.describe_gauge(
        name("interline_http_requests_in_flight"),
        None,
        "Requests whose reply has not begun yet.".into(),
    );
    recorder.describe_counter(
        name(RELOADS),
        None,
        "Reloads of the configuration by outcome.".into(),
    );
    recorder.describe_gauge(
        name(LAST_RELOAD),
        None,
        "1 where the last reload of the configuration was good, 0 where the one before stays in force.".into(),
    );
}

/// Buckets as OpenTelemetry's GenAI conventions advise them.
fn builder() -> PrometheusBuilder {
    let seconds = doubling(0.01, 14);
    let tokens: Vec<f64> = (0..14).map(|power| 4_f64.powi(power)).collect();
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)
        .and_then(|builder| {
            builder.set_buckets_for_metric(
                Matcher::Prefix("gen_ai_client_token_usage".to_owned()),
                &tokens,
            )
        })
        .expect("the bucket lists are not empty")
}

/// `first`, and then twice the one before.
fn doubling(first: f64, count: i32) -> Vec<f64> {
    (0..count).map(|power| first * 2_f64.powi(power)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_use_the_conventions_buckets() {
        let seconds = doubling(0.01, 14);
        assert_eq!(seconds.first(), Some(&0.01));
        assert!((seconds.last().expect("14 buckets") - 81.92).abs() < 1e-9);
    }

    #[test]
    fn replies_are_counted_by_path_and_status() {
        let metrics = Metrics::new();
        let guard = metrics.request_started();
        metrics.replied("/v1/messages", StatusCode::OK);
        metrics.replied("/v1/messages", StatusCode::OK);
        let text = metrics.render();
        assert!(
            text.contains("interline_http_requests_total{path=\"/v1/messages\",status=\"200\"} 2"),
            "{text}"
        );
        assert!(
            text.contains("interline_http_requests_in_flight 1"),
            "{text}"
        );
        drop(guard);
        assert!(
            metrics
                .render()
                .contains("interline_http_requests_in_flight 0")
        );
    }
}
