//! What a provider made of an answer, whole or streamed, choice by choice, with the rules that it broke.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use interline_core::{
    ChatResponse, ChatStream, Error, FinishReason, Frame, Part, PartKind, Signature, StreamEvent,
    ToolCall, Usage,
};

use super::Said;

/// How long a stream may take to end behind its end event; loopback needs microseconds.
const ENDING: Duration = Duration::from_secs(2);

/// What a provider made of an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) choices: BTreeMap<u32, HeardChoice>,
    pub(crate) usage: Usage,
    pub(crate) error: Option<Error>,
    /// Whether the end event came; always so for a whole answer.
    pub(crate) ended: bool,
    /// Rules of streams that were broken, one sentence each.
    pub(crate) broken: Vec<String>,
}

/// One choice of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct HeardChoice {
    pub(crate) text: String,
    pub(crate) reasoning: String,
    pub(crate) signatures: Vec<Signature>,
    pub(crate) calls: Vec<ToolCall>,
    pub(crate) finish: Option<FinishReason>,
}

impl Heard {
    pub(crate) fn failed(error: Error) -> Self {
        Self {
            error: Some(error),
            ..Self::default()
        }
    }

    pub(crate) fn whole(response: &ChatResponse) -> Self {
        let mut heard = Self {
            usage: response.usage,
            ended: true,
            ..Self::default()
        };
        for choice in &response.choices {
            let mut own = HeardChoice {
                finish: choice.finish_reason.clone(),
                ..HeardChoice::default()
            };
            choice.parts.iter().for_each(|part| own.take(part));
            if heard.choices.insert(choice.index, own).is_some() {
                let index = choice.index;
                heard
                    .broken
                    .push(format!("two choices have the index {index}"));
            }
        }
        heard
    }

    /// Reads a stream to its end, and watches that it is one.
    pub(crate) async fn read(mut stream: ChatStream) -> Self {
        let mut heard = Self::default();
        while let Some(frame) = stream.next().await {
            match frame {
                Ok(frame) => heard.frame(frame),
                Err(error) => heard.error = Some(error),
            }
            if heard.ended || heard.error.is_some() {
                heard.behind_the_end(&mut stream).await;
                return heard;
            }
        }
        heard
            .broken
            .push("the stream stopped with neither an end event nor an error".to_owned());
        heard
    }

    /// Nothing may come behind the end.
    async fn behind_the_end(&mut self, stream: &mut ChatStream) {
        match tokio::time::timeout(ENDING, stream.next()).await {
            Ok(None) => {}
            Ok(Some(Ok(frame))) if frame.is_end() => {
                self.broken.push("a second end event came".to_owned());
            }
            Ok(Some(Ok(_))) => self.broken.push("a frame came behind the end".to_owned()),
            Ok(Some(Err(_))) => self.broken.push("an error came behind the end".to_owned()),
            Err(_) => self
                .broken
                .push("the stream did not stop behind its end".to_owned()),
        }
    }

    fn frame(&mut self, frame: Frame) {
        for event in frame.events {
            if self.ended {
                let what = if event == StreamEvent::End {
                    "a second end event came"
                } else {
                    "an event came behind the end event"
                };
                self.broken.push(what.to_owned());
                continue;
            }
            self.event(event);
        }
    }

    fn event(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Text { choice, text } => self.choice(choice).text.push_str(&text),
            StreamEvent::Reasoning { choice, text } => {
                self.choice(choice).reasoning.push_str(&text);
            }
            StreamEvent::ReasoningSignature { choice, signature } => {
                self.choice(choice).signatures.push(signature);
            }
            StreamEvent::ToolCallStart {
                choice,
                index,
                id,
                name,
            } => {
                let calls = &mut self.choice(choice).calls;
                let expected = calls.len();
                calls.push(ToolCall::new(id, name, ""));
                if index as usize != expected {
                    self.broken.push(format!(
                        "tool call {expected} of choice {choice} began with the index {index}"
                    ));
                }
            }
            StreamEvent::ToolCallDelta {
                choice,
                index,
                arguments,
            } => match self.choice(choice).calls.get_mut(index as usize) {
                Some(call) => call.arguments.push_str(&arguments),
                None => self.broken.push(format!(
                    "arguments came for tool call {index} of choice {choice}, which had not begun"
                )),
            },
            StreamEvent::Part { choice, part } => self.choice(choice).take(&part),
            StreamEvent::Finished { choice, reason, .. } => self.finished(choice, reason),
            StreamEvent::Usage(usage) => self.usage.update(usage),
            StreamEvent::End => self.ended = true,
            _ => {}
        }
    }

    fn finished(&mut self, choice: u32, reason: FinishReason) {
        let earlier = self.choice(choice).finish.replace(reason);
        if earlier.is_some() {
            self.broken.push(format!("choice {choice} finished twice"));
        }
    }

    fn choice(&mut self, index: u32) -> &mut HeardChoice {
        self.choices.entry(index).or_default()
    }

    /// Whether the caller got anything that a restart would repeat.
    pub(crate) fn has_content(&self) -> bool {
        let is_content = |choice: &HeardChoice| {
            !choice.text.is_empty() || !choice.reasoning.is_empty() || !choice.calls.is_empty()
        };
        self.choices.values().any(is_content)
    }

    /// Whether everything in it is the beginning of what is in `whole`.
    pub(crate) fn begins(&self, whole: &Self) -> bool {
        self.choices.iter().all(|(index, own)| {
            whole.choices.get(index).is_some_and(|all| {
                all.text.starts_with(&own.text)
                    && all.reasoning.starts_with(&own.reasoning)
                    && own.calls.len() <= all.calls.len()
            })
        })
    }

    /// What differs from what was said, one sentence each.
    pub(crate) fn differences(&self, said: &Said) -> Vec<String> {
        let mut found = self.broken.clone();
        if let Some(error) = &self.error {
            found.push(format!("failed: {error}"));
            return found;
        }
        let expected = said.texts.len().max(1);
        let indices: Vec<u32> = self.choices.keys().copied().collect();
        if indices.len() != expected || indices.iter().zip(0..).any(|(got, want)| *got != want) {
            found.push(format!(
                "choices: expected {expected}, got those of index {indices:?}"
            ));
        }
        for (index, choice) in &self.choices {
            let text = said.texts.get(*index as usize).map_or("", String::as_str);
            same(
                &mut found,
                &format!("text of choice {index}"),
                text,
                choice.text.as_str(),
            );
        }
        let first = self.choices.get(&0).cloned().unwrap_or_default();
        if let Some(reasoning) = &said.reasoning {
            same(
                &mut found,
                "reasoning",
                reasoning.as_str(),
                first.reasoning.as_str(),
            );
        }
        if let Some(signature) = &said.signature
            && !first
                .signatures
                .iter()
                .any(|own| own.value.contains(signature))
        {
            found.push(format!("the signature {signature:?} is missing"));
        }
        if let Some(finish) = &said.finish {
            same(
                &mut found,
                "finish reason",
                &Some(finish),
                &first.finish.as_ref(),
            );
        }
        first.tool_differences(said, &mut found);
        if let Some(usage) = said.usage {
            found.extend(usage_differences(usage, self.usage));
        }
        found
    }
}

