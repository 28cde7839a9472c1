//! The most that one call may cost: an amount, and a share of what is left.

use interline_core::{Error, NanoUsd, Result};

/// The most that one call may cost. Unbounded by default.
///
/// The limit that follows goes into [`crate::Constraints::with_max_cost`], so it holds for every
/// attempt; a target without a known price cannot be shown to be under it and is excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CostCap {
    absolute: Option<NanoUsd>,
    share: Option<f64>,
}

impl CostCap {
    /// No cap.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            absolute: None,
            share: None,
        }
    }

    /// Bounds a call to an amount.
    #[must_use]
    pub fn with_absolute(mut self, amount: impl Into<Option<NanoUsd>>) -> Self {
        self.absolute = amount.into();
        self
    }

    /// Bounds a call to a share of what is left of the budget, above 0 and up to 1.
    ///
    /// # Errors
    /// `InvalidRequest` where `share` is anything else.
    pub fn with_share_of_what_is_left(mut self, share: f64) -> Result<Self> {
        if !(share > 0.0 && share <= 1.0) {
            let message =
                format!("a call's share of what is left is {share}: write one above 0, up to 1");
            return Err(Error::invalid_request(message));
        }
        self.share = Some(share);
        Ok(self)
    }

    /// The limit for a call, where so much of the budget is left (`None` where nobody counts).
    #[must_use]
    pub fn limit(&self, left: Option<NanoUsd>) -> Option<NanoUsd> {
        let of_what_is_left = self.share.zip(left).map(|(share, left)| {
            // Nano-dollars as floating point are exact up to nine million dollars, and the limit is an
            // estimate's bound, not a bill. Negative is nothing.
            let nano = (left.get().max(0) as f64 * share).floor();
            NanoUsd::new(nano as i64)
        });
        match (self.absolute, of_what_is_left) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_of_both_bounds_holds() {
        let cap = CostCap::none().with_absolute(NanoUsd::new(500));
        let both = cap.with_share_of_what_is_left(0.1).expect("a share");
        assert_eq!(
            both.limit(Some(NanoUsd::new(10_000))),
            Some(NanoUsd::new(500))
        );
        assert_eq!(
            both.limit(Some(NanoUsd::new(1_000))),
            Some(NanoUsd::new(100))
        );
        assert_eq!(both.limit(Some(NanoUsd::new(-7))), Some(NanoUsd::ZERO));
        assert_eq!(both.limit(None), Some(NanoUsd::new(500)));
        assert_eq!(CostCap::none().limit(Some(NanoUsd::new(1))), None);
    }

    #[test]
    fn shares_that_mean_nothing_are_refused() {
        for bad in [0.0, -0.1, 1.01, f64::NAN, f64::INFINITY] {
            let error = CostCap::none()
                .with_share_of_what_is_left(bad)
                .expect_err("no share");
            assert!(error.message().contains("up to 1"), "{error}");
        }
    }
}
