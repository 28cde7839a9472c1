//! Fault: one way in which a vendor fails a request.
//!
//! Faults before the request (a closed port, a reset on accept) belong to the [`Door`](crate::Door); latency belongs to
//! [`Pacing`](crate::Pacing).

use std::time::{Duration, SystemTime};

/// What goes wrong with one request.
///
/// Where a fault speaks of events and the answer is not a stream, the JSON body is cut in the middle instead, or an
/// error status is sent in place of an error event.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// An error answer in the vendor's own format.
    Error {
        /// What the vendor complains about.
        case: ErrorCase,
        /// HTTP status in place of the case's usual one.
        status: Option<u16>,
        /// The delay that the answer asks for.
        retry_after: Option<RetryAfter>,
    },
    /// The connection ends with a FIN after the request, without a byte of an answer.
    Closed,
    /// The connection ends with an RST after the request, without a byte of an answer.
    Reset,
    /// The request is read and never answered.
    Silence,
    /// The head of the answer comes byte by byte.
    SlowHead {
        /// Pause before each byte.
        per_byte: Duration,
    },
    /// 200, then an error event before any content.
    ErrorEventBeforeContent {
        /// What the event complains about.
        case: ErrorCase,
    },
    /// 200, some content, then an error event in place of the rest.
    ErrorEventAfter {
        /// Content events before it.
        tokens: usize,
        /// What the event complains about.
        case: ErrorCase,
    },
    /// The stream ends early, between two events.
    CutAfter {
        /// Events of any sort before the end.
        events: usize,
        /// How the body ends.
        ending: Ending,
    },
    /// The body ends early, at any byte.
    TruncateAt {
        /// Bytes of the body before the end, framing not counted.
        bytes: usize,
        /// How the body ends.
        ending: Ending,
    },
    /// The stream stops between two events, and the connection stays open.
    Stall {
        /// Events of any sort before the stall.
        events: usize,
    },
    /// The body comes byte by byte.
    Trickle {
        /// Pause before each byte.
        per_byte: Duration,
    },
    /// Half a JSON value where a whole one belongs, in a correctly framed answer.
    MalformedJson,
    /// 200 with a body of no bytes.
    EmptyBody,
    /// A web page, as proxies in front of a vendor send.
    Html {
        /// HTTP status, 200 or an error.
        status: u16,
    },
    /// Content that never ends, as fast as the client reads.
    EndlessBody,
    /// One event (or one JSON string) of this size.
    GiganticEvent {
        /// Size of the text in bytes.
        bytes: usize,
    },
    /// Bytes that are not UTF-8 in the middle of the text.
    InvalidUtf8,
    /// Keep-alives in place of content, for ever.
    PingsOnly {
        /// Pause before each.
        every: Duration,
    },
    /// A `content-length` that the body does not have.
    ///
    /// Where too much is promised, the connection stays open without the missing bytes.
    WrongLength {
        /// What is added to the true length.
        by: isize,
    },
    /// Bytes that are no HTTP in place of an answer, then a FIN.
    Garbage,
    /// The right body under this content type.
    ContentType {
        /// The header's value.
        value: String,
    },
    /// A gzip body of about a thousandth of the size that it inflates to.
    GzipBomb {
        /// Inflated size, rounded up to whole MiB.
        bytes: usize,
    },
    /// More headers than anybody needs before the right body.
    ManyHeaders {
        /// How many.
        count: usize,
        /// Length of each value.
        value_bytes: usize,
    },
    /// A member of nested arrays in front of the answer's own (in a stream: in every event with JSON).
    DeepJson {
        /// How many arrays.
        depth: usize,
    },
    /// The same events in a spelling that the standard allows and vendors do not use. Unary answers are left alone.
    SseTorture(SseTorture),
    /// A violation on HTTP/2's own terms; it does not strike on HTTP/1.1.
    Http2(Http2Fault),
}

impl Fault {
    /// An error answer with the usual status of `case`.
    #[must_use]
    pub fn error(case: ErrorCase) -> Self {
        Self::Error {
            case,
            status: None,
            retry_after: None,
        }
    }

