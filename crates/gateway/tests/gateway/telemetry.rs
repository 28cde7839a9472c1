//! What operators see: metrics and the status report.

use interline_simulator::Fault;

use crate::house::{BOTH, House};

#[tokio::test]
async fn metrics_tell_calls_attempts_fallbacks_tokens_and_health() {
    let house = House::new().await;
    for speaks in BOTH {
        house.openai.push_fault(Fault::status(500));
        house.ask(speaks, &speaks.hello("chat")).await;
        house.ask(speaks, &speaks.streamed("chat")).await;
    }
    house.get("/v1/nothing").await;
    let seen = house.get("/metrics").await;
    assert!(seen.header("content-type").starts_with("text/plain"));
    let text = seen.text();
    for series in [
        "gen_ai_client_operation_duration_seconds_bucket",
        "gen_ai_client_token_usage_bucket",
        "interline_http_requests_total{path=\"/v1/chat/completions\",status=\"200\"} 2",
        "interline_http_requests_total{path=\"other\",status=\"404\"} 1",
        "reason=\"unavailable\"",
        "le=\"0.01\"",
    ] {
        assert!(text.contains(series), "`{series}` is missing in\n{text}");
    }
    assert!(!text.contains("sk-upstream-secret"));
}

#[tokio::test]
async fn the_status_report_tells_routes_totals_and_the_last_calls() {
    let house = House::new().await;
    for speaks in BOTH {
        house.openai.push_fault(Fault::status(500));
        house.ask(speaks, &speaks.streamed("chat")).await;
    }
    let status = house.get("/status.json").await.json();
    assert_eq!(status["totals"]["calls"], 2, "{status}");
    assert_eq!(status["totals"]["fell_back"], 2);
    assert_eq!(status["totals"]["fallback_reasons"]["unavailable"], 2);
    let last = &status["recent"][0];
    assert_eq!(last["ending"], "answered");
    assert_eq!(last["answered_by"], "claude/claude-sonnet-4-6");
    assert_eq!(last["attempts"].as_array().map(Vec::len), Some(2));
    assert!(last["cost_usd"].is_string(), "{last}");
    let chat = &status["routes"][0];
    assert_eq!(chat["name"], "chat");
    assert_eq!(chat["targets"][0]["target"], "openai/gpt-4o");
    assert!(
        !status.to_string().contains("Hello there"),
        "no prompt in the report"
    );
}
