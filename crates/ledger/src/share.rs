//! A share of a whole, kept in millionths so that amounts stay exact integers.

use std::fmt;

use interline_core::{Error, NanoUsd, Result};

const MILLION: i128 = 1_000_000;

/// A share in [0, 1], to a millionth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

impl Share {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A share given as a number in [0, 1]; `place` is the name of the setting, for the error.
    ///
    /// # Errors
    /// `InvalidRequest` where it is outside of [0, 1] or not a number.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number was just found to be in [0, 1]"
    )]
    pub fn new(place: &str, share: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&share) {
            let message = format!("{place}: {share} is not a share: give a number from 0 to 1");
            return Err(Error::invalid_request(message).with_param(place));
        }
        Ok(Self((share * 1_000_000.0).round() as u32))
    }

    /// A share in per cent; above 100 counts as 100.
    #[must_use]
    pub const fn percent(percent: u32) -> Self {
        Self(if percent < 100 {
            percent * 10_000
        } else {
            1_000_000
        })
    }

    /// That share of an amount, rounded down.
    #[must_use]
    pub fn of(self, amount: NanoUsd) -> NanoUsd {
        let part = i128::from(amount.get()) * i128::from(self.0) / MILLION;
        NanoUsd::new(i64::try_from(part).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Share {
    /// Writes per cent, such as `12.5 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", f64::from(self.0) / 10_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_share_is_refused_by_name() {
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let error = Share::new("budget.reserve", bad).expect_err("no share");
            assert_eq!(error.param(), Some("budget.reserve"), "{error}");
        }
    }

    #[test]
    fn shares_of_amounts_are_exact() {
        let share = Share::new("x", 0.05).expect("a share");
        assert_eq!(share, Share::percent(5));
        assert_eq!(share.of(NanoUsd::new(i64::MAX)).get(), i64::MAX / 20);
        assert_eq!(Share::percent(10).of(NanoUsd::new(19)).get(), 1);
        assert_eq!(share.to_string(), "5 %");
    }
}
