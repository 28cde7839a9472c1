//! The events that a whole answer would have been, had it been streamed.

use interline_core::{ChatResponse, Choice, PartKind, StreamEvent};

/// The events of an answer in the order of a stream, the end included.
pub(crate) fn of(response: &ChatResponse) -> Vec<StreamEvent> {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut events = vec![StreamEvent::Started {
        id: known(&response.id),
        model: known(&response.model),
        created: response.created,
    }];
    for choice in &response.choices {
        events_of_choice(choice, &mut events);
    }
    if !response.usage.is_unknown() {
        events.push(StreamEvent::Usage(response.usage));
    }
    events.push(StreamEvent::End);
    events
}

fn events_of_choice(answer: &Choice, events: &mut Vec<StreamEvent>) {
    let choice = answer.index;
    let mut calls = 0;
    for part in &answer.parts {
        match &part.kind {
            PartKind::Text(text) => events.push(StreamEvent::Text {
                choice,
                text: text.clone(),
            }),
            PartKind::Reasoning(reasoning) if !reasoning.redacted => {
                if !reasoning.text.is_empty() {
                    events.push(StreamEvent::Reasoning {
                        choice,
                        text: reasoning.text.clone(),
                    });
                }
                let signature = reasoning.signature.clone();
                events.extend(
                    signature
                        .map(|signature| StreamEvent::ReasoningSignature { choice, signature }),
                );
            }
            PartKind::Refusal(text) => events.push(StreamEvent::Refusal {
                choice,
                text: text.clone(),
            }),
            PartKind::ToolCall(call) => {
                events.push(StreamEvent::ToolCallStart {
                    choice,
                    index: calls,
                    id: call.id.clone(),
                    name: call.name.clone(),
                });
                if !call.arguments.is_empty() {
                    events.push(StreamEvent::ToolCallDelta {
                        choice,
                        index: calls,
                        arguments: call.arguments.clone(),
                    });
                }
                calls += 1;
            }
            _ => events.push(StreamEvent::Part {
                choice,
                part: part.clone(),
            }),
        }
    }
    if !answer.logprobs.is_empty() {
        events.push(StreamEvent::Logprobs {
            choice,
            value: answer.logprobs.clone(),
        });
    }
    if let Some(reason) = &answer.finish_reason {
        events.push(StreamEvent::Finished {
            choice,
            reason: reason.clone(),
            stop_sequence: answer.stop_sequence.clone(),
        });
    }
}
