//! What the strategy `score` looks at, and how much each counts.

use std::fmt;
use std::str::FromStr;

use interline_core::{Error, Result};

/// What a score can look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Metric {
    /// How long a call will take to answer: latency times calls under way, beside the fastest.
    Latency,
    /// How many calls succeed of late.
    ErrorRate,
    /// What the call costs, beside the cheapest.
    Cost,
    /// How good its answers are, as the operator says.
    Quality,
    /// How much room its limits leave.
    Headroom,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 5] = [
        Self::Latency,
        Self::ErrorRate,
        Self::Cost,
        Self::Quality,
        Self::Headroom,
    ];

    /// Its name in configuration files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::ErrorRate => "error_rate",
            Self::Cost => "cost",
            Self::Quality => "quality",
            Self::Headroom => "headroom",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Metric {
    type Err = Error;

    /// Reads a name of a configuration file.
    ///
    /// # Errors
    /// `InvalidRequest` that names the metrics there are.
    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|metric| metric.name() == name)
            .ok_or_else(|| {
                let known = Self::ALL.map(|metric| format!("`{metric}`")).join(", ");
                Error::invalid_request(format!("metric `{name}` is unknown: use {known}"))
            })
    }
}

/// How much each metric counts, as shares of 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreWeights([f32; Metric::ALL.len()]);

impl Default for ScoreWeights {
    /// All metrics count alike (chosen, not measured).
    fn default() -> Self {
        Self([1.0 / Metric::ALL.len() as f32; Metric::ALL.len()])
    }
}

impl ScoreWeights {
    /// These weights; metrics that are not named do not count.
    ///
    /// # Errors
    /// `InvalidRequest` where a weight is negative, no number or infinite, or where all are zero.
    pub fn new(weights: impl IntoIterator<Item = (Metric, f64)>) -> Result<Self> {
        let mut found = [0.0; Metric::ALL.len()];
        for (metric, weight) in weights {
            let is_usable = weight.is_finite() && (0.0..=1e6).contains(&weight);
            if !is_usable {
                return Err(Error::invalid_request(format!(
                    "weight {weight} of `{metric}` is not a number from 0 to 1000000"
                )));
            }
            if let Some(slot) = found.get_mut(metric as usize) {
                *slot = weight as f32;
            }
        }
        if found.iter().sum::<f32>() <= 0.0 {
            return Err(Error::invalid_request(
                "all weights of the score are 0: give at least one metric a weight above 0",
            ));
        }
        let sum: f32 = found.iter().sum();
        Ok(Self(found.map(|weight| weight / sum)))
    }

    /// How much a metric counts, as a share of all.
    #[must_use]
    pub const fn of(&self, metric: Metric) -> f32 {
        let [latency, error_rate, cost, quality, headroom] = self.0;
        match metric {
            Metric::Latency => latency,
            Metric::ErrorRate => error_rate,
            Metric::Cost => cost,
            Metric::Quality => quality,
            Metric::Headroom => headroom,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(weight: f64, says: &str) {
        let error = ScoreWeights::new([(Metric::Cost, weight)]).expect_err("a mistake");
        assert!(error.message().contains(says), "{error}");
    }

    #[test]
    fn weights_that_are_no_shares_are_refused_by_name() {
        refused(-1.0, "weight -1 of `cost`");
        refused(f64::NAN, "weight NaN of `cost`");
        refused(f64::INFINITY, "weight inf of `cost`");
        refused(1e7, "weight 10000000 of `cost`");
        refused(0.0, "all weights of the score are 0");
    }

    #[test]
    fn metrics_that_are_not_named_do_not_count() {
        let weights = ScoreWeights::new([(Metric::Latency, 3.0), (Metric::Quality, 1.0)])
            .expect("good weights");
        assert_eq!(weights.of(Metric::Cost), 0.0);
        assert_eq!(weights.of(Metric::Latency), 0.75, "a share of all");
    }

    #[test]
    fn names_are_read_back() {
        for metric in Metric::ALL {
            assert_eq!(metric.name().parse::<Metric>().ok(), Some(metric));
        }
        let error = "price".parse::<Metric>().expect_err("a typo");
        assert!(error.message().contains("`error_rate`"), "{error}");
    }
}
