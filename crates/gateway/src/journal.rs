//! What the gateway remembers of finished calls: totals and the last fifty, for the status page and the log.
//!
//! No prompt, no answer, no key: who asked which model, who answered, and how it went.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use interline_core::{AttemptRecord, CallId, NanoUsd, Target};
use serde_json::{Value, json};

use crate::failure::{attempt_list, millis};

/// How many finished calls are kept; chosen, not measured: one screen of the status page.
const KEPT: usize = 50;

/// One finished call.
#[derive(Clone, Debug)]
pub(crate) struct CallRecord {
    pub(crate) id: CallId,
    pub(crate) format: &'static str,
    pub(crate) mode: Mode,
    /// What the caller put into `model`.
    pub(crate) asked: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) target: Option<Target>,
    pub(crate) attempts: Vec<AttemptRecord>,
    pub(crate) fell_back: bool,
    pub(crate) cost: Option<NanoUsd>,
    pub(crate) ending: Ending,
    pub(crate) duration: Duration,
}

/// Whether the answer came whole or step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Unary,
    Stream,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The whole answer was delivered.
    Answered,
    /// The caller got an error with this code.
    Failed(&'static str),
    /// The caller went away before the end.
    CallerLeft,
}

impl Ending {
    fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed(code) => code,
            Self::CallerLeft => "caller_left",
        }
    }
}

/// Totals since the start, and the calls that finished last.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    calls: u64,
    answered: u64,
    failed: u64,
    fell_back: u64,
    attempts: u64,
    cost: NanoUsd,
    fallback_reasons: BTreeMap<&'static str, u64>,
    recent: VecDeque<(SystemTime, CallRecord)>,
}

impl Journal {
    /// Takes note of a call that ended just now, and logs it.
    pub(crate) fn record(&self, call: CallRecord) {
        log(&call);
        let mut entries = self.lock();
        entries.calls += 1;
        match call.ending {
            Ending::Answered => entries.answered += 1,
            Ending::Failed(_) => entries.failed += 1,
            Ending::CallerLeft => {}
        }
        entries.attempts += call.attempts.len() as u64;
        entries.cost = entries.cost + call.cost.unwrap_or(NanoUsd::ZERO);
        if call.fell_back {
            entries.fell_back += 1;
            for kind in call.attempts.iter().filter_map(|attempt| attempt.kind) {
                *entries.fallback_reasons.entry(kind.code()).or_default() += 1;
            }
        }
        if entries.recent.len() == KEPT {
            entries.recent.pop_back();
        }
        entries.recent.push_front((SystemTime::now(), call));
    }

    /// The totals.
    pub(crate) fn totals(&self) -> Value {
        let entries = self.lock();
        json!({
            "calls": entries.calls,
            "answered": entries.answered,
            "failed": entries.failed,
            "fell_back": entries.fell_back,
            "attempts": entries.attempts,
            "cost_usd": entries.cost.to_string(),
            "fallback_reasons": entries.fallback_reasons,
        })
    }

    /// The calls that finished last, newest first.
    pub(crate) fn recent(&self) -> Value {
        self.lock().recent.iter().map(describe).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Every change is complete before anything can panic, so a poisoned journal is still sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn describe((ended_at, call): &(SystemTime, CallRecord)) -> Value {
    let since_1970 = ended_at.duration_since(UNIX_EPOCH).unwrap_or_default();
    json!({
        "id": call.id.as_str(),
        "ended_at_ms": millis(since_1970),
        "format": call.format,
        "stream": call.mode == Mode::Stream,
        "asked": call.asked,
        "tags": call.tags,
        "answered_by": call.target.as_ref().map(ToString::to_string),
        "attempts": attempt_list(&call.attempts),
        "fell_back": call.fell_back,
        "cost_usd": call.cost.map(|cost| cost.to_string()),
        "ending": call.ending.word(),
        "ms": millis(call.duration),
    })
}

fn log(call: &CallRecord) {
    tracing::info!(
        call = %call.id,
        format = call.format,
        stream = call.mode == Mode::Stream,
        // Callers choose it: quoted, so that it cannot forge a line.
        asked = ?call.asked,
        tags = (!call.tags.is_empty()).then(|| tracing::field::debug(&call.tags)),
        target = call.target.as_ref().map(tracing::field::display),
        attempts = call.attempts.len(),
        fell_back = call.fell_back,
        ending = call.ending.word(),
        ms = millis(call.duration),
        "call finished"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(number: usize, ending: Ending) -> CallRecord {
        CallRecord {
            id: CallId::new(number.to_string()),
            format: "openai.chat",
            mode: Mode::Unary,
            asked: "chat".to_owned(),
            tags: BTreeMap::new(),
            target: Some(Target::new("openai", "gpt-4o")),
            attempts: Vec::new(),
            fell_back: false,
            cost: Some(NanoUsd::new(5)),
            ending,
            duration: Duration::from_millis(3),
        }
    }

    #[test]
    fn only_the_last_calls_are_kept_and_all_are_counted() {
        let journal = Journal::default();
        for number in 0..KEPT + 3 {
            journal.record(call(number, Ending::Answered));
        }
        journal.record(call(99, Ending::Failed("timeout")));
        let recent = journal.recent();
        assert_eq!(recent.as_array().map(Vec::len), Some(KEPT));
        assert_eq!(recent[0]["id"], "99");
        assert_eq!(recent[0]["ending"], "timeout");
        let totals = journal.totals();
        assert_eq!(totals["calls"], KEPT + 4);
        assert_eq!(totals["failed"], 1);
        assert_eq!(totals["cost_usd"], "0.00000027");
    }
}
