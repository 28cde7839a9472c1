//! How a route balances: what `score` looks at, affinity, and what a route says of single targets for it.
//!
//! A key that the route's strategy does not look at is a mistake: somebody believes that it does something.

use std::num::NonZeroU32;

use interline_core::Error;
use interline_routing::balancer::{Affinity, Capacity, Metric, ScoreWeights};
use interline_routing::{Route, Strategy, WeightedTarget};
use schemars::JsonSchema;
use serde::Deserialize;

use super::located::{Located, Place};
use super::mistakes::Mistakes;
use super::shape::WeightedEntry;

/// How much each metric counts for `strategy: score`; metrics that are not named do not count.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ScoreEntry {
    /// How soon a call will be answered, beside the fastest target.
    #[schemars(range(min = 0))]
    latency: Option<Located<f64>>,
    /// How many calls succeed of late.
    #[schemars(range(min = 0))]
    error_rate: Option<Located<f64>>,
    /// What the call costs, beside the cheapest target.
    #[schemars(range(min = 0))]
    cost: Option<Located<f64>>,
    /// How good a target's answers are: its `quality`.
    #[schemars(range(min = 0))]
    quality: Option<Located<f64>>,
    /// How much room rate limits leave.
    #[schemars(range(min = 0))]
    headroom: Option<Located<f64>>,
}

impl ScoreEntry {
    const fn of(&self, metric: Metric) -> Option<&Located<f64>> {
        match metric {
            Metric::Latency => self.latency.as_ref(),
            Metric::ErrorRate => self.error_rate.as_ref(),
            Metric::Cost => self.cost.as_ref(),
            Metric::Quality => self.quality.as_ref(),
            Metric::Headroom => self.headroom.as_ref(),
            _ => None,
        }
    }
}

/// The names of kinds of affinity, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema needs the names only")]
pub(super) enum AffinityName {
    Off,
    Session,
    Prompt,
}

/// Reads what a route says of balancing beside its strategy.
pub(super) fn read(
    path: &str,
    mut route: Route,
    score: Option<&Located<ScoreEntry>>,
    affinity: Option<&Located<String>>,
    mistakes: &mut Mistakes<'_>,
) -> Route {
    if let Some(entry) = score {
        let path = format!("{path}.score");
        if route.strategy() == Strategy::Score {
            match weights(&entry.value) {
                Ok(weights) => route = route.with_score(weights),
                Err((place, error)) => {
                    mistakes.add(&path, place.unwrap_or(entry.place), error.message());
                }
            }
        } else {
            let message = only_with(route.strategy(), "score");
            mistakes.add(&path, entry.place, &message);
        }
    }
    if let Some(name) = affinity {
        match name.value.parse::<Affinity>() {
            Ok(affinity) => route = route.with_affinity(affinity),
            Err(error) => mistakes.add(&format!("{path}.affinity"), name.place, error.message()),
        }
    }
    route
}

/// The weights, or which one is wrong.
fn weights(entry: &ScoreEntry) -> Result<ScoreWeights, (Option<Place>, Error)> {
    let mut found = Vec::new();
    for metric in Metric::ALL {
        let Some(weight) = entry.of(metric) else {
            continue;
        };
        // One of 1 beside it, so that only a weight that is wrong by itself is found here.
        let beside = match metric {
            Metric::Latency => Metric::Cost,
            _ => Metric::Latency,
        };
        ScoreWeights::new([(beside, 1.0), (metric, weight.value)])
            .map_err(|error| (Some(weight.place), error))?;
        found.push((metric, weight.value));
    }
    ScoreWeights::new(found).map_err(|error| (None, error))
}

/// Reads what a route says of one target for balancing.
pub(super) fn target(
    path: &str,
    strategy: Strategy,
    target: WeightedTarget,
    entry: &WeightedEntry,
    place: Place,
    mistakes: &mut Mistakes<'_>,
) -> WeightedTarget {
    let mut target = target;
    if let Some(priority) = entry.priority {
        match NonZeroU32::new(priority) {
            _ if strategy != Strategy::Fallback => {
                let message = only_with(strategy, "fallback");
                mistakes.add(&format!("{path}.priority"), place, &message);
            }
            Some(priority) => target = target.with_priority(priority),
            None => {
                let message = "0 is no group: the first one is 1";
                mistakes.add(&format!("{path}.priority"), place, message);
            }
        }
    }
    if let Some(quality) = entry.quality {
        let path = format!("{path}.quality");
        if strategy != Strategy::Score {
            mistakes.add(&path, place, only_with(strategy, "score"));
        } else if (0.0..=1.0).contains(&quality) {
            target = target.with_quality(quality as f32);
        } else {
            let message = format!("{quality} is not a number from 0 to 1");
            mistakes.add(&path, place, &message);
        }
    }
    if entry.prepaid {
        target = target.with_capacity(Capacity::Prepaid);
    }
    target
}

fn only_with(strategy: Strategy, wanted: &str) -> String {
    format!(
        "strategy `{strategy}` does not look at it: write `strategy: {wanted}`, or leave it out"
    )
}
