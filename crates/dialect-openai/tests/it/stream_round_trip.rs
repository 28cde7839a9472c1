//! Generated streams of every shape survive the way through the format.

use bytes::Bytes;
use interline_core::{Extra, FinishReason, Frame, StreamEvent, Usage};
use interline_dialect_openai::{
    FORMAT, Quirks, StreamDecoder, StreamEncoder, StreamOptions, UsageChunk,
};
use interline_transport::SseEvent;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::Config;
use serde_json::json;

/// What a model may say between start and finish, for one answer. Calls are numbered afterwards.
fn said(choice: u32) -> impl Strategy<Value = StreamEvent> {
    let text = "[a-z \"\\\\\né字🙂]{1,8}";
    prop_oneof![
        text.prop_map(move |text| StreamEvent::Text { choice, text }),
        text.prop_map(move |text| StreamEvent::Reasoning { choice, text }),
        text.prop_map(move |text| StreamEvent::Refusal { choice, text }),
        ("[a-z]{1,4}", "[a-z]{1,4}").prop_map(move |(id, name)| StreamEvent::ToolCallStart {
            choice,
            index: 0,
            id,
            name,
        }),
        text.prop_map(move |arguments| StreamEvent::ToolCallDelta {
            choice,
            index: 0,
            arguments,
        }),
        Just(StreamEvent::Logprobs {
            choice,
            value: Extra::new(
                FORMAT,
                json!({"content": [{"token": "a", "logprob": -0.5}]})
                    .as_object()
                    .cloned()
                    .unwrap_or_default(),
            ),
        }),
    ]
}

/// Numbers the calls of one answer, makes their ids differ, and drops fragments before any call.
fn numbered(events: Vec<StreamEvent>) -> Vec<StreamEvent> {
    let mut calls = 0;
    let mut out = Vec::new();
    for mut event in events {
        match &mut event {
            StreamEvent::ToolCallStart { index, id, .. } => {
                *index = calls;
                id.push_str(&calls.to_string());
                calls += 1;
            }
            StreamEvent::ToolCallDelta { .. } if calls == 0 => continue,
            StreamEvent::ToolCallDelta { index, .. } => *index = calls - 1,
            _ => {}
        }
        out.push(event);
    }
    out
}

fn stream() -> impl Strategy<Value = Vec<StreamEvent>> {
    let reason = prop_oneof![
        Just(FinishReason::Stop),
        Just(FinishReason::Length),
        Just(FinishReason::ToolCalls),
        Just(FinishReason::ContentFilter),
        Just(FinishReason::Other("paused".into())),
    ];
    (
        vec(said(0), 0..8),
        vec(said(1), 0..8),
        reason,
        any::<bool>(),
    )
        .prop_map(|(first, second, reason, two)| {
            let mut events = vec![StreamEvent::Started {
                id: Some("1".into()),
                model: Some("m".into()),
                created: Some(7),
            }];
            let finished = |choice| StreamEvent::Finished {
                choice,
                reason: reason.clone(),
                stop_sequence: (choice == 1).then(|| "END".to_owned()),
            };
            events.extend(numbered(first));
            if two {
                events.extend(numbered(second));
                events.push(finished(1));
            }
            events.push(finished(0));
            events.push(StreamEvent::Usage(Usage::new(3, 4)));
            events.push(StreamEvent::End);
            events
        })
}

proptest! {
    #![proptest_config(Config::with_cases(300))]

    #[test]
    fn streams_survive(events in stream(), frame_length in 1..4usize) {
        let mut encoder = StreamEncoder::new(StreamOptions::new(UsageChunk::Asked));
        let mut decoder = StreamDecoder::new(Quirks::default());
        let mut again = Vec::new();
        for events in events.chunks(frame_length) {
            for out in encoder.encode(&Frame::of(events)) {
                let event = SseEvent::new(out.event, out.data);
                again.extend(decoder.push(event).expect("our own event").events);
            }
        }
        assert_eq!(again, events);
        assert_eq!(decoder.finish().expect("complete"), None);
    }

    #[test]
    fn no_event_makes_the_reader_panic(events in vec(vec(any::<u8>(), 0..60), 0..5)) {
        let mut decoder = StreamDecoder::new(Quirks::default());
        for data in events {
            let _ = decoder.push(SseEvent::new(None, Bytes::from(data)));
        }
        let _ = decoder.finish();
    }
}

#[test]
fn an_answer_ends_once_although_its_vendor_says_so_twice() {
    let finished = || StreamEvent::Finished {
        choice: 0,
        reason: FinishReason::Stop,
        stop_sequence: None,
    };
    let mut encoder = StreamEncoder::new(StreamOptions::default());
    let first = encoder.encode(&Frame::of([finished()]));
    assert!(!first.is_empty());
    assert_eq!(encoder.encode(&Frame::of([finished()])), []);
}