    /// An error answer with this status, and the body that vendors send with it.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Error {
            case: ErrorCase::of_status(status),
            status: Some(status),
            retry_after: None,
        }
    }

    /// A rate limit that asks for a delay.
    #[must_use]
    pub fn rate_limited(retry_after: RetryAfter) -> Self {
        Self::Error {
            case: ErrorCase::RateLimited,
            status: None,
            retry_after: Some(retry_after),
        }
    }

    /// The same fault, asking for a delay if it is an error answer.
    #[must_use]
    pub fn with_retry_after(self, delay: RetryAfter) -> Self {
        match self {
            Self::Error { case, status, .. } => Self::Error {
                case,
                status,
                retry_after: Some(delay),
            },
            other => other,
        }
    }

    /// Name of the kind of fault, as counters show it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Error { case, .. } => case.name(),
            Self::Closed => "closed",
            Self::Reset => "reset",
            Self::Silence => "silence",
            Self::SlowHead { .. } => "slow_head",
            Self::ErrorEventBeforeContent { .. } => "error_event_before_content",
            Self::ErrorEventAfter { .. } => "error_event_after",
            Self::CutAfter { .. } => "cut_after",
            Self::TruncateAt { .. } => "truncate_at",
            Self::Stall { .. } => "stall",
            Self::Trickle { .. } => "trickle",
            Self::MalformedJson => "malformed_json",
            Self::EmptyBody => "empty_body",
            Self::Html { .. } => "html",
            Self::EndlessBody => "endless_body",
            Self::GiganticEvent { .. } => "gigantic_event",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::PingsOnly { .. } => "pings_only",
            Self::WrongLength { .. } => "wrong_length",
            Self::Garbage => "garbage",
            Self::ContentType { .. } => "content_type",
            Self::GzipBomb { .. } => "gzip_bomb",
            Self::ManyHeaders { .. } => "many_headers",
            Self::DeepJson { .. } => "deep_json",
            Self::SseTorture(_) => "sse_torture",
            Self::Http2(fault) => fault.name(),
        }
    }

    /// Whether a client cannot use the whole answer that the vendor made, so that what it charges is wasted.
    ///
    /// Slow and oddly spelled answers are whole. The word is about the usual case: a fault beyond the end of an
    /// answer does not take effect, and is not asked.
    #[must_use]
    pub const fn spoils_the_answer(&self) -> bool {
        !matches!(
            self,
            Self::SlowHead { .. } | Self::Trickle { .. } | Self::SseTorture(_)
        )
    }
}

/// An unusual spelling of server-sent events that changes nothing of what they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SseTorture {
    /// Lines end with a carriage return.
    Cr,
    /// Lines end with carriage return and line feed.
    CrLf,
    /// A byte-order mark comes first.
    ByteOrderMark,
    /// Comments and unknown fields stand before every event.
    Comments,
    /// The data of every JSON event is spread over two lines.
    SplitData,
    /// Every byte is a chunk and a write of its own, characters and line ends included.
    TinyChunks,
    /// A comment of this size comes first.
    GiantComment {
        /// Its length.
        bytes: usize,
    },
    /// All of these but the giant comment, with another line end for every event.
    Everything,
}

/// A violation on HTTP/2's own terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Http2Fault {
    /// GOAWAY without an error and with an id below the request's, then a FIN: the request was not looked at.
    GoAway,
    /// `REFUSED_STREAM`: the request was not looked at.
    RefusedStream,
    /// The stream is reset with this code in place of an answer; 2 is `INTERNAL_ERROR`, 11 is `ENHANCE_YOUR_CALM`.
    ResetStream {
        /// The error code.
        code: u32,
    },
    /// So many resets of the one stream in place of an answer; the connection stays open.
    ResetFlood {
        /// How many frames.
        frames: usize,
    },
}

impl Http2Fault {
    const fn name(self) -> &'static str {
        match self {
            Self::GoAway => "http2_go_away",
            Self::RefusedStream => "http2_refused_stream",
            Self::ResetStream { .. } => "http2_reset_stream",
            Self::ResetFlood { .. } => "http2_reset_flood",
        }
    }

    /// Whether the vendor says that it did not look at the request, so that it charges nothing.
    pub(crate) const fn is_unseen(self) -> bool {
        matches!(self, Self::GoAway | Self::RefusedStream)
    }
}

/// How a body ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// The HTTP framing is sound, so that only the missing terminal event (or half a JSON value) shows the loss.
    Clean,
    /// A FIN before the framing says that the body is complete.
    Fin,
    /// An RST.
    Rst,
}

