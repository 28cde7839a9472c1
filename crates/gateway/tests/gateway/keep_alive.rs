//! Callers of a stream that wait long get a 200 and signs of life; what comes then comes in band.

use std::time::Duration;

use interline_simulator::Fault;

use crate::house::{BOTH, House, Plan, Speaks};

async fn impatient() -> House {
    let mut plan = Plan::default();
    plan.limits.keep_alive = Duration::from_millis(100);
    House::built(plan).await
}

fn sign_of_life(speaks: Speaks) -> &'static str {
    match speaks {
        Speaks::OpenAi => ": ping\n\n",
        Speaks::Anthropic => "event: ping\ndata: {\"type\": \"ping\"}\n\n",
    }
}

#[tokio::test]
async fn a_fallback_after_a_long_silence_is_still_invisible() {
    for speaks in BOTH {
        let house = impatient().await;
        house.openai.push_fault(Fault::Silence);
        let seen = house.ask(speaks, &speaks.streamed("chat")).await;
        assert_eq!(seen.status, 200);
        assert!(
            seen.text().starts_with(sign_of_life(speaks)),
            "{}",
            seen.text()
        );
        let events = seen.events();
        assert!(
            speaks.streamed_text(&events).contains("This is claude"),
            "{}",
            seen.text()
        );
        assert!(!seen.text().contains("error"), "{}", seen.text());
        let status = house.get("/status.json").await.json();
        assert_eq!(
            status["recent"][0]["answered_by"],
            "claude/claude-sonnet-4-6"
        );
    }
}

#[tokio::test]
async fn a_failure_after_the_200_is_told_in_band() {
    for speaks in BOTH {
        let house = impatient().await;
        house.openai.set_fault(Some(Fault::Silence));
        let seen = house.ask(speaks, &speaks.streamed("only")).await;
        assert_eq!(seen.status, 200);
        let events = seen.events();
        let last = events.last().expect("an event");
        assert_eq!(
            last.data["error"]["code"],
            "all_targets_failed",
            "{}",
            seen.text()
        );
        assert!(!seen.text().contains("[DONE]"));
        if speaks == Speaks::Anthropic {
            assert_eq!(last.name.as_deref(), Some("error"));
        }
    }
}
