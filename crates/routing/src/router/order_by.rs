//! Orders a list of targets for an objective. Every order is stable: equals stay as the operator wrote them.

use std::time::Duration;

use interline_catalog::Tier;
use interline_core::NanoUsd;

use crate::{OptimizeFor, RankedTarget};

/// Orders by an objective a list that is written in the order of quality.
pub(super) fn order_by(objective: OptimizeFor, list: &mut [RankedTarget]) {
    match objective {
        OptimizeFor::Quality => list.sort_by_key(|one| one.quality_place),
        OptimizeFor::Cost => list.sort_by_key(cost_key),
        OptimizeFor::Speed => by_speed(list),
        OptimizeFor::Balanced => balance(list),
    }
}

/// An unknown price is no low one.
fn cost_key(one: &RankedTarget) -> (bool, Option<NanoUsd>) {
    (one.estimate.is_none(), one.estimate)
}

/// Who was never measured is taken to be as fast as the middle of the others: neither stranded behind
/// all, nor flooded. Before anything was measured, cheap models come first, since they are the small ones.
fn by_speed(list: &mut [RankedTarget]) {
    let mut known: Vec<Duration> = list.iter().filter_map(|one| one.first_token).collect();
    known.sort_unstable();
    match known.get(known.len() / 2).copied() {
        Some(middle) => list.sort_by_key(|one| one.first_token.unwrap_or(middle)),
        None => list.sort_by_key(|one| (one.tier, cost_key(one))),
    }
}

/// By the sum of the places in the orders of quality and of cost; the cheaper one of equals first.
fn balance(list: &mut [RankedTarget]) {
    list.sort_by_key(|one| one.quality_place);
    let mut by_cost: Vec<usize> = (0..list.len()).collect();
    by_cost.sort_by_key(|place| list.get(*place).map(cost_key));
    let mut sums = vec![(0, 0); list.len()];
    for (cost_place, quality_place) in by_cost.into_iter().enumerate() {
        if let Some(sum) = sums.get_mut(quality_place) {
            *sum = (quality_place + cost_place, cost_place);
        }
    }
    let mut keyed: Vec<_> = list.iter().cloned().zip(sums).collect();
    keyed.sort_by_key(|(_, sum)| *sum);
    for (slot, (one, _)) in list.iter_mut().zip(keyed) {
        *slot = one;
    }
}

/// Puts models of `tier` first, the best of them before all. Where there is none, nothing changes.
pub(super) fn begin_with(tier: Tier, list: &mut [RankedTarget]) {
    list.sort_by_key(|one| one.tier != tier);
}

#[cfg(test)]
mod tests {
    use interline_core::Target;

    use super::*;
    use crate::Fit;

    /// Name, nano-dollars, milliseconds, in the order of quality.
    type Row = (&'static str, Option<i64>, Option<u64>);

    fn list(rows: &[Row]) -> Vec<RankedTarget> {
        rows.iter()
            .enumerate()
            .map(|(place, (name, cost, millis))| RankedTarget {
                target: Target::new("p", *name),
                quality_place: place,
                tier: Tier::Standard,
                estimate: cost.map(NanoUsd::new),
                first_token: millis.map(Duration::from_millis),
                missed_wishes: 0,
                fit: Fit::Fits,
                is_reserve: false,
            })
            .collect()
    }

    #[track_caller]
    fn check(objective: OptimizeFor, rows: &[Row], expected: &[&str]) {
        let mut list = list(rows);
        order_by(objective, &mut list);
        let seen: Vec<_> = list.iter().map(|one| one.target.model.as_str()).collect();
        assert_eq!(seen, expected, "{objective}");
    }

    #[test]
    fn each_objective_has_its_order() {
        let rows = [
            ("best", Some(900), Some(700)),
            ("good", Some(300), Some(200)),
            ("fair", Some(10), Some(400)),
        ];
        check(OptimizeFor::Quality, &rows, &["best", "good", "fair"]);
        check(OptimizeFor::Cost, &rows, &["fair", "good", "best"]);
        check(OptimizeFor::Speed, &rows, &["good", "fair", "best"]);
        // All three have the sum 2, so the cheaper one goes first.
        check(OptimizeFor::Balanced, &rows, &["fair", "good", "best"]);
    }

    #[test]
    fn balanced_prefers_what_is_nearly_best_and_much_cheaper() {
        let rows = [
            ("best", Some(900), None),
            ("nearly", Some(5), None),
            ("worse", Some(10), None),
            ("worst", Some(20), None),
        ];
        check(
            OptimizeFor::Balanced,
            &rows,
            &["nearly", "worse", "best", "worst"],
        );
    }

    #[test]
    fn an_unknown_price_is_no_low_one() {
        let rows = [("unknown", None, None), ("dear", Some(900), None)];
        check(OptimizeFor::Cost, &rows, &["dear", "unknown"]);
    }

    #[test]
    fn who_was_never_measured_counts_as_middling() {
        let rows = [
            ("slow", None, Some(900)),
            ("new", None, None),
            ("middle", None, Some(300)),
            ("fast", None, Some(100)),
        ];
        check(
            OptimizeFor::Speed,
            &rows,
            &["fast", "new", "middle", "slow"],
        );
    }

    #[test]
    fn before_anything_was_measured_small_models_count_as_fast() {
        let rows = [("large", Some(900), None), ("small", Some(9), None)];
        check(OptimizeFor::Speed, &rows, &["small", "large"]);
    }
}
