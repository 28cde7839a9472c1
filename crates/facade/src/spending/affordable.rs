//! Leaves out of a plan whom budgets do not pay for, so that traces say why and nobody counts it as a fallback.

use std::time::Duration;

use interline_core::{Error, Result, RetryHint, Target};
use interline_routing::{Exclusion, Lack, Member, Plan};

use super::Purse;

/// Leaves out of a plan whom budgets do not pay for.
///
/// # Errors
/// `Budget` where nobody is left: the refusal that is over first.
pub(crate) fn leave_out_unaffordable(
    plan: &mut Plan,
    members: &[Member],
    purse: &Purse,
) -> Result<()> {
    let prices = |target: &Target| {
        let member = members.iter().find(|one| one.target.target == *target);
        member.and_then(|member| member.facts.prices)
    };
    let mut refusals = Vec::new();
    let mut place = 0;
    while let Some(target) = plan.targets.get(place) {
        match purse.afford(target, prices(target).as_ref()) {
            Ok(()) => place += 1,
            Err(error) => {
                let lack = Lack::Budget(error.message().into());
                let target = plan.targets.remove(place);
                plan.placements.remove(place);
                plan.excluded.push(Exclusion::new(target, lack));
                refusals.push(error);
            }
        }
    }
    match mildest(refusals) {
        Some(refusal) if plan.targets.is_empty() => Err(refusal),
        _ => Ok(()),
    }
}

/// The refusal of several targets that a caller should know of: the one that is over first.
fn mildest(refusals: impl IntoIterator<Item = Error>) -> Option<Error> {
    refusals
        .into_iter()
        .min_by_key(|error| match error.retry() {
            RetryHint::Backoff => Duration::ZERO,
            RetryHint::After(wait) => wait,
            _ => Duration::MAX,
        })
}
