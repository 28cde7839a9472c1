//! What a caller is told when a call fails: status, code, message, and whether waiting helps.
//!
//! The status table:
//!
//! | failure | status |
//! |---|---|
//! | the caller's own mistake, found by us | 400, 404, 408, 413 |
//! | the caller's own mistake, found by the vendor | the vendor's 4xx |
//! | a provider's credentials, protocol errors, failures | 502 |
//! | overloaded, or our own limiter said no | 503 |
//! | rate limited, or our own budget said no | 429 |
//! | a timer ran out | 504 |
//! | all targets failed | 502; 429 or 503 with `retry-after` where waiting helps |
//! | a defect of ours | 500 |
//!
//! A vendor's words are relayed for the caller's own mistakes only; everything else is said in ours.

use std::error::Error as _;
use std::time::Duration;

use interline_core::{
    AttemptRecord, ChatRequest, Error, ErrorKind, ModelId, Phase, ProviderId, WireError,
};
use serde_json::{Value, json};

use crate::inbound::Inbound;

/// Why a call failed, as the caller gets to see it, in no format yet.
#[derive(Clone, Debug)]
pub(crate) struct Failure(Box<Facts>);

#[derive(Clone, Debug)]
struct Facts {
    status: u16,
    code: &'static str,
    message: String,
    param: Option<String>,
    retry_after: Option<Duration>,
    attempts: Vec<AttemptRecord>,
    last_target: Option<(ProviderId, ModelId)>,
    upstream_request_id: Option<String>,
    wire: Option<WireError>,
}

impl Failure {
    /// A failure found before any target was tried.
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Facts {
            status,
            code,
            message: message.into(),
            param: None,
            retry_after: None,
            attempts: Vec::new(),
            last_target: None,
            upstream_request_id: None,
            wire: None,
        }))
    }

    /// Names the field or header at fault.
    #[must_use]
    pub(crate) fn with_param(mut self, param: impl Into<String>) -> Self {
        self.0.param = Some(param.into());
        self
    }

    /// What failed `request`, with the field at fault in the words of its `format`. A field that a
    /// vendor named is its own word and stays.
    pub(crate) fn of(error: &Error, format: &dyn Inbound, request: &ChatRequest) -> Self {
        let mut failure = Self::from(error);
        if let Some(path) = failure.0.param.take() {
            let field = match error.status() {
                Some(_) => path.clone(),
                None => format.field(request, &path),
            };
            let (theirs, ours) = (format!("`{field}`"), format!("`{path}`"));
            failure.0.message = failure.0.message.replace(&ours, &theirs);
            failure.0.param = Some(field);
        }
        failure
    }

    pub(crate) fn status(&self) -> u16 {
        self.0.status
    }

    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    pub(crate) fn param(&self) -> Option<&str> {
        self.0.param.as_deref()
    }

    /// How long to wait, where waiting helps.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    pub(crate) fn attempts(&self) -> &[AttemptRecord] {
        &self.0.attempts
    }

    /// The target that failed last, where any was tried.
    pub(crate) fn last_target(&self) -> Option<(&ProviderId, &ModelId)> {
        let attempted = self.attempts().last().map(|attempt| &attempt.target);
        attempted
            .map(|target| (&target.provider, &target.model))
            .or_else(|| {
                let (provider, model) = self.0.last_target.as_ref()?;
                Some((provider, model))
            })
    }

    /// Whether more than one target was tried.
    pub(crate) fn fell_back(&self) -> bool {
        let mut targets = self.0.attempts.iter().map(|attempt| &attempt.target);
        let first = targets.next();
        targets.any(|target| Some(target) != first)
    }

    pub(crate) fn upstream_request_id(&self) -> Option<&str> {
        self.0.upstream_request_id.as_deref()
    }

    /// The vendor's own error body, where it may be relayed: the caller's mistakes only.
    pub(crate) fn wire(&self) -> Option<&WireError> {
        self.0.wire.as_ref()
    }

    /// The attempts as the error body lists them: an empty list where every target was passed over,
    /// `None` where it did not come to that.
    pub(crate) fn attempt_list(&self) -> Option<Value> {
        let targets_failed = self.0.code == ErrorKind::AllTargetsFailed.code();
        (targets_failed || !self.0.attempts.is_empty()).then(|| attempt_list(&self.0.attempts))
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let kind = error.kind();
        let callers = is_callers_mistake(kind);
        let message = if callers || error.provider().is_none() {
            error.message().to_owned()
        } else {
            in_our_words(error)
        };
        Self(Box::new(Facts {
            status: status(error),
            code: code(kind),
            message,
            param: error.param().map(str::to_owned),
            retry_after: if waiting_helps(kind) {
                error.retry_after()
            } else {
                None
            },
            attempts: error.attempts().to_vec(),
            last_target: error.provider().cloned().zip(error.model().cloned()),
            upstream_request_id: error.request_id().map(str::to_owned),
            wire: error.wire().filter(|_| callers).cloned(),
        }))
    }
}

