//! Callers that speak OpenAI's Responses.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::Uri;
use interline_core::{CallId, ChatRequest, ChatResponse, FormatId, Frame, RawFrame, Result};
use interline_dialect_openai::responses::{self as dialect, Identity};
use serde_json::Value;

use super::{EventEncoder, Inbound, InboundCall, OPENAI_CHAT, UsageWish};
use crate::failure::Failure;
use crate::journal::Mode;

/// Callers that speak OpenAI's Responses.
pub(crate) const OPENAI_RESPONSES: OpenAiResponses = OpenAiResponses;

/// Callers that speak OpenAI's Responses; errors and model lists are those of its other APIs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenAiResponses;

impl Inbound for OpenAiResponses {
    fn format(&self) -> FormatId {
        dialect::FORMAT
    }

    fn name(&self) -> &'static str {
        "openai.responses"
    }

    fn travelling_headers(&self) -> &'static [&'static str] {
        OPENAI_CHAT.travelling_headers()
    }

    fn decode(&self, body: Bytes, headers: Vec<(String, String)>) -> Result<InboundCall> {
        let inbound = dialect::decode_request(body, headers)?;
        Ok(InboundCall {
            mode: if inbound.stream {
                Mode::Stream
            } else {
                Mode::Unary
            },
            // The format has no way to leave it out.
            usage: UsageWish::Shown,
            request: inbound.request,
        })
    }

    fn encode(&self, response: &ChatResponse, request: &ChatRequest, id: &CallId) -> Bytes {
        dialect::encode_response(response, request, identity(id))
    }

    fn stream_encoder(&self, call: &InboundCall, id: &CallId) -> Box<dyn EventEncoder> {
        Box::new(dialect::StreamEncoder::new(&call.request, identity(id)))
    }

    fn field(&self, request: &ChatRequest, path: &str) -> String {
        dialect::caller_field(request, path)
    }

    fn encode_error(&self, failure: &Failure, id: &CallId) -> Value {
        OPENAI_CHAT.encode_error(failure, id)
    }

    fn keep_alive(&self) -> &'static [u8] {
        OPENAI_CHAT.keep_alive()
    }

    fn model_list(&self, ids: &[String], asked: &Uri) -> Result<Value, Failure> {
        OPENAI_CHAT.model_list(ids, asked)
    }

    fn shown_prefix(&self) -> Option<&'static str> {
        OPENAI_CHAT.shown_prefix()
    }

    fn model(&self, id: &str) -> Value {
        OPENAI_CHAT.model(id)
    }
}

/// Names for what is made here, by the call and the time.
fn identity(id: &CallId) -> Identity {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Identity::new(id.as_str(), now.unwrap_or_default().as_secs())
}

impl EventEncoder for dialect::StreamEncoder {
    fn encode(&mut self, frame: &Frame) -> Vec<RawFrame> {
        self.encode(frame)
    }

    fn fail(&mut self, error: &Value) -> Vec<RawFrame> {
        self.error(error)
    }
}
