//! The formats that callers speak: one small trait, one implementation per format.

mod anthropic_messages;
mod anthropic_models;
mod openai_chat;
mod openai_responses;

use std::fmt;

use bytes::Bytes;
use http::Uri;
use interline_core::{CallId, ChatRequest, ChatResponse, FormatId, Frame, RawFrame, Result};
use serde_json::Value;

use crate::failure::Failure;
use crate::journal::Mode;

pub(crate) use anthropic_messages::ANTHROPIC_MESSAGES;
pub(crate) use openai_chat::OPENAI_CHAT;
pub(crate) use openai_responses::OPENAI_RESPONSES;

/// A wire format that callers speak.
pub(crate) trait Inbound: fmt::Debug + Send + Sync {
    /// The format's id.
    fn format(&self) -> FormatId;

    /// The format's id as a word for logs and metrics.
    fn name(&self) -> &'static str;

    /// Request headers, in lower case, that belong to the format and travel on with the body.
    fn travelling_headers(&self) -> &'static [&'static str];

    /// What of the address's query belongs to the format and travels on with the body.
    fn travelling_query(&self, _: &Uri) -> Option<&'static str> {
        None
    }

    /// Reads a request.
    ///
    /// # Errors
    /// `InvalidRequest` that says where and what is wrong.
    fn decode(&self, body: Bytes, headers: Vec<(String, String)>) -> Result<InboundCall>;

    /// Writes a whole answer to `request`; the vendor's own bytes where the formats match. `id` names
    /// it where the vendor does not.
    fn encode(&self, response: &ChatResponse, request: &ChatRequest, id: &CallId) -> Bytes;

    /// Writes a streamed answer to `call`, one frame after the other; `id` names it where the vendor
    /// does not.
    fn stream_encoder(&self, call: &InboundCall, id: &CallId) -> Box<dyn EventEncoder>;

    /// The path that an error names, a path through the types of `request`, as the caller finds it in
    /// what was sent.
    fn field(&self, request: &ChatRequest, path: &str) -> String;

    /// Writes an error body.
    fn encode_error(&self, failure: &Failure, id: &CallId) -> Value;

    /// What keeps a waiting connection alive without meaning anything.
    fn keep_alive(&self) -> &'static [u8];

    /// A model list in this format's shape, or the page of it that the address asks for; `ids` are
    /// what callers may put into `model`.
    ///
    /// # Errors
    /// 400 where the address asks for a page in words that mean nothing.
    fn model_list(&self, ids: &[String], asked: &Uri) -> Result<Value, Failure>;

    /// How the names begin that programs of this format show, where they show no others.
    fn shown_prefix(&self) -> Option<&'static str>;

    /// One member of a model list.
    fn model(&self, id: &str) -> Value;
}

/// Writes the events of one streamed answer.
pub(crate) trait EventEncoder: Send {
    /// The events for one frame; the vendor's own where the formats match.
    fn encode(&mut self, frame: &Frame) -> Vec<RawFrame>;

    /// The last event of a stream that failed.
    fn fail(&mut self, error: &Value) -> Vec<RawFrame>;
}

/// A request as a caller sent it.
#[derive(Debug)]
pub(crate) struct InboundCall {
    pub(crate) request: ChatRequest,
    pub(crate) mode: Mode,
    pub(crate) usage: UsageWish,
}

/// Whether the caller of a stream wants to see the tokens used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UsageWish {
    Hidden,
    Shown,
}
