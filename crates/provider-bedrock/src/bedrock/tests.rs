//! The provider over prepared answers, hand-written after the API reference (read in August 2026).

use futures_util::StreamExt;
use interline_core::{Frame, Message, Phase, RetryHint, StreamEvent};
use interline_testkit::{ReplayTransport, Transcript};
use proptest::prelude::{any, prop, proptest};
use tokio::runtime::Builder;

use super::*;
use crate::EventMessage;
use crate::testing::{answering, bedrock, encoded};

fn hi() -> ChatRequest {
    ChatRequest::new("us.amazon.nova-lite-v1:0", [Message::user("hi")])
}

fn call() -> CallContext {
    CallContext::new("c")
}

#[tokio::test]
async fn a_call_sends_key_and_body_and_reads_the_answer() {
    let transport = answering(
        200,
        r#"{"output":{"message":{"role":"assistant","content":[{"text":"Hello."}]}},
            "stopReason":"end_turn","usage":{"inputTokens":3,"outputTokens":2}}"#,
    );
    let answer = bedrock(&transport).complete(&call(), &hi()).await;
    let answer = answer.expect("an answer");
    assert_eq!(
        (answer.text().as_str(), answer.model.as_str()),
        ("Hello.", "us.amazon.nova-lite-v1:0")
    );
    assert_eq!(answer.meta.request_id.as_deref(), Some("req_1"));
    let sent = transport.last();
    assert_eq!(
        sent.url,
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.amazon.nova-lite-v1%3A0/converse"
    );
    assert_eq!(sent.headers["authorization"], "Bearer key-of-mine");
    assert_eq!(
        sent.body,
        r#"{"messages":[{"content":[{"text":"hi"}],"role":"user"}]}"#
    );
}

#[tokio::test]
async fn a_signed_call_carries_a_signature_instead_of_a_key() {
    let transport = answering(500, "");
    let bedrock = Bedrock::builder()
        .region("us-east-1")
        .access_key("AKIDEXAMPLE", "secret")
        .session_token("token-of-mine")
        .transport(Arc::<ReplayTransport>::clone(&transport))
        .build()
        .expect("good settings");
    let refused = bedrock.complete(&call(), &hi()).await;
    assert!(refused.is_err());
    let sent = transport.last();
    let signature = sent.headers["authorization"].to_str().expect("text");
    assert!(
        signature.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"),
        "{signature}"
    );
    assert!(
        signature.contains("/us-east-1/bedrock/aws4_request"),
        "{signature}"
    );
    assert_eq!(sent.headers["x-amz-security-token"], "token-of-mine");
}

/// A short answer: text, a call, counts.
fn messages() -> Vec<EventMessage> {
    [
        ("messageStart", r#"{"role":"assistant","p":"abc"}"#),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"text":"Héllo"}}"#,
        ),
        ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"t","name":"f"}}}"#,
        ),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{}"}}}"#,
        ),
        ("contentBlockStop", r#"{"contentBlockIndex":1}"#),
        ("messageStop", r#"{"stopReason":"tool_use"}"#),
        (
            "metadata",
            r#"{"usage":{"inputTokens":3,"outputTokens":2},"metrics":{"latencyMs":1}}"#,
        ),
    ]
    .map(|(name, payload)| EventMessage::event(name, payload))
    .into()
}

async fn streamed(body: Vec<u8>, piece_bytes: usize) -> Vec<Result<Frame>> {
    let headers = [("content-type", "application/vnd.amazon.eventstream")];
    let transport = ReplayTransport::new(200, headers, body, piece_bytes);
    let stream = bedrock(&transport).stream(&call(), &hi()).await;
    let sent = transport.last();
    assert!(sent.url.ends_with("%3A0/converse-stream"), "{}", sent.url);
    assert_eq!(sent.headers["accept"], EVENT_STREAM);
    stream.expect("headers").collect().await
}

#[tokio::test]
async fn a_stream_ends_with_the_body_and_counts() {
    let frames = streamed(encoded(&messages()), usize::MAX).await;
    assert_eq!(frames.len(), messages().len() + 1);
    let frames: Result<Vec<Frame>> = frames.into_iter().collect();
    let frames = frames.expect("a good stream");
    let names: Vec<_> = frames
        .iter()
        .map(|frame| frame.raw.as_ref()?.event.as_deref())
        .collect();
    assert_eq!(
        names[..2],
        [Some("messageStart"), Some("contentBlockDelta")]
    );
    assert!(frames.last().is_some_and(Frame::is_end));
    let transcript = Transcript::of(frames.iter().flat_map(|frame| &frame.events));
    assert_eq!(transcript.usage.total_tokens(), Some(5));
}

