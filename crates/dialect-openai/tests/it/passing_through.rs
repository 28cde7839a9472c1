//! What passes through as it came, and the few things that are changed on the way.

use bytes::Bytes;
use interline_core::{
    ChatBody, ChatRequest, ErrorKind, Feature, FeatureSet, Frame, Message, RawFrame, StreamEvent,
    Usage,
};
use interline_dialect_openai::{
    CallIds, DeveloperRole, EarlierReasoning, FORMAT, Mode, OutputLimit, ParticipantNames, Quirks,
    StreamDecoder, StreamEncoder, StreamOptions, StreamUsage, ThinkingControl, UsageChunk,
    decode_request, decode_response, encode_request, encode_response,
};
use interline_transport::SseEvent;
use serde_json::{Value, json};

fn sent(body: &str, mode: Mode, quirks: &Quirks) -> String {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let inbound = decode_request(body, Vec::new()).expect("a good request");
    let request = inbound.request.for_model("vendor-model");
    let sent = encode_request(&request, mode, quirks).expect("carried");
    String::from_utf8(sent.to_vec()).expect("UTF-8")
}

#[track_caller]
fn check_sent(body: &str, mode: Mode, quirks: &Quirks, expected: &str) {
    assert_eq!(sent(body, mode, quirks), expected);
}

#[test]
fn unknown_fields_order_and_spelling_of_numbers_survive() {
    check_sent(
        r#"{"zeta":1.0e2,"model":"chat","messages":[{"role":"user","content":"hi","x":{"b":1,"a":2}}],"stream":true}"#,
        Mode::Unary,
        &Quirks::default(),
        r#"{"zeta":1.0e2,"model":"vendor-model","messages":[{"role":"user","content":"hi","x":{"b":1,"a":2}}]}"#,
    );
}

#[test]
fn a_stream_asks_for_usage_and_keeps_the_callers_own_options() {
    let body = r#"{"model":"chat","messages":[{"role":"user","content":"hi"}],"stream_options":{"include_obfuscation":false}}"#;
    let sent: Value =
        serde_json::from_str(&sent(body, Mode::Stream, &Quirks::default())).expect("JSON");
    assert_eq!(sent["stream"], true);
    assert_eq!(
        sent["stream_options"],
        json!({"include_usage": true, "include_obfuscation": false})
    );
}

#[test]
fn hints_that_the_vendor_refuses_are_left_out_and_the_bound_keeps_its_name() {
    let quirks = Quirks::default()
        .with_features(FeatureSet::all().without(Feature::Logprobs))
        .with_output_limit(OutputLimit::MaxTokens)
        .with_refused_fields(&["logit_bias"]);
    check_sent(
        r#"{"model":"chat","messages":[{"role":"user","content":"hi"}],"logprobs":true,"top_logprobs":2,"logit_bias":{"1":2},"max_completion_tokens":9}"#,
        Mode::Unary,
        &quirks,
        r#"{"model":"vendor-model","messages":[{"role":"user","content":"hi"}],"max_completion_tokens":9}"#,
    );
}

#[test]
fn a_change_inside_the_messages_keeps_every_unknown_field() {
    let quirks = Quirks::default()
        .with_developer_role(DeveloperRole::AsSystem)
        .with_participant_names(ParticipantNames::Dropped);
    let body = json!({"model": "chat", "new": {"a": 1}, "messages": [
        {"role": "developer", "content": "Be brief.", "weight": 2},
        {"role": "user", "name": "ann", "content": [
            {"type": "text", "text": "hi", "mark": 1},
            {"type": "video_url", "video_url": {"url": "https://x.example"}}]}]});
    let sent: Value =
        serde_json::from_str(&sent(&body.to_string(), Mode::Unary, &quirks)).expect("JSON");
    assert_eq!(
        sent,
        json!({"model": "vendor-model", "new": {"a": 1}, "messages": [
            {"role": "system", "content": "Be brief.", "weight": 2},
            {"role": "user", "content": [
                {"type": "text", "text": "hi", "mark": 1},
                {"type": "video_url", "video_url": {"url": "https://x.example"}}]}]})
    );
}

#[test]
fn what_the_vendor_lacks_and_the_answer_needs_is_unsupported() {
    let quirks =
        Quirks::default().with_features(FeatureSet::all().without(Feature::MultipleChoices));
    let body = Bytes::from_static(
        br#"{"model":"chat","messages":[{"role":"user","content":"hi"}],"n":2}"#,
    );
    let request = decode_request(body, Vec::new())
        .expect("a good request")
        .request;
    let error = encode_request(&request, Mode::Unary, &quirks).expect_err("two answers");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.param(), Some("n"));
}

