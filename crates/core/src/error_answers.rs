//! The four questions that are asked of every failure, answered from kind, phase and hint.
//!
//! They are separate because no one of them follows from another: a bad credential moves on to
//! another target yet must not count against the endpoint; a reset may have been billed although it
//! is worth another try.

use crate::{ConnectionFault, Error, ErrorKind, Phase, RetryHint, TimeoutStage};

/// May the same target be tried again?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameTarget {
    /// No.
    Never,
    /// Yes, once and without a pause: only the pooled connection was dead.
    AtOnce,
    /// Yes, after a pause, and only where no other target is free.
    AfterPause,
}

/// Whose health does the failure speak of?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HealthImpact {
    /// Nobody's: the caller's mistake, a refusal, a cancel, our own limits.
    None,
    /// The endpoint and model.
    Endpoint,
    /// The host: it cannot be reached.
    Host,
    /// The credential.
    Credential,
    /// The rate state of the credential.
    RateLimit,
}

impl Error {
    /// May the same target be tried again?
    #[must_use]
    pub fn same_target(&self) -> SameTarget {
        if self.phase() == Phase::AfterOutput {
            return SameTarget::Never;
        }
        match (self.kind(), self.connection_fault()) {
            (_, Some(ConnectionFault::Stale)) => SameTarget::AtOnce,
            (_, Some(ConnectionFault::Dns | ConnectionFault::Connect | ConnectionFault::Tls)) => {
                SameTarget::Never
            }
            _ if self.retry() == RetryHint::Never => SameTarget::Never,
            (
                ErrorKind::RateLimited
                | ErrorKind::Overloaded
                | ErrorKind::Unavailable
                | ErrorKind::Protocol
                | ErrorKind::Timeout(TimeoutStage::FirstToken | TimeoutStage::Idle),
                _,
            ) => SameTarget::AfterPause,
            _ => SameTarget::Never,
        }
    }

    /// May another target be tried?
    ///
    /// Transient failures and bad credentials move on; the caller's mistakes and refusals do not,
    /// because another target would only hide them.
    #[must_use]
    pub fn other_target(&self) -> bool {
        if self.phase() == Phase::AfterOutput {
            return false;
        }
        match self.kind() {
            ErrorKind::Authentication
            | ErrorKind::Permission
            | ErrorKind::RateLimited
            | ErrorKind::QuotaExhausted
            | ErrorKind::Overloaded
            | ErrorKind::Unavailable
            | ErrorKind::Protocol
            | ErrorKind::Unsupported
            | ErrorKind::Rejected
            | ErrorKind::LowQuality
            | ErrorKind::Timeout(
                TimeoutStage::Connect | TimeoutStage::FirstToken | TimeoutStage::Idle,
            ) => true,
            ErrorKind::InvalidRequest
            | ErrorKind::PayloadTooLarge
            | ErrorKind::NotFound
            | ErrorKind::ContextLength
            | ErrorKind::ContentFiltered
            | ErrorKind::Budget
            | ErrorKind::Cancelled
            | ErrorKind::AllTargetsFailed
            | ErrorKind::Internal
            | ErrorKind::Timeout(TimeoutStage::Total) => false,
        }
    }

    /// Whose health does it count against?
    #[must_use]
    pub fn health_impact(&self) -> HealthImpact {
        match self.kind() {
            // Request timeout, conflict, too early: about this request and its connection, not about how
            // the endpoint is doing.
            ErrorKind::Unavailable | ErrorKind::Timeout(TimeoutStage::FirstToken)
                if matches!(self.status(), Some(408 | 409 | 425)) =>
            {
                HealthImpact::None
            }
            ErrorKind::Unavailable
            | ErrorKind::Overloaded
            | ErrorKind::Protocol
            | ErrorKind::Timeout(TimeoutStage::FirstToken | TimeoutStage::Idle) => {
                match self.connection_fault() {
                    Some(
                        ConnectionFault::Dns | ConnectionFault::Connect | ConnectionFault::Tls,
                    ) => HealthImpact::Host,
                    Some(ConnectionFault::Stale) => HealthImpact::None,
                    Some(ConnectionFault::Reset) | None => HealthImpact::Endpoint,
                }
            }
            ErrorKind::Timeout(TimeoutStage::Connect) => HealthImpact::Host,
            ErrorKind::Authentication | ErrorKind::Permission | ErrorKind::QuotaExhausted => {
                HealthImpact::Credential
            }
            ErrorKind::RateLimited => HealthImpact::RateLimit,
            _ => HealthImpact::None,
        }
    }