#[tokio::test]
async fn a_cut_at_any_byte_is_a_protocol_error_that_says_how_far_things_came() {
    let body = encoded(&messages());
    let until = |count: usize| encoded(&messages()[..count]).len();
    let (first_content, stopped) = (until(2), until(7));
    for length in 0..body.len() {
        let last = streamed(body[..length].to_vec(), usize::MAX).await.pop();
        let last = last.expect("an end");
        if length == stopped {
            // The answer is whole; only the counts are missing.
            assert!(last.is_ok_and(|frame| frame.is_end()));
            continue;
        }
        let error = last.expect_err("cut");
        let phase = match length < first_content {
            true => Phase::BeforeOutput,
            false => Phase::AfterOutput,
        };
        assert_eq!(
            (error.kind(), error.phase()),
            (ErrorKind::Protocol, phase),
            "{length}"
        );
        assert_eq!(error.provider(), Some(&"mine".into()));
    }
}

#[tokio::test]
async fn an_exception_ends_a_stream_with_its_kind() {
    let mut messages = messages();
    messages.truncate(2);
    messages.push(EventMessage::exception(
        "throttlingException",
        r#"{"message":"slow down"}"#,
    ));
    messages.push(EventMessage::event(
        "messageStop",
        r#"{"stopReason":"end_turn"}"#,
    ));
    let mut frames = streamed(encoded(&messages), 7).await;
    assert_eq!(frames.len(), 3);
    let error = frames.pop().expect("an end").expect_err("an exception");
    assert_eq!(
        (error.kind(), error.phase()),
        (ErrorKind::RateLimited, Phase::AfterOutput)
    );
    assert_eq!(error.message(), "slow down");
}

#[tokio::test]
async fn a_damaged_message_ends_a_stream() {
    let mut body = encoded(&messages());
    let middle = body.len() / 2;
    body[middle] ^= 0x20;
    let last = streamed(body, 64).await.pop().expect("an end");
    assert_eq!(last.expect_err("damaged").kind(), ErrorKind::Protocol);
}

/// Hand-written from the user guide's page on error codes; no recordings of them exist.
#[tokio::test]
async fn failures_of_the_service_are_worth_another_try() {
    for (status, body) in [
        (
            500,
            r#"{"message":"The system encountered an unexpected error during processing."}"#,
        ),
        (
            503,
            r#"{"message":"Bedrock is unable to process your request."}"#,
        ),
        (
            424,
            r#"{"message":"The model has failed.","originalStatusCode":500,"resourceName":"r"}"#,
        ),
    ] {
        let transport = answering(status, body);
        let error = bedrock(&transport)
            .stream(&call(), &hi())
            .await
            .expect_err("refused");
        assert_eq!(
            (error.kind(), error.retry()),
            (ErrorKind::Unavailable, RetryHint::Backoff)
        );
        assert_eq!(
            (error.status(), error.request_id()),
            (Some(status), Some("req_1"))
        );
        assert!(error.other_target());
    }
}

#[tokio::test]
async fn health_is_an_answer_of_the_runtime_that_knows_the_credential() {
    let told = |status, body| async move {
        let transport = answering(status, body);
        let health = bedrock(&transport).health_check(&call()).await;
        let url = transport.last().url;
        assert!(
            url.ends_with("amazonaws.com/async-invoke?maxResults=1"),
            "{url}"
        );
        health.map_err(|error| error.kind())
    };
    assert_eq!(told(200, r#"{"asyncInvokeSummaries":[]}"#).await, Ok(()));
    let forbidden = r#"{"Message":"User: arn:aws:iam::1:user/u is not authorized to perform: bedrock:ListAsyncInvokes"}"#;
    assert_eq!(told(403, forbidden).await, Ok(()));
    let unknown = r#"{"Message":"Authentication failed: Please make sure your API Key is valid."}"#;
    assert_eq!(told(403, unknown).await, Err(ErrorKind::Authentication));
    assert_eq!(told(503, "").await, Err(ErrorKind::Unavailable));
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_frames(
        text in prop::collection::vec(any::<String>(), 1..6),
        piece_bytes in 1_usize..400,
    ) {
        let mut messages = messages();
        let deltas = text.iter().map(|text| {
            let payload = serde_json::json!({"contentBlockIndex": 0, "delta": {"text": text}});
            EventMessage::event("contentBlockDelta", payload.to_string())
        });
        messages.splice(1..2, deltas);
        let body = encoded(&messages);
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let read = |piece_bytes| {
            let frames = runtime.block_on(streamed(body.clone(), piece_bytes));
            let frames: Result<Vec<Frame>> = frames.into_iter().collect();
            frames.expect("a good stream")
        };
        let whole = read(usize::MAX);
        let said: String = whole
            .iter()
            .flat_map(|frame| &frame.events)
            .filter_map(|event| match event {
                StreamEvent::Text { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(said, text.concat());
        assert_eq!(read(piece_bytes), whole);
    }
}
