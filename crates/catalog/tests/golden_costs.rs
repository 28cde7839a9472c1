//! What well-known calls cost, to the nano-dollar, so that neither the data nor the sums drift.

use interline_catalog::Catalog;
use interline_core::{Feature, NanoUsd, Usage};

fn usage(input: u64, cached: u64, written: u64, output: u64) -> Usage {
    let mut usage = Usage::new(input, output);
    usage.cached_input_tokens = Some(cached);
    usage.cache_write_tokens = Some(written);
    usage
}

#[track_caller]
fn check(kind: &str, model: &str, usage: &Usage, nano_usd: Option<i64>) {
    let catalog = Catalog::embedded();
    let info = catalog.find(kind, model).expect("a listed model");
    assert_eq!(info.cost(usage).map(NanoUsd::get), nano_usd);
}

#[test]
fn gpt_4o_costs_2_50_in_and_10_out() {
    check("openai", "gpt-4o", &usage(1_000, 0, 0, 0), Some(2_500_000));
    check(
        "openai",
        "gpt-4o",
        &usage(1_000, 1_000, 0, 0),
        Some(1_250_000),
    );
    check("openai", "gpt-4o", &usage(0, 0, 0, 1_000), Some(10_000_000));
    check("openai", "gpt-4o", &usage(19, 0, 0, 10), Some(147_500));
}

#[test]
fn claude_3_5_sonnet_charges_for_cache_writes() {
    let model = "claude-3-5-sonnet-20241022";
    check("anthropic", model, &usage(1_000, 0, 0, 0), Some(3_000_000));
    check(
        "anthropic",
        model,
        &usage(1_000, 1_000, 0, 0),
        Some(300_000),
    );
    check(
        "anthropic",
        model,
        &usage(1_000, 0, 1_000, 0),
        Some(3_750_000),
    );
    check("anthropic", model, &usage(0, 0, 0, 1_000), Some(15_000_000));
}

#[test]
fn a_groq_model_without_cache_prices_charges_input() {
    let model = "llama-3.3-70b-versatile";
    check(
        "groq",
        model,
        &usage(1_000, 500, 0, 1_000),
        Some(590_000 + 790_000),
    );
}

#[test]
fn a_long_call_is_billed_at_the_rates_of_long_calls() {
    let model = "gpt-5.4";
    check("openai", model, &usage(272_000, 0, 0, 0), Some(680_000_000));
    check(
        "openai",
        model,
        &usage(272_001, 0, 0, 10),
        Some(272_001 * 5_000 + 10 * 22_500),
    );
}

#[test]
fn cache_writes_for_an_hour_have_their_own_price() {
    let mut called = usage(1_000, 0, 1_000, 0);
    called.cache_write_1h_tokens = Some(1_000);
    check("anthropic", "claude-opus-5-5", &called, Some(8_000_000));
    called.cache_write_1h_tokens = Some(0);
    check("anthropic", "claude-opus-5-5", &called, Some(5_000_000));
}

#[test]
fn batches_cost_half_where_the_vendor_says_so() {
    let catalog = Catalog::embedded();
    let model = catalog.find("openai", "gpt-4o").expect("a listed model");
    let prices = model.prices.expect("a price");
    let called = usage(1_000, 0, 0, 100);
    assert_eq!(
        prices.batch_cost(&called).map(NanoUsd::get),
        Some(1_250_000 + 500_000)
    );
}

#[test]
fn regional_names_of_bedrock_cost_their_premium() {
    let base = "anthropic.claude-haiku-4-5-20251001-v1:0";
    check("bedrock", base, &usage(1_000, 0, 0, 1_000), Some(6_000_000));
    let regional = format!("us.{base}");
    check(
        "bedrock",
        &regional,
        &usage(1_000, 0, 0, 1_000),
        Some(6_600_000),
    );
}

#[test]
fn vertex_bills_models_as_their_makers_do() {
    let called = usage(1_000, 0, 1_000, 1_000);
    let catalog = Catalog::embedded();
    for (here, kind, there) in [
        (
            "claude-sonnet-4-5@20250929",
            "anthropic",
            "claude-sonnet-4-5-20250929",
        ),
        ("claude-opus-4-6@default", "anthropic", "claude-opus-4-6"),
        ("gemini-2.5-pro", "google", "gemini-2.5-pro"),
    ] {
        let own = catalog.find(kind, there).expect("a listed model");
        let vertex = catalog.find("vertex", here).expect("a listed model");
        assert_eq!(vertex.prices, own.prices, "{here}");
        assert_eq!(vertex.context_window, own.context_window, "{here}");
    }
    let model = "claude-sonnet-4-5@20250929";
    check("vertex", model, &called, Some(3_750_000 + 15_000_000));
    let gemini = "gemini-2.5-pro";
    let long = usage(200_001, 0, 0, 10);
    check("vertex", gemini, &usage(1_000, 1_000, 0, 0), Some(125_000));
    check("vertex", gemini, &long, Some(200_001 * 2_500 + 150_000));
    assert_eq!(catalog.find("vertex", "gemini-2.0-flash"), None);
}

#[test]
fn vectors_cost_what_was_read() {
    let mut called = usage(1_000, 0, 0, 0);
    called.output_tokens = Some(0);
    check("openai", "text-embedding-3-small", &called, Some(20_000));
}

#[test]
fn a_free_model_costs_nothing_and_an_unknown_price_is_not_free() {
    check("local", "llama3.1", &usage(1_000, 0, 0, 1_000), Some(0));
    assert_eq!(Catalog::embedded().find("local", "my-finetune"), None);
}

#[test]
fn limits_and_abilities_are_known() {
    let catalog = Catalog::embedded();
    let model = catalog.find("openai", "gpt-4o").expect("a listed model");
    assert_eq!(model.context_window, Some(128_000));
    assert_eq!(model.max_output_tokens, Some(16_384));
    assert!(model.features.contains(Feature::Images));
    let old = catalog.find("openai", "gpt-4").expect("a listed model");
    assert!(old.lacks.contains(Feature::Images));
    assert!(!old.lacks.contains(Feature::Tools));
}