impl HeardChoice {
    fn take(&mut self, part: &Part) {
        match &part.kind {
            PartKind::Text(text) => self.text.push_str(text),
            PartKind::Reasoning(reasoning) => {
                self.reasoning.push_str(&reasoning.text);
                self.signatures.extend(reasoning.signature.clone());
            }
            PartKind::ToolCall(call) => self.calls.push(call.clone()),
            _ => {}
        }
    }

    fn tool_differences(&self, said: &Said, found: &mut Vec<String>) {
        same(
            found,
            "number of tool calls",
            &said.tool_calls.len(),
            &self.calls.len(),
        );
        for (position, ((name, arguments), call)) in
            said.tool_calls.iter().zip(&self.calls).enumerate()
        {
            let what = |field: &str| format!("{field} of tool call {position}");
            same(found, &what("name"), name, &call.name);
            same(
                found,
                &what("arguments"),
                &Some(arguments),
                &call.arguments_json().as_ref(),
            );
            if call.id.is_empty() {
                found.push(format!(
                    "tool call {position} has no id, so no result can refer to it"
                ));
            } else if self
                .calls
                .iter()
                .filter(|other| other.id == call.id)
                .count()
                > 1
            {
                found.push(format!("several tool calls have the id {:?}", call.id));
            }
        }
    }
}

/// What differs in the tokens.
pub(crate) fn usage_differences(said: Usage, heard: Usage) -> Vec<String> {
    let mut found = Vec::new();
    let fields = |usage: Usage| {
        [
            ("input tokens, cached ones included", usage.input_tokens),
            ("cached input tokens", usage.cached_input_tokens),
            ("cache write tokens", usage.cache_write_tokens),
            ("output tokens, thinking included", usage.output_tokens),
            ("reasoning tokens", usage.reasoning_tokens),
        ]
    };
    for ((what, expected), (_, got)) in fields(said).into_iter().zip(fields(heard)) {
        if expected.is_some() {
            same(&mut found, what, &expected, &got);
        }
    }
    found
}

pub(crate) fn same<T: PartialEq + std::fmt::Debug + ?Sized>(
    found: &mut Vec<String>,
    what: &str,
    expected: &T,
    got: &T,
) {
    if expected != got {
        found.push(format!("{what}: expected {expected:?}, got {got:?}"));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use interline_core::ResponseMeta;

    use super::*;

    async fn read(frames: Vec<Frame>) -> Heard {
        let frames = stream::iter(frames.into_iter().map(Ok));
        Heard::read(ChatStream::new(ResponseMeta::default(), frames)).await
    }

    fn text(choice: u32, text: &str) -> StreamEvent {
        StreamEvent::Text {
            choice,
            text: text.to_owned(),
        }
    }

    #[tokio::test]
    async fn a_second_end_is_noticed_wherever_it_stands() {
        let end = || StreamEvent::End;
        let one = read(vec![Frame::of([text(0, "a"), end()])]).await;
        assert!(one.differences(&Said::text("a")).is_empty(), "{one:?}");
        let same_frame = read(vec![Frame::of([text(0, "a"), end(), end()])]).await;
        assert_eq!(same_frame.broken, ["a second end event came"]);
        let next_frame = read(vec![Frame::of([end()]), Frame::of([end()])]).await;
        assert_eq!(next_frame.broken, ["a second end event came"]);
        let none = read(vec![Frame::of([text(0, "a")])]).await;
        assert_eq!(none.broken.len(), 1);
    }

    #[tokio::test]
    async fn choices_and_calls_are_kept_apart() {
        let merged = read(vec![Frame::of([
            text(0, "a"),
            text(0, "b"),
            StreamEvent::End,
        ])])
        .await;
        let found = merged.differences(&Said::text("a").with_choice("b"));
        assert_eq!(found.len(), 2, "{found:?}");
        let early = StreamEvent::ToolCallDelta {
            choice: 0,
            index: 0,
            arguments: "{}".to_owned(),
        };
        assert_eq!(
            read(vec![Frame::of([early, StreamEvent::End])])
                .await
                .broken
                .len(),
            1
        );
    }
}
