//! Answers: text, thinking, tool calls, end, usage and errors come out as recorded, however the body
//! is cut, and survive being translated once more.

use futures_util::StreamExt;
use http::HeaderMap;
use interline_core::{
    CallContext, ChatRequest, ChatResponse, Error, ErrorKind, FinishReason, Frame, Message,
    PartKind, Phase, Provider, RawFrame, Result, StreamEvent, Usage,
};
use interline_dialect_anthropic::{
    FORMAT, MessagesAdapter, Quirks, StreamDecoder, StreamEncoder, StreamOptions, encode_response,
};
use interline_transport::SseEvent;
use serde_json::{Value, json};

use crate::case::{Case, cases};
use interline_testkit::ReplayTransport;
use interline_testkit::{Item, Transcript};

/// Piece sizes in bytes: every event boundary, every UTF-8 sequence and every token gets cut.
const PIECES: [usize; 6] = [1, 2, 3, 7, 101, usize::MAX];

#[tokio::test]
async fn every_answer_comes_out_as_recorded_however_it_is_cut() {
    let mut failures = Vec::new();
    let cases = cases();
    for case in &cases {
        for piece_bytes in PIECES {
            let got = answer(case, piece_bytes).await;
            for (key, wanted) in case.expected().as_object().expect("an object") {
                if matches!(key.as_str(), "finish_reason_raw" | "http_status") {
                    continue;
                }
                if got.get(key) != Some(wanted) {
                    let got = &got[key];
                    failures.push(format!(
                        "{} /{piece_bytes} {key}: {got} is not {wanted}",
                        case.id
                    ));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    report(cases.len());
}

#[allow(clippy::print_stderr, reason = "the number tells whether the test ran")]
fn report(cases: usize) {
    eprintln!("{cases} recorded cases, {} cuts each", PIECES.len());
}

/// What the adapter makes of a case, in the words of `expected`.
async fn answer(case: &Case, piece_bytes: usize) -> Value {
    match exchange(case, piece_bytes).await {
        Ok(value) => value,
        Err(error) => {
            assert!(error.request_id().is_some() || !case.body().contains("\"req_"));
            assert_eq!(error.phase(), Phase::BeforeOutput);
            json!({
                "error_class": class(&error),
                "error_type_raw": error.vendor_code(),
                "error_message": error.message(),
            })
        }
    }
}

async fn exchange(case: &Case, piece_bytes: usize) -> Result<Value> {
    if case.is_stream() {
        let frames = frames(case, piece_bytes).await?;
        return Ok(of_stream(&events(&frames)));
    }
    let adapter = adapter(case, piece_bytes);
    let response = adapter.complete(&CallContext::new("c"), &request()).await?;
    Ok(of_response(&response))
}

fn adapter(case: &Case, piece_bytes: usize) -> MessagesAdapter {
    let transport = ReplayTransport::new(
        case.status(),
        case.headers(),
        case.body().to_owned(),
        piece_bytes,
    );
    let (headers, quirks) = (HeaderMap::new(), Quirks::default());
    MessagesAdapter::new("claude", transport, "https://a.example", headers, quirks)
}

fn request() -> ChatRequest {
    ChatRequest::new("m", [Message::user("hi")])
}

async fn frames(case: &Case, piece_bytes: usize) -> Result<Vec<Frame>> {
    let adapter = adapter(case, piece_bytes);
    let mut stream = adapter.stream(&CallContext::new("c"), &request()).await?;
    let mut frames = Vec::new();
    while let Some(frame) = stream.next().await {
        frames.push(frame?);
    }
    assert!(frames.last().is_some_and(Frame::is_end), "{}", case.id);
    Ok(frames)
}

fn events(frames: &[Frame]) -> Vec<StreamEvent> {
    frames.iter().flat_map(|f| f.events.clone()).collect()
}

fn of_stream(events: &[StreamEvent]) -> Value {
    let transcript = Transcript::of(events);
    let mut text = String::new();
    let mut reasoning = String::new();
    let mut calls = Vec::new();
    for item in &transcript.items {
        match item {
            Item::Text(words) => text.push_str(words),
            Item::Thinking(words, _) => reasoning.push_str(words),
            Item::Tool(call) => calls.push(tool_call(&call.name, &call.arguments)),
            Item::Whole(part) => match &part.kind {
                PartKind::ToolCall(_) => panic!("a whole tool call"),
                _ => text.push_str(part.as_text().unwrap_or_default()),
            },
        }
    }
    let finish = transcript.finish.as_ref().map(|(reason, _)| reason);
    summary(&text, &reasoning, &calls, finish, transcript.usage)
}

fn of_response(response: &ChatResponse) -> Value {
    let calls: Vec<Value> = response
        .tool_calls()
        .map(|call| tool_call(&call.name, &call.arguments))
        .collect();
    summary(
        &response.text(),
        &response.reasoning_text(),
        &calls,
        response.finish_reason(),
        response.usage,
    )
}

fn tool_call(name: &str, arguments: &str) -> Value {
    let arguments: Value = serde_json::from_str(arguments).expect("JSON arguments");
    json!({"name": name, "arguments": arguments})
}

fn summary(
    text: &str,
    reasoning: &str,
    calls: &[Value],
    finish: Option<&FinishReason>,
    usage: Usage,
) -> Value {
    let mut counts = json!({
        "input_tokens": usage.uncached_input_tokens(),
        "output_tokens": usage.output_tokens,
    });
    if let Some(cached) = usage.cached_input_tokens {
        counts["cached_input_tokens"] = json!(cached);
    }
    if let Some(written) = usage.cache_write_tokens {
        counts["cache_creation_input_tokens"] = json!(written);
    }
    json!({
        "text": text, "reasoning": reasoning, "tool_calls": calls,
        "finish_reason": finish.map(FinishReason::as_str), "usage": counts,
    })
}

fn class(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::InvalidRequest | ErrorKind::PayloadTooLarge => "invalid_request",
        ErrorKind::Authentication => "authentication",
        ErrorKind::Permission => "permission",
        ErrorKind::NotFound => "not_found",
        ErrorKind::ContextLength => "context_length",
        ErrorKind::ContentFiltered => "content_policy",
        ErrorKind::RateLimited => "rate_limit",
        ErrorKind::QuotaExhausted => "quota",
        ErrorKind::Overloaded => "overloaded",
        ErrorKind::Timeout(_) => "timeout",
        _ => "server_error",
    }
}

#[tokio::test]
async fn answers_reach_callers_of_the_format_byte_for_byte() {
    for case in cases().iter().filter(|case| case.status() == 200) {
        if case.is_stream() {
            let mut encoder = StreamEncoder::new(StreamOptions::default());
            for frame in frames(case, 64).await.expect("a good stream") {
                let raw = frame.raw.clone().expect("over a wire");
                assert_eq!(encoder.encode(&frame), [raw], "{}", case.id);
            }
        } else {
            let adapter = adapter(case, 64);
            let response = adapter.complete(&CallContext::new("c"), &request()).await;
            let response = response.expect("a good answer");
            let sent = encode_response(&response, &response.model);
            assert_eq!(sent, case.body(), "{}", case.id);
        }
    }
}

#[tokio::test]
async fn answers_survive_being_written_from_types_and_read_again() {
    for case in cases().iter().filter(|case| case.status() == 200) {
        let (before, after) = if case.is_stream() {
            let before = events(&frames(case, 64).await.expect("a good stream"));
            let after = through_the_encoder(&before);
            assert_eq!(
                Transcript::of(&before).items,
                Transcript::of(&after).items,
                "{}",
                case.id
            );
            (of_stream(&before), of_stream(&after))
        } else {
            let adapter = adapter(case, 64);
            let response = adapter.complete(&CallContext::new("c"), &request()).await;
            let response = response.expect("a good answer");
            let mut bare = response.clone();
            bare.raw = None;
            let body = encode_response(&bare, "m");
            let again = interline_dialect_anthropic::decode_response(body);
            (of_response(&response), of_response(&again.expect("good")))
        };
        assert_eq!(before, with_known_cache(after, case.body()), "{}", case.id);
    }
}

/// The format cannot say that the cache counts are unknown: it says 0.
fn with_known_cache(mut value: Value, body: &str) -> Value {
    if !body.contains("cache_read_input_tokens") {
        let usage = value["usage"].as_object_mut().expect("usage");
        usage.retain(|key, _| !key.starts_with("cache"));
    }
    value
}

/// The events as another vendor's: without their raw frames, one event per frame.
fn through_the_encoder(events: &[StreamEvent]) -> Vec<StreamEvent> {
    let mut encoder = StreamEncoder::new(StreamOptions::default());
    let mut decoder = StreamDecoder::new();
    let raws: Vec<RawFrame> = events
        .iter()
        .flat_map(|event| encoder.encode(&Frame::of([event.clone()])))
        .collect();
    raws.into_iter()
        .flat_map(|raw| {
            assert_eq!(raw.format, FORMAT);
            let event = SseEvent::new(raw.event, raw.data);
            decoder.push(event).expect("our own event").events
        })
        .collect()
}
