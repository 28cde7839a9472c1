//! Runs one input and judges it: panics, time and memory.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

use crate::memory;
use crate::target::{Behaviour, Target};
use crate::watchdog::Watchdog;

/// What every input may cost beside its own size, in bytes (chosen: JSON of a few KiB becomes several
/// trees of values on its way).
const FREE_BYTES: usize = 4 * 1024 * 1024;

/// What an input may cost for each of its bytes (chosen: one byte of JSON such as `0,` becomes a value
/// of 32 bytes, in each of the few trees that live at once).
const BYTES_PER_BYTE: usize = 1024;

/// What is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Tells failures apart: where it panicked, or which bound was broken.
    pub(crate) place: String,
    message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.place)
    }
}

/// Runs inputs. While it lives, panics of this process print nothing.
pub(crate) struct Prober {
    last_panic: Arc<Mutex<Option<Failure>>>,
    watchdog: Watchdog,
}

impl Prober {
    pub(crate) fn new() -> Self {
        let last_panic = Arc::new(Mutex::new(None));
        let noted = Arc::clone(&last_panic);
        panic::set_hook(Box::new(move |panic| {
            let place = panic.location().map(ToString::to_string);
            let message = panic.payload_as_str().unwrap_or("panicked without words");
            let failure = Failure {
                place: place.unwrap_or_default(),
                message: message.to_owned(),
            };
            *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
        }));
        Self {
            last_panic,
            watchdog: Watchdog::start(),
        }
    }

    /// Runs one input; gives what happened in one number.
    pub(crate) fn run(&self, target: &Target, input: &[u8]) -> Result<u64, Failure> {
        let mut behaviour = Behaviour::default();
        let watched = self.watchdog.watch(&target.name, input);
        let (ended, bytes) = memory::peak_bytes_of(|| {
            panic::catch_unwind(AssertUnwindSafe(|| (target.run)(input, &mut behaviour)))
        });
        drop(watched);
        if ended.is_err() {
            let mut last = self
                .last_panic
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            return Err(last.take().unwrap_or_else(|| Failure {
                place: "unknown place".to_owned(),
                message: "panicked".to_owned(),
            }));
        }
        let most = FREE_BYTES + BYTES_PER_BYTE * input.len();
        if bytes > most {
            return Err(Failure {
                place: "memory".to_owned(),
                message: format!(
                    "an input of {} bytes took {bytes} bytes of memory, more than {most}",
                    input.len()
                ),
            });
        }
        Ok(behaviour.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(run: fn(&[u8], &mut Behaviour)) -> Target {
        Target {
            name: "test".to_owned(),
            promise: "none",
            seeds: Box::new(|_| Vec::new()),
            run: Box::new(run),
        }
    }

    #[test]
    fn panics_and_hunger_are_failures_with_a_place() {
        let prober = Prober::new();
        let good = target(|input, behaviour| behaviour.note(input.len()));
        assert!(prober.run(&good, b"ab").is_ok());
        let panics = target(|input, _| assert!(input.is_empty(), "not empty"));
        let failure = prober.run(&panics, b"x").expect_err("panicked");
        assert!(failure.place.contains("probe.rs"), "{failure}");
        assert!(failure.to_string().contains("not empty"), "{failure}");
        let hungry = target(|_, behaviour| {
            let hoard = vec![1_u8; 2 * FREE_BYTES];
            behaviour.note(hoard.iter().map(|byte| u64::from(*byte)).sum::<u64>());
        });
        let failure = prober.run(&hungry, b"x").expect_err("too much");
        assert_eq!(failure.place, "memory");
        let _ = panic::take_hook();
    }
}
