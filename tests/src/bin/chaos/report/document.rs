//! The report as its readers take it: the fields of the JSON, typed.
//!
//! Every tier adds its scenarios to one JSON report; pages are written from that report, so they show
//! whatever tier was played, and what they show is what the file says.

use serde::Deserialize;

/// The whole report.
#[derive(Debug, Deserialize)]
pub(crate) struct Document {
    /// The first seed; a tier that draws nothing has none.
    pub(crate) seed: Option<u64>,
    /// What was played, as git names it.
    #[serde(default)]
    pub(crate) commit: String,
    /// `pass` or `fail`.
    pub(crate) verdict: Option<String>,
    /// Which breaker was asked.
    pub(crate) breaker: Option<String>,
    /// The mechanism that was switched off.
    pub(crate) without: Option<String>,
    /// One row for each scenario of the sim tier.
    #[serde(default)]
    pub(crate) summary: Vec<Summary>,
    /// Every scenario with every seed, of every tier.
    #[serde(default)]
    pub(crate) scenarios: Vec<Scenario>,
    /// Scenarios with their guard off.
    #[serde(default)]
    pub(crate) controls: Vec<Control>,
    /// Ours and others in the same world.
    #[serde(default)]
    pub(crate) side_by_side: Vec<Beside>,
    /// The day of a large service, where it was played.
    pub(crate) day: Option<Day>,
    /// Scenarios that became another tier's.
    #[serde(default)]
    pub(crate) not_in_this_tier: Vec<Elsewhere>,
    /// Invariants that no simulation can check.
    #[serde(default)]
    pub(crate) invariants_checked_elsewhere: Vec<Unchecked>,
}

/// One scenario of the sim tier over all its seeds: the worst of each figure.
#[derive(Debug, Deserialize)]
pub(crate) struct Summary {
    pub(crate) name: String,
    pub(crate) number: u32,
    pub(crate) about: String,
    pub(crate) seeds: u64,
    pub(crate) failed: u64,
    pub(crate) requests: u64,
    pub(crate) success_rate: f64,
    pub(crate) amplification: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) added_p99_ms: f64,
    pub(crate) failure_p99_ms: f64,
    pub(crate) time_to_open_ms: Option<f64>,
    pub(crate) time_to_recover_ms: Option<f64>,
    pub(crate) success_after_heal: f64,
    pub(crate) faults_fired: u64,
    pub(crate) broken: Vec<Broken>,
}

/// A check that failed with some seed.
#[derive(Debug, Deserialize)]
pub(crate) struct Broken {
    pub(crate) id: String,
    pub(crate) seeds: u64,
    /// Nothing where it was never reached.
    pub(crate) figure: Option<f64>,
    pub(crate) limit: Option<f64>,
}

/// One scenario with one seed, of any tier: the contract's fields, and what some tiers add.
#[derive(Debug, Deserialize)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) number: u32,
    #[serde(default)]
    pub(crate) about: String,
    #[serde(default)]
    pub(crate) tier: String,
    pub(crate) seed: Option<u64>,
    pub(crate) verdict: String,
    #[serde(default)]
    pub(crate) requests: u64,
    pub(crate) success_rate: Option<f64>,
    pub(crate) amplification: Option<f64>,
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    #[serde(default)]
    pub(crate) faults_fired: u64,
    #[serde(default)]
    pub(crate) invariants: Vec<Finding>,
    #[serde(default)]
    pub(crate) faults: Vec<Fault>,
    pub(crate) event_log_hash: Option<String>,
    pub(crate) series: Option<Series>,
    #[serde(default)]
    pub(crate) seen: Vec<Seen>,
}

impl Scenario {
    /// Whether it passed.
    pub(crate) fn is_passed(&self) -> bool {
        self.verdict == "pass"
    }
}

/// A check: a figure beside its limit.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Finding {
    pub(crate) id: String,
    pub(crate) verdict: String,
    pub(crate) figure: Option<f64>,
    pub(crate) limit: Option<f64>,
    /// `at_most`, `at_least` or `none`.
    #[serde(default)]
    pub(crate) bound: String,
    #[serde(default)]
    pub(crate) what: String,
    /// How often it was checked, where a tier counts that.
    pub(crate) checked: Option<u64>,
    #[serde(default)]
    pub(crate) breaches: Vec<String>,
}

