//! The one error of the workspace: kind, phase, retry hint, and where it came from.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::{
    AttemptRecord, ConnectionFault, ErrorKind, FormatId, ModelId, Phase, ProviderId, RetryHint,
    TimeoutStage, ToldLimit,
};

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, how far things had come, and what follows from it.
///
/// Match on [`Error::kind`], never on the message.
/// The four questions of a failing call are answered by [`Error::same_target`],
/// [`Error::other_target`], [`Error::health_impact`] and [`Error::maybe_billed`].
///
/// Cheap to clone: one shared pointer.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    phase: Phase,
    retry: RetryHint,
    message: String,
    provider: Option<ProviderId>,
    model: Option<ModelId>,
    status: Option<u16>,
    vendor_code: Option<String>,
    param: Option<String>,
    request_id: Option<String>,
    connection_fault: Option<ConnectionFault>,
    wire: Option<WireError>,
    limits: Vec<ToldLimit>,
    attempts: Vec<AttemptRecord>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// A vendor's error body as it arrived, for callers of the same format.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WireError {
    /// Its wire format.
    pub format: FormatId,
    /// The HTTP status it came with; 200 for an error inside a stream.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

impl WireError {
    /// A body of a format with its status.
    #[must_use]
    pub const fn new(format: FormatId, status: u16, body: Bytes) -> Self {
        Self {
            format,
            status,
            body,
        }
    }
}

