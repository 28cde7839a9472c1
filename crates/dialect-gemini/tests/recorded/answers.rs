//! Answers: text, thinking, tool calls, end, usage and errors come out as recorded, however the body
//! is cut.

use futures_util::StreamExt;
use http::HeaderMap;
use interline_core::{
    CallContext, ChatRequest, ChatResponse, Error, ErrorKind, FinishReason, Frame, Message,
    PartKind, Phase, Provider, Result, StreamEvent, Usage,
};
use interline_dialect_gemini::{GenerateContentAdapter, Quirks};
use serde_json::{Value, json};

use crate::case::{Case, cases};
use interline_testkit::ReplayTransport;
use interline_testkit::{Item, Transcript};

/// Piece sizes in bytes: every event boundary, every UTF-8 sequence and every token gets cut.
const PIECES: [usize; 6] = [1, 2, 3, 7, 101, usize::MAX];

/// Bodies beyond this many bytes are not cut into single bytes: hundreds of thousands of pieces take
/// long and show no more.
const SMALL_BYTES: usize = 16 * 1024;

#[tokio::test]
async fn every_answer_comes_out_as_recorded_however_it_is_cut() {
    let mut failures = Vec::new();
    let cases = cases();
    for case in &cases {
        for piece_bytes in PIECES {
            if piece_bytes < 100 && case.body().len() > SMALL_BYTES {
                continue;
            }
            let got = answer(case, piece_bytes).await;
            for (key, wanted) in case.expected().as_object().expect("an object") {
                if matches!(key.as_str(), "finish_reason_raw" | "error_code_raw") {
                    continue;
                }
                if !says(&got[key], wanted) {
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
    report(&cases);
}

#[allow(clippy::print_stderr, reason = "the number tells whether the test ran")]
fn report(cases: &[Case]) {
    let of_vertex = cases.iter().filter(|case| case.is_vertex()).count();
    let of_gemini = cases.len() - of_vertex;
    eprintln!("recorded cases: {of_gemini} of the Gemini API, {of_vertex} of Vertex AI");
}

/// Whether `got` has everything that `wanted` says; counts that are absent there are uncertain.
fn says(got: &Value, wanted: &Value) -> bool {
    match (got, wanted) {
        (Value::Object(got), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, value)| got.get(key) == Some(value)),
        _ => got == wanted,
    }
}

/// What the adapter makes of a case, in the words of `expected`.
async fn answer(case: &Case, piece_bytes: usize) -> Value {
    match exchange(case, piece_bytes).await {
        Ok(value) => value,
        Err(error) => {
            assert_eq!(error.phase(), Phase::BeforeOutput, "{}: {error}", case.id);
            json!({
                "http_status": error.status(),
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

fn adapter(case: &Case, piece_bytes: usize) -> GenerateContentAdapter {
    let transport = ReplayTransport::new(
        case.status(),
        case.headers(),
        case.body().to_owned(),
        piece_bytes,
    );
    let (headers, quirks) = (HeaderMap::new(), Quirks::default());
    GenerateContentAdapter::new("g", transport, "https://a.example", headers, quirks)
}

fn request() -> ChatRequest {
    ChatRequest::new("gemini-2.5-flash", [Message::user("hi")])
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
        .map(|call| {
            assert!(!call.id.is_empty(), "every call has an id");
            tool_call(&call.name, &call.arguments)
        })
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

/// Google's counting: the answer without the thoughts.
fn summary(
    text: &str,
    reasoning: &str,
    calls: &[Value],
    finish: Option<&FinishReason>,
    usage: Usage,
) -> Value {
    let thoughts = usage.reasoning_tokens.unwrap_or(0);
    json!({
        "text": text, "reasoning": reasoning, "tool_calls": calls,
        "finish_reason": finish.map(FinishReason::as_str),
        "usage": {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens.map(|output| output - thoughts),
            "cached_input_tokens": usage.cached_input_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
        },
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
async fn streams_come_out_the_same_however_they_are_cut() {
    for case in cases()
        .iter()
        .filter(|case| case.is_stream() && case.status() == 200)
    {
        let whole = events(&frames(case, usize::MAX).await.expect("a good stream"));
        for piece_bytes in [13, 1021] {
            let cut = events(&frames(case, piece_bytes).await.expect("a good stream"));
            assert_eq!(cut, whole, "{} /{piece_bytes}", case.id);
        }
    }
}
