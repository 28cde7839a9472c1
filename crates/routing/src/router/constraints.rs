//! Hard constraints: who may serve a call at all, whatever happens to the others.
//!
//! They are part of what a call needs ([`crate::Needs`]), so a plan never holds a target that breaks
//! one, fallbacks included. What only orders is in [`crate::Preferences`].
//! What is unknown of a target does not satisfy a constraint: a target without a price is not under a
//! cap, one without a region is in none.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use interline_core::{NanoUsd, ProviderId, TokenPrice};

use crate::{Lack, Member};

/// Who may serve a call. Empty by default: everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Constraints {
    /// The connections that may be asked; all where `None`.
    pub providers: Option<BTreeSet<ProviderId>>,
    /// The regions that a request may be worked on in; all where `None`.
    /// `eu` covers `eu-west-1`, since regions of clouds are named so.
    pub regions: Option<BTreeSet<Arc<str>>>,
    /// The most that tokens may cost.
    pub max_price: PriceCap,
    /// The most that the call may cost, by estimate.
    pub max_cost: Option<NanoUsd>,
}

/// The most that tokens may cost; unbounded by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PriceCap {
    /// Tokens read.
    pub input: Option<TokenPrice>,
    /// Tokens written.
    pub output: Option<TokenPrice>,
}

impl PriceCap {
    /// The most that tokens read and tokens written may cost.
    #[must_use]
    pub const fn new(input: Option<TokenPrice>, output: Option<TokenPrice>) -> Self {
        Self { input, output }
    }

    /// Whether anything is bounded.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.input.is_some() || self.output.is_some()
    }

    /// The lower of both caps, for each kind of tokens.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            input: lower(self.input, other.input),
            output: lower(self.output, other.output),
        }
    }
}

impl fmt::Display for PriceCap {
    /// `3 USD per million tokens read and 15 written`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usd = |price: TokenPrice| NanoUsd::from_pico_usd(price.cost_pico_usd(1_000_000));
        match (self.input, self.output) {
            (Some(input), Some(output)) => write!(
                f,
                "{} USD per million tokens read and {} written",
                usd(input),
                usd(output)
            ),
            (Some(input), None) => write!(f, "{} USD per million tokens read", usd(input)),
            (None, Some(output)) => write!(f, "{} USD per million tokens written", usd(output)),
            (None, None) => f.write_str("any bound"),
        }
    }
}

impl Constraints {
    /// No constraint.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows these connections only.
    #[must_use]
    pub fn with_providers(
        mut self,
        providers: impl IntoIterator<Item = impl Into<ProviderId>>,
    ) -> Self {
        self.providers = Some(providers.into_iter().map(Into::into).collect());
        self
    }

    /// Allows these regions only.
    #[must_use]
    pub fn with_regions(mut self, regions: impl IntoIterator<Item = impl Into<Arc<str>>>) -> Self {
        self.regions = Some(regions.into_iter().map(Into::into).collect());
        self
    }

    /// Bounds what tokens may cost.
    #[must_use]
    pub const fn with_max_price(mut self, cap: PriceCap) -> Self {
        self.max_price = cap;
        self
    }

    /// Bounds what the call may cost, by estimate.
    #[must_use]
    pub fn with_max_cost(mut self, cap: impl Into<Option<NanoUsd>>) -> Self {
        self.max_cost = cap.into();
        self
    }

    /// Whether anything is constrained.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Both constraints: neither lifts the other.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            providers: both(
                self.providers.as_ref(),
                other.providers.as_ref(),
                |one, set| set.contains(one),
            ),
            regions: both(self.regions.as_ref(), other.regions.as_ref(), |one, set| {
                set.iter().any(|wide| covers(wide, one))
            }),
            max_price: self.max_price.and(other.max_price),
            max_cost: lower(self.max_cost, other.max_cost),
        }
    }

    /// What `member` lacks of them. What the call would cost there is `estimate`, where it is known.
    pub(crate) fn lacks(&self, member: &Member, estimate: Option<NanoUsd>) -> Vec<Lack> {
        let mut lacks = Vec::new();
        let facts = &member.facts;
        let provider = &member.target.target.provider;
        if self
            .providers
            .as_ref()
            .is_some_and(|set| !set.contains(provider))
        {
            lacks.push(Lack::AllowedProvider);
        }
        if let Some(allowed) = &self.regions {
            let is_in = |region: &Arc<str>| allowed.iter().any(|wide| covers(wide, region));
            if facts.regions.is_empty() || !facts.regions.iter().all(is_in) {
                let allowed: Vec<_> = allowed.iter().map(|one| &**one).collect();
                lacks.push(Lack::Region(allowed.join(" or ").into()));
            }
        }
        if self.max_price.is_set() {
            let rates = facts.prices.map(|prices| prices.standard);
            let too_dear = |cap: Option<TokenPrice>, price: Option<TokenPrice>| match (cap, price) {
                (Some(cap), Some(price)) => price > cap,
                (Some(_), None) => true,
                (None, _) => false,
            };
            if too_dear(self.max_price.input, rates.map(|rates| rates.input))
                || too_dear(self.max_price.output, rates.map(|rates| rates.output))
            {
                lacks.push(Lack::PriceWithin(self.max_price));
            }
        }
        if let Some(cap) = self.max_cost
            && estimate.is_none_or(|cost| cost > cap)
        {
            lacks.push(Lack::CostWithin(cap));
        }
        lacks
    }
}

