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
fn a_call_beyond_the_known_price_has_no_cost() {
    check(
        "openai",
        "gpt-5.4",
        &usage(272_000, 0, 0, 0),
        Some(680_000_000),
    );
    check("openai", "gpt-5.4", &usage(272_001, 0, 0, 0), None);
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
