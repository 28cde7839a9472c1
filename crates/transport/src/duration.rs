//! Durations as text: `250ms`, `30s`, `2m`, `1h30m` in configurations, `6m0s` and `7.66s` from vendors.
//!
//! Go's form, because the vendors use it, with days and with largest units first.
//! Not `humantime`: it takes months for 30.44 days and `30 seconds`, which no contract here promises.

use std::time::Duration;

use interline_core::{Error, Result};

/// The units, longest first, in nanoseconds.
const UNITS: [(&str, u128); 8] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];

/// Reads a duration such as `250ms`, `1.5s`, `2m`, `1h30m` or `1d`.
///
/// # Errors
/// `InvalidRequest` that names the text and the form expected.
pub fn parse_duration(text: &str) -> Result<Duration> {
    duration_of(text.trim()).ok_or_else(|| {
        Error::invalid_request(format!(
            "`{text}` is not a duration; write numbers with units, such as 250ms, 30s, 2m or 1h30m"
        ))
    })
}

/// The duration that a text means; each number has a unit, larger units come first.
pub(crate) fn duration_of(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total: u128 = 0;
    let mut last_unit = u128::MAX;
    while !rest.is_empty() {
        let unit_start = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(unit_start);
        let unit_end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (name, tail) = tail.split_at(unit_end);
        let (_, unit) = UNITS.iter().find(|(unit, _)| *unit == name)?;
        if *unit >= last_unit {
            return None;
        }
        last_unit = *unit;
        total = total.checked_add(nanos(number, *unit)?)?;
        rest = tail;
    }
    if text.is_empty() {
        return None;
    }
    let seconds = u64::try_from(total / 1_000_000_000).ok()?;
    let nanos = u32::try_from(total % 1_000_000_000).ok()?;
    Some(Duration::new(seconds, nanos))
}

/// `number` of `unit` in nanoseconds, rounded down.
fn nanos(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || (fraction.is_empty() && number.contains('.')) {
        return None;
    }
    let whole: u128 = whole.parse::<u64>().ok()?.into();
    // More digits than nanoseconds of a day has change nothing.
    let fraction = fraction.get(..fraction.len().min(15))?;
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let fraction: u128 = match fraction {
        "" => 0,
        digits => digits.parse::<u64>().ok()?.into(),
    };
    whole
        .checked_mul(unit)?
        .checked_add(fraction * unit / scale)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Duration) {
        assert_eq!(parse_duration(text).unwrap(), expected, "{text}");
    }

    #[test]
    fn numbers_with_units_are_durations() {
        check("250ms", Duration::from_millis(250));
        check(" 30s ", Duration::from_secs(30));
        check("0s", Duration::ZERO);
        check("2m", Duration::from_secs(120));
        check("1h30m", Duration::from_secs(5400));
        check("1d", Duration::from_secs(86_400));
        check("6m0s", Duration::from_secs(360));
        check("7.66s", Duration::from_millis(7660));
        check("1m0.5s", Duration::from_millis(60_500));
        check("12µs", Duration::from_micros(12));
        check("12us", Duration::from_micros(12));
        check("3.123456789999s", Duration::new(3, 123_456_789));
    }

    #[test]
    fn anything_else_is_an_error_that_names_it() {
        for text in [
            "",
            "30",
            "s",
            "-5s",
            "+5s",
            "1.s",
            ".5s",
            "1e3s",
            "5 s",
            "5m5m",
            "5s5m",
            "5sec",
            "1.2.3s",
            "99999999999999999999s",
            "∞",
            "5s,",
            "infinity",
        ] {
            let error = parse_duration(text).unwrap_err();
            assert!(error.message().starts_with(&format!("`{text}`")), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_debug_writes_is_read_back(millis in 0_u64..u64::from(u32::MAX)) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(duration_of(&format!("{duration:?}")), Some(duration));
        }

        #[test]
        fn no_text_panics(text in "[0-9.dhmsuµn ]{0,40}") {
            let _ = duration_of(&text);
        }
    }
}
