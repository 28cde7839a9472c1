//! Metrics of calls, attempts, fallbacks, tokens, money and health.
//!
//! They go to a recorder that is passed in, so no global one is needed.
//! Names that begin with `gen_ai_` are OpenTelemetry's GenAI conventions in Prometheus form and
//! speak of one attempt at a vendor; names that begin with `interline_` are ours and speak of calls.
//! Labels hold only names that somebody configured or that the catalogue knows, so that callers
//! cannot make new time series by inventing models.

mod known_names;
mod metric_names;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use interline_core::{ErrorKind, NanoUsd, Operation, Target, Usage};
use interline_ledger::{BudgetTier, Ledger, SpendQuery};
use interline_resilience::{CallEvent, Form, HealthState, Need, Observer, TargetGate};
use metrics::{Key, KeyName, Label, Level, Metadata, Recorder};
use tokio::time::Instant;

pub(crate) use known_names::KnownNames;
use metric_names as name;

use crate::statistics::{Answered, Collected};
use crate::{Cost, RouteInfo, TargetStatus};

/// Estimates of this long are compared with what calls cost.
const ONE_DAY: Duration = Duration::from_secs(24 * 3600);

const METADATA: Metadata<'static> = Metadata::new("interline", Level::INFO, None);

/// A recorder behind a shared pointer.
#[derive(Clone)]
pub(crate) struct SharedRecorder(pub(crate) Arc<dyn Recorder + Send + Sync>);

impl fmt::Debug for SharedRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedRecorder")
    }
}

/// Writes metrics: as an observer of the engine's events, and from the client where events do not
/// tell enough.
#[derive(Debug)]
pub(crate) struct MetricsObserver {
    recorder: SharedRecorder,
    known: KnownNames,
    collected: Arc<Collected>,
}

impl MetricsObserver {
    /// `collected` goes on where a predecessor had begun it.
    pub(crate) fn new(
        recorder: SharedRecorder,
        known: KnownNames,
        collected: Arc<Collected>,
    ) -> Self {
        describe(&*recorder.0);
        Self {
            recorder,
            known,
            collected,
        }
    }

    /// The same figures for whoever looks now.
    pub(crate) const fn collected(&self) -> &Arc<Collected> {
        &self.collected
    }

    /// A call was refused before any target was chosen.
    pub(crate) fn refused(&self, operation: Operation, kind: ErrorKind) {
        self.call_ended(operation, "none", kind.code(), None);
    }

    /// Tokens were estimated, because the vendor does not count.
    pub(crate) fn estimated(&self, route: &str) {
        self.call_ended(Operation::CountTokens, route, "estimated", None);
    }

    /// A whole answer came.
    pub(crate) fn answered_whole(
        &self,
        operation: Operation,
        route: &RouteInfo,
        usage: &Usage,
        cost: Cost,
    ) {
        let target = route.target();
        let durations = route.attempt_list.iter().map(|attempt| attempt.duration);
        self.attempt_ended(operation, &target, last_duration(route), None);
        self.call_ended(operation, &route.name, "ok", Some(durations.sum()));
        self.used(operation, &target, usage, cost);
        self.left_out(route);
        if operation != Operation::CountTokens {
            self.answered(route);
        }
    }

    /// The first content of a stream came.
    pub(crate) fn first_content(&self, route: &RouteInfo) {
        let labels = self.vendor_labels(Operation::Chat, &route.target());
        let after = last_duration(route);
        self.observe(name::TIME_TO_FIRST_CHUNK, labels, after);
        let model = self.known.model(&route.target());
        self.collected
            .first_token(route.provider.as_str(), model, after);
        self.left_out(route);
        self.answered(route);
    }

    /// Whether the first choice answered, and what the router had decided.
    fn answered(&self, route: &RouteInfo) {
        let mut labels = self.target_labels(&route.target());
        labels.push(Label::new("route", self.known.route(&route.name)));
        let is_fallback = if route.is_fallback { "true" } else { "false" };
        labels.push(Label::from_static_parts("fallback", is_fallback));
        self.count(name::ANSWERS, labels, 1);
        let tier = route.tier.as_str();
        let decision = route.router.as_ref().map(|router| {
            let task = router.task.map_or("unknown", |task| task.name());
            (task, tier)
        });
        if let Some((task, tier)) = decision {
            let labels = vec![
                Label::from_static_parts("task", task),
                Label::from_static_parts("tier", tier),
            ];
            self.count(name::DECISIONS, labels, 1);
        }
        self.collected.answered(Answered {
            provider: route.provider.as_str(),
            model: self.known.model(&route.target()),
            route: self.known.route(&route.name),
            is_fallback: route.is_fallback,
            decision,
        });
    }

