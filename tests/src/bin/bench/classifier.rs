//! What it costs to classify a prompt with the compiled-in model.

use std::hint::black_box;

use interline_routing::classifier::{Embedded, Examples, Prompt};
use serde::Deserialize;

use crate::case::{Bench, Case, Target};

/// What was promised (routing.md): microseconds, and no memory.
const PROMPT: Target = Target {
    p50_ns: Some(10_000.0),
    p99_ns: Some(100_000.0),
    allocations: Some(0),
};

/// Both ends of a long text are read, and no text costs more than that.
const LONGEST: Target = Target {
    p50_ns: Some(100_000.0),
    ..PROMPT
};

/// Prompts by other people; lies beside the repository, not in it.
const DEV: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/data/tasks-dev.jsonl"
);

/// The bench.
pub(crate) const BENCH: Bench = Bench {
    name: "classifier",
    unit: "prompt",
    cases,
};

#[derive(Deserialize)]
struct Line {
    prompt: String,
}

fn cases() -> Result<Vec<Case>, String> {
    let mut cases = vec![case(
        "72 short examples, in turn",
        Examples::standard()
            .as_slice()
            .iter()
            .map(|it| it.prompt.clone())
            .collect(),
    )];
    match std::fs::read_to_string(DEV) {
        Ok(text) => cases.push(case("prompts of dev, in turn", prompts(&text)?)),
        Err(_) => interline_tests::skip::announce(&format!("the prompts of dev: no {DEV}")),
    }
    let megabyte = "What the board said about the roof of the hall. ".repeat(21_846);
    cases.push(case("a megabyte of text", vec![megabyte]).with_target(LONGEST));
    Ok(cases)
}

fn prompts(text: &str) -> Result<Vec<String>, String> {
    let read = |line: &str| serde_json::from_str::<Line>(line).map(|line| line.prompt);
    let prompts: Result<Vec<String>, _> = text.lines().map(read).collect();
    prompts.map_err(|error| format!("{DEV} has a broken line: {error}"))
}

/// Classifies one prompt after the other, so that percentiles are those over prompts.
fn case(name: &str, prompts: Vec<String>) -> Case {
    let model = Embedded::standard();
    let mut next = 0;
    Case::new(name, move || {
        let prompt = &prompts[next % prompts.len()];
        next += 1;
        black_box(model.classification(&Prompt::of_text(black_box(prompt))));
    })
    .with_target(PROMPT)
}
