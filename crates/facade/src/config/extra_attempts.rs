//! Reads what bounds and speeds up a route's attempts beyond the first: retry budget and hedging.

use interline_resilience::{HedgeAfter, HedgePolicy, RetryBudgetConfig};
use interline_transport::parse_duration;
use schemars::JsonSchema;
use serde::Deserialize;

use super::located::Located;
use super::mistakes::Mistakes;
use super::switch::Switch;

/// What bounds the extra attempts of a route.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct BudgetEntry {
    /// Retries that one success pays for. Default: 0.165.
    #[schemars(range(min = 0))]
    pub(super) per_success: Option<Located<f64>>,
    /// Retries to begin with, and the most that is held beside ten seconds of deposits. Default: 10.
    #[schemars(range(min = 0))]
    pub(super) start: Option<Located<f64>>,
    /// Retries per second that come without any success, up to five. Default: 0.1.
    #[schemars(range(min = 0))]
    pub(super) trickle: Option<Located<f64>>,
    /// Extra attempts within 60 s, free ones included, as a share of calls. Default: 0.2.
    #[schemars(range(min = 0))]
    pub(super) ceiling_share: Option<Located<f64>>,
    /// Extra attempts within 60 s that are allowed whatever the rate. Default: 30.
    #[schemars(range(min = 0))]
    pub(super) ceiling_floor: Option<Located<f64>>,
}

/// When a second target is asked beside a silent one. Streams only.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct HedgeEntry {
    /// `p95` for what 95 of 100 first tokens of the route do not exceed, or a time such as `500ms`.
    /// Default: `p95`.
    pub(super) after: Option<Located<String>>,
    /// Hedged attempts as a share of successes, above 0 and up to 1. Default: 0.05.
    #[schemars(range(min = 0, max = 1))]
    pub(super) max_share: Option<Located<f64>>,
}

/// The budget of a route: on by default.
pub(super) fn budget(
    path: &str,
    entry: Option<&Switch<BudgetEntry>>,
    mistakes: &mut Mistakes<'_>,
) -> Option<RetryBudgetConfig> {
    let mut config = RetryBudgetConfig::default();
    let entry = match entry {
        Some(Switch::Off) => return None,
        Some(Switch::On) | None => return Some(config),
        Some(Switch::Set(entry)) => entry,
    };
    let mut read = |key: &str, number: &Option<Located<f64>>, into: &mut f64| {
        let Some(number) = number else { return };
        if number.value.is_finite() && number.value >= 0.0 {
            *into = number.value;
        } else {
            let message = "must be a number from 0";
            mistakes.add(&format!("{path}.budget.{key}"), number.place, message);
        }
    };
    read("per_success", &entry.per_success, &mut config.per_success);
    read("start", &entry.start, &mut config.start);
    read("trickle", &entry.trickle, &mut config.trickle);
    read(
        "ceiling_share",
        &entry.ceiling_share,
        &mut config.ceiling_share,
    );
    read(
        "ceiling_floor",
        &entry.ceiling_floor,
        &mut config.ceiling_floor,
    );
    Some(config)
}

/// The hedging of a route: off by default.
pub(super) fn hedge(
    path: &str,
    entry: Option<&Switch<HedgeEntry>>,
    mistakes: &mut Mistakes<'_>,
) -> Option<HedgePolicy> {
    let mut policy = HedgePolicy::default();
    let entry = match entry {
        Some(Switch::Off) | None => return None,
        Some(Switch::On) => return Some(policy),
        Some(Switch::Set(entry)) => entry,
    };
    if let Some(after) = entry.after.as_ref().filter(|after| after.value != "p95") {
        match parse_duration(&after.value) {
            Ok(delay) if !delay.is_zero() => policy = policy.with_after(HedgeAfter::Fixed(delay)),
            _ => {
                let message = format!(
                    "`{}` is neither `p95` nor a time such as `500ms`",
                    after.value
                );
                mistakes.add(&format!("{path}.hedge.after"), after.place, message);
            }
        }
    }
    if let Some(share) = &entry.max_share {
        if share.value > 0.0 && share.value <= 1.0 {
            policy = policy.with_max_share(share.value);
        } else {
            let message = "must be above 0 and at most 1";
            mistakes.add(&format!("{path}.hedge.max_share"), share.place, message);
        }
    }
    Some(policy)
}
