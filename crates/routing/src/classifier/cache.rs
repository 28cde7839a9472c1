//! Remembers what prompts were classified as, in bounded memory.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use super::Classification;

/// Two generations of answers: when the young one is full it becomes the old one, and the old one goes.
///
/// Keeps between half of the bound and all of it, the recently used ones among them, at a constant cost.
/// Prompts are kept as hashes under a random key, so nobody can craft a prompt that another one's answer
/// is given to.
#[derive(Debug)]
pub(super) struct Cache {
    hasher: RandomState,
    half: usize,
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<u64, Classification>,
    old: HashMap<u64, Classification>,
}

impl Cache {
    /// At most `entries` answers; 0 keeps none.
    pub(super) fn new(entries: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            half: entries / 2,
            generations: Mutex::default(),
        }
    }

    pub(super) fn key(&self, text: &str) -> u64 {
        self.hasher.hash_one(text)
    }

    pub(super) fn get(&self, key: u64) -> Option<Classification> {
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = generations.young.get(&key) {
            return Some(*known);
        }
        let known = generations.old.remove(&key)?;
        self.insert(&mut generations, key, known);
        Some(known)
    }

    pub(super) fn put(&self, key: u64, known: Classification) {
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.insert(&mut generations, key, known);
    }

    fn insert(&self, generations: &mut Generations, key: u64, known: Classification) {
        if self.half == 0 {
            return;
        }
        if generations.young.len() >= self.half {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(key, known);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Complexity, Task};
    use super::*;

    fn answer() -> Classification {
        Classification::new(Task::Math, Complexity::Simple, 0.5)
    }

    #[test]
    fn the_bound_holds_and_what_is_used_stays() {
        let cache = Cache::new(10);
        cache.put(0, answer());
        for key in 1..1_000 {
            cache.put(key, answer());
            assert!(cache.get(0).is_some(), "{key}");
            let generations = cache.generations.lock().expect("sound");
            assert!(generations.young.len() + generations.old.len() <= 10);
        }
        assert!(cache.get(1).is_none());
    }

    #[test]
    fn a_cache_of_nothing_keeps_nothing() {
        let cache = Cache::new(0);
        cache.put(1, answer());
        assert!(cache.get(1).is_none());
    }
}
