//! The clients' history: what each caller asked, and how it ended for them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use interline_core::ErrorKind;

use crate::load::Call;

/// One call as its caller saw it.
#[derive(Clone, Debug)]
pub(crate) struct CallRecord {
    /// What was asked, when and by whom.
    pub(crate) call: Call,
    /// How it ended; `None` where the caller waits for ever.
    pub(crate) end: Option<CallEnd>,
    /// How often it ended; once is right.
    pub(crate) ends: u32,
    /// When the first content came, since the start of the run.
    pub(crate) first_content: Option<Duration>,
    /// Tokens that came.
    pub(crate) tokens: u32,
    /// The attempt that answered, as the content itself says.
    pub(crate) answered_by: Option<(usize, u32)>,
    /// Tokens of another attempt, out of order, twice or missing.
    pub(crate) misplaced: u32,
    /// The tokens written that the answer's usage names.
    pub(crate) usage: Option<u64>,
    /// Words of the engine's own in which the prompt appears.
    pub(crate) leaks: u32,
}

/// How a call ended for its caller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum CallEnd {
    /// With its whole answer.
    Answered {
        /// Since the start of the run.
        at: Duration,
    },
    /// With a typed error.
    Failed {
        /// Since the start of the run.
        at: Duration,
        /// What kind of error.
        kind: ErrorKind,
        /// Whether content had come before.
        committed: bool,
        /// How long it says to wait.
        wait: Option<Duration>,
    },
    /// The caller went away.
    GaveUp {
        /// Since the start of the run.
        at: Duration,
    },
}

impl CallEnd {
    /// When it ended, since the start of the run.
    pub(crate) const fn at(&self) -> Duration {
        match self {
            Self::Answered { at } | Self::Failed { at, .. } | Self::GaveUp { at } => *at,
        }
    }
}

impl CallRecord {
    /// A call that has not come yet.
    pub(crate) const fn new(call: Call) -> Self {
        Self {
            call,
            end: None,
            ends: 0,
            first_content: None,
            tokens: 0,
            answered_by: None,
            misplaced: 0,
            usage: None,
            leaks: 0,
        }
    }

    /// Whether it got its whole answer.
    pub(crate) const fn is_answered(&self) -> bool {
        matches!(self.end, Some(CallEnd::Answered { .. }))
    }

    /// Whether it failed before any content came.
    pub(crate) const fn is_lost(&self) -> bool {
        matches!(
            self.end,
            Some(CallEnd::Failed {
                committed: false,
                ..
            })
        )
    }

    /// Whether it failed, before or after content.
    pub(crate) const fn is_failed(&self) -> bool {
        matches!(self.end, Some(CallEnd::Failed { .. }))
    }

    /// Ends it.
    pub(crate) const fn finish(&mut self, end: CallEnd) {
        self.end = Some(end);
        self.ends += 1;
    }
}

/// Every call of a run, until it is taken out.
#[derive(Debug)]
pub(crate) struct History(Mutex<Records>);

#[derive(Debug)]
struct Records {
    /// The number of the first call that is still here.
    first: usize,
    records: VecDeque<CallRecord>,
}

impl History {
    /// A history of calls that have not come yet.
    pub(crate) fn of(calls: Vec<Call>) -> Self {
        Self(Mutex::new(Records {
            first: 0,
            records: calls.into_iter().map(CallRecord::new).collect(),
        }))
    }

    /// Adds calls that have not come yet; the number of the first of them.
    pub(crate) fn add(&self, calls: Vec<Call>) -> usize {
        let mut all = self.lock();
        let number = all.first + all.records.len();
        all.records.extend(calls.into_iter().map(CallRecord::new));
        number
    }

    /// Changes a call's record.
    pub(crate) fn note(&self, call: usize, change: impl FnOnce(&mut CallRecord)) {
        let mut all = self.lock();
        let place = call.checked_sub(all.first);
        if let Some(record) = place.and_then(|place| all.records.get_mut(place)) {
            change(record);
        }
    }

    /// What is planned of a call.
    pub(crate) fn planned(&self, call: usize) -> Option<Call> {
        let all = self.lock();
        let place = call.checked_sub(all.first)?;
        Some(all.records.get(place)?.call.clone())
    }

    /// Takes everything out.
    pub(crate) fn take(&self) -> Vec<CallRecord> {
        self.take_until(usize::MAX)
    }

    /// Takes out the calls below a number, which must be over.
    pub(crate) fn take_until(&self, number: usize) -> Vec<CallRecord> {
        let mut all = self.lock();
        let count = number.saturating_sub(all.first).min(all.records.len());
        all.first += count;
        all.records.drain(..count).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
