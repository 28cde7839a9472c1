//! How the demo went, in numbers.

use std::collections::BTreeMap;
use std::fmt;

use owo_colors::OwoColorize;

use super::observed::Observed;

/// How the demo went.
#[derive(Debug, Default)]
pub(crate) struct Score {
    requests: u32,
    as_they_should: u32,
    failovers: u32,
    broken_off: u32,
    answers: BTreeMap<String, u32>,
    /// How many faults took effect, counted by the vendors themselves.
    pub(crate) faults: u64,
}

impl Score {
    pub(super) fn count(&mut self, seen: &Observed, as_it_should: bool) {
        self.requests += 1;
        self.as_they_should += u32::from(as_it_should);
        self.failovers += u32::from(seen.fell_back);
        if seen.is_answered() {
            let provider = seen.provider.clone().unwrap_or_else(|| "nobody".to_owned());
            *self.answers.entry(provider).or_default() += 1;
        } else if seen.is_broken_off_with_a_word() {
            self.broken_off += 1;
        }
    }

    /// Whether every request ended as it should.
    pub(crate) fn is_perfect(&self) -> bool {
        self.as_they_should == self.requests
    }
}

impl fmt::Display for Score {
    /// The summary; its last line is the contract's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answers: Vec<_> = self
            .answers
            .iter()
            .map(|(provider, count)| format!("{provider} {count}"))
            .collect();
        let answered = format!("{:<13}", "answered by");
        let broken_off = format!("{:<13}", "broken off");
        writeln!(f)?;
        writeln!(f, "  {} {}", answered.dimmed(), answers.join(" · "))?;
        writeln!(
            f,
            "  {} {} streams, each with its typed error",
            broken_off.dimmed(),
            self.broken_off
        )?;
        writeln!(f)?;
        write!(
            f,
            "demo: {}/{} requests ended as they should, {} faults injected, {} failovers",
            self.as_they_should, self.requests, self.faults, self.failovers
        )
    }
}
