//! Ends the process where one input takes too long, after its input was saved.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use anstream::eprintln;

use crate::campaign::save_input;

/// The longest that one input may take (chosen: inputs are small and take microseconds; a busy machine
/// may stop the process for a second or two).
const LONGEST: Duration = Duration::from_secs(20);

/// A thread that looks on.
pub(crate) struct Watchdog {
    to_thread: Sender<Note>,
}

enum Note {
    Begun { target: String, input: Vec<u8> },
    Ended,
}

/// An input that is being run.
pub(crate) struct Watched<'a>(&'a Watchdog);

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        // The thread lives as long as the watchdog.
        let _ = self.0.to_thread.send(Note::Ended);
    }
}

impl Watchdog {
    pub(crate) fn start() -> Self {
        let (to_thread, notes) = mpsc::channel();
        thread::spawn(move || {
            while let Ok(note) = notes.recv() {
                let Note::Begun { target, input } = note else {
                    continue;
                };
                if notes.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout) {
                    give_up(&target, &input);
                }
            }
        });
        Self { to_thread }
    }

    /// Says that an input is being run, until what this returns is dropped.
    pub(crate) fn watch(&self, target: &str, input: &[u8]) -> Watched<'_> {
        let note = Note::Begun {
            target: target.to_owned(),
            input: input.to_vec(),
        };
        let _ = self.to_thread.send(note);
        Watched(self)
    }
}

impl PartialEq for Note {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

fn give_up(target: &str, input: &[u8]) -> ! {
    eprintln!("FAIL {target}: one input took more than {LONGEST:?}");
    match save_input(Path::new(crate::FINDINGS), target, input) {
        Ok(file) => eprintln!(
            "     again: cargo xtask fuzz --target {target} --input {}",
            file.display()
        ),
        Err(error) => eprintln!("     the input could not be saved: {error}"),
    }
    std::process::exit(1)
}
