//! Puts a whole answer together from the events of a stream.

use std::collections::{BTreeMap, HashMap};

use interline_core::{
    ChatResponse, Choice, Extra, Frame, Part, PartKind, Reasoning, ResponseMeta, StreamEvent,
    ToolCall,
};

/// Puts a whole answer together.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    response: Option<ChatResponse>,
    choices: BTreeMap<u32, Choice>,
    /// Choice and index of a tool call, to its place among the choice's parts.
    calls: HashMap<(u32, u32), usize>,
}

impl Collector {
    pub(crate) fn add(&mut self, frame: &Frame) {
        for event in &frame.events {
            self.take(event);
        }
    }

    pub(crate) fn finish(self, meta: ResponseMeta, model: &str) -> ChatResponse {
        let mut response = self
            .response
            .unwrap_or_else(|| ChatResponse::new(model, Vec::new()));
        if response.model.is_empty() {
            model.clone_into(&mut response.model);
        }
        response.choices = self.choices.into_values().collect();
        response.meta = meta;
        response
    }

    fn response(&mut self) -> &mut ChatResponse {
        self.response
            .get_or_insert_with(|| ChatResponse::new("", Vec::new()))
    }

    fn choice(&mut self, index: u32) -> &mut Choice {
        self.choices
            .entry(index)
            .or_insert_with(|| Choice::new(index, Vec::new()))
    }

    fn take(&mut self, event: &StreamEvent) {
        match event {
            StreamEvent::Started { id, model, created } => {
                let response = self.response();
                if let Some(id) = id {
                    response.id.clone_from(id);
                }
                if let Some(model) = model {
                    response.model.clone_from(model);
                }
                response.created = created.or(response.created);
            }
            StreamEvent::Text { choice, text } => {
                let parts = &mut self.choice(*choice).parts;
                match parts.last_mut().map(|part| &mut part.kind) {
                    Some(PartKind::Text(whole)) => whole.push_str(text),
                    _ => parts.push(Part::text(text.as_str())),
                }
            }
            StreamEvent::Refusal { choice, text } => {
                let parts = &mut self.choice(*choice).parts;
                match parts.last_mut().map(|part| &mut part.kind) {
                    Some(PartKind::Refusal(whole)) => whole.push_str(text),
                    _ => parts.push(Part::new(PartKind::Refusal(text.clone()))),
                }
            }
            StreamEvent::Reasoning { choice, text } => {
                let parts = &mut self.choice(*choice).parts;
                match parts.last_mut().map(|part| &mut part.kind) {
                    // A signed thought is complete: what follows is the next one.
                    Some(PartKind::Reasoning(whole)) if whole.signature.is_none() => {
                        whole.text.push_str(text);
                    }
                    _ => parts.push(Part::reasoning(Reasoning::new(text.as_str()))),
                }
            }
            StreamEvent::ReasoningSignature { choice, signature } => {
                let parts = &mut self.choice(*choice).parts;
                match parts.last_mut().map(|part| &mut part.kind) {
                    Some(PartKind::Reasoning(whole)) => whole.signature = Some(signature.clone()),
                    _ => parts.push(Part::reasoning(
                        Reasoning::new("").with_signature(signature.clone()),
                    )),
                }
            }
            StreamEvent::ToolCallStart {
                choice,
                index,
                id,
                name,
            } => {
                let parts = &mut self.choice(*choice).parts;
                let place = parts.len();
                let call = ToolCall::new(id.as_str(), name.as_str(), "");
                parts.push(Part::tool_call(call));
                self.calls.insert((*choice, *index), place);
            }
            StreamEvent::ToolCallDelta {
                choice,
                index,
                arguments,
            } => {
                let Some(place) = self.calls.get(&(*choice, *index)).copied() else {
                    return;
                };
                let part = self.choice(*choice).parts.get_mut(place);
                if let Some(PartKind::ToolCall(call)) = part.map(|part| &mut part.kind) {
                    call.arguments.push_str(arguments);
                }
            }
            StreamEvent::Part { choice, part } => self.choice(*choice).parts.push(part.clone()),
            StreamEvent::Logprobs { choice, value } => {
                let choice = self.choice(*choice);
                choice.logprobs = joined(&choice.logprobs, value);
            }
            StreamEvent::Finished {
                choice,
                reason,
                stop_sequence,
            } => {
                let choice = self.choice(*choice);
                choice.finish_reason = Some(reason.clone());
                choice.stop_sequence.clone_from(stop_sequence);
            }
            StreamEvent::Usage(usage) => self.response().usage.update(*usage),
            _ => {}
        }
    }
}

