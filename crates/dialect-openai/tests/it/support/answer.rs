//! What came out of an exchange, unary or streamed, in one comparable form.

use futures_util::StreamExt;
use interline_core::{
    ChatResponse, ChatStream, Error, FinishReason, Frame, PartKind, StreamEvent, Usage,
};

/// What came out of an exchange, for the first choice.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) reasoning: String,
    pub(crate) refusal: String,
    /// Name and arguments.
    pub(crate) calls: Vec<(String, String)>,
    pub(crate) finish: Option<FinishReason>,
    pub(crate) usage: Usage,
    pub(crate) failure: Option<Error>,
    /// The frames of a stream.
    pub(crate) frames: Vec<Frame>,
}

impl Answer {
    pub(crate) fn failed(error: Error) -> Self {
        Self {
            failure: Some(error),
            ..Self::default()
        }
    }

    pub(crate) fn of_response(response: &ChatResponse) -> Self {
        let mut answer = Self {
            text: response.text(),
            reasoning: response.reasoning_text(),
            finish: response.finish_reason().cloned(),
            usage: response.usage,
            ..Self::default()
        };
        for part in &response.choices[0].parts {
            match &part.kind {
                PartKind::Refusal(text) => answer.refusal.push_str(text),
                PartKind::ToolCall(call) => answer
                    .calls
                    .push((call.name.clone(), call.arguments.clone())),
                _ => {}
            }
        }
        answer
    }

    pub(crate) async fn of_stream(mut stream: ChatStream) -> Self {
        let mut frames = Vec::new();
        let mut failure = None;
        while let Some(frame) = stream.next().await {
            match frame {
                Ok(frame) => frames.push(frame),
                Err(error) => failure = Some(error),
            }
        }
        let ended = frames.last().is_some_and(Frame::is_end);
        assert!(
            ended != failure.is_some(),
            "a stream ends with its terminal frame or with an error"
        );
        let mut answer = Self::of_events(frames.iter().flat_map(|frame| &frame.events));
        answer.failure = failure;
        answer.frames = frames;
        answer
    }

    pub(crate) fn of_events<'a>(events: impl IntoIterator<Item = &'a StreamEvent>) -> Self {
        let mut answer = Self::default();
        let mut started = 0;
        for event in events {
            match event {
                StreamEvent::Started { .. } => started += 1,
                StreamEvent::Text { choice: 0, text } => answer.text.push_str(text),
                StreamEvent::Reasoning { choice: 0, text } => answer.reasoning.push_str(text),
                StreamEvent::Refusal { choice: 0, text } => answer.refusal.push_str(text),
                StreamEvent::ToolCallStart {
                    choice: 0,
                    index,
                    id,
                    name,
                } => {
                    assert_eq!(*index as usize, answer.calls.len(), "calls are numbered");
                    assert!(!id.is_empty(), "every call has an id");
                    answer.calls.push((name.clone(), String::new()));
                }
                StreamEvent::ToolCallDelta {
                    choice: 0,
                    index,
                    arguments,
                } => answer.calls[*index as usize].1.push_str(arguments),
                StreamEvent::Finished {
                    choice: 0, reason, ..
                } => answer.finish = Some(reason.clone()),
                StreamEvent::Usage(usage) => answer.usage.update(*usage),
                _ => {}
            }
        }
        assert!(started <= 1, "a stream starts once");
        answer
    }
}
