//! Reads what vendors say about their rate limits in response headers.
//!
//! Three families, each checked against recorded answers: `x-ratelimit-limit-requests` (OpenAI, Azure,
//! Groq, xAI and others), the same with the window behind it, `x-ratelimit-limit-tokens-minute` (Mistral,
//! Cerebras), and `anthropic-ratelimit-requests-limit` with resets as RFC 3339 times.
//! Headers that name neither requests nor tokens, and windows other than a minute and a day, are left
//! out: they count something that nobody here does.
//!
//! The first family does not say its window. It is a minute, unless the bucket needs about a day to
//! fill: `reset · limit / used` is 24 h at Groq's requests, and at OpenAI's for its smallest accounts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, header};
use interline_core::{LimitUnit, LimitWindow, ToldLimit};

use crate::duration::duration_of;

/// What the headers say about rate limits; `now` is the time by which resets are counted that are told
/// as times, where the answer has no `date` of its own.
#[must_use]
pub fn told_limits(headers: &HeaderMap, now: SystemTime) -> Vec<ToldLimit> {
    let now = headers
        .get(header::DATE)
        .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
        .unwrap_or(now);
    FAMILIES
        .iter()
        .flat_map(|family| family.units.iter().map(move |unit| (family, unit)))
        .filter_map(|(family, (name, unit))| family.read(headers, name, *unit, now))
        .collect()
}

/// How one family of headers names its limits.
struct Family {
    prefix: &'static str,
    units: &'static [(&'static str, LimitUnit)],
    /// Whether the figure's name stands behind the unit's: `requests-limit` instead of `limit-requests`.
    order: Order,
    /// What stands behind both, and which window that means; `None` is to be found out.
    suffix: &'static str,
    window: Option<LimitWindow>,
}

enum Order {
    FigureFirst,
    UnitFirst,
}

const REQUESTS_AND_TOKENS: &[(&str, LimitUnit)] = &[
    ("requests", LimitUnit::Requests),
    ("tokens", LimitUnit::Tokens),
];

const SHORT_NAMES: &[(&str, LimitUnit)] = &[
    ("requests", LimitUnit::Requests),
    ("req", LimitUnit::Requests),
    ("tokens", LimitUnit::Tokens),
];

const FAMILIES: [Family; 4] = [
    Family {
        prefix: "x-ratelimit",
        units: REQUESTS_AND_TOKENS,
        order: Order::FigureFirst,
        suffix: "",
        window: None,
    },
    Family {
        prefix: "x-ratelimit",
        units: SHORT_NAMES,
        order: Order::FigureFirst,
        suffix: "-minute",
        window: Some(LimitWindow::Minute),
    },
    Family {
        prefix: "x-ratelimit",
        units: SHORT_NAMES,
        order: Order::FigureFirst,
        suffix: "-day",
        window: Some(LimitWindow::Day),
    },
    Family {
        prefix: "anthropic-ratelimit",
        units: &[
            ("requests", LimitUnit::Requests),
            ("tokens", LimitUnit::Tokens),
            ("input-tokens", LimitUnit::InputTokens),
            ("output-tokens", LimitUnit::OutputTokens),
        ],
        order: Order::UnitFirst,
        suffix: "",
        window: Some(LimitWindow::Minute),
    },
];

impl Family {
    fn read(
        &self,
        headers: &HeaderMap,
        name: &str,
        unit: LimitUnit,
        now: SystemTime,
    ) -> Option<ToldLimit> {
        let Self { prefix, suffix, .. } = self;
        let text = |figure: &str| {
            let key = match self.order {
                Order::FigureFirst => format!("{prefix}-{figure}-{name}{suffix}"),
                Order::UnitFirst => format!("{prefix}-{name}-{figure}{suffix}"),
            };
            headers.get(key)?.to_str().ok().map(str::trim)
        };
        let number = |figure| text(figure)?.parse::<u64>().ok();
        let (limit, remaining) = (number("limit"), number("remaining"));
        if limit.is_none() && remaining.is_none() {
            return None;
        }
        let reset = text("reset").and_then(|text| wait_of(text, now));
        let window = match (self.window, number("renewalperiod")) {
            (Some(window), _) => window,
            (None, None | Some(60)) => window_of(limit, remaining, reset),
            (None, Some(86_400)) => LimitWindow::Day,
            // A window that nobody here counts.
            (None, Some(_)) => return None,
        };
        let told = ToldLimit::new(unit, window)
            .with_limit(limit)
            .with_remaining(remaining)
            .with_reset(reset);
        Some(told)
    }
}

