//! The compiled-in classifier on prompts by other people, where they lie beside the repository.
//!
//! The shipped weights are fitted on these prompts as well, so this guards against weights and features
//! that do not fit together; what to expect of foreign prompts is in `docs/routing.md`.

use std::io::Write as _;

use interline_routing::classifier::{Embedded, Prompt};
use serde_json::Value;

const DEV: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/data/tasks-dev.jsonl"
);

#[test]
fn nine_of_ten_known_prompts_are_told_right() {
    let Ok(text) = std::fs::read_to_string(DEV) else {
        writeln!(std::io::stderr(), "SKIPPED: the prompts of dev: no {DEV}").ok();
        assert!(std::env::var("CI").is_err(), "CI must have {DEV}");
        return;
    };
    let model = Embedded::standard();
    let (mut right, mut all) = (0, 0);
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let prompt = line["prompt"].as_str().expect("a prompt");
        let said = model.classification(&Prompt::of_text(prompt));
        all += 1;
        right += usize::from(Some(said.task.name()) == line["task"].as_str());
    }
    assert!(right * 10 >= all * 9, "{right} of {all}");
}
