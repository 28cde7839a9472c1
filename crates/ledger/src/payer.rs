//! Who pays for a call: what budgets and questions about spend can tell calls apart by.

use std::sync::Arc;

use interline_core::{NanoUsd, Priority, SpendOwner};

/// Bytes of a name that are kept: tags come from callers, and memory is bounded.
const NAME_BYTES: usize = 128;

/// Tags of one call that are counted: each is a row of its own.
const TAGS: usize = 16;

/// Who pays for a call, how urgent it is, and what its request has cost so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Payer {
    /// The name of the caller's key, never the key itself.
    pub(crate) key: Option<Arc<str>>,
    /// Words that the caller put on the call.
    pub(crate) tags: Vec<Arc<str>>,
    /// How urgent it is.
    pub(crate) priority: Priority,
    /// What earlier attempts of the same request cost.
    pub(crate) spent: NanoUsd,
}

impl Payer {
    /// Nobody in particular, at standard priority.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the caller's key; of a name, the first 128 bytes count.
    #[must_use]
    pub fn with_key(mut self, name: &str) -> Self {
        self.key = Some(cut(name).into());
        self
    }

    /// Adds tags; of a call's tags the first 16 count, of each the first 128 bytes.
    #[must_use]
    pub fn with_tags<'a>(mut self, tags: impl IntoIterator<Item = &'a str>) -> Self {
        for tag in tags.into_iter().map(cut) {
            let is_new = !self.tags.iter().any(|known| **known == *tag);
            if is_new && self.tags.len() < TAGS {
                self.tags.push(tag.into());
            }
        }
        self
    }

    /// Says how urgent the call is.
    #[must_use]
    pub const fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Says what earlier attempts of the same request cost, for the cap per request.
    #[must_use]
    pub const fn with_spent(mut self, spent: NanoUsd) -> Self {
        self.spent = spent;
        self
    }

    /// The rows that the call counts in.
    pub(crate) fn owners(&self) -> impl Iterator<Item = SpendOwner> + '_ {
        let first = match &self.key {
            Some(key) => SpendOwner::Key(Arc::clone(key)),
            None => SpendOwner::Nobody,
        };
        let tags = self.tags.iter().cloned().map(SpendOwner::Tag);
        std::iter::once(first).chain(tags)
    }
}

/// The name up to the last character that is whole within [`NAME_BYTES`].
fn cut(name: &str) -> &str {
    let end = name.floor_char_boundary(NAME_BYTES);
    name.get(..end).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tags_are_bounded() {
        let long = "ä".repeat(100);
        let tags: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        let tags = tags.iter().map(String::as_str);
        let payer = Payer::new().with_key(&long).with_tags(tags);
        assert_eq!(payer.key.as_deref(), long.get(..128));
        assert_eq!(payer.tags.len(), 16);
        assert_eq!(Payer::new().with_tags(["a", "a"]).tags.len(), 1);
    }
}
