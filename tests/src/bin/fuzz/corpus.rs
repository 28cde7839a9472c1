//! Inputs that are worth mutating, and words that they are made of.

use std::collections::{BTreeSet, HashSet};

use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::Value;

/// The most inputs that are kept (chosen: more only dilute the choice).
const MAX_INPUTS: usize = 4_096;

/// The most words (chosen, as above).
const MAX_WORDS: usize = 2_048;

/// Values that readers of numbers stumble over.
const AWKWARD: [&str; 16] = [
    "0",
    "-1",
    "1.5",
    "-0.0",
    "1e308",
    "1e999",
    "18446744073709551615",
    "18446744073709551616",
    "9223372036854775808",
    "-9223372036854775809",
    "4294967296",
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
];

/// Inputs that are worth mutating.
pub(crate) struct Corpus {
    inputs: Vec<Vec<u8>>,
    known: HashSet<u64>,
    /// Names and values of the seeds' JSON.
    words: Vec<String>,
}

impl Corpus {
    pub(crate) fn new(seeds: &[Vec<u8>]) -> Self {
        let mut words: BTreeSet<String> = AWKWARD.map(str::to_owned).into();
        for seed in seeds {
            collect_words(seed, &mut words);
        }
        Self {
            inputs: Vec::new(),
            known: HashSet::new(),
            words: words.into_iter().take(MAX_WORDS).collect(),
        }
    }

    /// Keeps an input that behaved in a new way.
    pub(crate) fn learn(&mut self, behaviour: u64, input: Vec<u8>) {
        if self.known.insert(behaviour) && self.inputs.len() < MAX_INPUTS {
            self.inputs.push(input);
        }
    }

    /// How many ways to behave were seen.
    pub(crate) fn behaviours(&self) -> usize {
        self.known.len()
    }

    /// Any input; every other time one of the newest quarter.
    pub(crate) fn pick(&self, rng: &mut StdRng) -> &[u8] {
        let newest = if rng.random_bool(0.5) {
            self.inputs.len() * 3 / 4
        } else {
            0
        };
        let place = match self.inputs.len() {
            0 => 0,
            total => rng.random_range(newest.min(total - 1)..total),
        };
        self.inputs
            .get(place)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// Any word.
    pub(crate) fn word(&self, rng: &mut StdRng) -> &str {
        let place = rng.random_range(0..self.words.len().max(1));
        self.words.get(place).map_or("", String::as_str)
    }
}

/// Takes the names and short values of JSON that stands in an input, whole or behind `data:`.
fn collect_words(seed: &[u8], words: &mut BTreeSet<String>) {
    let text = String::from_utf8_lossy(seed);
    if let Ok(value) = serde_json::from_str::<Value>(&text) {
        collect(&value, words);
        return;
    }
    for line in text.lines() {
        let data = line.strip_prefix("data:").unwrap_or(line).trim();
        match serde_json::from_str::<Value>(data) {
            Ok(value) => collect(&value, words),
            Err(_) if line.len() <= 40 => {
                words.insert(line.to_owned());
            }
            Err(_) => {}
        }
    }
}

fn collect(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                words.insert(Value::from(key.as_str()).to_string());
                collect(value, words);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, words)),
        short if short.to_string().len() <= 40 => {
            words.insert(short.to_string());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn only_new_behaviour_is_kept_and_words_come_from_the_seeds() {
        let seeds = [
            br#"{"role":"user"}"#.to_vec(),
            b"data: {\"k\":7}\n\n".to_vec(),
        ];
        let mut corpus = Corpus::new(&seeds);
        for word in ["\"role\"", "\"user\"", "\"k\"", "7"] {
            assert!(corpus.words.iter().any(|known| known == word), "{word}");
        }
        corpus.learn(1, b"a".to_vec());
        corpus.learn(1, b"b".to_vec());
        let mut rng = StdRng::seed_from_u64(1);
        assert_eq!(corpus.pick(&mut rng), b"a");
        assert_eq!(corpus.behaviours(), 1);
    }
}