/// The attempts as lists of provider, model, code, status and milliseconds.
pub(crate) fn attempt_list(attempts: &[AttemptRecord]) -> Value {
    attempts
        .iter()
        .map(|attempt| {
            let mut record = json!({
                "provider": attempt.target.provider.as_str(),
                "model": attempt.target.model.as_str(),
                "code": attempt.kind.map(code),
                "status": attempt.status,
                "ms": millis(attempt.duration),
            });
            if attempt.is_hedge {
                record["hedge"] = json!(true);
            }
            record
        })
        .collect()
}

/// Whole milliseconds, saturating.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn is_callers_mistake(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidRequest
            | ErrorKind::PayloadTooLarge
            | ErrorKind::NotFound
            | ErrorKind::ContextLength
            | ErrorKind::ContentFiltered
            | ErrorKind::Unsupported
    )
}

fn waiting_helps(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::RateLimited
            | ErrorKind::Overloaded
            | ErrorKind::Unavailable
            | ErrorKind::Rejected
            | ErrorKind::Budget
            | ErrorKind::AllTargetsFailed
    )
}

/// The code of the contract's list; two kinds of core's are not on it.
fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Rejected => ErrorKind::Unavailable.code(),
        ErrorKind::Cancelled => ErrorKind::Internal.code(),
        other => other.code(),
    }
}

fn status(error: &Error) -> u16 {
    match error.kind() {
        ErrorKind::PayloadTooLarge => 413,
        ErrorKind::InvalidRequest
        | ErrorKind::ContextLength
        | ErrorKind::ContentFiltered
        | ErrorKind::Unsupported => vendors_4xx(error).unwrap_or(400),
        ErrorKind::NotFound => vendors_4xx(error).unwrap_or(404),
        ErrorKind::Timeout(_) => 504,
        ErrorKind::RateLimited | ErrorKind::Budget => 429,
        ErrorKind::Overloaded | ErrorKind::Rejected => 503,
        ErrorKind::Unavailable if error.retry_after().is_some() => 503,
        ErrorKind::AllTargetsFailed => all_failed_status(error),
        ErrorKind::Internal => 500,
        _ => 502,
    }
}

/// The vendor's status, unless callers would mistake it for something about themselves.
fn vendors_4xx(error: &Error) -> Option<u16> {
    error.status().filter(|status| {
        (400..500).contains(status) && !matches!(status, 401..=403 | 408 | 409 | 429)
    })
}

fn all_failed_status(error: &Error) -> u16 {
    if error.retry_after().is_none() {
        return 502;
    }
    // The engine's word for it: nothing but rate limits and announced waits stood in the way.
    let cause = error
        .source()
        .and_then(|source| source.downcast_ref::<Error>());
    match cause.map(Error::kind) {
        Some(ErrorKind::RateLimited) => 429,
        _ => 503,
    }
}

/// Says what happened without a vendor's words.
fn in_our_words(error: &Error) -> String {
    let what = match error.kind() {
        ErrorKind::Authentication => "refused the configured credential".to_owned(),
        ErrorKind::Permission => "refuses this to the configured credential".to_owned(),
        ErrorKind::QuotaExhausted => "says that the account's quota is used up".to_owned(),
        ErrorKind::RateLimited => "is rate limited".to_owned(),
        ErrorKind::Overloaded => "is overloaded".to_owned(),
        ErrorKind::Unavailable | ErrorKind::Protocol if error.phase() == Phase::AfterOutput => {
            "broke its answer off".to_owned()
        }
        ErrorKind::Unavailable => "failed or cannot be reached".to_owned(),
        ErrorKind::Timeout(stage) => format!("took too long ({stage} timeout)"),
        ErrorKind::Protocol => "sent an answer that breaks its own format".to_owned(),
        other => format!("failed: {}", code(other)),
    };
    let target = match (error.provider(), error.model()) {
        (Some(provider), Some(model)) => format!("`{provider}/{model}`"),
        (Some(provider), None) => format!("`{provider}`"),
        _ => "the provider".to_owned(),
    };
    let when = if error.phase() == Phase::AfterOutput {
        " after a part of it had been delivered; nothing was restarted"
    } else {
        ""
    };
    format!("{target} {what}{when}")
}

