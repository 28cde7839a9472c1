//! The words for what can go wrong: kind, phase, retry hint.

use std::fmt;
use std::time::Duration;

/// What went wrong, in one word that all vendors share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request is wrong; another vendor would say so too.
    InvalidRequest,
    /// The body is larger than allowed.
    PayloadTooLarge,
    /// The credential is missing or wrong.
    Authentication,
    /// The credential is right and not enough.
    Permission,
    /// The model or resource does not exist.
    NotFound,
    /// The conversation does not fit the model.
    ContextLength,
    /// The vendor's policy refuses the content.
    ContentFiltered,
    /// Too many requests or tokens for now.
    RateLimited,
    /// The account has no money or quota left; waiting does not help.
    QuotaExhausted,
    /// The vendor has too much to do.
    Overloaded,
    /// The vendor failed or cannot be reached.
    Unavailable,
    /// Something took too long.
    Timeout(TimeoutStage),
    /// The vendor's answer breaks its own format, or was cut.
    Protocol,
    /// The adapter or model cannot carry what was asked.
    Unsupported,
    /// Our own limiter or breaker said no.
    Rejected,
    /// Our own budget said no.
    Budget,
    /// An answer came and was of no use: a quality gate refused it.
    LowQuality,
    /// The caller went away.
    Cancelled,
    /// Every target was tried or skipped, and none answered.
    AllTargetsFailed,
    /// A defect of ours.
    Internal,
}

impl ErrorKind {
    /// The stable snake_case code that users and metrics see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::PayloadTooLarge => "payload_too_large",
            Self::Authentication => "authentication",
            Self::Permission => "permission_denied",
            Self::NotFound => "not_found",
            Self::ContextLength => "context_length_exceeded",
            Self::ContentFiltered => "content_filtered",
            Self::RateLimited => "rate_limited",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::Timeout(_) => "timeout",
            Self::Protocol => "protocol",
            Self::Unsupported => "unsupported",
            Self::Rejected => "rejected",
            Self::Budget => "budget_exhausted",
            Self::LowQuality => "low_quality",
            Self::Cancelled => "cancelled",
            Self::AllTargetsFailed => "all_targets_failed",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout(stage) => write!(f, "timeout ({stage})"),
            other => f.write_str(other.code()),
        }
    }
}

/// Which timer ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutStage {
    /// Reaching the vendor.
    Connect,
    /// Waiting for the first content.
    FirstToken,
    /// Waiting for the next content.
    Idle,
    /// The whole call.
    Total,
}

impl fmt::Display for TimeoutStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::FirstToken => "first token",
            Self::Idle => "idle",
            Self::Total => "total",
        })
    }
}

/// How far the attempt had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Nothing of the request reached the vendor.
    BeforeSend,
    /// The request may have reached the vendor; no content came back.
    BeforeOutput,
    /// Content had already come back.
    AfterOutput,
}

/// What the vendor, or the failure itself, says about trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryHint {
    /// Trying the same again gives the same.
    Never,
    /// Trying again may help after a pause of our own choice.
    Backoff,
    /// Trying again before this time has passed does not help.
    After(Duration),
}

/// What failed about the connection, where it was the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionFault {
    /// The name could not be resolved.
    Dns,
    /// The connection was refused or the network was unreachable.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The connection was closed or reset before an answer.
    Reset,
    /// A pooled connection turned out to be dead. Of phase `BeforeSend` nobody saw the request; of
    /// phase `BeforeOutput` it was written, and the server may or may not have acted on it.
    Stale,
}