/// The window of a bucket that takes `reset` to fill what is used of it.
fn window_of(limit: Option<u64>, remaining: Option<u64>, reset: Option<Duration>) -> LimitWindow {
    /// What fills within a minute cannot take longer, and neither can the rest of a fixed minute.
    const A_MINUTE: Duration = Duration::from_secs(61);
    const HOURS: u64 = 3600;
    let Some((reset, limit, remaining)) = reset
        .filter(|reset| *reset > A_MINUTE)
        .and_then(|reset| Some((reset, limit?, remaining?)))
    else {
        return LimitWindow::Minute;
    };
    let used = limit.saturating_sub(remaining).max(1);
    let whole = reset.as_secs().saturating_mul(limit) / used;
    if (20 * HOURS..28 * HOURS).contains(&whole) {
        LimitWindow::Day
    } else {
        LimitWindow::Minute
    }
}

/// How long until a reset that is told as a duration, in seconds, or as a time.
fn wait_of(text: &str, now: SystemTime) -> Option<Duration> {
    if let Some(at) = rfc3339(text) {
        // A time in the past: it is there again.
        return Some(at.duration_since(now).unwrap_or_default());
    }
    let seconds = || {
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let seconds = text.parse::<f64>().ok().filter(|_| plain)?;
        Duration::try_from_secs_f64(seconds).ok()
    };
    /// No window that vendors limit by is longer; greater numbers are times in disguise.
    const LONGEST: Duration = Duration::from_secs(24 * 3600);
    duration_of(text)
        .or_else(seconds)
        .filter(|wait| *wait <= LONGEST)
}

