//! The recorded traffic of many vendors and servers, cut at arbitrary byte offsets.

use std::collections::BTreeMap;

use bytes::Bytes;
use interline_core::{CallContext, ChatRequest, Message, Phase, Provider, ProviderId, Role};
use interline_dialect_openai::{
    Mode, StreamDecoder, StreamEncoder, StreamOptions, UsageChunk, decode_request, decode_response,
    encode_request, encode_response,
};
use interline_transport::SseEvent;
use serde_json::Value;

use crate::support::answer::Answer;
use crate::support::expected::differences;
use crate::support::recording::{Recording, recordings};

/// In how many ways every body is cut, the whole body among them.
const CUTS: u64 = 4;

#[tokio::test]
async fn every_recorded_case_comes_out_as_expected() {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for recording in recordings() {
        let mut problems = Vec::new();
        for seed in 0..CUTS {
            let answer = ask(&recording, seed).await;
            problems.extend(differences(&recording.expected, &answer));
        }
        problems.sort();
        problems.dedup();
        let (good, all) = counts.entry(recording.protocol.clone()).or_default();
        *all += 1;
        if problems.is_empty() {
            *good += 1;
        } else {
            wrong.push(format!("{}\n    {}", recording.id, problems.join("\n    ")));
        }
    }
    for (protocol, (good, all)) in &counts {
        eprintln!("{protocol:22} {good:3} of {all:3}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn answers_written_from_the_types_say_the_same() {
    for recording in recordings() {
        if recording.expected.get("finish_reason").is_none() || !recording.is_stream() {
            continue;
        }
        let answer = ask(&recording, 0).await;
        if answer.failure.is_some() {
            continue;
        }
        let mut encoder = StreamEncoder::new(StreamOptions::new(UsageChunk::Asked));
        let mut decoder = StreamDecoder::new(recording.quirks());
        let mut events = Vec::new();
        for mut frame in answer.frames.clone() {
            frame.raw = None;
            for out in encoder.encode(&frame) {
                let event = SseEvent::new(out.event, out.data);
                events.extend(decoder.push(event).expect("our own stream").events);
            }
        }
        let again = Answer::of_events(&events);
        let all = |answer: &Answer| {
            format!(
                "{} {} {} {:?} {:?} {:?}",
                answer.text,
                answer.reasoning,
                answer.refusal,
                answer.calls,
                answer.finish,
                answer.usage
            )
        };
        assert_eq!(all(&again), all(&answer), "{}", recording.id);
    }
}

#[tokio::test]
async fn whole_answers_pass_through_and_survive_the_types() {
    let cx = CallContext::new("recorded");
    for recording in recordings() {
        if recording.is_stream() {
            continue;
        }
        let request = ChatRequest::new(recording.model.as_str(), [Message::user("Hello!")]);
        let Ok(response) = recording.adapter(3).complete(&cx, &request).await else {
            continue;
        };
        let raw = response.raw.as_ref().expect("the body").body.clone();
        assert_eq!(encode_response(&response, &response.model), raw);
        let mut typed = response.clone();
        typed.raw = None;
        let again = decode_response(encode_response(&typed, &typed.model)).expect("our own answer");
        assert_eq!(again.usage, response.usage, "{}", recording.id);
        assert_eq!(again.extra, response.extra, "{}", recording.id);
        for (again, first) in again.choices.iter().zip(&response.choices) {
            assert_eq!(again.parts, first.parts, "{}", recording.id);
            assert_eq!(again.extra, first.extra, "{}", recording.id);
            assert_eq!(again.logprobs, first.logprobs, "{}", recording.id);
            assert_eq!(again.finish_reason, first.finish_reason, "{}", recording.id);
        }
    }
}

#[test]
fn recorded_requests_leave_as_they_came_and_survive_the_types() {
    for recording in recordings() {
        // One client sent a wrong type on purpose, to see the server's error.
        if recording.id.contains("malformed-request-field") {
            continue;
        }
        let body = Bytes::from(recording.request.to_string());
        let inbound = decode_request(body, Vec::new())
            .unwrap_or_else(|error| panic!("{}: {error}", recording.id));
        let quirks = recording.quirks();
        let sent = encode_request(&inbound.request, Mode::Stream, &quirks).expect("carried");
        let mut sent: Value = serde_json::from_slice(&sent).expect("JSON");
        assert_eq!(sent["stream_options"]["include_usage"], true);
        let mut arrived = recording.request.clone();
        for body in [&mut sent, &mut arrived] {
            let body = body.as_object_mut().expect("an object");
            body.remove("stream");
            body.remove("stream_options");
        }
        assert_eq!(sent, arrived, "{}", recording.id);

        let mut typed = inbound.request.clone();
        typed.edit(|_| {});
        let sent = encode_request(&typed, Mode::Unary, &quirks).expect("carried");
        let again = decode_request(sent, Vec::new())
            .expect("our own request")
            .request;
        assert_eq!(again.tools, typed.tools, "{}", recording.id);
        assert_eq!(again.params, typed.params, "{}", recording.id);
        assert_eq!(
            again.messages.len(),
            typed.messages.len(),
            "{}",
            recording.id
        );
        for (again, first) in again.messages.iter().zip(&typed.messages) {
            assert_eq!(again.role, first.role, "{}", recording.id);
            // Thinking of earlier turns is left out where the vendor does not expect it, marks
            // for a cache are not part of the format.
            if first.role != Role::Assistant {
                assert_eq!(again.text(), first.text(), "{}", recording.id);
                assert_eq!(again.parts.len(), first.parts.len(), "{}", recording.id);
            }
        }
    }
}

pub(crate) async fn ask(recording: &Recording, seed: u64) -> Answer {
    let adapter = recording.adapter(seed);
    let cx = CallContext::new("recorded");
    let request = ChatRequest::new(recording.model.as_str(), [Message::user("Hello!")]);
    let answer = if recording.is_stream() {
        match adapter.stream(&cx, &request).await {
            Ok(stream) => Answer::of_stream(stream).await,
            Err(error) => Answer::failed(error),
        }
    } else {
        match adapter.complete(&cx, &request).await {
            Ok(response) => Answer::of_response(&response),
            Err(error) => Answer::failed(error),
        }
    };
    if let Some(error) = &answer.failure {
        assert_eq!(error.provider(), Some(&ProviderId::from("recorded")));
        let said_something = !answer.text.is_empty() || !answer.reasoning.is_empty();
        let after = error.phase() == Phase::AfterOutput;
        assert_eq!(after, said_something, "{}", recording.id);
    }
    answer
}