impl fmt::Debug for WireError {
    /// Leaves the body out: vendors echo prompts and keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireError")
            .field("format", &self.format)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Error {
    /// An error that happened before anything was sent and that trying again does not mend.
    ///
    /// `message` is lower case, names the offending value, and holds no secret and no prompt.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            phase: Phase::BeforeSend,
            retry: RetryHint::Never,
            message: message.into(),
            provider: None,
            model: None,
            status: None,
            vendor_code: None,
            param: None,
            request_id: None,
            connection_fault: None,
            wire: None,
            limits: Vec::new(),
            attempts: Vec::new(),
            source: None,
        }))
    }

    /// The caller's mistake.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest, message)
    }

    /// An answer that breaks the vendor's own format, found before content came.
    pub fn protocol(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Protocol, message)
            .with_phase(Phase::BeforeOutput)
            .with_retry(RetryHint::Backoff)
    }

    /// A timer of `stage` that ran out after `limit`.
    #[must_use]
    pub fn timeout(stage: TimeoutStage, limit: Duration) -> Self {
        let phase = match stage {
            TimeoutStage::Connect => Phase::BeforeSend,
            _ => Phase::BeforeOutput,
        };
        Self::new(
            ErrorKind::Timeout(stage),
            format!("{stage} timeout after {limit:?}"),
        )
        .with_phase(phase)
        .with_retry(RetryHint::Backoff)
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Says how far the attempt had come.
    #[must_use]
    pub fn with_phase(self, phase: Phase) -> Self {
        self.with(|inner| inner.phase = phase)
    }

    /// Says whether and when trying again may help.
    #[must_use]
    pub fn with_retry(self, retry: RetryHint) -> Self {
        self.with(|inner| inner.retry = retry)
    }

    /// Says whose failure it is; the first word stands, so that outer layers may call this freely.
    #[must_use]
    pub fn with_target(self, provider: &ProviderId, model: &ModelId) -> Self {
        if self.0.provider.is_some() {
            return self;
        }
        self.with(|inner| {
            inner.provider = Some(provider.clone());
            inner.model = Some(model.clone());
        })
    }

    /// The vendor's HTTP status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        self.with(|inner| inner.status = Some(status))
    }

    /// The vendor's own error code or type.
    #[must_use]
    pub fn with_vendor_code(self, code: impl Into<Option<String>>) -> Self {
        self.with(|inner| inner.vendor_code = code.into())
    }

    /// The request field at fault.
    #[must_use]
    pub fn with_param(self, param: impl Into<String>) -> Self {
        self.with(|inner| inner.param = Some(param.into()))
    }

    /// The vendor's id of the HTTP exchange.
    #[must_use]
    pub fn with_request_id(self, id: impl Into<Option<String>>) -> Self {
        self.with(|inner| inner.request_id = id.into())
    }

    /// What failed about the connection.
    #[must_use]
    pub fn with_connection_fault(self, fault: ConnectionFault) -> Self {
        self.with(|inner| inner.connection_fault = Some(fault))
    }

    /// The vendor's error body.
    #[must_use]
    pub fn with_wire(self, wire: WireError) -> Self {
        self.with(|inner| inner.wire = Some(wire))
    }

    /// What the vendor says about its rate limits.
    #[must_use]
    pub fn with_limits(self, limits: Vec<ToldLimit>) -> Self {
        self.with(|inner| inner.limits = limits)
    }

    /// The attempts that led here.
    #[must_use]
    pub fn with_attempts(self, attempts: Vec<AttemptRecord>) -> Self {
        self.with(|inner| inner.attempts = attempts)
    }

    /// The cause.
    #[must_use]
    pub fn with_source(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.with(|inner| inner.source = Some(Arc::new(source)))
    }

    /// What went wrong, in one word.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// How far the attempt had come.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// Whether and when trying again may help.
    #[must_use]
    pub fn retry(&self) -> RetryHint {
        self.0.retry
    }

    /// The message without kind and source. A vendor's own words may be in it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The provider that failed.
    #[must_use]
    pub fn provider(&self) -> Option<&ProviderId> {
        self.0.provider.as_ref()
    }

    /// The model that failed.
    #[must_use]
    pub fn model(&self) -> Option<&ModelId> {
        self.0.model.as_ref()
    }

    /// The vendor's HTTP status.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The vendor's own error code or type.
    #[must_use]
    pub fn vendor_code(&self) -> Option<&str> {
        self.0.vendor_code.as_deref()
    }

    /// The request field at fault.
    #[must_use]
    pub fn param(&self) -> Option<&str> {
        self.0.param.as_deref()
    }

    /// The vendor's id of the HTTP exchange.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// What failed about the connection.
    #[must_use]
    pub fn connection_fault(&self) -> Option<ConnectionFault> {
        self.0.connection_fault
    }

    /// The vendor's error body.
    #[must_use]
    pub fn wire(&self) -> Option<&WireError> {
        self.0.wire.as_ref()
    }

    /// What the vendor says about its rate limits.
    #[must_use]
    pub fn limits(&self) -> &[ToldLimit] {
        &self.0.limits
    }

    /// The attempts that led here, in order.
    #[must_use]
    pub fn attempts(&self) -> &[AttemptRecord] {
        &self.0.attempts
    }

    /// How long the vendor asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.0.retry {
            RetryHint::After(delay) => Some(delay),
            RetryHint::Never | RetryHint::Backoff => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind, self.0.message)?;
        match (&self.0.provider, &self.0.model) {
            (Some(provider), Some(model)) => write!(f, " ({provider}/{model}")?,
            (Some(provider), None) => write!(f, " ({provider}")?,
            _ => return Ok(()),
        }
        if let Some(status) = self.0.status {
            write!(f, ", status {status}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.0.kind)
            .field("phase", &self.0.phase)
            .field("retry", &self.0.retry)
            .field("message", &self.0.message)
            .field("provider", &self.0.provider)
            .field("model", &self.0.model)
            .field("status", &self.0.status)
            .field("vendor_code", &self.0.vendor_code)
            .field("connection_fault", &self.0.connection_fault);
        if !self.0.attempts.is_empty() {
            out.field("attempts", &self.0.attempts);
        }
        if let Some(source) = &self.0.source {
            out.field("source", source);
        }
        out.finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_the_target_and_not_the_source() {
        let error = Error::new(ErrorKind::Unavailable, "vendor failed")
            .with_target(&"openai".into(), &"gpt-4o".into())
            .with_status(500)
            .with_source(std::io::Error::other("secret detail"));
        assert_eq!(
            error.to_string(),
            "unavailable: vendor failed (openai/gpt-4o, status 500)"
        );
        assert!(StdError::source(&error).is_some());
    }

    #[test]
    fn the_first_target_stands() {
        let error = Error::protocol("bad")
            .with_target(&"a".into(), &"m".into())
            .with_target(&"b".into(), &"n".into());
        assert_eq!(error.provider().map(ProviderId::as_str), Some("a"));
    }

    #[test]
    fn debug_leaves_the_vendors_body_out() {
        let wire = WireError::new(
            FormatId::from_static("f"),
            400,
            Bytes::from_static(b"sk-secret"),
        );
        let shown = format!(
            "{:?} {wire:?}",
            Error::protocol("bad").with_wire(wire.clone())
        );
        assert!(!shown.contains("sk-secret"), "{shown}");
    }
}
