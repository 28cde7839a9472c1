//! Every form in which vendors say how long to wait, read by the transport's own parser.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use interline_core::RetryHint;
use interline_transport::retry_hint;

/// A form of Retry-After.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RetryAfterForm {
    /// No word about waiting.
    Absent,
    /// Whole seconds.
    Seconds(u32),
    /// `retry-after-ms`.
    Milliseconds(u32),
    /// Seconds with a fraction.
    Fraction(f64),
    /// An HTTP date that lies so far ahead of the response's own date.
    Date(u32),
    /// An HTTP date before the response's own.
    Past,
    /// A Go duration such as `6m0s`, and its seconds.
    GoDuration(&'static str, u32),
    /// A wait that no vendor means: two days.
    Absurd,
    /// No number at all.
    Garbage,
}

impl RetryAfterForm {
    /// How long a client has to stay away, where the form says anything believable.
    pub(crate) fn wait(self) -> Option<Duration> {
        match self {
            Self::Seconds(seconds) | Self::Date(seconds) | Self::GoDuration(_, seconds) => {
                Some(Duration::from_secs(u64::from(seconds)))
            }
            Self::Milliseconds(millis) => Some(Duration::from_millis(u64::from(millis))),
            Self::Fraction(seconds) => Some(Duration::from_secs_f64(seconds)),
            Self::Absent | Self::Past | Self::Absurd | Self::Garbage => None,
        }
    }

    /// What the transport makes of it at this status.
    pub(crate) fn hint(self, status: u16) -> RetryHint {
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        let now = "Tue, 15 Nov 1994 08:12:00 GMT";
        match self {
            Self::Absent => {}
            Self::Seconds(seconds) => put("retry-after", &seconds.to_string()),
            Self::Milliseconds(millis) => put("retry-after-ms", &millis.to_string()),
            Self::Fraction(seconds) => put("retry-after", &format!("{seconds}")),
            Self::Date(seconds) => {
                put("date", now);
                let (minutes, seconds) = (12 + seconds / 60, seconds % 60);
                let date = format!("Tue, 15 Nov 1994 08:{minutes:02}:{seconds:02} GMT");
                put("retry-after", &date);
            }
            Self::Past => {
                put("date", now);
                put("retry-after", "Tue, 15 Nov 1994 08:11:00 GMT");
            }
            Self::GoDuration(text, _) => put("retry-after", text),
            Self::Absurd => put("retry-after", "172800"),
            Self::Garbage => put("retry-after", "soon"),
        }
        retry_hint(status, &headers, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transport_reads_each_form_as_the_suite_expects() {
        for form in [
            RetryAfterForm::Absent,
            RetryAfterForm::Seconds(20),
            RetryAfterForm::Milliseconds(1500),
            RetryAfterForm::Fraction(2.5),
            RetryAfterForm::Date(70),
            RetryAfterForm::Past,
            RetryAfterForm::GoDuration("8s", 8),
            RetryAfterForm::GoDuration("6m0s", 360),
            RetryAfterForm::Absurd,
            RetryAfterForm::Garbage,
        ] {
            let expected = form.wait().map_or(RetryHint::Backoff, RetryHint::After);
            assert_eq!(form.hint(429), expected, "{form:?}");
        }
    }
}
