//! Which words stand at the start and at the end, and how much of each group is where.

use super::lexicon::MAX_GROUPS;
use super::{GROUP_NUMBERS, Sink, tokens};

/// The tokens at either end whose place counts. Chosen, not measured: about a short instruction.
const END: usize = 12;
/// The tokens that open the prompt.
const OPENING: usize = 3;

/// Counts groups and remembers the ends while tokens pass.
#[derive(Debug)]
pub(super) struct Places {
    groups: usize,
    counts: [u16; MAX_GROUPS],
    opening: u64,
    start: u64,
    last: [(u32, u64); END],
    first: [u32; OPENING],
    tokens: usize,
}

impl Places {
    pub(super) const fn new(groups: usize) -> Self {
        Self {
            groups,
            counts: [0; MAX_GROUPS],
            opening: 0,
            start: 0,
            last: [(0, 0); END],
            first: [0; OPENING],
            tokens: 0,
        }
    }

    /// The next token, with the groups it belongs to, alone or with the one before it.
    pub(super) fn push(&mut self, hash: u32, groups: u64, sink: &mut impl Sink) {
        let place = self.tokens;
        self.tokens += 1;
        if place < OPENING {
            self.opening |= groups;
            self.first[place] = hash;
        }
        if place < END {
            self.start |= groups;
            sink.place(tokens::mix(hash, 0x5354_4152));
        }
        self.last[place % END] = (hash, groups);
        let mut set = groups;
        while set != 0 {
            let group = set.trailing_zeros() as usize;
            if let Some(count) = self.counts.get_mut(group) {
                *count = count.saturating_add(1);
            }
            set &= set - 1;
        }
    }

    /// Tells the last tokens, and the first three as a whole.
    pub(super) fn finish(&self, sink: &mut impl Sink) {
        for (hash, _) in self.last.iter().take(self.tokens) {
            sink.place(tokens::mix(*hash, 0x454e_4453));
        }
        let mut opening = 0x4f50_454e;
        for hash in self.first.iter().take(self.tokens) {
            opening = tokens::mix(opening, *hash);
            sink.place(opening);
        }
    }

    /// Tokens seen.
    pub(super) const fn tokens(&self) -> usize {
        self.tokens
    }

    /// Writes [`GROUP_NUMBERS`] numbers for each group.
    pub(super) fn write(&self, numbers: &mut [f32]) {
        let end = self
            .last
            .iter()
            .take(self.tokens)
            .fold(0, |set, (_, groups)| set | groups);
        let per_token = 10.0 / super::shape::small(self.tokens.max(1));
        let groups = self
            .counts
            .iter()
            .zip(numbers.chunks_exact_mut(GROUP_NUMBERS));
        for (group, (count, numbers)) in groups.take(self.groups).enumerate() {
            let has = |set: u64| if set >> group & 1 == 1 { 1.0 } else { 0.0 };
            let values = [
                super::shape::log1p(usize::from(*count)),
                (f32::from(*count) * per_token).min(3.0),
                has(self.opening),
                has(self.start),
                has(end),
            ];
            numbers.copy_from_slice(&values);
        }
    }
}
