//! A limit that is found to have passed long ago says that we stood still, not the vendor.
//!
//! A process that was stopped, or starved of processor time, wakes up with its timers run out and the
//! vendor's bytes still unread. So a timer that is very late gives the attempt one more moment, in which
//! what has arrived meanwhile is read, before anybody is blamed.
//! Pure: time is an argument.

use std::time::Duration;

use interline_core::TimeoutStage;
use tokio::time::Instant;

use crate::timeouts::Limit;

/// How late a timer has to be to say that we stood still (chosen, not measured): many times what a busy
/// process is late.
const LATE: Duration = Duration::from_millis(250);
/// How long the second look takes (chosen, not measured): a process reads what has arrived within
/// milliseconds.
const MOMENT: Duration = Duration::from_millis(100);

/// Whether a second look is being taken, and until when.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SecondLook(Option<Instant>);

impl SecondLook {
    /// The limit that holds now, where the timer was set to `alarm`. The end of the whole call is never
    /// put off.
    pub(crate) fn at(&mut self, limit: Limit, alarm: Instant, now: Instant) -> Limit {
        if now < limit.at {
            self.0 = None;
            return limit;
        }
        if matches!(limit.stage, TimeoutStage::Total) {
            return limit;
        }
        let is_late = now.saturating_duration_since(alarm) >= LATE;
        let until = match self.0 {
            Some(until) => until,
            None if is_late => *self.0.insert(now + MOMENT),
            None => return limit,
        };
        limit.put_off(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn limit(stage: TimeoutStage) -> (Limit, Instant) {
        let start = Instant::now();
        (Limit::new(stage, start, MS(1000)), start)
    }

    #[test]
    fn a_limit_that_passes_in_time_holds() {
        let (limit, start) = limit(TimeoutStage::Idle);
        let mut look = SecondLook::default();
        for now in [0, 999, 1000, 1249] {
            assert_eq!(
                look.at(limit, limit.at, start + MS(now)).at,
                limit.at,
                "{now}"
            );
        }
    }

    #[test]
    fn a_limit_that_is_found_late_is_looked_at_once_more() {
        let (limit, start) = limit(TimeoutStage::FirstToken);
        let mut look = SecondLook::default();
        let woken = start + MS(7000);
        let until = woken + MOMENT;
        assert_eq!(look.at(limit, limit.at, woken).at, until);
        assert_eq!(look.at(limit, until, woken + MS(99)).at, until);
        assert_eq!(look.at(limit, until, until).at, until, "once, not for ever");
    }

    #[test]
    fn what_is_found_out_late_by_a_timer_in_time_holds() {
        let (limit, start) = limit(TimeoutStage::FirstToken);
        let now = start + MS(7000);
        assert_eq!(SecondLook::default().at(limit, now, now).at, limit.at);
    }

    #[test]
    fn each_wait_has_a_second_look_of_its_own() {
        let (first, start) = limit(TimeoutStage::Idle);
        let mut look = SecondLook::default();
        let _ = look.at(first, first.at, start + MS(7000));
        let next = Limit::new(TimeoutStage::Idle, start + MS(7100), MS(1000));
        assert_eq!(look.at(next, first.at, start + MS(7100)).at, next.at);
        let late = start + MS(9000);
        assert_eq!(look.at(next, next.at, late).at, late + MOMENT);
    }

    #[test]
    fn the_end_of_a_call_is_never_put_off() {
        let (limit, start) = limit(TimeoutStage::Total);
        let mut look = SecondLook::default();
        assert_eq!(look.at(limit, limit.at, start + MS(7000)).at, limit.at);
    }
}
