//! The faults, and what each does to one exchange with a vendor.

use std::fmt;
use std::time::Duration;

use interline_core::{ConnectionFault, Error};

use super::errors;
use super::retry_after::RetryAfterForm;

/// What goes wrong at a vendor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// The port is closed.
    Refuse,
    /// The name does not resolve.
    Unresolvable,
    /// The certificate is none of the vendor's.
    BadCertificate,
    /// Packets vanish while connecting; after this long the transport gives up.
    ConnectTimeout(Duration),
    /// The connection is reset before the request is read.
    Reset,
    /// The request is read and worked on, then the connection closes.
    CloseAfterRequest,
    /// A pooled connection turns out to be dead.
    Stale,
    /// The request is read and nothing ever comes.
    BlackHole,
    /// Headers come at one byte a second, so never in time.
    SlowHeaders,
    /// An error status, at once.
    Status(u16),
    /// An error status with a wish to wait.
    Busy(u16, RetryAfterForm),
    /// The account has no quota left.
    Quota,
    /// The key is wrong.
    BadKey,
    /// The vendor's policy refuses the content.
    ContentPolicy,
    /// The first token takes this many times longer; grows to it within the given time.
    Slow {
        /// How many times.
        factor: f64,
        /// How long the growth takes.
        within: Duration,
    },
    /// A success that is none.
    Malformed(Malformed),
    /// The stream stops after so many tokens and stays open.
    StallAt(u32),
    /// The stream ends after so many tokens, without its terminal event.
    TruncateAt(u32),
    /// The connection breaks after so many tokens.
    BreakAt(u32),
    /// An error event comes after so many tokens.
    ErrorEventAt(u32),
    /// A token comes so rarely.
    Trickle(Duration),
    /// After so many tokens pings come so often, and nothing else.
    PingsAt(u32, Duration),
}

/// What stands in the place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// A proxy's page.
    Html,
    /// JSON that stops in the middle.
    HalfJson,
    /// JSON of another shape.
    WrongShape,
    /// Nothing.
    Empty,
}

/// What comes of an exchange that a fault hit.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// It fails.
    Fail(Failure),
    /// Nothing ever comes.
    Silence,
    /// The first token comes so many times later.
    Slow(f64),
    /// The stream goes wrong on its way.
    Ending(Ending),
}

/// A failure before anything of an answer came.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// How long it takes.
    pub(crate) after: Duration,
    /// What the adapter returns.
    pub(crate) error: Error,
    /// Whether the vendor read the request.
    pub(crate) received: bool,
    /// Whether the vendor charges for it.
    pub(crate) billed: bool,
    /// As late as a good answer's first token instead of `after`.
    pub(crate) at_first_token: bool,
}

/// How a stream that began goes on.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// As it should.
    Clean,
    /// Silent after so many tokens.
    Stall(u32),
    /// End of file after so many tokens.
    Truncate(u32),
    /// An error after so many tokens.
    Error(u32, Error),
    /// A token so rarely.
    Trickle(Duration),
    /// Nothing but pings after so many tokens.
    Pings(u32, Duration),
}

/// How long a machine in the same region takes to refuse.
const AT_ONCE: Duration = Duration::from_millis(1);

