//! Streams survive being written and read again, however they are cut.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::HeaderMap;
use interline_core::{FinishReason, Frame, Part, Signature, StreamEvent, ToolCall, Usage};
use interline_dialect_anthropic::{FORMAT, StreamDecoder, StreamEncoder, StreamOptions};
use interline_transport::{HttpResponse, SseEvent, SseLimits};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};

use crate::generators::{hidden, server_block, tool_call, words};
use interline_testkit::Transcript;

/// A piece of an answer as another vendor would stream it.
fn piece() -> impl Strategy<Value = Vec<Step>> {
    let pieces = || vec(words(), 1..3);
    prop_oneof![
        pieces().prop_map(|texts| texts.into_iter().map(Step::Text).collect()),
        (pieces(), any::<bool>()).prop_map(|(texts, signed)| {
            let thoughts = texts.into_iter().map(Step::Thought);
            thoughts.chain(signed.then_some(Step::Sign)).collect()
        }),
        (tool_call(), 0usize..9).prop_map(|(call, cut)| vec![Step::Call(call, cut)]),
        Just(vec![Step::Whole(hidden())]),
        Just(vec![Step::Whole(server_block())]),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Text(String),
    Thought(String),
    Sign,
    /// A call whose arguments are cut in two near this byte.
    Call(ToolCall, usize),
    Whole(Part),
}

fn stream_of(pieces: Vec<Vec<Step>>, stop_sequence: Option<String>) -> Vec<StreamEvent> {
    let mut events = vec![StreamEvent::Started {
        id: Some("id".into()),
        model: Some("m".into()),
        created: None,
    }];
    let mut calls = 0;
    for step in pieces.into_iter().flatten() {
        match step {
            Step::Text(text) => events.push(StreamEvent::Text { choice: 0, text }),
            Step::Thought(text) => events.push(StreamEvent::Reasoning { choice: 0, text }),
            Step::Sign => events.push(StreamEvent::ReasoningSignature {
                choice: 0,
                signature: Signature::new(FORMAT, "sig"),
            }),
            Step::Whole(part) => events.push(StreamEvent::Part { choice: 0, part }),
            Step::Call(call, cut) => {
                let index = calls;
                calls += 1;
                events.push(StreamEvent::ToolCallStart {
                    choice: 0,
                    index,
                    id: call.id,
                    name: call.name,
                });
                let mut cut = cut.min(call.arguments.len());
                while !call.arguments.is_char_boundary(cut) {
                    cut -= 1;
                }
                let (first, second) = call.arguments.split_at(cut);
                for arguments in [first, second] {
                    events.push(StreamEvent::ToolCallDelta {
                        choice: 0,
                        index,
                        arguments: arguments.to_owned(),
                    });
                }
            }
        }
    }
    let reason = if calls > 0 {
        FinishReason::ToolCalls
    } else {
        FinishReason::Stop
    };
    events.push(StreamEvent::Finished {
        choice: 0,
        stop_sequence: stop_sequence.filter(|_| calls == 0),
        reason,
    });
    let mut usage = Usage::new(30, 7);
    usage.cached_input_tokens = Some(20);
    usage.cache_write_tokens = Some(3);
    usage.reasoning_tokens = Some(2);
    events.push(StreamEvent::Usage(usage));
    events.push(StreamEvent::End);
    events
}

fn encoded(events: &[StreamEvent]) -> Vec<SseEvent> {
    let mut encoder = StreamEncoder::new(StreamOptions::default());
    events
        .iter()
        .flat_map(|event| encoder.encode(&Frame::of([event.clone()])))
        .map(|raw| SseEvent::new(raw.event, raw.data))
        .collect()
}

fn decoded(events: impl IntoIterator<Item = SseEvent>) -> Vec<StreamEvent> {
    let mut decoder = StreamDecoder::new();
    let decoded = events
        .into_iter()
        .flat_map(|event| decoder.push(event).expect("a good event").events)
        .collect();
    decoder.finish().expect("complete");
    decoded
}

fn as_body(events: &[SseEvent]) -> Vec<u8> {
    let mut body = Vec::new();
    for event in events {
        let name = event.event.as_deref().expect("a name");
        body.extend_from_slice(format!("event: {name}\ndata: ").as_bytes());
        body.extend_from_slice(&event.data);
        body.extend_from_slice(b"\n\n");
    }
    body
}

async fn read_in_pieces(body: Vec<u8>, mut cuts: Vec<usize>) -> Vec<SseEvent> {
    cuts.iter_mut().for_each(|cut| *cut %= body.len() + 1);
    cuts.extend([0, body.len()]);
    cuts.sort_unstable();
    let pieces: Vec<_> = cuts
        .windows(2)
        .map(|cut| Ok(Bytes::copy_from_slice(&body[cut[0]..cut[1]])))
        .collect();
    let response = HttpResponse::new(200, HeaderMap::new(), stream::iter(pieces));
    let events = response.sse(SseLimits::default());
    events
        .map(|event| event.expect("a good event"))
        .collect()
        .await
}

proptest! {
    #[test]
    fn a_stream_survives_being_written_and_read(
        pieces in vec(piece(), 0..6),
        stop in option::of(words()),
    ) {
        let before = stream_of(pieces, stop);
        let after = decoded(encoded(&before));
        prop_assert_eq!(Transcript::of(&after), Transcript::of(&before));
    }

    #[test]
    fn a_stream_reads_the_same_however_it_is_cut(
        pieces in vec(piece(), 0..4),
        cuts in vec(any::<usize>(), 0..20),
    ) {
        let events = encoded(&stream_of(pieces, None));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let read = runtime.block_on(read_in_pieces(as_body(&events), cuts));
        prop_assert_eq!(decoded(read), decoded(events));
    }
}
