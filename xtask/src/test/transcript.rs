//! What `cargo test` prints, read as it passes by: counts, names of failures, and checks that tests skipped.
//!
//! A test that cannot run says so in a line that starts with `SKIPPED:`, `skipped …` or `skipping …`, on any stream.
//! The tests run with `--show-output`, which would print the output of every passing test; that part is hidden
//! from the screen, but read all the same.

use super::outcome::{Cases, Skip};
use crate::run::{Shown, Source};

/// The state of one pass over the output.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    pub(crate) cases: Cases,
    /// Names of failed tests, in order.
    pub(crate) failures: Vec<String>,
    skipped: Vec<String>,
    /// Inside the section that `--show-output` adds for passing tests.
    hiding: bool,
}

impl Transcript {
    /// Reads one line and says whether it belongs on the screen.
    pub(crate) fn observe(&mut self, source: Source, line: &str) -> Shown {
        if let Some(reason) = skip_line(line)
            && !self.skipped.contains(&reason)
        {
            self.skipped.push(reason);
        }
        if source == Source::Error {
            return Shown::Yes;
        }
        match line.trim_end() {
            "successes:" => self.hiding = true,
            "failures:" => self.hiding = false,
            other if other.starts_with("test result:") => {
                self.hiding = false;
                self.count(other);
            }
            other => {
                if let Some(name) = failed_test(other) {
                    self.failures.push(name.to_owned());
                }
            }
        }
        if self.hiding { Shown::No } else { Shown::Yes }
    }

    /// The checks that did not run, ignored tests included.
    pub(crate) fn into_skips(self) -> Vec<Skip> {
        let mut skips: Vec<Skip> = self
            .skipped
            .into_iter()
            .map(|reason| {
                if reason.contains("shared") {
                    Skip::without_shared(reason)
                } else {
                    Skip::new(reason)
                }
            })
            .collect();
        if self.cases.ignored > 0 {
            skips.push(Skip::new(format!(
                "{} tests or doctests are marked as ignored",
                self.cases.ignored
            )));
        }
        skips
    }

    /// Adds up a line like `test result: ok. 3 passed; 0 failed; 0 ignored; …`.
    fn count(&mut self, result: &str) {
        let words: Vec<&str> = result
            .split([' ', ';', '.'])
            .filter(|word| !word.is_empty())
            .collect();
        for pair in words.windows(2) {
            let [number, what] = pair else { continue };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match *what {
                "passed" => self.cases.passed += number,
                "failed" => self.cases.failed += number,
                "ignored" => self.cases.ignored += number,
                _ => {}
            }
        }
    }
}

/// The reason in a line by which a test says that it did not run.
fn skip_line(line: &str) -> Option<String> {
    let line = line.trim();
    let word = line
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .next()?;
    let skipped = word.eq_ignore_ascii_case("skipped") || word.eq_ignore_ascii_case("skipping");
    // Test names are one word, and a module called `skipped` is no skipped check.
    let sentence = line.contains(' ');
    (skipped && sentence).then(|| line.to_owned())
}

fn failed_test(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[(Source, &str)]) -> (Transcript, Vec<String>) {
        let mut transcript = Transcript::default();
        let mut shown = Vec::new();
        for (source, line) in lines {
            if transcript.observe(*source, line) == Shown::Yes {
                shown.push((*line).to_owned());
            }
        }
        (transcript, shown)
    }

    #[test]
    fn output_of_passing_tests_is_hidden_but_read() {
        let (transcript, shown) = read(&[
            (Source::Output, "running 2 tests"),
            (Source::Output, "test a ... ok"),
            (Source::Output, "successes:"),
            (Source::Output, "---- a stdout ----"),
            (Source::Output, "SKIPPED: no ../shared/fixtures"),
            (Source::Output, "chatter"),
            (Source::Output, "successes:"),
            (Source::Output, "    a"),
            (
                Source::Output,
                "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.00s",
            ),
        ]);
        assert_eq!(shown.len(), 3, "{shown:?}");
        assert_eq!(transcript.cases.passed, 2);
        let skips = transcript.into_skips();
        assert_eq!(
            skips,
            [Skip::without_shared("SKIPPED: no ../shared/fixtures")]
        );
    }

    #[test]
    fn failures_are_shown_named_and_counted() {
        let (transcript, shown) = read(&[
            (Source::Output, "test x::y ... FAILED"),
            (Source::Output, "successes:"),
            (Source::Output, "    z"),
            (Source::Output, "failures:"),
            (Source::Output, "---- x::y stdout ----"),
            (
                Source::Output,
                "test result: FAILED. 1 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out",
            ),
        ]);
        assert_eq!(transcript.failures, ["x::y"]);
        assert!(shown.contains(&"---- x::y stdout ----".to_owned()));
        assert_eq!(
            transcript.cases,
            Cases {
                passed: 1,
                failed: 1,
                ignored: 2
            }
        );
        assert_eq!(transcript.into_skips().len(), 1);
    }

    #[track_caller]
    fn check(line: &str, expected: bool) {
        assert_eq!(skip_line(line).is_some(), expected, "{line}");
    }

    #[test]
    fn only_sentences_about_skipping_count_as_skips() {
        check("SKIPPED: python3 is missing", true);
        check("  skipping the recorded cases", true);
        check("skipped, because there is no network", true);
        check("    skipped_checks_are_loud", false);
        check("    skipped::checks", false);
        check("test skipped_checks ... ok", false);
        check("nothing was skipped here", false);
    }
}