    /// Budgets as they stand, and how good estimates are.
    pub(crate) fn budgets(&self, ledger: &Ledger) {
        let now = SystemTime::now();
        for one in ledger.budgets(now) {
            let labels = || {
                vec![
                    Label::new("scope", one.budget.scope.to_string()),
                    Label::from_static_parts("period", one.budget.per.name()),
                    Label::new("time_zone", one.budget.time_zone.clone()),
                ]
            };
            let level = match one.tier {
                BudgetTier::Best => 3.0,
                BudgetTier::Balanced => 2.0,
                BudgetTier::Cheapest => 1.0,
                _ => 0.0,
            };
            let limit = usd(one.budget.limit);
            self.set(name::BUDGET_LIMIT, labels(), limit);
            self.set(name::BUDGET_SPENT, labels(), usd(one.spent));
            self.set(name::BUDGET_HELD, labels(), usd(one.held));
            self.set(name::BUDGET_LEFT, labels(), usd(one.left));
            self.set(name::BUDGET_LEFT_RATIO, labels(), usd(one.left) / limit);
            self.set(name::BUDGET_LEVEL, labels(), level);
        }
        let day_ago = now.checked_sub(ONE_DAY).unwrap_or(now);
        let last_day = SpendQuery::default().between(day_ago, now);
        let rows = ledger.spend(&last_day).unwrap_or_default();
        if let Some(ratio) = rows.first().and_then(|row| row.tally.estimate_ratio()) {
            self.set(name::ESTIMATE_RATIO, Vec::new(), ratio);
        }
        let is_failing = if ledger.trouble().is_some() { 1.0 } else { 0.0 };
        self.set(name::SPEND_STORE_FAILING, Vec::new(), is_failing);
    }

    /// A stream came to its end, `streaming` after its first content.
    pub(crate) fn stream_ended(
        &self,
        route: &RouteInfo,
        streaming: Duration,
        usage: &Usage,
        cost: Cost,
        failure: Option<&'static str>,
    ) {
        let target = route.target();
        let duration = last_duration(route) + streaming;
        self.attempt_ended(Operation::Chat, &target, duration, failure);
        self.used(Operation::Chat, &target, usage, cost);
    }

    /// What the target that answers was asked without.
    fn left_out(&self, route: &RouteInfo) {
        for lack in route.left_out() {
            let mut labels = self.target_labels(&route.target());
            labels.push(Label::from_static_parts("feature", lack.code()));
            self.count(name::DROPPED_HINTS, labels, 1);
        }
    }

    /// How a target is doing now.
    pub(crate) fn health(&self, status: &TargetStatus) {
        self.available(&status.target, status.health.is_available());
    }

    /// How busy, how fast and how reliable a target is of late, as balancers see it for streams.
    pub(crate) fn load(&self, gate: &TargetGate) {
        let load = gate
            .snapshot(Instant::now(), Form::Stream, &Need::default())
            .load;
        let figures = [
            (name::TARGET_IN_FLIGHT, Some(f64::from(load.in_flight))),
            (
                name::TARGET_LATENCY,
                load.latency.map(|one| f64::from(one.value)),
            ),
            (
                name::TARGET_ERRORS,
                load.errors.map(|one| f64::from(one.or_usual(0.0))),
            ),
        ];
        for (name, figure) in figures {
            if let Some(figure) = figure {
                self.set(name, self.target_labels(gate.target()), figure);
            }
        }
    }

    /// How full the limits of a target and of its connection are.
    pub(crate) fn limits(&self, gate: &TargetGate) {
        let now = Instant::now();
        let target = gate.target();
        for one in gate.told_limits().uses(now) {
            let mut labels = self.target_labels(target);
            labels.push(Label::from_static_parts("bucket", one.bucket.code()));
            self.set(name::LIMIT_USED, labels, one.used);
        }
        let configured = gate.configured_limits();
        for one in configured.into_iter().flat_map(|limits| limits.uses(now)) {
            let labels = vec![
                Label::new("provider", target.provider.as_str().to_owned()),
                Label::from_static_parts("bucket", one.bucket.code()),
            ];
            self.set(name::CONNECTION_LIMIT_USED, labels, one.used);
        }
    }

