//! When a fault holds, at whom, and which share of exchanges it hits.

use std::fmt;
use std::time::Duration;

use super::fault::Fault;

/// A fault on a schedule.
#[derive(Clone, Debug)]
pub(crate) struct FaultWindow {
    /// Which vendor, by its place in the plan.
    pub(crate) vendor: usize,
    /// Only exchanges with this key, where it is said.
    pub(crate) key: Option<u16>,
    /// What happens.
    pub(crate) fault: Fault,
    /// Since the start of the run.
    pub(crate) from: Duration,
    /// Since the start of the run.
    pub(crate) until: Duration,
    /// Which share of exchanges, 0 to 1.
    pub(crate) share: f64,
    /// On and off by turns within the window, beginning with on.
    pub(crate) duty: Option<Duty>,
    /// How often it must have fired for the run to mean anything.
    pub(crate) minimum: u64,
}

/// How long a fault is on and off by turns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duty {
    /// How long it holds.
    pub(crate) on: Duration,
    /// How long it pauses.
    pub(crate) off: Duration,
}

impl FaultWindow {
    /// A fault that hits every exchange with a vendor from `from` until `until`.
    pub(crate) const fn new(vendor: usize, fault: Fault, from: Duration, until: Duration) -> Self {
        Self {
            vendor,
            key: None,
            fault,
            from,
            until,
            share: 1.0,
            duty: None,
            minimum: 1,
        }
    }

    /// Hits only this share of exchanges.
    pub(crate) const fn with_share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    /// Hits only exchanges with this key.
    pub(crate) const fn with_key(mut self, key: u16) -> Self {
        self.key = Some(key);
        self
    }

    /// Goes on and off.
    pub(crate) const fn with_duty(mut self, on: Duration, off: Duration) -> Self {
        self.duty = Some(Duty { on, off });
        self
    }

    /// How long the fault has held at this time; `None` where it does not.
    pub(crate) fn held_for(&self, at: Duration) -> Option<Duration> {
        if at < self.from || at >= self.until {
            return None;
        }
        let since = at - self.from;
        match self.duty {
            None => Some(since),
            Some(Duty { on, off }) => {
                let turn = since.as_nanos() % (on + off).as_nanos().max(1);
                (turn < on.as_nanos()).then_some(since)
            }
        }
    }
}

impl fmt::Display for FaultWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "vendor {} {} {:.0} % {:.1}s-{:.1}s",
            self.vendor,
            self.fault,
            self.share * 100.0,
            self.from.as_secs_f64(),
            self.until.as_secs_f64()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duty_turns_the_fault_on_and_off_within_its_window() {
        let second = Duration::from_secs;
        let window = FaultWindow::new(0, Fault::Reset, second(10), second(40))
            .with_duty(second(5), second(5));
        let holds = |at| window.held_for(second(at)).is_some();
        let held: Vec<u64> = (0..50).filter(|at| holds(*at)).collect();
        let expected: Vec<u64> = (10..15).chain(20..25).chain(30..35).collect();
        assert_eq!(held, expected);
    }
}
