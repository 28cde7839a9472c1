//! A whole answer: choices, usage, and what the vendor said around it.

use std::time::Duration;

use bytes::Bytes;

use crate::{Extra, FinishReason, FormatId, Part, PartKind, ToldLimit, ToolCall, Usage};

/// A whole answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChatResponse {
    /// The vendor's id of the answer; empty where it gives none.
    pub id: String,
    /// The model that answered, in the vendor's words.
    pub model: String,
    /// When the answer was made, in seconds since 1970, where the vendor says so.
    pub created: Option<u64>,
    /// The answers; more than one only where `n` asked for it.
    pub choices: Vec<Choice>,
    /// Tokens used.
    pub usage: Usage,
    /// What the vendor said around the answer.
    pub meta: ResponseMeta,
    /// The body as it arrived, for callers of the same format.
    pub raw: Option<RawBody>,
    /// Fields that no type knows.
    pub extra: Extra,
}

/// One of the answers.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Choice {
    /// Its place among the answers, from 0.
    pub index: u32,
    /// What the model said, in order.
    pub parts: Vec<Part>,
    /// Why it ended, where the vendor says so.
    pub finish_reason: Option<FinishReason>,
    /// The stop text that ended it, where the vendor says so.
    pub stop_sequence: Option<String>,
    /// Log-probabilities as they are on the wire, tagged with their format.
    pub logprobs: Extra,
    /// Fields that no type knows.
    pub extra: Extra,
}

impl Choice {
    /// An answer made of parts.
    pub fn new(index: u32, parts: impl Into<Vec<Part>>) -> Self {
        Self {
            index,
            parts: parts.into(),
            ..Self::default()
        }
    }

    /// Says why it ended.
    #[must_use]
    pub fn with_finish_reason(mut self, reason: impl Into<Option<FinishReason>>) -> Self {
        self.finish_reason = reason.into();
        self
    }

    /// The text, joined without a separator.
    #[must_use]
    pub fn text(&self) -> String {
        Part::joined_text(&self.parts)
    }

    /// The thinking in words, joined without a separator.
    #[must_use]
    pub fn reasoning_text(&self) -> String {
        self.parts
            .iter()
            .filter_map(|part| match &part.kind {
                PartKind::Reasoning(reasoning) => Some(reasoning.text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// The tool calls the caller is asked to run.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.parts.iter().filter_map(|part| match &part.kind {
            PartKind::ToolCall(call) => Some(call),
            _ => None,
        })
    }
}

/// What a vendor said around an answer.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ResponseMeta {
    /// The vendor's id of the HTTP exchange, for its support.
    pub request_id: Option<String>,
    /// The vendor's rate-limit headers in lower case, as they came.
    pub rate_limit: Vec<(String, String)>,
    /// What those headers mean.
    pub limits: Vec<ToldLimit>,
    /// How long the vendor says it worked, where it says so.
    pub processing: Option<Duration>,
}

/// A body as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawBody {
    /// Its wire format.
    pub format: FormatId,
    /// The bytes.
    pub body: Bytes,
}

impl RawBody {
    /// A body of a format.
    #[must_use]
    pub const fn new(format: FormatId, body: Bytes) -> Self {
        Self { format, body }
    }
}

impl ChatResponse {
    /// An answer of `model` with these choices.
    pub fn new(model: impl Into<String>, choices: impl Into<Vec<Choice>>) -> Self {
        Self {
            id: String::new(),
            model: model.into(),
            created: None,
            choices: choices.into(),
            usage: Usage::default(),
            meta: ResponseMeta::default(),
            raw: None,
            extra: Extra::none(),
        }
    }

    /// Adds the tokens used.
    #[must_use]
    pub const fn with_usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// The first choice's text; empty where there is none.
    #[must_use]
    pub fn text(&self) -> String {
        self.choices.first().map(Choice::text).unwrap_or_default()
    }

    /// The first choice's thinking; empty where there is none.
    #[must_use]
    pub fn reasoning_text(&self) -> String {
        self.choices
            .first()
            .map(Choice::reasoning_text)
            .unwrap_or_default()
    }

    /// The first choice's tool calls.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.choices
            .first()
            .into_iter()
            .flat_map(Choice::tool_calls)
    }

    /// Why the first choice ended.
    #[must_use]
    pub fn finish_reason(&self) -> Option<&FinishReason> {
        self.choices.first()?.finish_reason.as_ref()
    }
}
