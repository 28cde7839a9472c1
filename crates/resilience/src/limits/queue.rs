//! Callers that wait for room: one line per priority, first come, first served, without a timer.
//!
//! A caller that takes a place is told when to ask again, and asks then; the line only decides whose turn
//! it is. So nothing has to wake anybody, and a caller that goes away leaves nothing behind but its
//! place, which it gives back.
//! The more urgent line goes first. Once the first of a line has waited too long the last one goes first:
//! under lasting overload the oldest callers have given up, and serving them in order makes everybody late.
//! The lock is held for a walk over at most the queue's length, and taken only while somebody waits.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

use super::limiter::Amounts;
use super::{Hold, Need, QueueRule};
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering};

/// A place in the line of a [`Limiter`](super::Limiter). Whoever holds it leaves the line in the end.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a place that nobody leaves holds everybody up"]
pub struct Place {
    pub(crate) number: u64,
    pub(crate) need: Need,
    /// When to ask for the first time.
    pub ask_at: Instant,
    /// How long the whole wait is expected to be.
    pub expected: Duration,
}

/// The answer to a caller in line.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Turn {
    /// It has what it waited for, and its place is gone.
    Go(Hold),
    /// It keeps its place; it should ask again then.
    At(Instant),
}

/// Who waits, by priority.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) rule: QueueRule,
    /// How many wait in each line, most urgent first, in 16 bits each: read without the lock.
    waiting: AtomicU64,
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
pub(crate) struct Lines {
    taken: u64,
    lines: [VecDeque<Waiter>; 3],
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    since: i64,
    amounts: Amounts,
}

/// What those want who go first, in sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ahead {
    pub(crate) callers: u64,
    pub(crate) amounts: Amounts,
}

impl Ahead {
    fn add(&mut self, waiter: &Waiter) {
        let Amounts {
            input,
            fresh,
            output,
        } = waiter.amounts;
        self.callers += 1;
        self.amounts.input = self.amounts.input.saturating_add(input);
        self.amounts.fresh = self.amounts.fresh.saturating_add(fresh);
        self.amounts.output = self.amounts.output.saturating_add(output);
    }
}

/// Whose turn it is, as one waiter sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Its own.
    Mine,
    /// That of others first.
    After(Ahead),
}

impl Queue {
    pub(crate) fn new(rule: QueueRule) -> Self {
        Self {
            rule,
            waiting: AtomicU64::new(0),
            lines: Mutex::new(Lines::default()),
        }
    }

    /// Whether somebody waits whom a newcomer of that rank may not pass.
    pub(crate) fn blocks(&self, rank: usize) -> bool {
        let bits = 16 * (rank as u32 + 1);
        self.waiting.load(Ordering::Relaxed) & ((1 << bits) - 1) != 0
    }

    /// How many wait in all.
    pub(crate) fn len(&self) -> usize {
        let waiting = self.waiting.load(Ordering::Relaxed);
        [0, 16, 32]
            .map(|bits| (waiting >> bits & 0xffff) as usize)
            .iter()
            .sum()
    }

    /// What everybody wants whom a newcomer of that rank may not pass.
    pub(crate) fn ahead_of_newcomer(&self, rank: usize) -> Ahead {
        self.lock().ahead(rank, u64::MAX)
    }

    /// The lines, for as long as one decision takes; a panic in between leaves plain data behind.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the last place in a line.
    pub(crate) fn push(&self, lines: &mut Lines, rank: usize, since: i64, amounts: Amounts) -> u64 {
        let number = lines.taken;
        lines.taken += 1;
        if let Some(line) = lines.lines.get_mut(rank) {
            line.push_back(Waiter {
                number,
                since,
                amounts,
            });
        }
        self.publish(lines);
        number
    }

    /// Gives a place back.
    pub(crate) fn remove(&self, lines: &mut Lines, rank: usize, number: u64) {
        if let Some(line) = lines.lines.get_mut(rank) {
            line.retain(|waiter| waiter.number != number);
        }
        self.publish(lines);
    }

    fn publish(&self, lines: &Lines) {
        let count = |line: &VecDeque<Waiter>| line.len().min(0xffff) as u64;
        let [critical, standard, low] = &lines.lines;
        let packed = count(critical) | count(standard) << 16 | count(low) << 32;
        self.waiting.store(packed, Ordering::Relaxed);
    }
}

impl Lines {
    /// How many wait in all.
    pub(crate) fn len(&self) -> usize {
        self.lines.iter().map(VecDeque::len).sum()
    }

    /// What those want who go before `number` in the line of that rank.
    pub(crate) fn ahead(&self, rank: usize, number: u64) -> Ahead {
        let mut ahead = Ahead::default();
        let others = self.lines.iter().take(rank).flatten();
        let own = self.lines.get(rank).into_iter().flatten();
        others
            .chain(own.filter(|waiter| waiter.number < number))
            .for_each(|waiter| ahead.add(waiter));
        ahead
    }

    /// Whose turn it is.
    pub(crate) fn order(
        &self,
        rank: usize,
        number: u64,
        newest_first_after: i64,
        now: i64,
    ) -> Order {
        let is_urgent_empty = self.lines.iter().take(rank).all(VecDeque::is_empty);
        let Some(line) = self.lines.get(rank) else {
            return Order::Mine;
        };
        let next = match line.front() {
            Some(first) if now.saturating_sub(first.since) > newest_first_after => line.back(),
            first => first,
        };
        if is_urgent_empty && next.is_none_or(|next| next.number == number) {
            Order::Mine
        } else {
            Order::After(self.ahead(rank, number))
        }
    }
}
