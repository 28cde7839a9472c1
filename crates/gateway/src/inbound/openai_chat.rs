//! Callers that speak OpenAI's Chat Completions.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::Uri;
use interline_core::{CallId, ChatRequest, ChatResponse, FormatId, Frame, RawFrame, Result};
use interline_dialect_openai as dialect;
use serde_json::{Value, json};

use super::{EventEncoder, Inbound, InboundCall, UsageWish};
use crate::failure::Failure;
use crate::journal::Mode;

/// Callers that speak OpenAI's Chat Completions.
pub(crate) const OPENAI_CHAT: OpenAiChat = OpenAiChat;

#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenAiChat;

impl Inbound for OpenAiChat {
    fn format(&self) -> FormatId {
        dialect::FORMAT
    }

    fn name(&self) -> &'static str {
        "openai.chat"
    }

    fn travelling_headers(&self) -> &'static [&'static str] {
        dialect::FORWARDED_HEADERS
    }

    fn decode(&self, body: Bytes, headers: Vec<(String, String)>) -> Result<InboundCall> {
        let inbound = dialect::decode_request(body, headers)?;
        Ok(InboundCall {
            mode: if inbound.stream {
                Mode::Stream
            } else {
                Mode::Unary
            },
            usage: if inbound.include_usage {
                UsageWish::Shown
            } else {
                UsageWish::Hidden
            },
            request: inbound.request,
        })
    }

    fn encode(&self, response: &ChatResponse, _: &ChatRequest, id: &CallId) -> Bytes {
        if !response.id.is_empty() && response.created.is_some() {
            return dialect::encode_response(response, &response.model);
        }
        // Clients sort answers by name and age, and many vendors tell neither.
        let mut named = response.clone();
        if named.id.is_empty() {
            named.id = format!("chatcmpl-{id}");
        }
        named.created.get_or_insert_with(seconds_since_1970);
        dialect::encode_response(&named, &named.model)
    }

    fn stream_encoder(&self, call: &InboundCall, id: &CallId) -> Box<dyn EventEncoder> {
        let usage = match call.usage {
            UsageWish::Shown => dialect::UsageChunk::Asked,
            UsageWish::Hidden => dialect::UsageChunk::NotAsked,
        };
        let options = dialect::StreamOptions::new(usage)
            .with_identity(format!("chatcmpl-{id}"), seconds_since_1970());
        Box::new(dialect::StreamEncoder::new(options))
    }

    fn field(&self, request: &ChatRequest, path: &str) -> String {
        dialect::caller_field(request, path)
    }

    fn encode_error(&self, failure: &Failure, _: &CallId) -> Value {
        let body = dialect::ErrorBody::new(failure.status(), failure.code(), failure.message())
            .with_param(failure.param())
            .with_attempts(failure.attempt_list());
        dialect::encode_error(&body)
    }

    fn keep_alive(&self) -> &'static [u8] {
        b": ping\n\n"
    }

    fn model_list(&self, ids: &[String], _: &Uri) -> Result<Value, Failure> {
        let members: Value = ids.iter().map(|id| self.model(id)).collect();
        Ok(json!({"object": "list", "data": members}))
    }

    fn shown_prefix(&self) -> Option<&'static str> {
        None
    }

    fn model(&self, id: &str) -> Value {
        // Nobody knows when a route was made; 0 is what clients show as unknown.
        json!({"id": id, "object": "model", "created": 0, "owned_by": "interline"})
    }
}

fn seconds_since_1970() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

impl EventEncoder for dialect::StreamEncoder {
    fn encode(&mut self, frame: &Frame) -> Vec<RawFrame> {
        self.encode(frame)
    }

    fn fail(&mut self, error: &Value) -> Vec<RawFrame> {
        self.error(error)
    }
}
