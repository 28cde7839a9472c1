//! What is fuzzed: a reader of foreign bytes, with inputs to begin with and promises to keep.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::recorded::Recordings;
use crate::{dialect, targets};

/// Gives inputs to begin with.
type Seeds = Box<dyn Fn(&Recordings) -> Vec<Vec<u8>>>;

/// Reads one input and notes what happened. Panics where a promise is broken.
type Run = Box<dyn Fn(&[u8], &mut Behaviour)>;

/// A reader of foreign bytes.
pub(crate) struct Target {
    /// The name on the command line.
    pub(crate) name: String,
    /// What must hold for every input, beside that nothing panics.
    pub(crate) promise: &'static str,
    /// Inputs to begin with.
    pub(crate) seeds: Seeds,
    /// Reads one input.
    pub(crate) run: Run,
}

/// What a target made of an input, in one number: equal where the same things happened.
#[derive(Default)]
pub(crate) struct Behaviour(DefaultHasher);

impl Behaviour {
    /// Takes note of a fact.
    pub(crate) fn note(&mut self, fact: impl Hash) {
        fact.hash(&mut self.0);
    }

    /// Takes note of a message, without the numbers and names in it, which hardly differ in meaning,
    /// and without the input itself, which follows where it is no JSON.
    pub(crate) fn note_message(&mut self, message: &str) {
        let mut quoted = false;
        let own_words = message.split("JSON").next().unwrap_or_default();
        for letter in own_words.chars() {
            quoted ^= letter == '`';
            if !quoted && letter.is_ascii_alphabetic() {
                self.note(letter);
            }
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.0.finish()
    }
}

/// A number that an input gives itself, for choices that its bytes do not spell out.
pub(crate) fn own_number(input: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    hasher.finish()
}

/// Every target.
pub(crate) fn all() -> Vec<Target> {
    let mut all = vec![
        targets::sse::target(),
        targets::event_stream::target(),
        targets::retry_after::target(),
        targets::config::target(),
    ];
    for dialect in dialect::ALL {
        all.push(targets::request::target(dialect));
        all.push(targets::answer::target(dialect));
        all.push(targets::stream::target(dialect));
        all.push(targets::error::target(dialect));
    }
    all.extend(targets::embeddings::targets());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<String> = all().into_iter().map(|target| target.name).collect();
        let total = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), total);
    }

    #[test]
    fn messages_that_differ_in_names_are_one_behaviour() {
        let number = |message: &str| {
            let mut behaviour = Behaviour::default();
            behaviour.note_message(message);
            behaviour.number()
        };
        assert_eq!(number("`a[1]` must be 7"), number("`b` must be 12"));
        assert_ne!(number("must be text"), number("must be a number"));
    }
}
