//! Callers that speak Anthropic's Messages.

use bytes::Bytes;
use interline_core::{CallId, ChatRequest, ChatResponse, FormatId, Frame, RawFrame, Result};
use interline_dialect_anthropic as dialect;
use serde_json::{Value, json};

use super::{EventEncoder, Inbound, InboundCall, UsageWish};
use crate::failure::Failure;
use crate::journal::Mode;

/// Callers that speak Anthropic's Messages.
pub(crate) const ANTHROPIC_MESSAGES: AnthropicMessages = AnthropicMessages;

#[derive(Clone, Copy, Debug)]
pub(crate) struct AnthropicMessages;

impl Inbound for AnthropicMessages {
    fn format(&self) -> FormatId {
        dialect::FORMAT
    }

    fn name(&self) -> &'static str {
        "anthropic.messages"
    }

    fn travelling_headers(&self) -> &'static [&'static str] {
        &["anthropic-beta", "anthropic-version"]
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

    fn encode(&self, response: &ChatResponse, _: &ChatRequest, _: &CallId) -> Bytes {
        dialect::encode_response(response, &response.model)
    }

    fn stream_encoder(&self, _: &InboundCall, id: &CallId) -> Box<dyn EventEncoder> {
        let options = dialect::StreamOptions::default().with_message_id(format!("msg_{id}"));
        Box::new(dialect::StreamEncoder::new(options))
    }

    fn encode_error(&self, failure: &Failure, id: &CallId) -> Value {
        let body = dialect::ErrorBody::new(failure.status(), failure.code(), failure.message())
            .with_param(failure.param().map(str::to_owned))
            .with_attempts(failure.attempt_list())
            .with_request_id(id.to_string());
        dialect::encode_error(&body)
    }

    fn keep_alive(&self) -> &'static [u8] {
        b"event: ping\ndata: {\"type\": \"ping\"}\n\n"
    }

    fn model_list(&self, ids: &[String]) -> Value {
        let members: Value = ids.iter().map(|id| self.model(id)).collect();
        json!({
            "data": members,
            "has_more": false,
            "first_id": ids.first(),
            "last_id": ids.last(),
        })
    }

    fn model(&self, id: &str) -> Value {
        // Anthropic's own word for an unknown release date.
        json!({"type": "model", "id": id, "display_name": id, "created_at": "1970-01-01T00:00:00Z"})
    }
}

impl EventEncoder for dialect::StreamEncoder {
    fn encode(&mut self, frame: &Frame) -> Vec<RawFrame> {
        self.encode(frame)
    }

    fn fail(&mut self, error: &Value) -> Vec<RawFrame> {
        self.error(error)
    }
}