/// Whether `region` is `wide` or a part of it.
fn covers(wide: &str, region: &str) -> bool {
    region
        .strip_prefix(wide)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn lower<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// What two allow-lists allow in common, where an entry may be part of a wider one.
fn both<T: Ord + Clone>(
    one: Option<&BTreeSet<T>>,
    other: Option<&BTreeSet<T>>,
    is_within: impl Fn(&T, &BTreeSet<T>) -> bool,
) -> Option<BTreeSet<T>> {
    match (one, other) {
        (Some(one), Some(other)) => {
            let of_one = one.iter().filter(|entry| is_within(entry, other));
            let of_other = other.iter().filter(|entry| is_within(entry, one));
            Some(of_one.chain(of_other).cloned().collect())
        }
        (one, other) => one.or(other).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use interline_catalog::{Prices, Rates};
    use interline_core::{Capabilities, FeatureSet, Target};

    use super::*;
    use crate::TargetFacts;

    fn price(usd: &str) -> TokenPrice {
        TokenPrice::from_usd_per_mtok(usd).expect("a price")
    }

    fn member(regions: &[&str], prices: Option<(&str, &str)>) -> Member {
        let prices =
            prices.map(|(input, output)| Prices::new(Rates::new(price(input), price(output))));
        let facts = TargetFacts::new()
            .with_regions(regions.iter().copied())
            .with_prices(prices);
        Member::new(Target::new("p", "m"), Capabilities::new(FeatureSet::all())).with_facts(facts)
    }

    #[track_caller]
    fn check(constraints: &Constraints, member: &Member, lacks: &[&str]) {
        let seen: Vec<_> = constraints
            .lacks(member, None)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(seen, lacks);
    }

    #[test]
    fn a_region_must_be_known_and_allowed_for_all_that_a_target_uses() {
        let eu = Constraints::new().with_regions(["eu"]);
        check(&eu, &member(&["eu"], None), &[]);
        check(&eu, &member(&["eu-west-1"], None), &[]);
        check(&eu, &member(&["europe"], None), &["region eu"]);
        check(&eu, &member(&["eu", "us"], None), &["region eu"]);
        check(&eu, &member(&[], None), &["region eu"]);
    }

    #[test]
    fn a_price_must_be_known_and_under_the_cap() {
        let capped = Constraints::new().with_max_price(PriceCap::new(None, Some(price("10"))));
        check(&capped, &member(&[], Some(("50", "10"))), &[]);
        let lack = ["a price within 10 USD per million tokens written"];
        check(&capped, &member(&[], Some(("1", "10.1"))), &lack);
        check(&capped, &member(&[], None), &lack);
    }

    #[test]
    fn a_cost_must_be_known_and_under_the_cap() {
        let cap = NanoUsd::from_usd("0.05").expect("an amount");
        let capped = Constraints::new().with_max_cost(cap);
        let member = member(&[], None);
        assert!(capped.lacks(&member, Some(cap)).is_empty());
        let over = Some(cap + NanoUsd::new(1));
        assert_eq!(capped.lacks(&member, over), [Lack::CostWithin(cap)]);
        assert_eq!(capped.lacks(&member, None), [Lack::CostWithin(cap)]);
    }

    #[test]
    fn other_providers_than_the_allowed_ones_are_excluded() {
        let others = Constraints::new().with_providers(["q"]);
        check(&others, &member(&[], None), &["an allowed provider"]);
        let own = Constraints::new().with_providers(["p", "q"]);
        check(&own, &member(&[], None), &[]);
    }

    #[test]
    fn two_constraints_together_allow_what_both_allow() {
        let one = Constraints::new()
            .with_providers(["p", "q"])
            .with_regions(["eu", "us"])
            .with_max_price(PriceCap::new(Some(price("1")), None))
            .with_max_cost(NanoUsd::new(5));
        let other = Constraints::new()
            .with_providers(["q", "r"])
            .with_regions(["eu-west-1"])
            .with_max_price(PriceCap::new(Some(price("2")), Some(price("3"))))
            .with_max_cost(NanoUsd::new(9));
        let both = Constraints::new()
            .with_providers(["q"])
            .with_regions(["eu-west-1"])
            .with_max_price(PriceCap::new(Some(price("1")), Some(price("3"))))
            .with_max_cost(NanoUsd::new(5));
        assert_eq!(one.and(&other), both);
        assert_eq!(other.and(&one), both);
        assert_eq!(one.and(&Constraints::new()), one);
    }
}
