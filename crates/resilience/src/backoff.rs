//! How long to pause before the same target is asked again. Pure: the random draw is an argument.

use std::time::Duration;

use crate::Backoff;

/// The share of a vendor's announced delay that is added at random, so that callers who were told
/// the same time do not come back together. Ten percent (chosen, not measured).
const SERVER_DELAY_JITTER: f64 = 0.1;

impl Backoff {
    /// The pause before retry number `retry`, from 0; `draw` is in [0, 1).
    #[must_use]
    pub fn pause(&self, retry: u32, draw: f64) -> Duration {
        let bound = self
            .base
            .saturating_mul(2_u32.saturating_pow(retry))
            .min(self.cap);
        bound.mul_f64(draw)
    }

    /// The pause where the vendor announced a delay: never earlier than it said, a little later.
    #[must_use]
    pub fn pause_with_floor(&self, retry: u32, announced: Option<Duration>, draw: f64) -> Duration {
        let own = self.pause(retry, draw);
        announced.map_or(own, |delay| own.max(jittered(delay, draw)))
    }
}

/// An announced delay, a little lengthened.
pub(crate) fn jittered(delay: Duration, draw: f64) -> Duration {
    delay.saturating_add(delay.mul_f64(SERVER_DELAY_JITTER * draw))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[track_caller]
    fn check(retry: u32, draw: f64, expected: Duration) {
        assert_eq!(Backoff::default().pause(retry, draw), expected);
    }

    #[test]
    fn the_bound_doubles_up_to_the_cap() {
        check(0, 0.5, MS(250));
        check(1, 0.5, MS(500));
        check(3, 0.5, MS(2000));
        check(4, 0.5, MS(4000));
        check(5, 0.5, MS(4000));
        check(u32::MAX, 0.5, MS(4000));
        check(9, 0.0, MS(0));
    }

    proptest! {
        #[test]
        fn a_pause_stays_below_its_bound_and_above_the_announced_delay(
            retry in 0_u32..40,
            announced in proptest::option::of(0_u64..200_000),
            draw in 0.0_f64..1.0,
        ) {
            let backoff = Backoff::default();
            let announced = announced.map(MS);
            let pause = backoff.pause_with_floor(retry, announced, draw);
            prop_assert!(backoff.pause(retry, draw) < backoff.cap);
            prop_assert!(pause >= announced.unwrap_or_default());
            let ceiling = announced.unwrap_or_default().mul_f64(1.1).max(backoff.cap);
            prop_assert!(pause <= ceiling);
        }
    }
}
