//! Every fault, as a client sees it.

use std::time::{Duration, SystemTime};

use interline_simulator::{
    Dialect, Ending, ErrorCase, Fault, Outcome, Reply, RetryAfter, Script, Vendor,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::{call, client, data_of, read_to_end, soon, streaming};

const DIALECTS: [Dialect; 2] = [Dialect::OpenAi, Dialect::Anthropic];

async fn vendor(dialect: Dialect, fault: Fault) -> Vendor {
    Vendor::builder(dialect, "sick")
        .with_script(Script::new().next(1, fault))
        .with_reply(Reply::text("one two three four"))
        .start()
        .await
        .unwrap()
}

/// The one fault fired, and the next call is healthy again.
async fn check_fired_once(vendor: &Vendor, name: &str) {
    assert_eq!(
        vendor.faults_fired().into_iter().collect::<Vec<_>>(),
        [(name, 1)]
    );
    let healthy = soon(call(&client(), vendor, &json!({})).send())
        .await
        .unwrap();
    assert_eq!(healthy.status(), 200);
    assert!(healthy.text().await.unwrap().contains("one two three four"));
}

/// How a stream under a fault arrives.
async fn stream_under(
    dialect: Dialect,
    fault: Fault,
) -> (Vendor, String, Result<(), reqwest::Error>) {
    let vendor = vendor(dialect, fault).await;
    let response = soon(call(&client(), &vendor, &streaming()).send())
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let (body, ended) = soon(read_to_end(response)).await;
    (vendor, String::from_utf8_lossy(&body).into_owned(), ended)
}

fn has_terminal_event(body: &str) -> bool {
    body.contains("[DONE]") || body.contains("message_stop")
}

#[tokio::test]
async fn error_answers_have_the_vendors_status_and_type() {
    async fn check(dialect: Dialect, case: ErrorCase, status: u16, kind: &str, code: Option<&str>) {
        let vendor = vendor(dialect, Fault::error(case)).await;
        let response = call(&client(), &vendor, &streaming()).send().await.unwrap();
        assert_eq!(response.status(), status, "{case:?}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["type"], kind, "{case:?}");
        assert_eq!(body["error"]["code"].as_str(), code, "{case:?}");
        check_fired_once(&vendor, case.name()).await;
    }
    use ErrorCase::{
        Authentication, Billing, ContentPolicy, ContextLength, InvalidRequest, Overloaded,
        Permission, QuotaExhausted, RateLimited, ServerError, TooLarge, Unavailable, UnknownModel,
    };
    let invalid = "invalid_request_error";
    for (case, status, kind, code) in [
        (InvalidRequest, 400, invalid, None),
        (Authentication, 401, invalid, Some("invalid_api_key")),
        (Billing, 402, "billing_error", Some("insufficient_balance")),
        (
            Permission,
            403,
            "permission_error",
            Some("permission_denied"),
        ),
        (UnknownModel, 404, invalid, Some("model_not_found")),
        (TooLarge, 413, invalid, None),
        (ContextLength, 400, invalid, Some("context_length_exceeded")),
        (
            ContentPolicy,
            400,
            invalid,
            Some("content_policy_violation"),
        ),
        (RateLimited, 429, "requests", Some("rate_limit_exceeded")),
        (
            QuotaExhausted,
            429,
            "insufficient_quota",
            Some("insufficient_quota"),
        ),
        (ServerError, 500, "server_error", None),
        (
            Unavailable,
            503,
            "server_error",
            Some("service_unavailable"),
        ),
    ] {
        check(Dialect::OpenAi, case, status, kind, code).await;
    }
    for (case, status, kind) in [
        (InvalidRequest, 400, invalid),
        (Authentication, 401, "authentication_error"),
        (Billing, 402, "billing_error"),
        (Permission, 403, "permission_error"),
        (UnknownModel, 404, "not_found_error"),
        (TooLarge, 413, "request_too_large"),
        (ContextLength, 400, invalid),
        (RateLimited, 429, "rate_limit_error"),
        (ServerError, 500, "api_error"),
        (Overloaded, 529, "overloaded_error"),
    ] {
        check(Dialect::Anthropic, case, status, kind, None).await;
    }
}

#[tokio::test]
async fn any_status_can_be_asked_for_in_either_shape() {
    for dialect in DIALECTS {
        for status in [
            400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 529,
        ] {
            let vendor = vendor(dialect, Fault::status(status)).await;
            let response = call(&client(), &vendor, &json!({})).send().await.unwrap();
            assert_eq!(response.status(), status);
            let body: Value = response.json().await.unwrap();
            assert!(body["error"]["message"].is_string(), "{status}");
        }
    }
}

#[tokio::test]
async fn retry_after_comes_in_every_form() {
    async fn check(form: RetryAfter, header: &str, value: &str) {
        let vendor = vendor(Dialect::OpenAi, Fault::rate_limited(form)).await;
        let response = call(&client(), &vendor, &json!({})).send().await.unwrap();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[header], value);
    }
    check(RetryAfter::Seconds(20), "retry-after", "20").await;
    check(RetryAfter::Fraction(0.5), "retry-after", "0.5").await;
    check(RetryAfter::Milliseconds(1500), "retry-after-ms", "1500").await;
    check(RetryAfter::Raw("6m0s".to_owned()), "retry-after", "6m0s").await;
    let fault =
        Fault::status(503).with_retry_after(RetryAfter::HttpDateIn(Duration::from_secs(60)));
    let vendor = vendor(Dialect::Anthropic, fault).await;
    let response = call(&client(), &vendor, &json!({})).send().await.unwrap();
    let date = response.headers()["retry-after"].to_str().unwrap();
    let wait = httpdate::parse_http_date(date)
        .unwrap()
        .duration_since(SystemTime::now())
        .unwrap();
    assert!(
        wait > Duration::from_secs(55) && wait <= Duration::from_secs(60),
        "{wait:?}"
    );
}

#[tokio::test]
async fn closed_and_reset_end_the_call_without_an_answer() {
    for dialect in DIALECTS {
        for fault in [Fault::Closed, Fault::Reset] {
            let name = fault.name();
            let vendor = vendor(dialect, fault).await;
            let error = soon(call(&client(), &vendor, &json!({})).send())
                .await
                .unwrap_err();
            assert!(error.is_request() && !error.is_timeout(), "{error:?}");
            assert_eq!(vendor.ledger().last().unwrap().bytes_sent, 0);
            let hung_up = |ledger: &interline_simulator::Ledger| {
                ledger.last().unwrap().outcome == Outcome::VendorHungUp
            };
            soon(vendor.ledger().wait_until(hung_up)).await;
            check_fired_once(&vendor, name).await;
        }
    }
}

#[tokio::test]
async fn slow_head_comes_byte_by_byte_and_then_the_answer() {
    for more in [json!({}), streaming()] {
        let per_byte = Duration::from_millis(1);
        let vendor = vendor(Dialect::OpenAi, Fault::SlowHead { per_byte }).await;
        let started = Instant::now();
        let response = soon(call(&client(), &vendor, &more).send()).await.unwrap();
        // The head has more than 300 bytes.
        assert!(
            started.elapsed() > Duration::from_millis(300),
            "{:?}",
            started.elapsed()
        );
        assert!(response.text().await.unwrap().contains("one"));
    }
}

#[tokio::test]
async fn error_event_comes_in_place_of_content() {
    for dialect in DIALECTS {
        let case = ErrorCase::Overloaded;
        let (vendor, body, ended) =
            stream_under(dialect, Fault::ErrorEventBeforeContent { case }).await;
        ended.unwrap();
        assert!(!body.contains("one"), "{body}");
        assert!(!has_terminal_event(&body), "{body}");
        let last = data_of(&body).pop().unwrap();
        assert!(last["error"]["message"].is_string(), "{last}");
        if dialect == Dialect::Anthropic {
            assert!(body.contains("event: error\n"), "{body}");
            assert_eq!(last["error"]["type"], "overloaded_error");
        }
        check_fired_once(&vendor, "error_event_before_content").await;
    }
}

#[tokio::test]
async fn error_event_follows_some_content() {
    for dialect in DIALECTS {
        let case = ErrorCase::ServerError;
        let (vendor, body, ended) =
            stream_under(dialect, Fault::ErrorEventAfter { tokens: 2, case }).await;
        ended.unwrap();
        assert!(body.contains("two") && !body.contains("three"), "{body}");
        assert!(!has_terminal_event(&body), "{body}");
        assert!(data_of(&body).pop().unwrap()["error"].is_object(), "{body}");
        check_fired_once(&vendor, "error_event_after").await;
    }
}

#[tokio::test]
async fn error_event_of_a_unary_call_is_an_error_answer() {
    let case = ErrorCase::Overloaded;
    let vendor = vendor(Dialect::Anthropic, Fault::ErrorEventBeforeContent { case }).await;
    assert_eq!(
        call(&client(), &vendor, &json!({}))
            .send()
            .await
            .unwrap()
            .status(),
        529
    );
    check_fired_once(&vendor, "error_event_before_content").await;
}

#[tokio::test]
async fn cut_stream_ends_soundly_or_with_an_error_as_asked() {
    for dialect in DIALECTS {
        for ending in [Ending::Clean, Ending::Fin, Ending::Rst] {
            let (vendor, body, ended) =
                stream_under(dialect, Fault::CutAfter { events: 4, ending }).await;
            assert_eq!(ended.is_ok(), ending == Ending::Clean, "{ending:?}");
            assert!(
                body.contains("one") && !body.contains("four"),
                "{ending:?}: {body}"
            );
            assert!(!has_terminal_event(&body));
            check_fired_once(&vendor, "cut_after").await;
        }
    }
}

#[tokio::test]
async fn truncated_stream_ends_at_the_byte() {
    for bytes in [0, 1, 7, 100, 250] {
        let fault = Fault::TruncateAt {
            bytes,
            ending: Ending::Clean,
        };
        let (vendor, body, ended) = stream_under(Dialect::Anthropic, fault).await;
        ended.unwrap();
        assert_eq!(body.len(), bytes);
        check_fired_once(&vendor, "truncate_at").await;
    }
}

#[tokio::test]
async fn truncated_unary_answer_is_half_a_value_or_half_a_body() {
    for (ending, framed) in [
        (Ending::Clean, true),
        (Ending::Fin, false),
        (Ending::Rst, false),
    ] {
        let vendor = vendor(Dialect::OpenAi, Fault::TruncateAt { bytes: 20, ending }).await;
        let response = call(&client(), &vendor, &json!({})).send().await.unwrap();
        let (body, ended) = soon(read_to_end(response)).await;
        assert_eq!(ended.is_ok(), framed, "{ending:?}");
        assert_eq!(body.len(), 20, "{ending:?}");
        check_fired_once(&vendor, "truncate_at").await;
    }
}

#[tokio::test]
async fn fault_beyond_the_end_of_the_answer_is_not_counted() {
    let fault = Fault::TruncateAt {
        bytes: 1_000_000,
        ending: Ending::Fin,
    };
    let (vendor, body, ended) = stream_under(Dialect::OpenAi, fault).await;
    ended.unwrap();
    assert!(has_terminal_event(&body));
    assert_eq!(vendor.ledger().faults_fired_total(), 0);
    assert_eq!(vendor.ledger().last().unwrap().fault, None);
}

#[tokio::test]
async fn stalled_stream_stays_open_without_a_byte() {
    for more in [json!({}), streaming()] {
        let vendor = vendor(Dialect::OpenAi, Fault::Stall { events: 3 }).await;
        let mut response = call(&client(), &vendor, &more).send().await.unwrap();
        let mut body = Vec::new();
        let quiet = Duration::from_millis(150);
        while let Ok(piece) = tokio::time::timeout(quiet, response.chunk()).await {
            body.extend_from_slice(&piece.unwrap().expect("the body does not end"));
        }
        assert!(!body.is_empty());
        assert_eq!(vendor.ledger().last().unwrap().outcome, Outcome::InFlight);
        drop(response);
        check_fired_once(&vendor, "stall").await;
    }
}

#[tokio::test]
async fn trickled_body_is_complete() {
    for more in [json!({}), streaming()] {
        // Without a pause: the slow head shows that pauses are kept, and a stream has thousands of bytes.
        let per_byte = Duration::ZERO;
        let vendor = vendor(Dialect::Anthropic, Fault::Trickle { per_byte }).await;
        let response = call(&client(), &vendor, &more).send().await.unwrap();
        let (body, ended) = soon(read_to_end(response)).await;
        ended.unwrap();
        assert!(String::from_utf8(body).unwrap().contains("four"));
        check_fired_once(&vendor, "trickle").await;
    }
}

#[tokio::test]
async fn malformed_json_is_framed_as_if_it_were_whole() {
    for dialect in DIALECTS {
        let (vendor, body, ended) = stream_under(dialect, Fault::MalformedJson).await;
        ended.unwrap();
        let broken = body
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .filter(|data| *data != "[DONE]");
        assert_eq!(
            broken
                .filter(|data| serde_json::from_str::<Value>(data).is_err())
                .count(),
            1,
            "{body}"
        );
        check_fired_once(&vendor, "malformed_json").await;
        vendor.push_fault(Fault::MalformedJson);
        let response = call(&client(), &vendor, &json!({})).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.json::<Value>().await.unwrap_err().is_decode());
    }
}

