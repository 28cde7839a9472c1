//! Both vendors keep Interline's contract.

use interline_core::{FinishReason, ProviderFactory, ProviderSettings, Usage};
use interline_testkit::conformance::{Answer, Answers, Conformance, Said, Slot};
use outside_provider::acme::AcmeFactory;
use outside_provider::murmur::MurmurFactory;
use serde_json::{Value, json};

/// The suite for a kind, made as a configuration would make it.
fn suite(factory: impl ProviderFactory) -> Conformance {
    Conformance::new(move |link| {
        let values = json!({"base_url": link.base_url(), "api_key": link.api_key()});
        factory.build(ProviderSettings::new("mine", values))
    })
}

#[tokio::test]
async fn acme_keeps_the_contract() {
    let suite = suite(AcmeFactory::new()).with_answers(Answers::openai_chat());
    suite.run().await.assert_passed();
}

#[tokio::test]
async fn murmur_keeps_the_contract() {
    let suite = suite(MurmurFactory).with_answers(murmur_answers());
    suite.run().await.assert_passed();
}

/// What Murmur answers. Its reference has these examples, or could have.
fn murmur_answers() -> Answers {
    let word = |text: &str| json!({"word": text});
    let ask = |id: &str, city: &str| {
        let with = json!({"city": city}).to_string();
        json!({"ask": {"ref": id, "skill": "look_up", "with": with}})
    };
    let end = |why: &str| json!({"end": {"why": why, "heard": 21, "said": 6, "thought": 3}});
    let trouble = json!({"trouble": {"code": "crowded", "words": "Too many voices."}});
    let mut usage = Usage::new(21, 9);
    usage.reasoning_tokens = Some(3);
    let hello = Said::text("Grüße!")
        .with_finish(FinishReason::Stop)
        .with_usage(usage);
    let city = |name: &str| json!({"city": name});
    let one = Said::tool_call("look_up", city("Bergen")).with_finish(FinishReason::ToolCalls);
    let two = one.clone().with_tool_call("look_up", city("Oslo"));
    let one_ask = [ask("a", "Bergen"), end("asked")];
    let two_asks = [ask("a", "Bergen"), ask("b", "Oslo"), end("asked")];
    let vectors = vec![vec![0.25, -0.5], vec![0.0, 1.0]];
    let traces = json!({"traces": vectors, "heard": 9});
    let flow = |items: &[Value]| Answer::events(items).with_terminal("\"end\"");
    let whole = |items: &[Value]| Answer::json(&json!(items));
    Answers::new(|_, message| Answer::json(&json!({"trouble": {"words": message}})))
        .with(
            Slot::Text,
            whole(&[word("Grüße!"), end("done")]).says(hello.clone()),
        )
        .with(
            Slot::TextStream,
            flow(&[word("Grü"), word("ße!"), end("done")]).says(hello.clone()),
        )
        .with(
            Slot::Usage,
            whole(&[word("Grüße!"), end("done")]).says(hello.clone()),
        )
        .with(
            Slot::UsageStream,
            flow(&[word("Grüße!"), end("done")]).says(hello),
        )
        .with(Slot::Tool, whole(&one_ask).says(one.clone()))
        .with(Slot::ToolStream, flow(&one_ask).says(one))
        .with(Slot::ParallelTools, whole(&two_asks).says(two.clone()))
        .with(Slot::ParallelToolsStream, flow(&two_asks).says(two))
        .with(Slot::StreamError, flow(&[word("Grü"), trouble]))
        .with(
            Slot::Embeddings,
            Answer::json(&traces).says(Said::embeddings(vectors)),
        )
        .with(Slot::Health, Answer::json(&json!({"voices": ["murmur-1"]})))
}