#[cfg(test)]
mod tests {
    use interline_core::{RetryHint, Target, TimeoutStage};

    use super::*;

    fn attempt(kind: ErrorKind, status: u16) -> AttemptRecord {
        let error = Error::new(kind, "vendor's words").with_status(status);
        AttemptRecord::failed(
            Target::new("openai", "gpt-4o"),
            Duration::from_millis(7),
            &error,
        )
    }

    fn from_vendor(kind: ErrorKind, status: u16) -> Error {
        Error::new(kind, "vendor's words")
            .with_status(status)
            .with_target(&"openai".into(), &"gpt-4o".into())
    }

    #[track_caller]
    fn check(error: &Error, status: u16, code: &str) {
        let failure = Failure::from(error);
        assert_eq!(failure.status(), status, "{error}");
        assert_eq!(failure.code(), code, "{error}");
    }

    #[test]
    fn the_status_table_holds() {
        use ErrorKind as K;
        check(&Error::invalid_request("bad"), 400, "invalid_request");
        check(&from_vendor(K::InvalidRequest, 422), 422, "invalid_request");
        check(
            &from_vendor(K::ContextLength, 400),
            400,
            "context_length_exceeded",
        );
        check(
            &from_vendor(K::ContentFiltered, 200),
            400,
            "content_filtered",
        );
        check(
            &from_vendor(K::PayloadTooLarge, 413),
            413,
            "payload_too_large",
        );
        check(&from_vendor(K::NotFound, 404), 404, "not_found");
        check(&from_vendor(K::NotFound, 400), 400, "not_found");
        check(&Error::new(K::NotFound, "no such model"), 404, "not_found");
        check(&from_vendor(K::Authentication, 401), 502, "authentication");
        check(&from_vendor(K::Permission, 403), 502, "permission_denied");
        check(&from_vendor(K::QuotaExhausted, 402), 502, "quota_exhausted");
        check(&from_vendor(K::Protocol, 200), 502, "protocol");
        check(&from_vendor(K::Unavailable, 500), 502, "unavailable");
        check(&from_vendor(K::Overloaded, 529), 503, "overloaded");
        check(&Error::new(K::Rejected, "closed"), 503, "unavailable");
        check(&Error::new(K::Budget, "spent"), 429, "budget_exhausted");
        check(
            &Error::timeout(TimeoutStage::Total, Duration::from_secs(1)),
            504,
            "timeout",
        );
        check(&Error::new(K::Internal, "bug"), 500, "internal");
    }

    #[test]
    fn all_targets_failed_asks_to_wait_only_where_waiting_helps() {
        let failed = |attempts, retry| {
            Error::new(ErrorKind::AllTargetsFailed, "all failed")
                .with_attempts(attempts)
                .with_retry(retry)
        };
        let limited = vec![attempt(ErrorKind::RateLimited, 429)];
        let mixed = vec![
            attempt(ErrorKind::RateLimited, 429),
            attempt(ErrorKind::Unavailable, 500),
        ];
        let wait = RetryHint::After(Duration::from_secs(9));
        let only_limits = Error::new(ErrorKind::RateLimited, "every target asked to wait");
        check(
            &failed(limited.clone(), RetryHint::Never),
            502,
            "all_targets_failed",
        );
        let limited = failed(limited, wait).with_source(only_limits.clone());
        check(&limited, 429, "all_targets_failed");
        let nobody_asked = failed(Vec::new(), wait).with_source(only_limits);
        check(&nobody_asked, 429, "all_targets_failed");
        assert_eq!(Failure::from(&nobody_asked).attempt_list(), Some(json!([])));
        check(&failed(mixed.clone(), wait), 503, "all_targets_failed");
        let failure = Failure::from(&failed(mixed, wait));
        assert_eq!(failure.retry_after(), Some(Duration::from_secs(9)));
        assert_eq!(
            failure.attempt_list().expect("two attempts")[1],
            json!({"provider": "openai", "model": "gpt-4o", "code": "unavailable", "status": 500, "ms": 7})
        );
    }

    #[test]
    fn a_vendors_words_are_relayed_for_the_callers_mistakes_only() {
        let own = Failure::from(&from_vendor(ErrorKind::InvalidRequest, 400));
        assert_eq!(own.message(), "vendor's words");
        let other = Failure::from(&from_vendor(ErrorKind::Unavailable, 500));
        assert_eq!(
            other.message(),
            "`openai/gpt-4o` failed or cannot be reached"
        );
    }
}
