//! The wire formats in one table, so that every target of a format is written once.

use bytes::Bytes;
use http::HeaderMap;
use interline::bedrock::{self, EventStreamFraming};
use interline::{ChatRequest, ChatResponse, ChatStream, Error, Result, cohere};
use interline_dialect_openai::responses;
use interline_transport::{FrameDecoder, HttpResponse, SseLimits};
use {interline_dialect_anthropic as anthropic, interline_dialect_gemini as gemini};
use {interline_dialect_openai as openai, serde_json::Value};

use crate::seeds;
use crate::targets::event_stream;

/// Whether an answer is asked for whole or step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Whole,
    Streamed,
}

/// One wire format: its readers and writers.
pub(crate) struct Dialect {
    pub(crate) name: &'static str,
    /// Recorded protocols of this format; a leading `*` stands for any vendor.
    pub(crate) apis: &'static [&'static str],
    pub(crate) decode_request: fn(Bytes) -> Result<ChatRequest>,
    pub(crate) encode_request: fn(&ChatRequest, Way) -> Result<Bytes>,
    pub(crate) decode_response: fn(Bytes) -> Result<ChatResponse>,
    /// Makes the body of a stream of an input that can be mutated as text.
    pub(crate) stream_body: fn(&[u8]) -> Vec<u8>,
    pub(crate) read_stream: fn(HttpResponse) -> ChatStream,
    pub(crate) decode_error: fn(u16, &HeaderMap, Bytes) -> Error,
    /// Hand-written inputs: a request, an answer, a stream, an error.
    pub(crate) seeds: [&'static str; 4],
}

/// Every wire format of chat.
pub(crate) const ALL: &[Dialect] = &[
    Dialect {
        name: "openai-chat",
        apis: &["*.chat", "*.openai-chat"],
        decode_request: |body| Ok(openai::decode_request(body, Vec::new())?.request),
        encode_request: |request, way| {
            let mode = match way {
                Way::Whole => openai::Mode::Unary,
                Way::Streamed => openai::Mode::Stream,
            };
            openai::encode_request(request, mode, &openai::Quirks::new())
        },
        decode_response: openai::decode_response,
        stream_body: <[u8]>::to_vec,
        read_stream: |body| server_sent(body, openai::StreamDecoder::new(openai::Quirks::new())),
        decode_error: openai::decode_error,
        seeds: seeds::OPENAI_CHAT,
    },
    Dialect {
        name: "openai-responses",
        apis: &["*.responses"],
        decode_request: |body| Ok(responses::decode_request(body, Vec::new())?.request),
        encode_request: |request, way| {
            let mode = match way {
                Way::Whole => openai::Mode::Unary,
                Way::Streamed => openai::Mode::Stream,
            };
            responses::encode_request(request, mode, &openai::Quirks::new())
        },
        decode_response: responses::decode_response,
        stream_body: <[u8]>::to_vec,
        read_stream: |body| server_sent(body, responses::StreamDecoder::new()),
        decode_error: responses::decode_error,
        seeds: seeds::OPENAI_RESPONSES,
    },
    Dialect {
        name: "anthropic",
        apis: &["anthropic.messages", "vertex.anthropic-rawPredict"],
        decode_request: |body| Ok(anthropic::decode_request(body, Vec::new())?.request),
        encode_request: |request, way| {
            let mode = match way {
                Way::Whole => anthropic::Mode::Unary,
                Way::Streamed => anthropic::Mode::Stream,
            };
            anthropic::encode_request(request, mode, &anthropic::Quirks::default())
        },
        decode_response: anthropic::decode_response,
        stream_body: <[u8]>::to_vec,
        read_stream: |body| server_sent(body, anthropic::StreamDecoder::new()),
        decode_error: anthropic::decode_error,
        seeds: seeds::ANTHROPIC,
    },
    Dialect {
        name: "gemini",
        apis: &["*.generateContent", "*.streamGenerateContent"],
        decode_request: |body| gemini::decode_request("gemini-2.5-flash", body),
        encode_request: |request, _| gemini::encode_request(request, &gemini::Quirks::default()),
        decode_response: gemini::decode_response,
        stream_body: <[u8]>::to_vec,
        read_stream: |body| server_sent(body, gemini::StreamDecoder::new()),
        decode_error: gemini::decode_error,
        seeds: seeds::GEMINI,
    },
    Dialect {
        name: "cohere",
        apis: &["cohere.v2.chat"],
        decode_request: cohere::decode_request,
        encode_request: |request, way| {
            let mode = match way {
                Way::Whole => cohere::Mode::Unary,
                Way::Streamed => cohere::Mode::Stream,
            };
            cohere::encode_request(request, mode)
        },
        decode_response: cohere::decode_response,
        stream_body: <[u8]>::to_vec,
        read_stream: |body| server_sent(body, cohere::StreamDecoder::new()),
        decode_error: cohere::decode_error,
        seeds: seeds::COHERE,
    },
    Dialect {
        name: "bedrock",
        apis: &["bedrock.converse"],
        decode_request: |body| bedrock::decode_request("anthropic.claude-sonnet-4-5", body),
        encode_request: |request, _| bedrock::encode_request(request),
        decode_response: |body| bedrock::decode_response(&"m".into(), body),
        stream_body: event_stream::body,
        read_stream: |body| {
            let decoder = bedrock::StreamDecoder::new("m");
            body.framed(EventStreamFraming::new(), decoder, &"p".into(), &"m".into())
        },
        decode_error: bedrock::decode_error,
        seeds: seeds::BEDROCK,
    },
];

fn server_sent(body: HttpResponse, decoder: impl FrameDecoder) -> ChatStream {
    body.frames(SseLimits::default(), decoder, &"p".into(), &"m".into())
}

/// A written body as JSON; every writer gives a JSON object.
///
/// A body that nests deeper than readers follow is none to them: a writer that wraps what a caller
/// nested almost that deep may make one. It counts as an empty object.
#[track_caller]
pub(crate) fn object(body: &[u8]) -> Value {
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => value,
        Ok(other) => panic!("what was written is no object: {other}"),
        Err(_) if is_too_deep(body) => Value::Object(serde_json::Map::new()),
        Err(error) => panic!("what was written is no JSON: {error}"),
    }
}

/// Whether a body nests deeper than readers follow.
pub(crate) fn is_too_deep(body: &[u8]) -> bool {
    let error = serde_json::from_slice::<Value>(body).err();
    error.is_some_and(|error| error.to_string().starts_with("recursion limit exceeded"))
}
