//! Joins what callers heard with what vendors' ledgers say, and checks what holds whatever happens.

use std::collections::HashMap;

use interline_simulator::{Exchange, Outcome, Vendor};

use super::caller::{Ended, Heard, number_of};
use super::report::ProcessReport;
use super::stage::says;

/// The most attempts of a call, without hedging.
const MAX_ATTEMPTS: usize = 3;

/// The exchanges of vendors, by the calls that they belong to.
pub(super) struct Ledgers(HashMap<u64, Vec<Exchange>>);

impl Ledgers {
    pub(super) fn of(vendors: &[&Vendor]) -> Self {
        let mut by_call: HashMap<u64, Vec<Exchange>> = HashMap::new();
        for exchange in vendors.iter().flat_map(|one| one.ledger().exchanges()) {
            if let Some(number) = number_of(&exchange.body) {
                by_call.entry(number).or_default().push(exchange);
            }
        }
        Self(by_call)
    }

    /// What vendors received for a call.
    pub(super) fn of_call(&self, number: u64) -> &[Exchange] {
        self.0.get(&number).map_or(&[], Vec::as_slice)
    }
}

/// Counts the calls, and checks I1, I2, I3 and I18.
pub(super) fn join(report: &mut ProcessReport, calls: &[Heard], vendors: &[&Vendor]) {
    let ledgers = Ledgers::of(vendors);
    let texts: Vec<_> = vendors.iter().map(|vendor| says(vendor.name())).collect();
    let (mut hung, mut mixed, mut truncated, mut most) = (0, 0, 0, 0);
    for call in calls {
        let exchanges = ledgers.of_call(call.number);
        report.requests += 1;
        report.attempts += exchanges.len() as u64;
        report.successes += u64::from(call.is_whole());
        report.took(call.duration);
        most = most.max(exchanges.len());
        hung += usize::from(call.ended == Ended::Hung);
        mixed += usize::from(!texts.iter().any(|text| text.starts_with(&call.text)));
        let is_answered = exchanges
            .iter()
            .any(|exchange| exchange.outcome == Outcome::Answered);
        let is_short = !texts.contains(&call.text) || !is_answered;
        truncated += usize::from(call.is_whole() && is_short);
    }
    report.exactly("I1", "calls without an end", hung, 0);
    report.exactly("I2", "answers made of two", mixed, 0);
    report.at_most(
        "I3",
        "attempts of one call",
        most as f64,
        MAX_ATTEMPTS as f64,
    );
    report.exactly("I18", "answers cut without a word", truncated, 0);
}

/// Checks that all calls were answered whole.
pub(super) fn all_whole(report: &mut ProcessReport, what: &str, calls: &[Heard]) {
    let lost: Vec<_> = calls.iter().filter(|call| !call.is_whole()).collect();
    let first = lost.first().map_or_else(String::new, |call| {
        format!(", such as call {}: {:?}", call.number, call.ended)
    });
    let what = format!("{what}: lost of {}{first}", calls.len());
    report.exactly("I6", what, lost.len(), 0);
}
