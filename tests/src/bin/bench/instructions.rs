//! Has valgrind count a case's instructions, by running this program again underneath it.
//!
//! Twice, with different numbers of rounds: what the setting up takes is in both and falls out of the
//! difference.

use std::path::PathBuf;
use std::process::Command;

use anstream::eprintln;
use owo_colors::OwoColorize as _;

const FEW: u64 = 2_000;
const MANY: u64 = 12_000;

/// Counts instructions.
#[derive(Debug)]
pub(crate) struct Counter {
    program: PathBuf,
}

impl Counter {
    /// Where there is a valgrind; says loudly what is missing where there is none.
    pub(crate) fn find() -> Option<Self> {
        let answers = Command::new("valgrind").arg("--version").output();
        if answers.is_ok_and(|output| output.status.success()) {
            let program = std::env::current_exe().ok()?;
            return Some(Self { program });
        }
        eprintln!(
            "{} instructions are not counted: `apt-get install valgrind`, or say --no-instructions",
            "SKIPPED".yellow().bold()
        );
        None
    }

    /// Instructions of one run of a case.
    pub(crate) fn count(&self, bench: &str, case: &str) -> Result<f64, String> {
        let few = self.total(bench, case, FEW)?;
        let many = self.total(bench, case, MANY)?;
        Ok((many - few) / f64::from(u32::try_from(MANY - FEW).unwrap_or(u32::MAX)))
    }

    fn total(&self, bench: &str, case: &str, rounds: u64) -> Result<f64, String> {
        let output = Command::new("valgrind")
            .args([
                "--tool=cachegrind",
                "--cache-sim=no",
                "--cachegrind-out-file=/dev/null",
            ])
            .arg(&self.program)
            .args([bench, "--case", case, "--rounds", &rounds.to_string()])
            .output()
            .map_err(|error| format!("cannot start valgrind: {error}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("valgrind failed at `{case}`: {said}"));
        }
        said.lines()
            .find_map(|line| {
                line.split_once("I   refs:")
                    .or_else(|| line.split_once("I refs:"))
            })
            .and_then(|(_, figure)| figure.trim().replace(',', "").parse().ok())
            .ok_or_else(|| format!("valgrind told no count of instructions: {said}"))
    }
}
