//! Everything that is known of one run, joined: what the checks look at.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::client::{CallEnd, CallRecord};
use super::event_log::{Ends, Heard, Move};
use super::ledger::{Entry, EntryEnd};
use crate::plan::Plan;

/// Everything that is known of one run.
#[derive(Debug)]
pub(crate) struct Evidence {
    /// What was planned.
    pub(crate) plan: Plan,
    /// The clients' side.
    pub(crate) calls: Vec<CallRecord>,
    /// The vendors' side, by call and attempt.
    pub(crate) ledger: Vec<Entry>,
    /// How often each end of each call was told.
    pub(crate) ends: Vec<Ends>,
    /// Changes of health, in order.
    pub(crate) moves: Vec<Move>,
    /// When a call passed over which target because it is out of service, in order.
    pub(crate) passed_over: Vec<(Duration, usize)>,
    /// Attempts that the engine marks as perhaps charged, sorted.
    pub(crate) perhaps_billed: Vec<(usize, u32)>,
    /// How many events the engine told; none for a baseline.
    pub(crate) events: u64,
    /// The hash over all events and both histories.
    pub(crate) hash: u64,
    /// How often each fault fired, by its place in the plan.
    pub(crate) fired: Vec<u64>,
    /// Tasks that were left when everything should have been over.
    pub(crate) tasks_left: usize,
    /// Tasks that panicked.
    pub(crate) panics: usize,
    /// Calls of other tenants that went otherwise than in the twin, where there is one.
    pub(crate) differs_from_twin: Option<usize>,
    /// Whether a second run gave the same hash, where there was one.
    pub(crate) is_repeatable: Option<bool>,
}

/// What a run hands over to be joined.
#[derive(Debug)]
pub(crate) struct Raw {
    /// What was planned.
    pub(crate) plan: Plan,
    /// The clients' side.
    pub(crate) calls: Vec<CallRecord>,
    /// The vendors' side, in order of arrival.
    pub(crate) ledger: Vec<Entry>,
    /// The engine's side.
    pub(crate) heard: Heard,
    /// How often each fault fired.
    pub(crate) fired: Vec<u64>,
    /// Tasks that were left when everything should have been over.
    pub(crate) tasks_left: usize,
    /// Tasks that panicked.
    pub(crate) panics: usize,
}

impl Evidence {
    /// Joins the sides.
    pub(crate) fn of(raw: Raw) -> Self {
        let hash = hash(&raw);
        let mut ledger = raw.ledger;
        ledger.sort_by_key(|entry| (entry.call, entry.attempt, entry.at));
        let mut perhaps_billed = raw.heard.perhaps_billed;
        perhaps_billed.sort_unstable();
        Self {
            plan: raw.plan,
            calls: raw.calls,
            ledger,
            ends: raw.heard.ends,
            moves: raw.heard.moves,
            passed_over: raw.heard.passed_over,
            perhaps_billed,
            events: raw.heard.events,
            hash,
            fired: raw.fired,
            tasks_left: raw.tasks_left,
            panics: raw.panics,
            differs_from_twin: None,
            is_repeatable: None,
        }
    }

    /// The exchanges of one call, in order of attempts.
    pub(crate) fn exchanges(&self, call: usize) -> &[Entry] {
        let from = self.ledger.partition_point(|entry| entry.call < call);
        let until = self.ledger.partition_point(|entry| entry.call <= call);
        self.ledger.get(from..until).unwrap_or_default()
    }

    /// The exchange that answered a call, as the content itself says.
    pub(crate) fn answering(&self, call: usize) -> Option<&Entry> {
        let (vendor, attempt) = self.calls.get(call)?.answered_by?;
        self.exchanges(call)
            .iter()
            .find(|entry| entry.vendor == vendor && entry.attempt == attempt)
    }

    /// The calls that came within a time, with their numbers.
    pub(crate) fn calls_in(
        &self,
        from: Duration,
        until: Duration,
    ) -> impl Iterator<Item = (usize, &CallRecord)> {
        let within = move |(_, record): &(usize, &CallRecord)| {
            record.call.at >= from && record.call.at < until
        };
        self.calls.iter().enumerate().filter(within)
    }

    /// The calls of the storm.
    pub(crate) fn storm(&self) -> impl Iterator<Item = (usize, &CallRecord)> {
        self.calls_in(self.plan.phases.storm, self.plan.phases.heal)
    }
}

fn hash(raw: &Raw) -> u64 {
    let mut hasher = DefaultHasher::new();
    raw.heard.hash().hash(&mut hasher);
    for entry in &raw.ledger {
        let end = match entry.end {
            EntryEnd::Open => 0_u8,
            EntryEnd::Served => 1,
            EntryEnd::Failed => 2,
            EntryEnd::Cut => 3,
            EntryEnd::Cancelled => 4,
        };
        (entry.call, entry.attempt, entry.vendor, entry.at).hash(&mut hasher);
        (entry.ended, end, entry.tokens).hash(&mut hasher);
    }
    for record in &raw.calls {
        let kind = match record.end {
            None => "lost",
            Some(CallEnd::Answered { .. }) => "answered",
            Some(CallEnd::GaveUp { .. }) => "gave up",
            Some(CallEnd::Failed { kind, .. }) => kind.code(),
        };
        let ended = record.end.map(|end| end.at());
        (kind, ended, record.first_content, record.tokens).hash(&mut hasher);
    }
    hasher.finish()
}
