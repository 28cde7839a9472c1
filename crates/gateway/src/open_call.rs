//! A call that is being answered; it reaches the journal exactly once, even where the caller leaves.

use std::sync::Arc;

use interline::{Cost, RouteInfo};
use interline_core::{CallId, ModelId};
use tokio::time::Instant;

use crate::app::App;
use crate::call::Arrived;
use crate::failure::Failure;
use crate::journal::{CallRecord, Ending, Mode};
use crate::request_options::RequestOptions;

/// Longest name that is remembered, in letters: callers choose it, so it must not fill memory or
/// logs. Chosen, not measured: no model's name comes near it.
const MAX_NAME_LETTERS: usize = 200;

/// A call that is being answered.
#[derive(Debug)]
pub(crate) struct OpenCall {
    app: Arc<App>,
    began: Instant,
    record: CallRecord,
}

impl OpenCall {
    /// A call for an answer.
    pub(crate) fn of(arrived: &Arrived) -> Self {
        Self {
            record: CallRecord {
                mode: arrived.call.mode,
                ..record(
                    arrived.id.clone(),
                    arrived.format.name(),
                    &arrived.call.request.model,
                    &arrived.options,
                )
            },
            app: Arc::clone(&arrived.app),
            began: Instant::now(),
        }
    }

    /// A call of another kind, `format` by name, for `model`.
    pub(crate) fn new(
        app: &Arc<App>,
        id: CallId,
        format: &'static str,
        model: &ModelId,
        options: &RequestOptions,
    ) -> Self {
        Self {
            app: Arc::clone(app),
            began: Instant::now(),
            record: record(id, format, model, options),
        }
    }

    /// Notes who answers.
    pub(crate) fn routed(&mut self, route: &RouteInfo) {
        self.record.target = Some(route.target());
        self.record.attempts.clone_from(&route.attempt_list);
        self.record.fell_back = route.is_fallback;
    }

    /// Notes what it cost.
    pub(crate) fn cost(&mut self, cost: Cost) {
        self.record.cost = cost.known();
    }

    /// Notes a failure.
    pub(crate) fn failed(&mut self, failure: &Failure) {
        if self.record.attempts.is_empty() {
            self.record.attempts = failure.attempts().to_vec();
            self.record.fell_back = failure.fell_back();
        }
        self.record.ending = Ending::Failed(failure.code());
    }

    /// Notes how it ended.
    pub(crate) fn ended(&mut self, ending: Ending) {
        self.record.ending = ending;
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.record.duration = self.began.elapsed();
        self.app.journal.record(self.record.clone());
    }
}

/// A call that has only begun.
fn record(
    id: CallId,
    format: &'static str,
    model: &ModelId,
    options: &RequestOptions,
) -> CallRecord {
    CallRecord {
        id,
        format,
        mode: Mode::Unary,
        asked: shortened(model.as_str()),
        tags: options.tags.clone(),
        target: None,
        attempts: Vec::new(),
        fell_back: false,
        cost: None,
        // True as long as nothing else is noted: dropping the reply is how a caller leaves.
        ending: Ending::CallerLeft,
        duration: std::time::Duration::ZERO,
    }
}

fn shortened(name: &str) -> String {
    name.chars().take(MAX_NAME_LETTERS).collect()
}