    /// May the vendor charge for the attempt although its answer was lost?
    #[must_use]
    pub fn maybe_billed(&self) -> bool {
        if self.phase() == Phase::BeforeSend {
            return false;
        }
        match self.kind() {
            ErrorKind::Timeout(TimeoutStage::Connect) => false,
            ErrorKind::Timeout(_)
            | ErrorKind::Protocol
            | ErrorKind::LowQuality
            | ErrorKind::Cancelled => true,
            // A status line that is no success is the vendor's word that it did not serve; silence, or
            // a cut behind a success, is not.
            ErrorKind::Unavailable | ErrorKind::Overloaded => {
                self.status().is_none_or(|status| status < 300)
                    || self.phase() == Phase::AfterOutput
            }
            _ => self.phase() == Phase::AfterOutput,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[track_caller]
    fn check(error: &Error, same: SameTarget, other: bool, health: HealthImpact, billed: bool) {
        assert_eq!(error.same_target(), same, "same target: {error}");
        assert_eq!(error.other_target(), other, "other target: {error}");
        assert_eq!(error.health_impact(), health, "health: {error}");
        assert_eq!(error.maybe_billed(), billed, "billed: {error}");
    }

    fn refused(kind: ErrorKind, status: u16) -> Error {
        Error::new(kind, "vendor said no")
            .with_status(status)
            .with_phase(Phase::BeforeOutput)
    }

    #[test]
    fn each_failure_gives_four_separate_answers() {
        use ErrorKind as K;
        use HealthImpact as H;
        use SameTarget as S;
        let backoff = |kind, status| refused(kind, status).with_retry(RetryHint::Backoff);
        check(
            &refused(K::InvalidRequest, 400),
            S::Never,
            false,
            H::None,
            false,
        );
        check(
            &refused(K::ContextLength, 400),
            S::Never,
            false,
            H::None,
            false,
        );
        check(
            &refused(K::ContentFiltered, 400),
            S::Never,
            false,
            H::None,
            false,
        );
        check(
            &refused(K::Authentication, 401),
            S::Never,
            true,
            H::Credential,
            false,
        );
        check(
            &refused(K::QuotaExhausted, 402),
            S::Never,
            true,
            H::Credential,
            false,
        );
        check(
            &refused(K::Permission, 403),
            S::Never,
            true,
            H::Credential,
            false,
        );
        check(&refused(K::NotFound, 404), S::Never, false, H::None, false);
        check(
            &backoff(K::RateLimited, 429),
            S::AfterPause,
            true,
            H::RateLimit,
            false,
        );
        check(
            &backoff(K::Unavailable, 500),
            S::AfterPause,
            true,
            H::Endpoint,
            false,
        );
        for (kind, status, billed) in [
            (K::Timeout(TimeoutStage::FirstToken), 408, true),
            (K::Unavailable, 409, false),
            (K::Unavailable, 425, false),
        ] {
            let error = backoff(kind, status);
            check(&error, S::AfterPause, true, H::None, billed);
        }
        check(
            &backoff(K::Overloaded, 529),
            S::AfterPause,
            true,
            H::Endpoint,
            false,
        );
    }

    #[test]
    fn a_poor_answer_moves_on_is_billed_and_speaks_of_nobodys_health() {
        let poor = Error::new(ErrorKind::LowQuality, "it is empty").with_phase(Phase::BeforeOutput);
        check(&poor, SameTarget::Never, true, HealthImpact::None, true);
    }

    #[test]
    fn a_connection_that_failed_before_sending_is_never_billed() {
        let error = |fault| {
            Error::new(ErrorKind::Unavailable, "no connection")
                .with_phase(Phase::BeforeSend)
                .with_retry(RetryHint::Backoff)
                .with_connection_fault(fault)
        };
        let refused = error(ConnectionFault::Connect);
        check(&refused, SameTarget::Never, true, HealthImpact::Host, false);
        let stale = error(ConnectionFault::Stale);
        check(&stale, SameTarget::AtOnce, true, HealthImpact::None, false);
    }

    #[test]
    fn silence_and_cuts_may_have_been_billed() {
        let silent = Error::timeout(TimeoutStage::FirstToken, Duration::from_secs(30));
        check(
            &silent,
            SameTarget::AfterPause,
            true,
            HealthImpact::Endpoint,
            true,
        );
        let broken_off = refused(ErrorKind::Unavailable, 200).with_retry(RetryHint::Backoff);
        check(
            &broken_off,
            SameTarget::AfterPause,
            true,
            HealthImpact::Endpoint,
            true,
        );
        let cut = Error::new(ErrorKind::Protocol, "cut").with_phase(Phase::AfterOutput);
        check(&cut, SameTarget::Never, false, HealthImpact::Endpoint, true);
    }
}
