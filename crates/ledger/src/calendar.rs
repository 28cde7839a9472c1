//! Which window of a budget an instant lies in: days, weeks and months of a time zone.
//!
//! Windows are divided by calendar dates, so a day has 23 or 25 hours where the clock changes, a day
//! whose midnight is skipped begins with its first instant, and windows neither overlap nor leave gaps.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::Period;

const DAY_SECONDS: i64 = 86_400;

/// Divides time into windows.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    zone: TimeZone,
    period: Period,
}

/// From `start` until before `end`, in seconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl Window {
    pub(crate) const fn contains(&self, second: i64) -> bool {
        self.start <= second && second < self.end
    }
}

impl Calendar {
    /// `None` where no zone has that name.
    pub(crate) fn new(zone: &str, period: Period) -> Option<Self> {
        let zone = match zone {
            "UTC" => TimeZone::UTC,
            name => TimeZone::get(name).ok()?,
        };
        Some(Self { zone, period })
    }

    /// The window that holds an instant.
    ///
    /// At the ends of the calendar (the years -9999 and 9999), where a window would reach beyond, it is
    /// the day of UTC.
    pub(crate) fn window_at(&self, second: i64) -> Window {
        self.civil_window(second).unwrap_or_else(|| {
            let start = second.saturating_sub(second.rem_euclid(DAY_SECONDS));
            Window {
                start,
                end: start.saturating_add(DAY_SECONDS),
            }
        })
    }

    fn civil_window(&self, second: i64) -> Option<Window> {
        let today = Timestamp::from_second(second)
            .ok()?
            .to_zoned(self.zone.clone())
            .date();
        let (first, next) = match self.period {
            Period::Day => (today, today.checked_add(1.day())),
            Period::Week => {
                let since_monday = i64::from(today.weekday().to_monday_zero_offset());
                let monday = today.checked_sub(since_monday.days()).ok()?;
                (monday, monday.checked_add(1.week()))
            }
            Period::Month => {
                let first = today.first_of_month();
                (first, first.checked_add(1.month()))
            }
        };
        let window = Window {
            start: self.begin(first)?,
            end: self.begin(next.ok()?)?,
        };
        window.contains(second).then_some(window)
    }

    fn begin(&self, date: Date) -> Option<i64> {
        let begin = date.to_zoned(self.zone.clone()).ok()?;
        Some(begin.timestamp().as_second())
    }

    /// An instant as people of the zone write it, such as `2026-11-22T00:00:00+01:00`.
    pub(crate) fn write(&self, second: i64) -> String {
        let Ok(instant) = Timestamp::from_second(second) else {
            return format!("{second} s after 1970");
        };
        let zoned = instant.to_zoned(self.zone.clone());
        let offset = instant.display_with_offset(zoned.offset());
        offset.to_string()
    }
}

/// Seconds since 1970 UTC, rounded down.
pub(crate) fn unix_seconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            -whole - i64::from(before.subsec_nanos() > 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn second(text: &str) -> i64 {
        text.parse::<Timestamp>().expect("an instant").as_second()
    }

    #[track_caller]
    fn check(zone: &str, period: Period, at: &str, start: &str, end: &str) {
        let calendar = Calendar::new(zone, period).expect("a zone");
        let window = calendar.window_at(second(at));
        let written = (calendar.write(window.start), calendar.write(window.end));
        assert_eq!(written, (start.to_owned(), end.to_owned()));
    }

    #[test]
    fn days_have_23_or_25_hours_where_the_clock_changes() {
        check(
            "Europe/Berlin",
            Period::Day,
            "2026-03-29T10:00:00Z",
            "2026-03-29T00:00:00+01:00",
            "2026-03-30T00:00:00+02:00",
        );
        check(
            "Europe/Berlin",
            Period::Day,
            "2026-10-25T01:30:00Z",
            "2026-10-25T00:00:00+02:00",
            "2026-10-26T00:00:00+01:00",
        );
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_with_its_first_instant() {
        check(
            "Africa/Cairo",
            Period::Day,
            "2024-04-26T10:00:00Z",
            "2024-04-26T01:00:00+03:00",
            "2024-04-27T00:00:00+03:00",
        );
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        check(
            "America/New_York",
            Period::Week,
            "2026-11-22T23:00:00Z",
            "2026-11-16T00:00:00-05:00",
            "2026-11-23T00:00:00-05:00",
        );
        check(
            "Asia/Kathmandu",
            Period::Month,
            "2026-11-30T18:20:00Z",
            "2026-12-01T00:00:00+05:45",
            "2027-01-01T00:00:00+05:45",
        );
    }

    #[test]
    fn zones_that_do_not_exist_are_refused() {
        for bad in [
            "",
            "Mars/Olympus_Mons",
            "+25:00",
            "Europe/Berlin ",
            "../etc/passwd",
        ] {
            assert!(Calendar::new(bad, Period::Day).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn windows_neither_overlap_nor_leave_gaps(
            second in proptest::num::i64::ANY,
            near in -4_000_000_000_i64..8_000_000_000,
            zone in proptest::sample::select(vec![
                "UTC", "Europe/Berlin", "Africa/Cairo", "Asia/Kathmandu", "Pacific/Apia",
                "America/Havana", "Australia/Lord_Howe",
            ]),
            period in proptest::sample::select(vec![Period::Day, Period::Week, Period::Month]),
        ) {
            let calendar = Calendar::new(zone, period).expect("a zone");
            let absurd = calendar.window_at(second);
            prop_assert!(absurd.start <= second && (second < absurd.end || absurd.end == i64::MAX));
            let window = calendar.window_at(near);
            prop_assert!(window.contains(near));
            prop_assert_eq!(calendar.window_at(window.start), window);
            prop_assert_eq!(calendar.window_at(window.end - 1), window);
            prop_assert_eq!(calendar.window_at(window.end).start, window.end);
        }
    }
}