/// A time such as `2026-08-20T15:30:07Z`, with or without a fraction, in UTC or with an offset.
fn rfc3339(text: &str) -> Option<SystemTime> {
    let number = |from: usize, to: usize| -> Option<i64> {
        let part = text.get(from..to)?;
        let is_plain = part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|_| is_plain)
    };
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let is_there = |(at, byte): (usize, u8)| {
        text.as_bytes()
            .get(at)
            .is_some_and(|found| found.to_ascii_uppercase() == byte)
    };
    if !separators.into_iter().all(is_there) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 {
        return None;
    }
    let rest = text.get(19..)?;
    let rest = rest.strip_prefix('.').map_or(rest, |tail| {
        tail.trim_start_matches(|c: char| c.is_ascii_digit())
    });
    let offset = match rest.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), ..] => {
            let (hours, minutes) = rest.get(1..)?.split_once(':')?;
            let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
            if *sign == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };
    // Days since 1970 in the proleptic Gregorian calendar, counted in years that begin in March, so that
    // the leap day is the last one (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    let (years, months) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, year_of_era) = (years.div_euclid(400), years.rem_euclid(400));
    let day_of_year = (153 * months + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    let seconds = ((days * 24 + hour) * 60 + minute - offset) * 60 + second;
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    /// 2026-08-20T15:30:00Z.
    const NOW: u64 = 1787239800;

    fn told(pairs: &[(&'static str, &'static str)]) -> Vec<ToldLimit> {
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        told_limits(&headers, UNIX_EPOCH + Duration::from_secs(NOW))
    }

    fn limit(unit: LimitUnit, window: LimitWindow, limit: u64, remaining: u64) -> ToldLimit {
        ToldLimit::new(unit, window)
            .with_limit(limit)
            .with_remaining(remaining)
    }

    #[test]
    fn openai_counts_minutes_with_resets_as_durations() {
        let read = told(&[
            ("x-ratelimit-limit-requests", "30000"),
            ("x-ratelimit-remaining-requests", "29999"),
            ("x-ratelimit-reset-requests", "2ms"),
            ("x-ratelimit-limit-tokens", "150000"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-tokens", "6m0s"),
            ("x-ratelimit-limit-input-images", "50000"),
        ]);
        let minute = LimitWindow::Minute;
        let expected = [
            limit(LimitUnit::Requests, minute, 30_000, 29_999).with_reset(Duration::from_millis(2)),
            limit(LimitUnit::Tokens, minute, 150_000, 149_984).with_reset(Duration::from_secs(360)),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn requests_that_need_a_day_to_fill_are_a_days() {
        let groq = told(&[
            ("x-ratelimit-limit-requests", "14400"),
            ("x-ratelimit-remaining-requests", "14370"),
            ("x-ratelimit-reset-requests", "2m59.56s"),
        ]);
        assert_eq!(groq[0].window, LimitWindow::Day);
        let smallest = told(&[
            ("x-ratelimit-limit-requests", "200"),
            ("x-ratelimit-remaining-requests", "199"),
            ("x-ratelimit-reset-requests", "7m12s"),
        ]);
        assert_eq!(smallest[0].window, LimitWindow::Day);
    }

    #[test]
    fn anthropic_tells_resets_as_times() {
        let read = told(&[
            ("anthropic-ratelimit-input-tokens-limit", "2000000"),
            ("anthropic-ratelimit-input-tokens-remaining", "1999000"),
            (
                "anthropic-ratelimit-input-tokens-reset",
                "2026-08-20T15:30:07Z",
            ),
            ("anthropic-ratelimit-requests-limit", "4000"),
            ("anthropic-ratelimit-requests-remaining", "3999"),
            (
                "anthropic-ratelimit-requests-reset",
                "2026-08-20T17:29:00+02:00",
            ),
        ]);
        let minute = LimitWindow::Minute;
        let expected = [
            limit(LimitUnit::Requests, minute, 4000, 3999).with_reset(Duration::ZERO),
            limit(LimitUnit::InputTokens, minute, 2_000_000, 1_999_000)
                .with_reset(Duration::from_secs(7)),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_named_window_is_believed_and_an_unknown_one_left_out() {
        let read = told(&[
            ("x-ratelimit-limit-req-minute", "100"),
            ("x-ratelimit-remaining-req-minute", "98"),
            ("x-ratelimit-limit-tokens-month", "200000000000"),
            ("x-ratelimit-limit-req-10-second", "60"),
            ("x-ratelimit-limit-requests-day", "14400"),
        ]);
        let windows: Vec<_> = read.iter().map(|told| (told.window, told.limit)).collect();
        let expected = [
            (LimitWindow::Minute, Some(100)),
            (LimitWindow::Day, Some(14_400)),
        ];
        assert_eq!(windows, expected);
        let seconds = [
            ("x-ratelimit-limit-requests", "10"),
            ("x-ratelimit-renewalperiod-requests", "10"),
        ];
        assert_eq!(told(&seconds), []);
    }

    #[test]
    fn resets_count_from_the_answers_own_clock() {
        let read = told(&[
            ("date", "Thu, 20 Aug 2026 15:29:50 GMT"),
            ("anthropic-ratelimit-tokens-remaining", "5"),
            (
                "anthropic-ratelimit-tokens-reset",
                "2026-08-20T15:30:07.25Z",
            ),
        ]);
        assert_eq!(read[0].reset, Some(Duration::from_secs(17)));
    }

    #[test]
    fn garbage_says_nothing() {
        assert_eq!(told(&[("x-ratelimit-limit-requests", "many")]), []);
        for reset in [
            "soon",
            "-1",
            "2026-13-01T00:00:00Z",
            "2026-08-20",
            "1787239800",
            "\u{fc}",
        ] {
            let header = HeaderValue::from_bytes(reset.as_bytes()).unwrap();
            let mut headers = HeaderMap::new();
            headers.insert("x-ratelimit-limit-requests", HeaderValue::from_static("5"));
            headers.insert("x-ratelimit-reset-requests", header);
            let read = told_limits(&headers, UNIX_EPOCH);
            assert_eq!(read[0].reset, None, "{reset}");
        }
    }
}