/// What a vendor complains about in an error answer or event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorCase {
    /// 400: the request is wrong.
    InvalidRequest,
    /// 401: no key, or a wrong one.
    Authentication,
    /// 402: nothing left to pay with.
    Billing,
    /// 403: the key may not do this.
    Permission,
    /// 404: no such path.
    UnknownPath,
    /// 404: no such model, or no access to it.
    UnknownModel,
    /// 408 or 504: the vendor's own time was up.
    Timeout,
    /// 413: the request is too large in bytes.
    TooLarge,
    /// 400: the prompt is longer than the model's window.
    ContextLength,
    /// 400: a filter rejected the prompt.
    ContentPolicy,
    /// 429: too many requests or tokens for now.
    RateLimited,
    /// 429: the account's quota is used up; waiting does not help.
    QuotaExhausted,
    /// 500: the vendor's own failure.
    ServerError,
    /// 503: out of service for now.
    Unavailable,
    /// 529 or 503: too busy for now.
    Overloaded,
}

impl ErrorCase {
    /// The case that a bare status stands for.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            402 => Self::Billing,
            403 => Self::Permission,
            404 => Self::UnknownPath,
            408 | 504 => Self::Timeout,
            413 => Self::TooLarge,
            429 => Self::RateLimited,
            503 => Self::Unavailable,
            529 => Self::Overloaded,
            400..=499 => Self::InvalidRequest,
            _ => Self::ServerError,
        }
    }

    /// Name of the case, as counters show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Authentication => "authentication",
            Self::Billing => "billing",
            Self::Permission => "permission",
            Self::UnknownPath => "unknown_path",
            Self::UnknownModel => "unknown_model",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::ContextLength => "context_length",
            Self::ContentPolicy => "content_policy",
            Self::RateLimited => "rate_limited",
            Self::QuotaExhausted => "quota_exhausted",
            Self::ServerError => "server_error",
            Self::Unavailable => "unavailable",
            Self::Overloaded => "overloaded",
        }
    }
}

/// The forms in which vendors say how long to wait.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// `retry-after: 20`.
    Seconds(u64),
    /// `retry-after: 0.25`.
    Fraction(f64),
    /// `retry-after-ms: 1500`, as OpenAI sends.
    Milliseconds(u64),
    /// `retry-after: Sun, 06 Nov 1994 08:49:37 GMT`, this far in the future.
    HttpDateIn(Duration),
    /// `retry-after` as an HTTP date this far in the past.
    HttpDateAgo(Duration),
    /// `retry-after` with this value, whatever it is.
    Raw(String),
}

impl RetryAfter {
    /// The header that carries it; `now` is the wall clock that a date counts from.
    pub(crate) fn header(&self, now: SystemTime) -> (String, String) {
        let (name, value) = match self {
            Self::Seconds(seconds) => ("retry-after", seconds.to_string()),
            Self::Fraction(seconds) => ("retry-after", seconds.to_string()),
            Self::Milliseconds(millis) => ("retry-after-ms", millis.to_string()),
            Self::HttpDateIn(delay) => ("retry-after", httpdate::fmt_http_date(now + *delay)),
            Self::HttpDateAgo(age) => ("retry-after", httpdate::fmt_http_date(now - *age)),
            Self::Raw(value) => ("retry-after", value.clone()),
        };
        (name.to_owned(), value)
    }
}

#[cfg(test)]
mod tests {
    use super::RetryAfter;
    use std::time::{Duration, SystemTime};

    #[test]
    fn every_form_of_retry_after_is_written_as_vendors_write_it() {
        #[track_caller]
        fn check(form: &RetryAfter, name: &str, value: &str) {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_767);
            assert_eq!(form.header(now), (name.to_owned(), value.to_owned()));
        }
        check(&RetryAfter::Seconds(20), "retry-after", "20");
        check(&RetryAfter::Fraction(0.25), "retry-after", "0.25");
        check(&RetryAfter::Milliseconds(1500), "retry-after-ms", "1500");
        check(
            &RetryAfter::HttpDateIn(Duration::from_secs(10)),
            "retry-after",
            "Sun, 06 Nov 1994 08:49:37 GMT",
        );
        check(&RetryAfter::Raw("6m0s".to_owned()), "retry-after", "6m0s");
    }
}
