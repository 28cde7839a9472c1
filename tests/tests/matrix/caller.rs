//! The callers of the matrix: one for each format that comes in, read and answered by its dialect.
//!
//! The names and times that a gateway would make are fixed here.

use bytes::Bytes;
use interline::{ChatRequest, ChatResponse, Error, ErrorKind, Frame, RawFrame, Usage};
use interline_dialect_anthropic as messages_dialect;
use interline_dialect_openai as chat_dialect;
use interline_dialect_openai::responses as responses_dialect;
use interline_dialect_openai::responses::Identity;
use serde_json::{Value, json};

use crate::callers::{chat, messages, responses};
use crate::case::Case;
use crate::said::Finish;

/// When everything happens: 2026-01-01.
const NOW: u64 = 1_767_225_600;

/// A format that comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Caller {
    Chat,
    Responses,
    Messages,
}

impl Caller {
    pub(crate) const ALL: [Self; 3] = [Self::Chat, Self::Responses, Self::Messages];

    /// The format's id, which is its name in files and reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Chat => "openai.chat",
            Self::Responses => "openai.responses",
            Self::Messages => "anthropic.messages",
        }
    }

    /// What it sends in a case; `None` where its format has no such wish.
    pub(crate) fn request(self, case: Case) -> Option<Value> {
        match self {
            Self::Chat => chat::request(case),
            Self::Responses => responses::request(case),
            Self::Messages => messages::request(case),
        }
    }

    /// What it sends when it got an answer that calls a tool.
    pub(crate) fn next_turn(self, asked: &Value, told: &Value) -> Value {
        match self {
            Self::Chat => chat::next_turn(asked, told),
            Self::Responses => responses::next_turn(asked, told),
            Self::Messages => messages::next_turn(asked, told),
        }
    }

    pub(crate) fn decode(self, body: &Value) -> ChatRequest {
        let bytes = Bytes::from(body.to_string());
        let headers = Vec::new();
        let request = match self {
            Self::Chat => chat_dialect::decode_request(bytes, headers).map(|it| it.request),
            Self::Responses => {
                responses_dialect::decode_request(bytes, headers).map(|it| it.request)
            }
            Self::Messages => messages_dialect::decode_request(bytes, headers).map(|it| it.request),
        };
        request.expect("a right request")
    }

    /// A whole answer as the caller gets it.
    pub(crate) fn encode(self, answer: &ChatResponse, request: &ChatRequest) -> Value {
        let bytes = match self {
            Self::Chat => chat_dialect::encode_response(answer, &answer.model),
            Self::Responses => responses_dialect::encode_response(answer, request, identity()),
            Self::Messages => messages_dialect::encode_response(answer, &answer.model),
        };
        serde_json::from_slice(&bytes).expect("a JSON body")
    }

    /// What writes a streamed answer for the caller.
    pub(crate) fn writer(self, request: &ChatRequest) -> Writer {
        match self {
            Self::Chat => {
                let options = chat_dialect::StreamOptions::new(chat_dialect::UsageChunk::Asked);
                let options = options.with_identity("chatcmpl-ours", NOW);
                Writer::Chat(Box::new(chat_dialect::StreamEncoder::new(options)))
            }
            Self::Responses => {
                let encoder = responses_dialect::StreamEncoder::new(request, identity());
                Writer::Responses(Box::new(encoder))
            }
            Self::Messages => {
                let options = messages_dialect::StreamOptions::default();
                let options = options.with_message_id("msg_ours");
                Writer::Messages(Box::new(messages_dialect::StreamEncoder::new(options)))
            }
        }
    }

    /// A failure as the caller gets it: the vendor's own body where the formats match and the mistake
    /// was the caller's, else one of ours. What the gateway says in words of its own, because a vendor's
    /// words are its own affair, its tests have; here a note stands for it.
    pub(crate) fn failure(self, error: &Error, request: &ChatRequest) -> (u16, Value) {
        let callers = matches!(
            error.kind(),
            ErrorKind::InvalidRequest | ErrorKind::Unsupported
        );
        let status = match error.kind() {
            _ if callers => 400,
            ErrorKind::Overloaded => 503,
            _ => 502,
        };
        if let Some(wire) = error.wire().filter(|_| callers)
            && wire.format.as_str() == self.name()
        {
            let body = serde_json::from_slice(&wire.body).expect("a JSON body");
            return (wire.status, body);
        }
        let code = error.kind().code();
        let message = match error.provider() {
            Some(_) if !callers => "(the gateway's own words)",
            _ => error.message(),
        };
        let field = match self {
            _ if error.status().is_some() => |_: &ChatRequest, path: &str| path.to_owned(),
            Self::Chat => chat_dialect::caller_field,
            Self::Responses => responses_dialect::caller_field,
            Self::Messages => messages_dialect::caller_field,
        };
        let param = error.param().map(|path| field(request, path));
        let body = match self {
            Self::Chat | Self::Responses => {
                let body = chat_dialect::ErrorBody::new(status, code, message);
                chat_dialect::encode_error(&body.with_param(param.as_deref()))
            }
            Self::Messages => {
                let body = messages_dialect::ErrorBody::new(status, code, message);
                let body = body.with_param(param);
                messages_dialect::encode_error(&body.with_request_id("req_ours".to_owned()))
            }
        };
        (status, body)
    }

    /// The tokens as its format tells them.
    pub(crate) fn usage(self, usage: &Usage) -> Value {
        let count = |count: Option<u64>| count.unwrap_or(0);
        let (input, output) = (count(usage.input_tokens), count(usage.output_tokens));
        let (cached, thought) = (
            count(usage.cached_input_tokens),
            count(usage.reasoning_tokens),
        );
        match self {
            Self::Chat => json!({
                "prompt_tokens": input, "completion_tokens": output,
                "total_tokens": input + output,
                "prompt_tokens_details": {"cached_tokens": cached},
                "completion_tokens_details": {"reasoning_tokens": thought},
            }),
            Self::Responses => json!({
                "input_tokens": input, "output_tokens": output, "total_tokens": input + output,
                "input_tokens_details": {"cached_tokens": cached},
                "output_tokens_details": {"reasoning_tokens": thought},
            }),
            Self::Messages => json!({
                "input_tokens": count(usage.uncached_input_tokens()), "output_tokens": output,
                "cache_read_input_tokens": cached,
                "cache_creation_input_tokens": count(usage.cache_write_tokens),
            }),
        }
    }

    /// Where its format tells why the answer ended, and the word for each reason.
    pub(crate) const fn finish(self, finish: Finish) -> (&'static str, &'static str) {
        match (self, finish) {
            (Self::Chat, Finish::Stop) => ("finish_reason", "stop"),
            (Self::Chat, Finish::Length) => ("finish_reason", "length"),
            (Self::Chat, Finish::Calls) => ("finish_reason", "tool_calls"),
            (Self::Responses, Finish::Length) => ("status", "incomplete"),
            (Self::Responses, Finish::Stop | Finish::Calls) => ("status", "completed"),
            (Self::Messages, Finish::Stop) => ("stop_reason", "end_turn"),
            (Self::Messages, Finish::Length) => ("stop_reason", "max_tokens"),
            (Self::Messages, Finish::Calls) => ("stop_reason", "tool_use"),
        }
    }
}

fn identity() -> Identity {
    Identity::new("ours", NOW)
}

/// Writes a streamed answer.
pub(crate) enum Writer {
    Chat(Box<chat_dialect::StreamEncoder>),
    Responses(Box<responses_dialect::StreamEncoder>),
    Messages(Box<messages_dialect::StreamEncoder>),
}

impl Writer {
    pub(crate) fn frame(&mut self, frame: &Frame) -> Vec<RawFrame> {
        match self {
            Self::Chat(encoder) => encoder.encode(frame),
            Self::Responses(encoder) => encoder.encode(frame),
            Self::Messages(encoder) => encoder.encode(frame),
        }
    }

    pub(crate) fn failure(&mut self, body: &Value) -> Vec<RawFrame> {
        match self {
            Self::Chat(encoder) => encoder.error(body),
            Self::Responses(encoder) => encoder.error(body),
            Self::Messages(encoder) => encoder.error(body),
        }
    }
}