/// A fault of the schedule.
#[derive(Debug, Deserialize)]
pub(crate) struct Fault {
    pub(crate) vendor: String,
    pub(crate) fault: String,
    pub(crate) from_s: f64,
    pub(crate) until_s: f64,
    /// With `off_s`: it holds and pauses by turns.
    pub(crate) on_s: Option<f64>,
    pub(crate) off_s: Option<f64>,
    pub(crate) fired: u64,
}

/// What a client saw of a fault over sockets.
#[derive(Debug, Deserialize)]
pub(crate) struct Seen {
    pub(crate) fault: String,
    pub(crate) attempt: String,
    pub(crate) ended: String,
}

/// A run step by step: columns of equal length, and the bands beside them.
#[derive(Debug, Deserialize)]
pub(crate) struct Series {
    pub(crate) step_s: f64,
    pub(crate) end_s: f64,
    pub(crate) calls: Vec<f64>,
    pub(crate) answered: Vec<f64>,
    pub(crate) failed: Vec<f64>,
    pub(crate) p50_ms: Vec<f64>,
    pub(crate) p99_ms: Vec<f64>,
    pub(crate) attempts: Vec<Attempts>,
    pub(crate) latency: Vec<Latency>,
    pub(crate) targets: Vec<Target>,
    pub(crate) bands: Vec<Band>,
}

/// The attempts at one vendor.
#[derive(Debug, Deserialize)]
pub(crate) struct Attempts {
    pub(crate) vendor: String,
    pub(crate) counts: Vec<f64>,
}

/// First tokens before, during or after the storm.
#[derive(Debug, Deserialize)]
pub(crate) struct Latency {
    pub(crate) when: String,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

/// Somewhere a call may go.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) target: String,
    pub(crate) vendor: String,
}

/// A target treated otherwise than just called, for some time.
#[derive(Debug, Deserialize)]
pub(crate) struct Band {
    pub(crate) target: String,
    pub(crate) state: String,
    pub(crate) from_s: f64,
    pub(crate) until_s: f64,
}

/// A scenario with its guard off.
#[derive(Debug, Deserialize)]
pub(crate) struct Control {
    pub(crate) mechanism: String,
    pub(crate) scenario: String,
    /// `fail` is right.
    pub(crate) verdict: String,
    pub(crate) broken: Vec<String>,
}

/// A contender in one scenario.
#[derive(Debug, Deserialize)]
pub(crate) struct Beside {
    pub(crate) scenario: String,
    pub(crate) subject: String,
    pub(crate) is_ours: bool,
    pub(crate) seeds: u64,
    pub(crate) success_rate: f64,
    pub(crate) amplification: f64,
    pub(crate) broken_load: f64,
    pub(crate) added_p99_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) failure_p99_ms: f64,
    pub(crate) success_after_heal: f64,
}

/// The day of a large service.
#[derive(Debug, Deserialize)]
pub(crate) struct Day {
    pub(crate) verdict: String,
    pub(crate) requests: u64,
    /// Wall clock; with the calls and events a second it says how fast engine and world are.
    pub(crate) took_s: f64,
    pub(crate) calls_per_second: f64,
    pub(crate) events_per_second: f64,
    pub(crate) rows: Vec<DayRow>,
    pub(crate) invariants: Vec<Finding>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) series: Series,
}

/// Some hours of the day.
#[derive(Debug, Deserialize)]
pub(crate) struct DayRow {
    pub(crate) name: String,
    pub(crate) requests: u64,
    pub(crate) failed: u64,
    pub(crate) availability: f64,
    pub(crate) amplification: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// The share of attempts that each vendor got, by its place.
    pub(crate) shares: Vec<f64>,
}

/// A scenario that became another tier's.
#[derive(Debug, Deserialize)]
pub(crate) struct Elsewhere {
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) tier: String,
    pub(crate) reason: String,
}

/// An invariant that no simulation can check.
#[derive(Debug, Deserialize)]
pub(crate) struct Unchecked {
    pub(crate) id: String,
    pub(crate) reason: String,
}
