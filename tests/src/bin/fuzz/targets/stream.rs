//! Streams: the same frames however the body is cut, written in every inbound format.

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::HeaderMap;
use interline::{ChatRequest, Frame, Message, Phase, RawFrame, StreamEvent};
use interline_dialect_openai::responses::{self, Identity};
use interline_transport::HttpResponse;
use serde_json::Value;
use {interline_dialect_anthropic as anthropic, interline_dialect_openai as openai};

use super::sse;
use crate::dialect::Dialect;
use crate::target::{Behaviour, Target};

pub(crate) fn target(dialect: &'static Dialect) -> Target {
    Target {
        name: format!("{}-stream", dialect.name),
        promise: "any cut gives the same frames; an error tells whether content came; frames can be written to any caller",
        seeds: Box::new(|recordings| {
            let mut seeds = recordings.streams(dialect.apis);
            seeds.push(dialect.seeds[2].as_bytes().to_vec());
            seeds
        }),
        run: Box::new(|input, behaviour| run(dialect, input, behaviour)),
    }
}

/// A stream as a caller meets it: frames, then the end or an error's words.
#[derive(Debug, PartialEq)]
struct Told {
    frames: Vec<Frame>,
    error: Option<String>,
}

fn run(dialect: &Dialect, input: &[u8], behaviour: &mut Behaviour) {
    let body = (dialect.stream_body)(input);
    let in_pieces = read(dialect, sse::cut(&body));
    let whole = read(dialect, vec![Bytes::from(body)]);
    assert_eq!(whole, in_pieces, "cuts make no difference");
    for event in whole.frames.iter().flat_map(|frame| &frame.events) {
        behaviour.note(std::mem::discriminant(event));
        if let StreamEvent::Finished { reason, .. } = event {
            behaviour.note(reason.as_str());
        }
    }
    behaviour.note_message(whole.error.as_deref().unwrap_or_default());
    write(&whole.frames);
    let without_bytes = whole.frames.into_iter().map(|mut frame| {
        frame.raw = None;
        frame
    });
    write(&without_bytes.collect::<Vec<_>>());
}

fn read(dialect: &Dialect, pieces: Vec<Bytes>) -> Told {
    let body = stream::iter(pieces.into_iter().map(Ok));
    let mut frames = (dialect.read_stream)(HttpResponse::new(200, HeaderMap::new(), body));
    let mut told = Told {
        frames: Vec::new(),
        error: None,
    };
    let mut saw_content = false;
    // Everything is there already, so nothing ever waits.
    while let Some(frame) = frames.next().now_or_never().expect("the body is ready") {
        assert!(told.error.is_none(), "nothing follows an error");
        match frame {
            Ok(frame) => {
                saw_content |= frame.has_content();
                told.frames.push(frame);
            }
            Err(error) => {
                check_phase(error.phase(), saw_content);
                told.error = Some(error.to_string());
            }
        }
    }
    let ended = told.frames.last().is_some_and(Frame::is_end);
    assert!(
        ended || told.error.is_some(),
        "a stream ends with its end or an error"
    );
    told
}

fn check_phase(phase: Phase, saw_content: bool) {
    assert_eq!(
        phase == Phase::AfterOutput,
        saw_content,
        "an error tells whether content came before it"
    );
}

/// Writes the stream to callers of every inbound format.
fn write(frames: &[Frame]) {
    let error = serde_json::json!({"error": {"message": "m", "type": "t"}});
    let mut chat =
        openai::StreamEncoder::new(openai::StreamOptions::new(openai::UsageChunk::Asked));
    let mut messages = anthropic::StreamEncoder::new(anthropic::StreamOptions::default());
    let request = ChatRequest::new("m", [Message::user("Hello")]);
    let mut items = responses::StreamEncoder::new(&request, Identity::new("fuzz", 0));
    for frame in frames {
        check_written(&chat.encode(frame), frame);
        check_written(&messages.encode(frame), frame);
        check_written(&items.encode(frame), frame);
    }
    let last = [
        chat.error(&error),
        messages.error(&error),
        items.error(&error),
    ];
    for raw in last.iter().flatten() {
        let is_json = serde_json::from_slice::<Value>(&raw.data).is_ok();
        assert!(
            is_json,
            "a failure is written as JSON: {}",
            raw.data.escape_ascii()
        );
    }
}

/// What was made here is JSON or the end mark; what passed through is the vendor's own affair.
fn check_written(written: &[RawFrame], frame: &Frame) {
    for raw in written {
        let passed = frame.raw.as_ref().is_some_and(|own| own.data == raw.data);
        let is_json = serde_json::from_slice::<Value>(&raw.data).is_ok();
        assert!(
            passed || is_json || raw.data == "[DONE]".as_bytes(),
            "what was written is JSON: {}",
            raw.data.escape_ascii()
        );
    }
}
