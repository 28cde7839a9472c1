//! Soft preferences: who is asked first among those who may be asked. They never exclude anybody.

use std::time::Duration;

use interline_core::ProviderId;

use crate::{PriceCap, TargetFacts};

/// Who is asked first among those who may be asked. Empty by default.
///
/// Targets that meet more of the wishes come before those that meet fewer; among equals the order
/// stays. What is unknown of a target meets no wish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preferences {
    /// Connections to ask first.
    pub providers: Vec<ProviderId>,
    /// The first content should come within this time.
    pub first_token_within: Option<Duration>,
    /// Tokens should not cost more.
    pub max_price: PriceCap,
}

impl Preferences {
    /// No preference.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks these connections first.
    #[must_use]
    pub fn with_providers(
        mut self,
        providers: impl IntoIterator<Item = impl Into<ProviderId>>,
    ) -> Self {
        self.providers = providers.into_iter().map(Into::into).collect();
        self
    }

    /// Asks first who usually shows content within this time.
    #[must_use]
    pub fn with_first_token_within(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.first_token_within = limit.into();
        self
    }

    /// Asks first whose tokens do not cost more.
    #[must_use]
    pub const fn with_max_price(mut self, cap: PriceCap) -> Self {
        self.max_price = cap;
        self
    }

    /// Whether nothing is preferred.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These wishes where they are said, else those of `other`.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            providers: if self.providers.is_empty() {
                other.providers.clone()
            } else {
                self.providers.clone()
            },
            first_token_within: self.first_token_within.or(other.first_token_within),
            max_price: if self.max_price.is_set() {
                self.max_price
            } else {
                other.max_price
            },
        }
    }

    /// How many of the wishes a target does not meet.
    pub(crate) fn missed_by(
        &self,
        provider: &ProviderId,
        facts: &TargetFacts,
        first_token: Option<Duration>,
    ) -> usize {
        let is_other = !self.providers.is_empty() && !self.providers.contains(provider);
        let is_slow = self
            .first_token_within
            .is_some_and(|limit| first_token.is_none_or(|usual| usual > limit));
        let rates = facts.prices.map(|prices| prices.standard);
        let input = self
            .max_price
            .input
            .is_some_and(|cap| rates.is_none_or(|rates| rates.input > cap));
        let output = self
            .max_price
            .output
            .is_some_and(|cap| rates.is_none_or(|rates| rates.output > cap));
        [is_other, is_slow, input || output]
            .into_iter()
            .filter(|missed| *missed)
            .count()
    }
}
