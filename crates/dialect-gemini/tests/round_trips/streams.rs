//! Streams read the same however they are cut, and say what the same answer in one piece says.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::HeaderMap;
use interline_core::{PartKind, StreamEvent, ToolCall};
use interline_dialect_gemini::{StreamDecoder, decode_response};
use interline_transport::{HttpResponse, SseLimits};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, json};

use crate::generators::{id, tool_call, words};
use interline_testkit::{Item, Transcript};

/// A part as it stands on the wire.
fn part() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => words().prop_map(|text| json!({"text": text})),
        2 => words().prop_map(|text| json!({"text": text, "thought": true})),
        2 => (tool_call(), any::<bool>()).prop_map(|(call, signed)| {
            let args: Value = serde_json::from_str(&call.arguments).expect("JSON");
            let mut part = json!({"functionCall": {"name": call.name, "args": args}});
            if signed {
                part["thoughtSignature"] = json!("sig");
            }
            part
        }),
        1 => id().prop_map(|code| json!({"executableCode": {"code": code}})),
        1 => Just(json!({"text": "", "thoughtSignature": "sig"})),
    ]
}

/// Steps of one answer; the last names the reason.
fn steps() -> impl Strategy<Value = Vec<Value>> {
    vec(vec(part(), 0..3), 1..6).prop_map(|steps| {
        let last = steps.len() - 1;
        let step = |(place, parts): (usize, Vec<Value>)| {
            let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
            if place == last {
                candidate["finishReason"] = json!("STOP");
            }
            let counts = json!({"promptTokenCount": 5, "candidatesTokenCount": place + 1});
            json!({"responseId": "r", "modelVersion": "m", "candidates": [candidate],
                "usageMetadata": counts})
        };
        steps.into_iter().enumerate().map(step).collect()
    })
}

fn as_events(steps: &[Value]) -> Vec<u8> {
    let lines = steps.iter().map(|step| format!("data: {step}\r\n\r\n"));
    lines.collect::<String>().into_bytes()
}

async fn read_in_pieces(body: Vec<u8>, mut cuts: Vec<usize>) -> Vec<StreamEvent> {
    cuts.iter_mut().for_each(|cut| *cut %= body.len() + 1);
    cuts.extend([0, body.len()]);
    cuts.sort_unstable();
    let pieces: Vec<_> = cuts
        .windows(2)
        .map(|cut| Ok(Bytes::copy_from_slice(&body[cut[0]..cut[1]])))
        .collect();
    let response = HttpResponse::new(200, HeaderMap::new(), stream::iter(pieces));
    let mut decoder = StreamDecoder::new();
    let mut steps = response.sse(SseLimits::default());
    let mut events = Vec::new();
    while let Some(step) = steps.next().await {
        let frame = decoder.push(step.expect("a good event"));
        events.extend(frame.expect("a good step").events);
    }
    events.extend(decoder.finish().expect("complete").events);
    events
}

fn read(body: Vec<u8>, cuts: Vec<usize>) -> Vec<StreamEvent> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(read_in_pieces(body, cuts))
}

proptest! {
    #[test]
    fn a_stream_reads_the_same_however_it_is_cut(
        steps in steps(),
        cuts in vec(any::<usize>(), 0..20),
    ) {
        let whole = read(as_events(&steps), Vec::new());
        prop_assert_eq!(&read(as_events(&steps), cuts.clone()), &whole);
        let array = Value::from(steps).to_string();
        prop_assert_eq!(&read(array.into_bytes(), cuts), &whole);
    }

    #[test]
    fn a_stream_says_what_the_answer_in_one_piece_says(steps in steps()) {
        let mut answer = steps.last().expect("a step").clone();
        let parts = steps.iter().flat_map(|step| {
            let parts = &step["candidates"][0]["content"]["parts"];
            parts.as_array().expect("parts").clone()
        });
        answer["candidates"][0]["content"]["parts"] = parts.collect();
        let response = decode_response(answer.to_string().into()).expect("a good answer");
        let transcript = Transcript::of(&read(as_events(&steps), Vec::new()));

        prop_assert_eq!(transcript.usage, response.usage);
        let reason = transcript.finish.as_ref().map(|(reason, _)| reason);
        prop_assert_eq!(reason, response.finish_reason());
        let calls: Vec<&ToolCall> = response.tool_calls().collect();
        let streamed = transcript.items.iter().filter_map(|item| match item {
            Item::Tool(call) => Some(call),
            _ => None,
        });
        prop_assert_eq!(streamed.collect::<Vec<_>>(), calls);
        let join = |pick: fn(&Item) -> &str| transcript.items.iter().map(pick).collect::<String>();
        let text = join(|item| match item {
            Item::Text(text) => text,
            _ => "",
        });
        prop_assert_eq!(text, response.text());
        let thoughts = join(|item| match item {
            Item::Thinking(text, _) => text,
            _ => "",
        });
        prop_assert_eq!(thoughts, response.reasoning_text());
        let is_code = |kind: &PartKind| matches!(kind, PartKind::Other { .. });
        let whole = transcript.items.iter().filter(|item| match item {
            Item::Whole(part) => is_code(&part.kind),
            _ => false,
        });
        let wanted = response.choices[0].parts.iter().filter(|part| is_code(&part.kind));
        prop_assert_eq!(whole.count(), wanted.count());
    }
}