#[tokio::test]
async fn empty_body_is_200_with_no_bytes() {
    for more in [json!({}), streaming()] {
        let vendor = vendor(Dialect::OpenAi, Fault::EmptyBody).await;
        let response = call(&client(), &vendor, &more).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.bytes().await.unwrap().is_empty());
        check_fired_once(&vendor, "empty_body").await;
    }
}

#[tokio::test]
async fn html_has_its_status_and_content_type() {
    for status in [200, 502] {
        let vendor = vendor(Dialect::OpenAi, Fault::Html { status }).await;
        let response = call(&client(), &vendor, &streaming()).send().await.unwrap();
        assert_eq!(response.status(), status);
        assert!(
            response.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
        check_fired_once(&vendor, "html").await;
    }
}

#[tokio::test]
async fn endless_body_outlasts_any_limit_and_stops_with_the_client() {
    for more in [json!({}), streaming()] {
        let vendor = vendor(Dialect::OpenAi, Fault::EndlessBody).await;
        let mut response = call(&client(), &vendor, &more).send().await.unwrap();
        let mut received = 0;
        while received < 2 * 1024 * 1024 {
            received += soon(response.chunk())
                .await
                .unwrap()
                .expect("the body does not end")
                .len();
        }
        drop(response);
        let gone = |ledger: &interline_simulator::Ledger| {
            ledger.last().unwrap().client_left_at().is_some()
        };
        soon(vendor.ledger().wait_until(gone)).await;
        check_fired_once(&vendor, "endless_body").await;
    }
}

#[tokio::test]
async fn gigantic_event_has_its_size_and_is_valid() {
    let size = 3 * 1024 * 1024;
    for dialect in DIALECTS {
        let (vendor, body, ended) =
            stream_under(dialect, Fault::GiganticEvent { bytes: size }).await;
        ended.unwrap();
        assert!(body.lines().any(|line| line.len() > size));
        assert!(has_terminal_event(&body));
        check_fired_once(&vendor, "gigantic_event").await;
    }
}

#[tokio::test]
async fn invalid_utf8_is_in_the_text() {
    for dialect in DIALECTS {
        for more in [json!({}), streaming()] {
            let vendor = vendor(dialect, Fault::InvalidUtf8).await;
            let response = call(&client(), &vendor, &more).send().await.unwrap();
            let (body, ended) = read_to_end(response).await;
            ended.unwrap();
            assert!(std::str::from_utf8(&body).is_err());
            assert!(String::from_utf8_lossy(&body).contains("one"));
            check_fired_once(&vendor, "invalid_utf8").await;
        }
    }
}

#[tokio::test]
async fn pings_keep_coming_without_content() {
    for dialect in DIALECTS {
        for more in [json!({}), streaming()] {
            let every = Duration::from_millis(5);
            let vendor = vendor(dialect, Fault::PingsOnly { every }).await;
            let mut response = call(&client(), &vendor, &more).send().await.unwrap();
            let mut body = String::new();
            for _ in 0..10 {
                let piece = soon(response.chunk())
                    .await
                    .unwrap()
                    .expect("pings do not end");
                body += std::str::from_utf8(&piece).unwrap();
            }
            assert!(!body.contains("one"), "{body}");
            drop(response);
            check_fired_once(&vendor, "pings_only").await;
        }
    }
}

#[tokio::test]
async fn standing_fault_strikes_model_lists_too_until_it_is_cleared() {
    let vendor = Vendor::openai("sick")
        .with_models(["sim"])
        .start()
        .await
        .unwrap();
    let client = client();
    let list = async || {
        let url = format!("{}/models", vendor.base_url());
        client.get(url).send().await.unwrap().status()
    };
    vendor.set_fault(Some(Fault::error(ErrorCase::Unavailable)));
    assert_eq!(list().await, 503);
    assert_eq!(
        call(&client, &vendor, &json!({}))
            .send()
            .await
            .unwrap()
            .status(),
        503
    );
    vendor.set_fault(None);
    assert_eq!(list().await, 200);
    vendor.push_fault(Fault::error(ErrorCase::ServerError));
    assert_eq!(list().await, 200, "a queued fault waits for a model call");
    assert_eq!(
        call(&client, &vendor, &json!({}))
            .send()
            .await
            .unwrap()
            .status(),
        500
    );
}

#[tokio::test]
async fn same_script_gives_the_same_bytes() {
    let run = async || {
        let vendor = Vendor::anthropic("twin").start().await.unwrap();
        let client = client();
        let mut bodies = Vec::new();
        for more in [json!({}), streaming()] {
            let response = call(&client, &vendor, &more).send().await.unwrap();
            bodies.push((
                response.headers()["request-id"].clone(),
                response.text().await.unwrap(),
            ));
        }
        bodies
    };
    assert_eq!(run().await, run().await);
}
