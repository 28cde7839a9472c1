//! Answers as Murmur gives them: items, in one document or one after the other in a stream.

use bytes::Bytes;
use interline_core::{
    ChatRequest, ChatResponse, Choice, EmbedRequest, EmbedResponse, Error, FinishReason, Frame,
    Part, Phase, Result, StreamEvent, ToolCall, Usage,
};
use interline_transport::{FrameDecoder, SseEvent, body_snippet};
use serde::Deserialize;
use serde_json::Value;

use super::error;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Item {
    Word(String),
    Ask {
        r#ref: String,
        skill: String,
        with: String,
    },
    End(End),
    Trouble(Value),
}

/// Why an answer ended, and what it took: thinking, which is not shown, is counted apart.
#[derive(Deserialize)]
struct End {
    why: String,
    heard: u64,
    said: u64,
    thought: u64,
}

#[derive(Deserialize)]
struct Traces {
    traces: Vec<Vec<f32>>,
    heard: u64,
}

/// Reads a whole answer.
pub(super) fn decode(request: &ChatRequest, body: Bytes) -> Result<ChatResponse> {
    let (mut parts, mut end) = (Vec::new(), None);
    for item in read::<Vec<Item>>(&body)? {
        match item {
            Item::Word(text) => parts.push(Part::text(text)),
            Item::Ask { r#ref, skill, with } => {
                parts.push(Part::tool_call(ToolCall::new(r#ref, skill, with)));
            }
            Item::End(told) => end = Some(told),
            Item::Trouble(told) => return Err(error::in_band(&told, body)),
        }
    }
    let end = end.ok_or_else(|| Error::protocol("the answer has no end"))?;
    let choice = Choice::new(0, parts).with_finish_reason(end.reason());
    Ok(ChatResponse::new(request.model.as_str(), [choice]).with_usage(end.usage()))
}

/// Reads vectors, and makes sure that there is one for each text.
pub(super) fn decode_traces(request: &EmbedRequest, body: &Bytes) -> Result<EmbedResponse> {
    let Traces { traces, heard } = read(body)?;
    let response = EmbedResponse::new(request.model.as_str(), traces);
    response.fits(request)?;
    Ok(response.with_usage(Usage::new(heard, 0)))
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|source| {
        let start = body_snippet(body);
        Error::protocol(format!("the answer breaks Murmur's format: {start}")).with_source(source)
    })
}

/// Reads a stream, each event one item. `end` is terminal: without it the answer was cut.
pub(super) struct StreamDecoder(pub(super) Phase);

fn events(data: Bytes) -> Result<Vec<StreamEvent>> {
    let choice = 0;
    Ok(match read(&data)? {
        Item::Word(text) => vec![StreamEvent::Text { choice, text }],
        Item::Ask { r#ref, skill, with } => {
            let part = Part::tool_call(ToolCall::new(r#ref, skill, with));
            vec![StreamEvent::Part { choice, part }]
        }
        Item::End(end) => {
            let finished = StreamEvent::Finished {
                choice,
                reason: end.reason(),
                stop_sequence: None,
            };
            vec![finished, StreamEvent::Usage(end.usage()), StreamEvent::End]
        }
        Item::Trouble(told) => return Err(error::in_band(&told, data)),
    })
}

impl FrameDecoder for StreamDecoder {
    fn push(&mut self, event: SseEvent) -> Result<Frame> {
        let frame = events(event.data).map(Frame::of);
        let frame = frame.map_err(|error| error.with_phase(self.0))?;
        if frame.has_content() {
            self.0 = Phase::AfterOutput;
        }
        Ok(frame)
    }

    fn finish(&mut self) -> Result<Option<Frame>> {
        let cut = Error::protocol("the stream has no end: the answer was cut");
        Err(cut.with_phase(self.0))
    }

    fn phase(&self) -> Phase {
        self.0
    }
}

impl End {
    fn reason(&self) -> FinishReason {
        match self.why.as_str() {
            "done" => FinishReason::Stop,
            "full" => FinishReason::Length,
            "asked" => FinishReason::ToolCalls,
            "hushed" => FinishReason::ContentFilter,
            other => FinishReason::Other(other.to_owned()),
        }
    }

    /// By core's rule of inclusion: what was written includes the thinking.
    fn usage(&self) -> Usage {
        let mut usage = Usage::new(self.heard, self.said.saturating_add(self.thought));
        usage.reasoning_tokens = Some(self.thought);
        usage
    }
}
