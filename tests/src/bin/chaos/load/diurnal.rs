//! A day's load: quiet in the night, twice the mean at its busiest, calls planned some minutes ahead.

use std::time::Duration;

use super::arrivals::call;
use super::{Call, Load, Priority};
use crate::random::{Purpose, Stream};

/// How far the load swings around its mean; chosen, not measured.
const SWING: f64 = 0.65;
/// The quietest hour.
const QUIET: f64 = 3.0;
const DAY: f64 = 86_400.0;

/// Calls that come and go with the hour of the day.
#[derive(Debug)]
pub(crate) struct Diurnal {
    load: Load,
    draws: Stream,
    next: Duration,
}

impl Diurnal {
    /// A day around the rate of `load`.
    pub(crate) fn new(load: Load, seed: u64) -> Self {
        let mut draws = Stream::of(seed, Purpose::Load, &[]);
        let next = draws.gap(rate(&load, Duration::ZERO));
        Self { load, draws, next }
    }

    /// The calls that come before a time and were not handed out yet.
    pub(crate) fn until(&mut self, until: Duration) -> Vec<Call> {
        let mut calls = Vec::new();
        while self.next < until {
            let at = self.next;
            calls.push(call(&self.load, at, Priority::Interactive, &mut self.draws));
            self.next = at + self.draws.gap(rate(&self.load, at));
        }
        calls
    }
}

/// Calls in a second at this time of the day.
fn rate(load: &Load, at: Duration) -> f64 {
    let hours = at.as_secs_f64() * 24.0 / DAY;
    let turn = (hours - QUIET) / 24.0 * std::f64::consts::TAU;
    load.rate * (1.0 - SWING * turn.cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_its_mean_and_its_peak_comes_twelve_hours_after_the_quiet() {
        let hour = Duration::from_secs(3_600);
        let mut day = Diurnal::new(Load::of(2.0), 1);
        let hours: Vec<usize> = (1..=24).map(|end| day.until(hour * end).len()).collect();
        let all: usize = hours.iter().sum();
        assert!((168_000..178_000).contains(&all), "{all}");
        assert!(hours[3] < hours[9] && hours[9] < hours[15], "{hours:?}");
    }
}
