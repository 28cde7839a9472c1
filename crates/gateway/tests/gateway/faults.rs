//! What breaks at the first target: before content nobody notices, after it a typed error ends the stream.

use std::time::Duration;

use interline::{Breaker, SimpleBreakerConfig};
use interline_simulator::{Door, Ending, ErrorCase, Fault, Ledger, Pacing, RetryAfter};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::house::{BOTH, House, Plan, Speaks};

fn before_content() -> Vec<Fault> {
    vec![
        Fault::status(500),
        Fault::status(503),
        Fault::status(401),
        Fault::status(403),
        Fault::rate_limited(RetryAfter::Milliseconds(1)),
        Fault::error(ErrorCase::Overloaded),
        Fault::Closed,
        Fault::Reset,
        Fault::Silence,
        Fault::ErrorEventBeforeContent {
            case: ErrorCase::ServerError,
        },
        Fault::CutAfter {
            events: 1,
            ending: Ending::Clean,
        },
        Fault::Html { status: 200 },
        Fault::Html { status: 502 },
        Fault::EmptyBody,
        Fault::InvalidUtf8,
    ]
}

/// The vendor says for how long; the second call is not made, and its caller is told who, why and how long.
#[tokio::test]
async fn a_lone_target_that_asked_to_wait_is_not_called_and_its_callers_are_told() {
    for speaks in BOTH {
        let house = House::new().await;
        let (vendor, route) = match speaks {
            Speaks::OpenAi => (&house.openai, "only"),
            Speaks::Anthropic => (&house.claude, "only-claude"),
        };
        vendor.push_fault(Fault::rate_limited(RetryAfter::Seconds(40)));
        let first = house.ask(speaks, &speaks.hello(route)).await;
        assert_eq!(first.status, 429, "{}", first.text());
        let calls = vendor.ledger().total();
        let seen = house.ask(speaks, &speaks.hello(route)).await;
        assert_eq!(seen.status, 429, "{}", seen.text());
        assert_eq!(vendor.ledger().total(), calls, "it was left alone");
        let wait: u64 = seen.header("retry-after").parse().expect("seconds");
        assert!((30..=40).contains(&wait), "{wait}");
        assert!(!seen.has_header("x-should-retry"), "SDKs may wait for it");
        let body = seen.json();
        let error = speaks.error(&body);
        assert_eq!(error["attempts"], serde_json::json!([]), "{body}");
        let message = error["message"].as_str().expect("words");
        assert!(
            message.contains("not called: its vendor asked to wait (")
                && message.contains(" s to go)"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn every_fault_before_content_is_invisible() {
    for (index, fault) in before_content().into_iter().enumerate() {
        let house = House::new().await;
        for speaks in BOTH {
            for body in [speaks.hello("chat"), speaks.streamed("chat")] {
                house.openai.push_fault(fault.clone());
                let seen = house.ask(speaks, &body).await;
                let what = format!(
                    "fault {index} ({}), {speaks:?}: {}",
                    fault.name(),
                    seen.text()
                );
                assert_eq!(seen.status, 200, "{what}");
                assert_eq!(seen.header("x-interline-provider"), "claude", "{what}");
                assert_eq!(seen.header("x-interline-fallback"), "true", "{what}");
                let attempts: u32 = seen
                    .header("x-interline-attempts")
                    .parse()
                    .expect("a number");
                assert!(attempts <= 2, "{what}");
                assert!(!seen.text().contains("error"), "{what}");
                // A refused credential is not asked again, so every case begins with a fresh house.
                if matches!(fault.name(), "authentication" | "permission") {
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_refused_connection_is_invisible() {
    let house = House::new().await;
    house.openai.set_door(Door::Refuse).await.expect("a port");
    for speaks in BOTH {
        for body in [speaks.hello("chat"), speaks.streamed("chat")] {
            let seen = house.ask(speaks, &body).await;
            assert_eq!(seen.status, 200, "{}", seen.text());
            assert_eq!(seen.header("x-interline-provider"), "claude");
        }
    }
}

#[tokio::test]
async fn a_stream_cut_after_content_ends_with_a_typed_error_and_never_with_an_end() {
    let house = House::new().await;
    for speaks in BOTH {
        for (route, vendor) in [("chat", &house.openai), ("claude", &house.claude)] {
            for ending in [Ending::Clean, Ending::Fin, Ending::Rst] {
                vendor.set_pacing(Pacing::new(Duration::ZERO, Duration::from_millis(5)));
                vendor.push_fault(Fault::CutAfter { events: 8, ending });
                let seen = house.ask(speaks, &speaks.streamed(route)).await;
                assert_eq!(seen.status, 200);
                let events = seen.events();
                assert!(!speaks.streamed_text(&events).is_empty(), "{}", seen.text());
                let last = events.last().expect("events");
                let error = &last.data["error"];
                assert_eq!(error["code"], expected_code(ending), "{}", seen.text());
                match speaks {
                    Speaks::OpenAi => {
                        assert_eq!(last.data["choices"][0]["finish_reason"], "error");
                        assert!(!seen.text().contains("[DONE]"), "{}", seen.text());
                    }
                    Speaks::Anthropic => {
                        assert_eq!(last.name.as_deref(), Some("error"));
                        assert_eq!(last.data["type"], "error");
                        assert!(!seen.text().contains("message_stop"), "{}", seen.text());
                    }
                }
            }
        }
    }
}

/// A body that ends cleanly without its terminal event breaks the format; otherwise the connection broke.
fn expected_code(ending: Ending) -> &'static str {
    match ending {
        Ending::Clean => "protocol",
        _ => "unavailable",
    }
}

#[tokio::test]
async fn an_error_event_after_content_is_relayed_as_a_typed_error_without_the_vendors_words() {
    let house = House::new().await;
    for speaks in BOTH {
        house.openai.push_fault(Fault::ErrorEventAfter {
            tokens: 3,
            case: ErrorCase::Overloaded,
        });
        let seen = house.ask(speaks, &speaks.streamed("chat")).await;
        let events = seen.events();
        let error = &events.last().expect("events").data["error"];
        assert!(error["code"].is_string(), "{}", seen.text());
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains("openai/gpt-4o"), "{message}");
    }
}

#[tokio::test]
async fn a_caller_that_leaves_frees_the_vendor_at_once() {
    let house = House::new().await;
    house
        .openai
        .set_pacing(Pacing::new(Duration::ZERO, Duration::from_millis(20)));
    for body in [
        Speaks::OpenAi.streamed("only"),
        Speaks::OpenAi.hello("only"),
    ] {
        let before = house.openai.ledger().total();
        let mut response = None;
        if body["stream"] == Value::Bool(true) {
            let mut sent = house
                .post(Speaks::OpenAi.path(), &body)
                .send()
                .await
                .expect("a reply");
            sent.chunk().await.expect("a first chunk");
            response = Some(sent);
        } else {
            let asking = house.post(Speaks::OpenAi.path(), &body).send();
            assert!(timeout(Duration::from_millis(100), asking).await.is_err());
        }
        let left = Instant::now();
        drop(response);
        let leaving = |ledger: &Ledger| {
            let exchanges = ledger.exchanges().into_iter();
            exchanges
                .filter(|exchange| exchange.number > before)
                .find_map(|exchange| exchange.client_left_at())
        };
        let ledger = house.openai.ledger();
        let gone = ledger.wait_until(|ledger| leaving(ledger).is_some());
        timeout(Duration::from_secs(5), gone)
            .await
            .expect("the vendor is let go");
        let noticed = leaving(ledger)
            .expect("it left")
            .saturating_duration_since(left);
        // It takes about a millisecond; a busy machine may take its time to schedule it.
        assert!(noticed < Duration::from_millis(500), "{noticed:?}");
    }
}

#[tokio::test]
async fn all_targets_failed_lists_the_attempts_and_tells_sdks_not_to_retry() {
    let house = House::new().await;
    house.openai.set_fault(Some(Fault::status(500)));
    house.claude.set_fault(Some(Fault::status(401)));
    for speaks in BOTH {
        for body in [speaks.hello("chat"), speaks.streamed("chat")] {
            let seen = house.ask(speaks, &body).await;
            assert_eq!(seen.status, 502, "{}", seen.text());
            assert_eq!(seen.header("x-should-retry"), "false");
            assert!(!seen.has_header("retry-after"));
            let json = seen.json();
            let error = speaks.error(&json);
            assert_eq!(error["code"], "all_targets_failed", "{json}");
            let first = &error["attempts"][0];
            assert_eq!(first["provider"], "openai", "{json}");
            assert_eq!(first["model"], "gpt-4o");
            assert_eq!(first["code"], "unavailable");
            assert_eq!(first["status"], 500);
            assert!(first["ms"].is_u64());
            assert!(!seen.text().contains("sk-upstream-secret"));
        }
    }
}

#[tokio::test]
async fn a_rate_limit_everywhere_is_a_429_with_a_delay() {
    let house = House::new().await;
    let limited = Fault::rate_limited(RetryAfter::Seconds(30));
    house.openai.set_fault(Some(limited.clone()));
    house.claude.set_fault(Some(limited));
    for speaks in BOTH {
        let seen = house.ask(speaks, &speaks.hello("chat")).await;
        assert!(
            matches!(seen.status, 429 | 503),
            "{} {}",
            seen.status,
            seen.text()
        );
        let delay: u64 = seen.header("retry-after").parse().expect("whole seconds");
        assert!((25..=30).contains(&delay), "{delay}");
        assert!(!seen.has_header("x-should-retry"));
    }
}

#[tokio::test]
async fn a_callers_deadline_is_a_504() {
    let house = House::new().await;
    house.openai.set_fault(Some(Fault::Silence));
    let sent = house
        .post(Speaks::OpenAi.path(), &Speaks::OpenAi.hello("only"))
        .header("x-interline-timeout-ms", "150")
        .send()
        .await
        .expect("a reply");
    assert_eq!(sent.status(), 504);
    let body: Value = sent.json().await.expect("JSON");
    assert_eq!(body["error"]["code"], "timeout", "{body}");
}

#[tokio::test]
async fn a_target_that_keeps_failing_is_skipped_and_comes_back() {
    let breaker = SimpleBreakerConfig::default().with_skip_for(Duration::from_millis(300));
    let house = House::built(Plan {
        breaker: Some(Breaker::Simple(breaker)),
        ..Plan::default()
    })
    .await;
    let ask = async || {
        let seen = house
            .ask(Speaks::OpenAi, &Speaks::OpenAi.hello("chat"))
            .await;
        (
            seen.header("x-interline-provider").to_owned(),
            seen.header("x-interline-attempts").to_owned(),
        )
    };
    house.openai.set_fault(Some(Fault::status(500)));
    for _ in 0..3 {
        assert_eq!(ask().await, ("claude".to_owned(), "2".to_owned()));
    }
    assert_eq!(ask().await, ("claude".to_owned(), "1".to_owned()));
    let metrics = house.get("/metrics").await.text();
    assert!(metrics.contains("interline_"), "{metrics}");
    house.openai.set_fault(None);
    sleep(Duration::from_millis(350)).await;
    assert_eq!(ask().await, ("openai".to_owned(), "1".to_owned()));
}
