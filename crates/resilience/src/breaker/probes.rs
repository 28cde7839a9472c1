//! The probes of one open period: who holds a lease, and what they found out.
//!
//! A lease that is over makes room for another probe, so a lost one never blocks recovery. Its holder
//! is only forgotten when another takes its place; its good news counts even after that.
//! A probe that shows signs of life is not lost: its lease is longer. One whose content has flowed for a
//! whole lease counts as a success before it is over, because answers may take minutes; not earlier, because
//! streams that break after a few words would bring a broken target back again and again.

use super::config::ProbeRule;

/// A place among the probes.
#[derive(Clone, Copy, Debug)]
struct Lease {
    /// The request that holds it.
    sequence: u64,
    /// When it is over for a request that is silent.
    due_ms: u64,
    expires_ms: u64,
    content: Option<Worth>,
}

/// The probes of one open period.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    leases: Vec<Lease>,
    /// Those that counted as successes before they were over; never more than leases.
    lasting: Vec<(u64, Worth)>,
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

impl Worth {
    const fn halves(self) -> u32 {
        match self {
            Self::Full => 2,
            Self::Half => 1,
        }
    }
}

/// What a probe under way has shown of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// A first byte.
    Life,
    /// Its first content.
    Content(Worth),
}

impl Probes {
    /// Forgets everything; keeps its memory.
    pub(crate) fn clear(&mut self) {
        self.leases.clear();
        self.lasting.clear();
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
            due_ms: expires_ms,
            expires_ms,
            content: None,
        });
    }

    /// Takes note of what a probe has shown; one that lives may be out until then.
    pub(crate) fn show(&mut self, sequence: u64, sign: Sign, until_ms: u64) {
        let lease = self.leases.iter_mut().find(|l| l.sequence == sequence);
        let Some(lease) = lease else { return };
        match sign {
            Sign::Life => lease.expires_ms = lease.expires_ms.max(until_ms),
            Sign::Content(worth) => {
                lease.expires_ms = lease.due_ms;
                lease.content = Some(worth);
            }
        }
    }

    /// Counts probes as successes whose content has flowed for a whole lease.
    pub(crate) fn count_lasting(&mut self, now_ms: u64, rule: &ProbeRule) -> Finding {
        let Self {
            leases, lasting, ..
        } = self;
        let before = lasting.len();
        leases.retain(|lease| match lease.content {
            Some(worth) if lease.expires_ms <= now_ms => {
                lasting.push((lease.sequence, worth));
                false
            }
            _ => true,
        });
        for (_, worth) in lasting.iter().skip(before) {
            self.half_successes += worth.halves();
            self.decided += 1;
        }
        self.finding(rule)
    }

    /// Takes note of a success.
    pub(crate) fn succeed(&mut self, sequence: u64, worth: Worth, rule: &ProbeRule) -> Finding {
        if self.take_lasting(sequence).is_none() {
            let _ = self.release(sequence);
            self.decided += 1;
            self.half_successes += worth.halves();
        }
        self.finding(rule)
    }

    /// Takes note of a failure; without a lease it says nothing.
    pub(crate) fn fail(&mut self, sequence: u64, rule: &ProbeRule) -> Finding {
        match self.take_lasting(sequence) {
            Some(worth) => self.half_successes -= worth.halves(),
            None if self.release(sequence) == Held::Yes => self.decided += 1,
            None => return Finding::Undecided,
        }
        self.failures += 1;
        self.finding(rule)
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

    fn take_lasting(&mut self, sequence: u64) -> Option<Worth> {
        let index = self.lasting.iter().position(|(one, _)| *one == sequence)?;
        Some(self.lasting.swap_remove(index).1)
    }

    /// What is known by now. Once as many are decided as settle any other case, the majority does: a
    /// success, a slow one and a failure bring a target back, and three slow ones do.
    fn finding(&self, rule: &ProbeRule) -> Finding {
        let enough = rule.leases.max(rule.close_after + rule.reopen_after - 1);
        if self.half_successes / 2 >= rule.close_after {
            Finding::Back
        } else if self.failures >= rule.reopen_after {
            Finding::StillIll
        } else if self.decided < enough {
            Finding::Undecided
        } else if self.half_successes > 2 * self.failures {
            Finding::Back
        } else {
            Finding::StillIll
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
