//! The table per vendor, and what failed.

use std::collections::BTreeMap;

use anstream::println;
use interline_testkit::RecordedCase;
use owo_colors::OwoColorize as _;

use crate::equivalence::Comparison;

/// What came of all cases.
#[derive(Default)]
pub(crate) struct Report {
    vendors: BTreeMap<String, Tally>,
    /// Protocols that no adapter speaks yet, with their cases.
    not_served: BTreeMap<String, usize>,
    /// Protocols that are not spoken on purpose, with their cases and the reason.
    out_of_scope: BTreeMap<String, (usize, &'static str)>,
    failures: Vec<(String, Vec<String>)>,
    /// Requests that say something else when they are made of the types.
    altered: Vec<(String, Vec<String>)>,
    /// Why differences of such requests mean nothing to the vendor, with the requests.
    harmless: BTreeMap<&'static str, usize>,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    passed: usize,
    failed: usize,
    not_served: usize,
    out_of_scope: usize,
    /// Requests made anew from the types, and how many of them say what was recorded.
    rebuilt: usize,
    same: usize,
}

impl Report {
    /// Takes note of a case that was replayed.
    pub(crate) fn replayed(&mut self, case: &RecordedCase, wrong: &[String]) {
        let tally = self.vendors.entry(case.provider.clone()).or_default();
        if wrong.is_empty() {
            tally.passed += 1;
        } else {
            tally.failed += 1;
            self.failures.push((case.id.clone(), wrong.to_vec()));
        }
    }

    /// Takes note of where a request made of the types says something else than the recorded one.
    pub(crate) fn rebuilt(&mut self, case: &RecordedCase, comparison: Comparison) {
        let tally = self.vendors.entry(case.provider.clone()).or_default();
        tally.rebuilt += 1;
        if comparison.differences.is_empty() {
            tally.same += 1;
        } else {
            self.altered.push((case.id.clone(), comparison.differences));
        }
        for reason in comparison.harmless {
            *self.harmless.entry(reason).or_default() += 1;
        }
    }

    /// Takes note of a case whose protocol no adapter speaks yet.
    pub(crate) fn not_served(&mut self, case: &RecordedCase) {
        self.vendors
            .entry(case.provider.clone())
            .or_default()
            .not_served += 1;
        *self.not_served.entry(case.api.clone()).or_default() += 1;
    }

    /// Takes note of a case whose protocol is not spoken on purpose.
    pub(crate) fn out_of_scope(&mut self, case: &RecordedCase, reason: &'static str) {
        self.vendors
            .entry(case.provider.clone())
            .or_default()
            .out_of_scope += 1;
        let (cases, _) = self
            .out_of_scope
            .entry(case.api.clone())
            .or_insert((0, reason));
        *cases += 1;
    }

    /// Whether something was replayed, nothing failed, nothing waits for an adapter, and every request
    /// says the same when it is made of the types.
    pub(crate) fn is_green(&self) -> bool {
        let total = self.total();
        let is_whole = total.not_served == 0 && total.same == total.rebuilt;
        total.failed == 0 && is_whole && total.passed > 0
    }

    fn total(&self) -> Tally {
        self.vendors
            .values()
            .fold(Tally::default(), |sum, one| Tally {
                passed: sum.passed + one.passed,
                failed: sum.failed + one.failed,
                not_served: sum.not_served + one.not_served,
                out_of_scope: sum.out_of_scope + one.out_of_scope,
                rebuilt: sum.rebuilt + one.rebuilt,
                same: sum.same + one.same,
            })
    }

    /// Prints the failures and the table.
    pub(crate) fn print(&self, seed: u64) {
        for (id, wrong) in &self.failures {
            println!("{} {id} (seed {seed})", "FAIL".red().bold());
            for what in wrong {
                println!("     {}", shortened(what));
            }
        }
        for (id, differences) in &self.altered {
            println!("{} {id}", "FROM TYPES".red().bold());
            for what in differences {
                println!("     {}", shortened(what));
            }
        }
        let heading = format!(
            "{:<16} {:>7} {:>7} {:>11} {:>13} {:>11}",
            "vendor", "passed", "failed", "not served", "out of scope", "from types"
        );
        println!("{}", heading.bold());
        for (vendor, tally) in &self.vendors {
            println!("{}", row(vendor, *tally));
        }
        println!("{}", row("all", self.total()).bold());
        for (reason, requests) in &self.harmless {
            println!("same from types ({requests}): {reason}");
        }
        for (api, (cases, reason)) in &self.out_of_scope {
            println!("out of scope: {api} ({cases}): {reason}");
        }
        for (api, cases) in &self.not_served {
            println!("{}: {api} ({cases})", "not served".red().bold());
        }
        let total = self.total();
        println!(
            "wire: {} passed, {} failed, {} not served, {} out of scope; {} of {} requests same from types",
            total.passed,
            total.failed,
            total.not_served,
            total.out_of_scope,
            total.same,
            total.rebuilt
        );
    }
}

fn row(name: &str, tally: Tally) -> String {
    format!(
        "{name:<16} {:>7} {:>7} {:>11} {:>13} {:>11}",
        tally.passed,
        tally.failed,
        tally.not_served,
        tally.out_of_scope,
        format!("{}/{}", tally.same, tally.rebuilt)
    )
}

/// Enough of a difference to see where it is; whole answers would drown the table.
fn shortened(text: &str) -> String {
    const MOST: usize = 600;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}
