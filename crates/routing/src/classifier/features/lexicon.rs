//! Words that play the same part, so that a rare word is judged by its kin.

use std::collections::BTreeMap;

use super::tokens;

/// The most groups a lexicon can have: one bit each.
pub const MAX_GROUPS: usize = 48;

/// Which groups a word or a pair of words belongs to: an open hash table, half empty.
#[derive(Clone, Debug, Default)]
pub struct Lexicon {
    slots: Vec<(u32, u64)>,
    groups: usize,
}

impl Lexicon {
    /// A lexicon from its table: hash and groups in each slot, an empty set where the slot is free.
    ///
    /// `None` where the table is no power of two, full, or names more than [`MAX_GROUPS`].
    #[must_use]
    pub fn from_slots(slots: Vec<(u32, u64)>, groups: usize) -> Option<Self> {
        let is_sound = slots.len().is_power_of_two()
            && groups <= MAX_GROUPS
            && slots.iter().any(|(_, set)| *set == 0)
            && slots.iter().all(|(_, set)| set >> groups == 0);
        is_sound.then_some(Self { slots, groups })
    }

    /// The table as [`Lexicon::from_slots`] takes it.
    #[must_use]
    pub fn slots(&self) -> &[(u32, u64)] {
        &self.slots
    }

    /// How many groups there are.
    #[must_use]
    pub const fn groups(&self) -> usize {
        self.groups
    }

    /// The groups of a hashed word or pair, a bit each.
    pub(super) fn groups_of(&self, hash: u32) -> u64 {
        let mask = self.slots.len().wrapping_sub(1);
        let mut place = hash as usize & mask;
        // One slot at least is free, so the walk ends.
        while let Some((key, set)) = self.slots.get(place) {
            if *set == 0 || *key == hash {
                return *set;
            }
            place = (place + 1) & mask;
        }
        0
    }
}

/// Makes a [`Lexicon`] from words.
#[derive(Clone, Debug, Default)]
pub struct LexiconBuilder {
    entries: BTreeMap<u32, u64>,
    names: Vec<String>,
}

impl LexiconBuilder {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a group with its words; an entry has one or two tokens.
    ///
    /// # Errors
    /// What is wrong, for a message that names the place: an entry of no token or more than two, a
    /// group that is there already, one group too many.
    pub fn group<'a>(
        &mut self,
        name: &str,
        entries: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), String> {
        if self.names.len() == MAX_GROUPS {
            return Err(format!("there are more than {MAX_GROUPS} groups"));
        }
        if self.names.iter().any(|known| known == name) {
            return Err(format!("group `{name}` is there twice"));
        }
        let bit = 1 << self.names.len();
        self.names.push(name.to_owned());
        for entry in entries {
            let mut hashes = Vec::new();
            tokens::each(entry, |token| hashes.push(token.hash));
            let key = match *hashes.as_slice() {
                [word] => word,
                [first, second] => tokens::pair(first, second),
                _ => {
                    return Err(format!(
                        "`{entry}` has {} tokens: an entry has one or two",
                        hashes.len()
                    ));
                }
            };
            *self.entries.entry(key).or_default() |= bit;
        }
        Ok(())
    }

    /// The names of the groups, in the order of their numbers.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The lexicon.
    #[must_use]
    pub fn build(&self) -> Lexicon {
        let mut slots = vec![(0, 0); (self.entries.len() * 2).next_power_of_two().max(2)];
        let mask = slots.len() - 1;
        for (key, set) in &self.entries {
            let mut place = *key as usize & mask;
            while slots.get(place).is_some_and(|(_, taken)| *taken != 0) {
                place = (place + 1) & mask;
            }
            if let Some(slot) = slots.get_mut(place) {
                *slot = (*key, *set);
            }
        }
        Lexicon {
            slots,
            groups: self.names.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> u32 {
        let mut hash = 0;
        tokens::each(text, |token| hash = token.hash);
        hash
    }

    #[test]
    fn a_word_is_found_in_all_its_groups_and_no_other_word_is() {
        let mut builder = LexiconBuilder::new();
        builder.group("a", ["Red", "dark blue"]).expect("sound");
        builder.group("b", ["red"]).expect("sound");
        let lexicon = builder.build();
        assert_eq!(lexicon.groups_of(hash("red")), 0b11);
        assert_eq!(lexicon.groups_of(hash("blue")), 0);
        let dark_blue = tokens::pair(hash("dark"), hash("blue"));
        assert_eq!(lexicon.groups_of(dark_blue), 0b01);
    }

    #[test]
    fn an_entry_that_is_too_long_is_named() {
        let error = LexiconBuilder::new().group("a", ["one two three"]);
        assert_eq!(
            error.expect_err("too long"),
            "`one two three` has 3 tokens: an entry has one or two"
        );
    }

    #[test]
    fn a_table_without_a_free_slot_is_refused() {
        assert!(Lexicon::from_slots(vec![(1, 1), (2, 1)], 1).is_none());
        assert!(Lexicon::from_slots(vec![(1, 2), (0, 0)], 1).is_none());
        assert!(Lexicon::from_slots(vec![(1, 1), (0, 0)], 1).is_some());
        assert_eq!(Lexicon::default().groups_of(7), 0);
    }
}