#[test]
fn an_answer_leaves_byte_for_byte_and_only_its_model_is_renamed() {
    let body = r#"{"id":"1","model":"own","x":1.50,"choices":[{"index":0,"message":{"role":"assistant","content":"hi"}}]}"#;
    let response = decode_response(Bytes::from_static(body.as_bytes())).expect("an answer");
    assert_eq!(encode_response(&response, "own"), body.as_bytes());
    let renamed = body.replace("own", "chat");
    assert_eq!(encode_response(&response, "chat"), renamed.as_bytes());
}

fn raw(data: &'static str, events: Vec<StreamEvent>) -> Frame {
    Frame::new(
        RawFrame::new(FORMAT, None, Bytes::from_static(data.as_bytes())),
        events,
    )
}

#[track_caller]
fn check_passed(options: StreamOptions, frame: &Frame, expected: &[&str]) {
    let out = StreamEncoder::new(options).encode(frame);
    let data: Vec<_> = out.iter().map(|frame| frame.data.as_ref()).collect();
    let expected: Vec<_> = expected.iter().map(|data| data.as_bytes()).collect();
    assert_eq!(data, expected);
}

#[test]
fn usage_reaches_only_callers_who_asked() {
    let only = r#"{"id":"1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let beside = r#"{"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2},"z":1.0}"#;
    let usage = StreamEvent::Usage(Usage::new(1, 2));
    let asked = StreamOptions::new(UsageChunk::Asked);
    let not_asked = StreamOptions::default();
    let only_frame = raw(only, vec![usage.clone()]);
    check_passed(asked.clone(), &only_frame, &[only]);
    check_passed(not_asked.clone(), &only_frame, &[]);
    let beside_frame = raw(beside, vec![usage]);
    check_passed(asked, &beside_frame, &[beside]);
    check_passed(
        not_asked,
        &beside_frame,
        &[r#"{"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"z":1.0}"#],
    );
}

/// A stream of Groq's shape, written by hand: the usage is in `x_groq`, and only there in one of the two.
#[test]
fn usage_in_a_place_of_the_vendors_own_is_shown_once_more_where_it_belongs() {
    let last = r#"{"id":"g1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}}"#;
    let standard = r#"{"id":"g1","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#;
    let passed = |wish: UsageChunk, chunks: &[&str]| -> Vec<String> {
        let mut decoder = StreamDecoder::new(Quirks::new().with_envelope("x_groq"));
        let mut encoder = StreamEncoder::new(StreamOptions::new(wish));
        let mut out = Vec::new();
        for chunk in chunks.iter().chain(&["[DONE]"]) {
            let event = SseEvent::new(None, Bytes::copy_from_slice(chunk.as_bytes()));
            let frame = decoder.push(event).expect("a good event");
            for frame in encoder.encode(&frame) {
                out.push(String::from_utf8(frame.data.to_vec()).expect("UTF-8"));
            }
        }
        out
    };
    let own_only = passed(UsageChunk::Asked, &[last]);
    assert_eq!(own_only.len(), 3, "{own_only:?}");
    assert_eq!([&*own_only[0], &*own_only[2]], [last, "[DONE]"]);
    let added: Value = serde_json::from_str(&own_only[1]).expect("JSON");
    let standard_chunk: Value = serde_json::from_str(standard).expect("JSON");
    assert_eq!(added, standard_chunk);
    let both = [last, standard];
    assert_eq!(passed(UsageChunk::Asked, &both), [last, standard, "[DONE]"]);
    assert_eq!(passed(UsageChunk::NotAsked, &both), [last, "[DONE]"]);
    assert_eq!(passed(UsageChunk::NotAsked, &[last]), [last, "[DONE]"]);
}

#[test]
fn a_renamed_stream_keeps_its_terminal_event() {
    let options = StreamOptions::default().with_model("chat".to_owned());
    check_passed(
        options.clone(),
        &raw(r#"{"model":"own","choices":[]}"#, Vec::new()),
        &[r#"{"model":"chat","choices":[]}"#],
    );
    check_passed(options, &raw("[DONE]", vec![StreamEvent::End]), &["[DONE]"]);
}

#[test]
fn a_failure_is_the_last_event_and_carries_the_answers_id() {
    let mut encoder = StreamEncoder::new(StreamOptions::default());
    let started = StreamEvent::Started {
        id: Some("1".into()),
        model: Some("m".into()),
        created: Some(7),
    };
    encoder.encode(&raw(r#"{"id":"1","choices":[]}"#, vec![started]));
    let out = encoder.error(&json!({"error": {"message": "gone", "code": "unavailable"}}));
    let [last] = out.as_slice() else {
        panic!("one event: {out:?}");
    };
    let last: Value = serde_json::from_slice(&last.data).expect("JSON");
    assert_eq!(
        last,
        json!({"id": "1", "object": "chat.completion.chunk", "created": 7, "model": "m",
            "choices": [{"index": 0, "delta": {}, "finish_reason": "error"}],
            "error": {"message": "gone", "code": "unavailable"}})
    );
}

#[test]
fn fields_that_the_vendor_calls_otherwise_get_its_name() {
    let quirks = Quirks::default()
        .with_renamed_fields(&[("seed", "random_seed")])
        .with_stream_usage(StreamUsage::Unasked)
        .with_refused_fields(&["stream_options"]);
    let ask = |fields: &str| {
        format!(r#"{{"model":"chat","messages":[{{"role":"user","content":"hi"}}],{fields}}}"#)
    };
    let got = |fields: &str| {
        format!(
            r#"{{"model":"vendor-model","messages":[{{"role":"user","content":"hi"}}],{fields}}}"#
        )
    };
    check_sent(
        &ask(r#""seed":7,"stream_options":{"include_usage":true}"#),
        Mode::Stream,
        &quirks,
        &got(r#""stream":true,"random_seed":7"#),
    );
    // The vendor's own word stands.
    check_sent(
        &ask(r#""seed":7,"random_seed":8"#),
        Mode::Unary,
        &quirks,
        &got(r#""random_seed":8"#),
    );
    let mut body = ChatBody::default();
    body.messages = vec![Message::user("hi")];
    body.params.seed = Some(7);
    let request = ChatRequest::from_body("m", body);
    let sent = encode_request(&request, Mode::Stream, &quirks).expect("carried");
    let sent: Value = serde_json::from_slice(&sent).expect("JSON");
    assert_eq!(sent["random_seed"], 7);
    assert_eq!(sent.get("seed"), None);
    assert_eq!(sent.get("stream_options"), None);
}

#[test]
fn thinking_that_is_switched_off_stays_off_where_the_vendor_has_another_switch() {
    let quirks = Quirks::default().with_thinking(ThinkingControl::EffortAndSwitch);
    let ask = |fields: &str| {
        format!(r#"{{"model":"chat","messages":[{{"role":"user","content":"hi"}}],{fields}}}"#)
    };
    let got = |fields: &str| {
        format!(
            r#"{{"model":"vendor-model","messages":[{{"role":"user","content":"hi"}}],{fields}}}"#
        )
    };
    check_sent(
        &ask(r#""reasoning_effort":"none""#),
        Mode::Unary,
        &quirks,
        &got(r#""thinking":{"type":"disabled"}"#),
    );
    for kept in [
        r#""reasoning_effort":"medium""#,
        r#""thinking":{"type":"enabled"},"reasoning_effort":"none""#,
    ] {
        check_sent(&ask(kept), Mode::Unary, &quirks, &got(kept));
    }
}

#[test]
fn messages_are_written_anew_only_where_something_changes_in_them() {
    let quirks = Quirks::default()
        .with_call_ids(CallIds::NineAlphanumeric)
        .with_earlier_reasoning(EarlierReasoning::ThinkingParts);
    // The unusual spelling of a number shows whether the bytes stayed.
    let untouched = r#"{"model":"chat","messages":[{"role":"user","content":"hi","x":1.0e2}]}"#;
    check_sent(
        untouched,
        Mode::Unary,
        &quirks,
        &untouched.replace(r#""chat""#, r#""vendor-model""#),
    );
    let body = json!({"model": "chat", "messages": [
        {"role": "assistant", "content": "Let me see.", "reasoning_content": "hm", "x": 1,
            "tool_calls": [{"id": "6SmIVvgTb", "type": "function",
                "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "6SmIVvgTb", "content": "7"}]});
    let sent: Value =
        serde_json::from_str(&sent(&body.to_string(), Mode::Unary, &quirks)).expect("JSON");
    assert_eq!(
        sent["messages"][0],
        json!({"role": "assistant", "x": 1,
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "closed": true},
                {"type": "text", "text": "Let me see."}],
            "tool_calls": [{"id": "6SmIVvgTb", "type": "function",
                "function": {"name": "f", "arguments": "{}"}}]})
    );
    assert_eq!(sent["messages"][1], body["messages"][1]);
}