    fn available(&self, target: &Target, is_available: bool) {
        let value = if is_available { 1.0 } else { 0.0 };
        self.set(name::TARGET_AVAILABLE, self.target_labels(target), value);
    }

    fn set(&self, name: &'static str, labels: Vec<Label>, value: f64) {
        let key = Key::from_parts(name, labels);
        let gauge = self.recorder.0.register_gauge(&key, &METADATA);
        gauge.set(value);
    }

    /// A target is configured no more, so nothing is wrong with it.
    pub(crate) fn is_gone(&self, target: &Target) {
        self.available(target, true);
    }

    fn attempt_ended(
        &self,
        operation: Operation,
        target: &Target,
        duration: Duration,
        failure: Option<&'static str>,
    ) {
        let mut labels = self.vendor_labels(operation, target);
        if let Some(code) = failure {
            labels.push(Label::from_static_parts("error_type", code));
        }
        self.observe(name::OPERATION_DURATION, labels, duration);
        let mut labels = self.target_labels(target);
        labels.push(Label::from_static_parts("outcome", failure.unwrap_or("ok")));
        self.count(name::ATTEMPTS, labels, 1);
        let (provider, model) = (target.provider.as_str(), self.known.model(target));
        self.collected.attempt(provider, model, duration, failure);
    }

    fn call_ended(
        &self,
        operation: Operation,
        route: &str,
        outcome: &'static str,
        duration: Option<Duration>,
    ) {
        let labels = vec![
            Label::new("route", self.known.route(route)),
            Label::from_static_parts("operation", operation.name()),
            Label::from_static_parts("outcome", outcome),
        ];
        self.count(name::REQUESTS, labels.clone(), 1);
        if let Some(duration) = duration {
            self.observe(name::REQUEST_DURATION, labels, duration);
        }
    }

    fn used(&self, operation: Operation, target: &Target, usage: &Usage, cost: Cost) {
        let figures = [
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
        ];
        for (class, tokens) in figures {
            let Some(tokens) = tokens else { continue };
            let mut labels = self.vendor_labels(operation, target);
            labels.push(Label::from_static_parts("gen_ai_token_type", class));
            let key = Key::from_parts(name::TOKEN_USAGE, labels);
            let histogram = self.recorder.0.register_histogram(&key, &METADATA);
            histogram.record(as_float(tokens));
        }
        let (provider, model) = (target.provider.as_str(), self.known.model(target));
        self.collected.used(provider, model, usage, cost.known());
        let nano_usd = cost.known().and_then(|cost| u64::try_from(cost.get()).ok());
        if let Some(nano_usd) = nano_usd {
            self.count(name::COST, self.target_labels(target), nano_usd);
        }
    }

    fn count(&self, name: &'static str, labels: Vec<Label>, by: u64) {
        let key = Key::from_parts(name, labels);
        self.recorder
            .0
            .register_counter(&key, &METADATA)
            .increment(by);
    }

    fn observe(&self, name: &'static str, labels: Vec<Label>, duration: Duration) {
        let key = Key::from_parts(name, labels);
        let histogram = self.recorder.0.register_histogram(&key, &METADATA);
        histogram.record(duration.as_secs_f64());
    }

    /// The labels that OpenTelemetry's conventions ask for, and the connection's name.
    fn vendor_labels(&self, operation: Operation, target: &Target) -> Vec<Label> {
        vec![
            Label::from_static_parts("gen_ai_operation_name", operation.name()),
            Label::new("gen_ai_provider_name", self.known.vendor(&target.provider)),
            Label::new("gen_ai_request_model", self.known.model(target)),
            Label::new("provider", target.provider.as_str().to_owned()),
        ]
    }

    fn target_labels(&self, target: &Target) -> Vec<Label> {
        vec![
            Label::new("provider", target.provider.as_str().to_owned()),
            Label::new("model", self.known.model(target)),
        ]
    }
}

