//! Dialect: the wire formats that a vendor can speak, and what a format has to be able to write.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::anthropic::Anthropic;
use crate::ask::Ask;
use crate::fault::{ErrorCase, RetryAfter};
use crate::http1::Request;
use crate::openai::OpenAi;
use crate::quota::{BucketStanding, Standing};
use crate::reply::{Reply, TokenUsage};

/// The wire format of a vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// OpenAI Chat Completions, which many vendors speak.
    OpenAi,
    /// Anthropic Messages.
    Anthropic,
}

impl Dialect {
    pub(crate) fn format(self) -> &'static dyn WireFormat {
        match self {
            Self::OpenAi => &OpenAi,
            Self::Anthropic => &Anthropic,
        }
    }
}

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    ModelCall,
    Embeddings,
    CountTokens,
    ListModels,
    OneModel(String),
    Unknown,
}

/// An error answer before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VendorError {
    pub(crate) case: ErrorCase,
    pub(crate) message: String,
    pub(crate) param: Option<String>,
}

impl VendorError {
    pub(crate) fn new(case: ErrorCase, message: impl Into<String>) -> Self {
        Self {
            case,
            message: message.into(),
            param: None,
        }
    }

    pub(crate) fn with_param(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }
}

/// Facts of one exchange that every part of its answer repeats.
#[derive(Debug, Clone)]
pub(crate) struct Exchanged<'a> {
    pub(crate) number: u64,
    pub(crate) request_id: &'a str,
    pub(crate) reasoning_field: &'a str,
    pub(crate) ask: &'a Ask,
    pub(crate) usage: TokenUsage,
}

/// One server-sent event of a streamed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) kind: EventKind,
    pub(crate) bytes: Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// Before content: role, message and block starts, pings.
    Framing,
    /// Text, reasoning or tool arguments; paced.
    Content,
}

/// Limits that answers report; nothing is enforced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReportedLimits {
    pub(crate) requests: u64,
    pub(crate) tokens: u64,
    /// Time until the reported windows are full again.
    pub(crate) reset: Duration,
}

impl ReportedLimits {
    /// What to report after one request of so many tokens.
    pub(crate) fn standing(self, used: u64) -> Standing {
        let bucket = |limit: u64, used| BucketStanding {
            limit,
            left: limit.saturating_sub(used),
            full_in: self.reset,
        };
        Standing {
            requests: bucket(self.requests, 1),
            tokens: bucket(self.tokens, used),
        }
    }
}

/// A wire format: reads requests, writes answers. Pure.
pub(crate) trait WireFormat: Send + Sync {
    /// What the path, below the vendor's prefix, asks for.
    fn route(&self, method: &str, path: &str) -> Route;
    /// The key that a request carries.
    fn presented_key<'a>(&self, request: &'a Request) -> Option<&'a str>;
    /// Reads a model call, or says what is wrong with it as the vendor would.
    fn read(&self, request: &Request, body: &Value) -> Result<Ask, VendorError>;
    /// The body of a unary answer.
    fn whole(&self, exchanged: &Exchanged<'_>, reply: &Reply) -> Value;
    /// The events of a streamed answer, the terminal one included.
    fn events(&self, exchanged: &Exchanged<'_>, reply: &Reply) -> Vec<Event>;
    /// The usual status of an error.
    fn status(&self, case: ErrorCase) -> u16;
    /// The message that the vendor sends where a fault names none.
    fn stock_message(&self, case: ErrorCase) -> &'static str;
    /// The message for a model that is not there.
    fn unknown_model(&self, model: &str) -> String;
    /// The body of an error answer.
    fn error_body(&self, error: &VendorError, request_id: &str) -> Value;
    /// The event that reports an error inside a stream.
    fn error_event(&self, error: &VendorError, request_id: &str) -> Bytes;
    /// A keep-alive inside a stream.
    fn ping(&self) -> &'static [u8];
    /// The list of models.
    fn model_list(&self, models: &[String]) -> Value;
    /// One model of the list.
    fn model(&self, id: &str) -> Value;
    /// Headers that every answer carries, request id included.
    fn headers(&self, request_id: &str) -> Vec<(String, String)>;
    /// Headers that tell the rate limits.
    fn limit_headers(&self, standing: &Standing) -> Vec<(String, String)>;
    /// The form in which a rate limit asks for a delay.
    fn announced(&self, wait: Duration) -> RetryAfter;
    /// The request id that belongs to the exchange with this number.
    fn request_id(&self, salt: u64, number: u64) -> String;
}

/// An owned header.
pub(crate) fn header(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

/// The same 32 hexadecimal digits for the same arguments (FNV-1a over both, twice).
pub(crate) fn digits(salt: u64, number: u64) -> String {
    let half = |start: u64| {
        salt.to_le_bytes()
            .into_iter()
            .chain(number.to_le_bytes())
            .fold(start, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            })
    };
    format!(
        "{:016x}{:016x}",
        half(0xcbf2_9ce4_8422_2325),
        half(0x9e37_79b9_7f4a_7c15)
    )
}

/// Text of a message's content: a string, or the text parts of a list.
pub(crate) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part.get("text").and_then(Value::as_str))
            .collect::<Vec<_>>()
            .join("\n"),
        _ => String::new(),
    }
}

/// The wait in whole units, rounded up, so that nobody comes back too early.
pub(crate) fn whole_units(wait: Duration, unit: Duration) -> u64 {
    u64::try_from(wait.as_nanos().div_ceil(unit.as_nanos())).unwrap_or(u64::MAX)
}

/// Whether a member is there and true.
pub(crate) fn is_true(body: &Value, pointer: &str) -> bool {
    body.pointer(pointer).and_then(Value::as_bool) == Some(true)
}
