//! One target's run: its seeds, then mutations of what behaved in new ways.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::time::Instant;

use crate::corpus::Corpus;
use crate::minimise::minimise;
use crate::mutation::mutate;
use crate::probe::{Failure, Prober};
use crate::recorded::Recordings;
use crate::target::Target;

/// The longest input; longer ones are cut (chosen: room for a stream of some hundred events).
const MAX_INPUT_BYTES: usize = 64 * 1024;

/// One target's run.
pub(crate) struct Campaign<'a> {
    target: &'a Target,
    prober: &'a Prober,
    corpus: Corpus,
    seeds: Vec<Vec<u8>>,
    rng: StdRng,
    inputs: u64,
}

/// How much was tried.
pub(crate) struct Tally {
    pub(crate) inputs: u64,
    pub(crate) behaviours: usize,
    pub(crate) seeds: usize,
}

/// An input that failed, made small.
pub(crate) struct Finding {
    pub(crate) failure: Failure,
    input: Vec<u8>,
}

impl<'a> Campaign<'a> {
    pub(crate) fn new(
        target: &'a Target,
        prober: &'a Prober,
        recordings: &Recordings,
        seed: u64,
    ) -> Self {
        let mut hasher = DefaultHasher::new();
        target.name.hash(&mut hasher);
        let mut seeds = (target.seeds)(recordings);
        seeds.push(Vec::new());
        Self {
            target,
            prober,
            corpus: Corpus::new(&seeds),
            seeds,
            rng: StdRng::seed_from_u64(seed ^ hasher.finish()),
            inputs: 0,
        }
    }

    /// Runs every seed and then mutations for about `duration`; ends with the first failure.
    pub(crate) fn run(&mut self, duration: Duration) -> Option<Finding> {
        for seed in self.seeds.clone() {
            if let Some(finding) = self.try_input(seed) {
                return Some(finding);
            }
        }
        let end = Instant::now() + duration;
        while Instant::now() < end {
            let mut input = mutate(&self.corpus, &mut self.rng);
            input.truncate(MAX_INPUT_BYTES);
            if let Some(finding) = self.try_input(input) {
                return Some(finding);
            }
        }
        None
    }

    pub(crate) fn tally(&self) -> Tally {
        Tally {
            inputs: self.inputs,
            behaviours: self.corpus.behaviours(),
            seeds: self.seeds.len(),
        }
    }

    fn try_input(&mut self, input: Vec<u8>) -> Option<Finding> {
        self.inputs += 1;
        match self.prober.run(self.target, &input) {
            Ok(behaviour) => {
                self.corpus.learn(behaviour, input);
                None
            }
            Err(failure) => {
                let still_fails = |input: &[u8]| {
                    let again = self.prober.run(self.target, input);
                    again.err().filter(|again| again.place == failure.place)
                };
                let input = minimise(input, |smaller| still_fails(smaller).is_some());
                let failure = still_fails(&input).unwrap_or(failure.clone());
                Some(Finding { failure, input })
            }
        }
    }
}

impl Finding {
    /// Saves the input under `folder`; gives the file.
    pub(crate) fn save(&self, folder: &Path, target: &str) -> io::Result<PathBuf> {
        save_input(folder, target, &self.input)
    }

    /// The beginning of the input, on one line.
    pub(crate) fn shown(&self) -> String {
        const MOST: usize = 400;
        let text = self.input.escape_ascii().to_string();
        match text.char_indices().nth(MOST) {
            Some((end, _)) => format!("{} … ({} bytes)", &text[..end], self.input.len()),
            None => text,
        }
    }
}

/// Saves an input that failed; gives the file.
pub(crate) fn save_input(folder: &Path, target: &str, input: &[u8]) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let file = folder.join(format!("{target}-{:016x}", hasher.finish()));
    std::fs::write(&file, input)?;
    Ok(file)
}