impl Observer for MetricsObserver {
    fn on_event(&self, event: &CallEvent) {
        match event {
            CallEvent::AttemptFailed {
                operation,
                target,
                error,
                duration,
                ..
            } => self.attempt_ended(*operation, target, *duration, Some(error.kind().code())),
            CallEvent::FellBack {
                route,
                from,
                to,
                reason,
                ..
            } => {
                let labels = vec![
                    Label::new("route", self.known.route(route)),
                    Label::new("from", from.provider.as_str().to_owned()),
                    Label::new("to", to.provider.as_str().to_owned()),
                    Label::from_static_parts("reason", reason.code()),
                ];
                self.count(name::FALLBACKS, labels, 1);
            }
            CallEvent::Skipped { target, reason, .. } => {
                let mut labels = self.target_labels(target);
                labels.push(Label::from_static_parts("reason", reason.code()));
                self.count(name::SKIPS, labels, 1);
            }
            CallEvent::RetryDenied { route, reason, .. } => {
                let labels = vec![
                    Label::new("route", self.known.route(route)),
                    Label::from_static_parts("reason", reason.code()),
                ];
                self.count(name::RETRY_DENIALS, labels, 1);
            }
            CallEvent::Hedged {
                route, from, to, ..
            } => {
                let labels = vec![
                    Label::new("route", self.known.route(route)),
                    Label::new("from", from.provider.as_str().to_owned()),
                    Label::new("to", to.provider.as_str().to_owned()),
                ];
                self.count(name::HEDGES, labels, 1);
            }
            CallEvent::AttemptAbandoned {
                operation,
                target,
                duration,
                ..
            } => self.attempt_ended(*operation, target, *duration, Some("abandoned")),
            CallEvent::CredentialRejected { target, kind, .. } => {
                let mut labels = self.target_labels(target);
                labels.push(Label::from_static_parts("reason", kind.code()));
                self.count(name::CREDENTIAL_REJECTIONS, labels, 1);
            }
            CallEvent::Answered { target, .. } => self.available(target, true),
            CallEvent::Failed {
                route,
                operation,
                error,
                duration,
                ..
            } => self.call_ended(*operation, route, error.kind().code(), Some(*duration)),
            CallEvent::Cancelled {
                route,
                operation,
                duration,
                ..
            } => {
                let code = ErrorKind::Cancelled.code();
                self.call_ended(*operation, route, code, Some(*duration));
            }
            CallEvent::StreamFailed {
                route,
                error,
                duration,
                ..
            } => self.call_ended(Operation::Chat, route, error.kind().code(), Some(*duration)),
            CallEvent::StreamCancelled {
                route, duration, ..
            } => {
                let code = ErrorKind::Cancelled.code();
                self.call_ended(Operation::Chat, route, code, Some(*duration));
            }
            CallEvent::StreamFinished {
                route, duration, ..
            } => self.call_ended(Operation::Chat, route, "ok", Some(*duration)),
            CallEvent::HealthChecked {
                provider, error, ..
            } => {
                let outcome = error.as_ref().map_or("ok", |error| error.kind().code());
                let labels = vec![
                    Label::new("provider", provider.as_str().to_owned()),
                    Label::from_static_parts("outcome", outcome),
                ];
                self.count(name::HEALTH_CHECKS, labels, 1);
            }
            CallEvent::HealthChanged { target, state } => {
                let is_called = matches!(state, HealthState::Available | HealthState::Degraded);
                self.available(target, is_called);
            }
            _ => {}
        }
    }
}

/// How long the attempt took that answered; for a stream: until its first content.
fn last_duration(route: &RouteInfo) -> Duration {
    route
        .attempt_list
        .last()
        .map_or(Duration::ZERO, |attempt| attempt.duration)
}

/// Counts above 2⁵³ lose their last digits, which no histogram shows.
#[expect(
    clippy::cast_precision_loss,
    reason = "no histogram shows the last digits"
)]
const fn as_float(tokens: u64) -> f64 {
    tokens as f64
}

/// Amounts above nine million dollars lose their last digits, which no gauge shows.
#[expect(clippy::cast_precision_loss, reason = "no gauge shows the last digits")]
fn usd(amount: NanoUsd) -> f64 {
    amount.get() as f64 / 1e9
}

fn describe(recorder: &dyn Recorder) {
    for (name, unit, text) in name::HISTOGRAMS {
        recorder.describe_histogram(KeyName::from_const_str(name), Some(unit), text.into());
    }
    for (name, text) in name::COUNTERS {
        recorder.describe_counter(KeyName::from_const_str(name), None, text.into());
    }
    for (name, text) in name::GAUGES {
        recorder.describe_gauge(KeyName::from_const_str(name), None, text.into());
    }
}