/// Later fields replace earlier ones, except that lists grow.
fn joined(earlier: &Extra, later: &Extra) -> Extra {
    let Some(format) = later.format() else {
        return earlier.clone();
    };
    let mut fields = earlier.for_format(format).cloned().unwrap_or_default();
    for (key, value) in later.for_format(format).into_iter().flatten() {
        match (
            fields.get_mut(key).and_then(|old| old.as_array_mut()),
            value.as_array(),
        ) {
            (Some(list), Some(more)) => list.extend(more.iter().cloned()),
            _ => {
                fields.insert(key.clone(), value.clone());
            }
        }
    }
    Extra::new(format.clone(), fields)
}

#[cfg(test)]
mod tests {
    use interline_core::{FinishReason, FormatId, Signature, Usage};
    use serde_json::json;

    use super::*;

    const FORMAT: FormatId = FormatId::from_static("test");

    fn collected(events: Vec<StreamEvent>) -> ChatResponse {
        let mut collector = Collector::default();
        for event in events {
            collector.add(&Frame::of([event]));
        }
        collector.finish(ResponseMeta::default(), "asked-for")
    }

    fn text(choice: u32, text: &str) -> StreamEvent {
        let text = text.to_owned();
        StreamEvent::Text { choice, text }
    }

    #[test]
    fn deltas_become_whole_parts_in_their_order() {
        let signature = Signature::new(FORMAT, "proof");
        let thought = |text: &str| StreamEvent::Reasoning {
            choice: 0,
            text: text.to_owned(),
        };
        let response = collected(vec![
            StreamEvent::Started {
                id: Some("id".to_owned()),
                model: None,
                created: Some(7),
            },
            thought("Let me "),
            thought("think."),
            StreamEvent::ReasoningSignature {
                choice: 0,
                signature: signature.clone(),
            },
            thought("Again."),
            text(0, "Hel"),
            text(0, "lo"),
            StreamEvent::Finished {
                choice: 0,
                reason: FinishReason::Stop,
                stop_sequence: None,
            },
            StreamEvent::Usage(Usage::new(3, 2)),
            StreamEvent::End,
        ]);
        assert_eq!((response.id.as_str(), response.created), ("id", Some(7)));
        assert_eq!(response.model, "asked-for");
        let parts = &response.choices[0].parts;
        assert_eq!(
            parts.as_slice(),
            [
                Part::reasoning(Reasoning::new("Let me think.").with_signature(signature)),
                Part::reasoning(Reasoning::new("Again.")),
                Part::text("Hello"),
            ]
        );
        assert_eq!(response.finish_reason(), Some(&FinishReason::Stop));
        assert_eq!(response.usage, Usage::new(3, 2));
    }

    #[test]
    fn parallel_tool_calls_are_told_apart_by_index() {
        let start = |index, id: &str| StreamEvent::ToolCallStart {
            choice: 0,
            index,
            id: id.to_owned(),
            name: "f".to_owned(),
        };
        let delta = |index, arguments: &str| StreamEvent::ToolCallDelta {
            choice: 0,
            index,
            arguments: arguments.to_owned(),
        };
        let response = collected(vec![
            start(0, "a"),
            start(1, "b"),
            delta(1, "{\"y\":"),
            delta(0, "{}"),
            delta(1, "2}"),
        ]);
        let calls: Vec<_> = response
            .tool_calls()
            .map(|call| (call.id.as_str(), call.arguments.as_str()))
            .collect();
        assert_eq!(calls, [("a", "{}"), ("b", "{\"y\":2}")]);
    }

    #[test]
    fn choices_are_kept_apart_and_logprobs_grow() {
        let step = |token: &str| StreamEvent::Logprobs {
            choice: 1,
            value: Extra::new(
                FORMAT,
                serde_json::Map::from_iter([("content".to_owned(), json!([token]))]),
            ),
        };
        let response = collected(vec![
            text(1, "b"),
            text(0, "a"),
            text(1, "c"),
            step("b"),
            step("c"),
        ]);
        let texts: Vec<_> = response.choices.iter().map(Choice::text).collect();
        assert_eq!(texts, ["a", "bc"]);
        assert_eq!(
            response.choices[1].logprobs.get(&FORMAT, "content"),
            Some(&json!(["b", "c"]))
        );
    }
}
