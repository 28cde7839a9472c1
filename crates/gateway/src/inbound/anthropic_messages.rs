//! Callers that speak Anthropic's Messages.

use bytes::Bytes;
use http::Uri;
use interline_core::{CallId, ChatRequest, ChatResponse, FormatId, Frame, RawFrame, Result};
use interline_dialect_anthropic as dialect;
use serde_json::Value;

use super::{EventEncoder, Inbound, InboundCall, UsageWish, anthropic_models};
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

    /// The SDK's way to say that a call uses something of which `anthropic-beta` tells more.
    fn travelling_query(&self, address: &Uri) -> Option<&'static str> {
        const BETA: &str = "beta=true";
        let query = address.query()?;
        query.split('&').any(|pair| pair == BETA).then_some(BETA)
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

    fn field(&self, request: &ChatRequest, path: &str) -> String {
        dialect::caller_field(request, path)
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

    fn model_list(&self, ids: &[String], asked: &Uri) -> Result<Value, Failure> {
        anthropic_models::list(ids, asked)
    }

    fn shown_prefix(&self) -> Option<&'static str> {
        // Claude Code offers what begins so for choice, and nothing else.
        Some("claude")
    }

    fn model(&self, id: &str) -> Value {
        anthropic_models::model(id)
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
