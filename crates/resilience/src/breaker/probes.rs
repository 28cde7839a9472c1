//! The probes of one open period: who holds a lease, and what they found out.
//!
//! A lease that is over makes room for another probe, so a lost one never blocks recovery. Its holder
//! is only forgotten when another takes its place; its good news counts even after that.

use super::config::ProbeRule;

/// A place among the probes.
#[derive(Clone, Copy, Debug)]
struct Lease {
    /// The request that holds it.
    sequence: u64,
    expires_ms: u64,
}

/// The probes of one open period.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    leases: Vec<Lease>,
    /// Twice the successes, so that a slow one can be half.
    half_successes: u32,
    failures: u32,
    decided: u32,
}

/// What the probes found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Undecided,
    Back,
    StillIll,
}

/// How much a success of a probe says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    Full,
    Half,
}

impl Probes {
    /// Forgets everything; keeps its memory.
    pub(crate) fn clear(&mut self) {
        self.leases.clear();
        self.half_successes = 0;
        self.failures = 0;
        self.decided = 0;
    }

    /// From when on another probe may be sent; 0 for now.
    pub(crate) fn free_from_ms(&self, rule: &ProbeRule) -> u64 {
        if self.has_room(rule) {
            return 0;
        }
        let first = self.leases.iter().map(|lease| lease.expires_ms).min();
        first.unwrap_or_default()
    }

    /// Gives a place to a request; the caller has seen that one is free.
    pub(crate) fn grant(&mut self, sequence: u64, expires_ms: u64, rule: &ProbeRule) {
        if !self.has_room(rule) {
            let oldest = self
                .leases
                .iter()
                .enumerate()
                .min_by_key(|(_, l)| l.expires_ms);
            if let Some((index, _)) = oldest {
                self.leases.swap_remove(index);
            }
        }
        self.leases.push(Lease {
            sequence,
            expires_ms,
        });
    }

    /// Takes note of a success.
    pub(crate) fn succeed(&mut self, sequence: u64, worth: Worth, rule: &ProbeRule) -> Finding {
        let _ = self.release(sequence);
        self.decided += 1;
        self.half_successes += match worth {
            Worth::Full => 2,
            Worth::Half => 1,
        };
        match self.half_successes / 2 >= rule.close_after {
            true => Finding::Back,
            false => Finding::Undecided,
        }
    }

    /// Takes note of a failure; without a lease it says nothing.
    pub(crate) fn fail(&mut self, sequence: u64, rule: &ProbeRule) -> Finding {
        if self.release(sequence) == Held::No {
            return Finding::Undecided;
        }
        self.decided += 1;
        self.failures += 1;
        match self.failures >= rule.reopen_after {
            true => Finding::StillIll,
            false => Finding::Undecided,
        }
    }

    /// Gives a lease back.
    pub(crate) fn release(&mut self, sequence: u64) -> Held {
        let held = self.leases.iter().position(|l| l.sequence == sequence);
        match held {
            Some(index) => {
                self.leases.swap_remove(index);
                Held::Yes
            }
            None => Held::No,
        }
    }

    /// Whether a probe may be sent without taking another's place.
    ///
    /// Decided ones count too, so that one open period costs a broken target no more than its leases;
    /// but where nobody is out and nothing is decided, there is always room.
    fn has_room(&self, rule: &ProbeRule) -> bool {
        let out = u32::try_from(self.leases.len()).unwrap_or(u32::MAX);
        self.leases.is_empty() || out.saturating_add(self.decided) < rule.leases
    }
}

/// Whether a request held a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Held {
    Yes,
    No,
}
