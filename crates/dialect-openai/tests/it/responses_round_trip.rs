//! What a caller of Responses is told is what a reader of Responses understands: generated streams of
//! every shape survive the way through the format.

use std::collections::BTreeMap;

use interline_core::{
    ChatRequest, FinishReason, FormatId, Frame, Message, Signature, StreamEvent, Usage,
};
use interline_dialect_openai::responses::{Identity, StreamDecoder, StreamEncoder};
use interline_transport::SseEvent;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof, proptest};
use proptest::test_runner::Config;

const OTHER: FormatId = FormatId::from_static("anthropic.messages");

/// What a model may say between start and finish.
fn said() -> impl Strategy<Value = StreamEvent> {
    let text = "[a-z \"\\\\\né字🙂]{1,8}";
    let choice = 0;
    prop_oneof![
        text.prop_map(move |text| StreamEvent::Text { choice, text }),
        text.prop_map(move |text| StreamEvent::Reasoning { choice, text }),
        text.prop_map(move |text| StreamEvent::Refusal { choice, text }),
        "[a-z]{1,4}".prop_map(move |value| StreamEvent::ReasoningSignature {
            choice,
            signature: Signature::new(OTHER, value),
        }),
        (0..3_u32, "[a-z]{1,4}", "[a-z]{1,4}").prop_map(move |(index, id, name)| {
            StreamEvent::ToolCallStart {
                choice,
                index,
                id,
                name,
            }
        }),
        (0..3_u32, text).prop_map(move |(index, arguments)| StreamEvent::ToolCallDelta {
            choice,
            index,
            arguments,
        }),
    ]
}

fn stream() -> impl Strategy<Value = Vec<StreamEvent>> {
    let reason = prop_oneof![
        Just(FinishReason::Stop),
        Just(FinishReason::Length),
        Just(FinishReason::ContentFilter),
    ];
    (vec(said(), 1..16), reason).prop_map(|(mut events, reason)| {
        events.push(StreamEvent::Finished {
            choice: 0,
            reason,
            stop_sequence: None,
        });
        events.push(StreamEvent::Usage(Usage::new(3, 4)));
        events.push(StreamEvent::End);
        events
    })
}

/// What the events say: pieces in the order of their beginning, why it ended, and the tokens.
#[derive(Debug, PartialEq)]
struct Understood {
    pieces: Vec<(String, String)>,
    reason: Option<FinishReason>,
    total: Option<u64>,
    ended: bool,
}

fn understood(events: &[StreamEvent]) -> Understood {
    let mut pieces: Vec<(String, String)> = Vec::new();
    let mut calls = BTreeMap::new();
    let mut usage = Usage::default();
    let mut reason = None;
    let grow = |pieces: &mut Vec<(String, String)>, kind: &str, text: &str| match pieces.last_mut()
    {
        Some((last, whole)) if last == kind => whole.push_str(text),
        _ => pieces.push((kind.to_owned(), text.to_owned())),
    };
    for event in events {
        match event {
            StreamEvent::Text { text, .. } => grow(&mut pieces, "text", text),
            StreamEvent::Refusal { text, .. } => grow(&mut pieces, "refusal", text),
            StreamEvent::Reasoning { text, .. } => grow(&mut pieces, "thought", text),
            StreamEvent::ReasoningSignature { .. } => grow(&mut pieces, "thought", ""),
            StreamEvent::ToolCallStart {
                index, id, name, ..
            } => {
                calls.insert(*index, pieces.len());
                pieces.push((format!("call {id} {name}"), String::new()));
            }
            StreamEvent::ToolCallDelta {
                index, arguments, ..
            } => {
                if let Some(place) = calls.get(index).copied() {
                    let place: usize = place;
                    pieces[place].1.push_str(arguments);
                }
            }
            StreamEvent::Usage(counts) => usage.update(*counts),
            StreamEvent::Finished { reason: word, .. } => reason = Some(word.clone()),
            _ => {}
        }
    }
    // The format ends a turn with calls as any other.
    if reason == Some(FinishReason::ToolCalls) {
        reason = Some(FinishReason::Stop);
    }
    Understood {
        pieces,
        reason,
        total: usage.total_tokens(),
        ended: events.contains(&StreamEvent::End),
    }
}

proptest! {
    #![proptest_config(Config::with_cases(300))]

    #[test]
    fn streams_survive(events in stream(), frame_length in 1..4usize) {
        let request = ChatRequest::new("m", [Message::user("hi")]);
        let mut encoder = StreamEncoder::new(&request, Identity::new("1", 7));
        let mut decoder = StreamDecoder::new();
        let mut again = Vec::new();
        for events in events.chunks(frame_length) {
            for out in encoder.encode(&Frame::of(events)) {
                let event = SseEvent::new(out.event, out.data);
                again.extend(decoder.push(event).expect("our own event").events);
            }
        }
        assert_eq!(understood(&again), understood(&events));
        assert_eq!(decoder.finish().expect("complete"), None);
    }
}