impl Fault {
    /// What it does to one exchange, so long after the fault began.
    pub(crate) fn effect(self, since: Duration) -> Effect {
        let unreachable = |after, error| {
            Effect::Fail(Failure {
                after,
                error,
                received: false,
                billed: false,
                at_first_token: false,
            })
        };
        let answer = |error| {
            Effect::Fail(Failure {
                after: AT_ONCE,
                error,
                received: true,
                billed: false,
                at_first_token: false,
            })
        };
        let absent = RetryAfterForm::Absent;
        match self {
            Self::Refuse => unreachable(AT_ONCE, errors::unconnected(ConnectionFault::Connect)),
            Self::Unresolvable => unreachable(AT_ONCE, errors::unconnected(ConnectionFault::Dns)),
            Self::BadCertificate => unreachable(AT_ONCE, errors::unconnected(ConnectionFault::Tls)),
            Self::ConnectTimeout(limit) => unreachable(limit, errors::connect_timeout(limit)),
            Self::Reset => answer(errors::unanswered(ConnectionFault::Reset)),
            Self::Stale => answer(errors::unanswered(ConnectionFault::Stale)),
            Self::CloseAfterRequest => Effect::Fail(Failure {
                after: AT_ONCE,
                error: errors::unanswered(ConnectionFault::Reset),
                received: true,
                billed: true,
                at_first_token: true,
            }),
            Self::BlackHole | Self::SlowHeaders => Effect::Silence,
            Self::Status(status) => answer(errors::refused(status, absent)),
            Self::Busy(status, form) => answer(errors::refused(status, form)),
            Self::Quota => answer(errors::quota_exhausted()),
            Self::BadKey => answer(errors::refused(401, absent)),
            Self::ContentPolicy => answer(errors::content_filtered()),
            Self::Slow { factor, within } => {
                let grown = if within.is_zero() {
                    1.0
                } else {
                    (since.as_secs_f64() / within.as_secs_f64()).min(1.0)
                };
                Effect::Slow(1.0 + (factor - 1.0) * grown)
            }
            Self::Malformed(form) => Effect::Fail(Failure {
                after: AT_ONCE,
                error: errors::malformed(form.name()),
                received: true,
                billed: true,
                at_first_token: true,
            }),
            Self::StallAt(tokens) => Effect::Ending(Ending::Stall(tokens)),
            Self::TruncateAt(tokens) => Effect::Ending(Ending::Truncate(tokens)),
            Self::BreakAt(tokens) => Effect::Ending(Ending::Error(tokens, errors::broken_off())),
            Self::ErrorEventAt(tokens) => {
                Effect::Ending(Ending::Error(tokens, errors::overloaded_event()))
            }
            Self::Trickle(every) => Effect::Ending(Ending::Trickle(every)),
            Self::PingsAt(tokens, every) => Effect::Ending(Ending::Pings(tokens, every)),
        }
    }

    /// Whether no request that it hits can succeed, so that a breaker has to open on it.
    pub(crate) const fn is_down(self) -> bool {
        matches!(
            self,
            Self::Refuse
                | Self::Unresolvable
                | Self::BadCertificate
                | Self::ConnectTimeout(_)
                | Self::Reset
                | Self::CloseAfterRequest
                | Self::BlackHole
                | Self::SlowHeaders
                | Self::Status(500..)
                | Self::Malformed(_)
        )
    }

    /// Whether it speaks of the endpoint's or host's health; the others must never open a breaker.
    pub(crate) const fn is_ill_health(self) -> bool {
        !matches!(
            self,
            Self::Stale
                | Self::Quota
                | Self::BadKey
                | Self::ContentPolicy
                | Self::Status(..500)
                | Self::Busy(..500, _)
        )
    }

    /// Whether what it did shows only when a timer within the answer runs out, long after the fault.
    pub(crate) const fn shows_late(self) -> bool {
        matches!(
            self,
            Self::StallAt(_) | Self::PingsAt(..) | Self::Trickle(_)
        )
    }

    /// What the report calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Unresolvable => "unresolvable",
            Self::BadCertificate => "bad-certificate",
            Self::ConnectTimeout(_) => "connect-timeout",
            Self::Reset => "reset",
            Self::CloseAfterRequest => "close-after-request",
            Self::Stale => "stale",
            Self::BlackHole => "black-hole",
            Self::SlowHeaders => "slow-headers",
            Self::Status(_) => "status",
            Self::Busy(..) => "busy",
            Self::Quota => "quota",
            Self::BadKey => "bad-key",
            Self::ContentPolicy => "content-policy",
            Self::Slow { .. } => "slow",
            Self::Malformed(_) => "malformed",
            Self::StallAt(_) => "stall",
            Self::TruncateAt(_) => "truncate",
            Self::BreakAt(_) => "break",
            Self::ErrorEventAt(_) => "error-event",
            Self::Trickle(_) => "trickle",
            Self::PingsAt(..) => "pings-only",
        }
    }
}

impl Malformed {
    const fn name(self) -> &'static str {
        match self {
            Self::Html => "HTML",
            Self::HalfJson => "half of a JSON text",
            Self::WrongShape => "JSON of another shape",
            Self::Empty => "empty",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Status(status) => write!(f, " {status}"),
            Self::Busy(status, form) => write!(f, " {status} {form:?}"),
            Self::Slow { factor, .. } => write!(f, " x{factor:.1}"),
            Self::Malformed(form) => write!(f, " ({})", form.name()),
            Self::StallAt(tokens)
            | Self::TruncateAt(tokens)
            | Self::BreakAt(tokens)
            | Self::ErrorEventAt(tokens) => write!(f, " after {tokens}"),
            Self::ConnectTimeout(time) | Self::Trickle(time) => write!(f, " {time:?}"),
            Self::PingsAt(tokens, every) => write!(f, " after {tokens}, {every:?} apart"),
            _ => Ok(()),
        }
    }
}
