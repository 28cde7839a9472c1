//! Token counts: Cohere tells what the model read and wrote (`tokens`), and what it charges for
//! (`billed_units`), which leaves its own instructions out.
//!
//! `tokens.input_tokens` counts as Cohere says it, without the pictures that it counts apart as
//! `image_tokens`; that count stays among the answer's unknown fields.

use interline_core::Usage;
use serde_json::Value;

use crate::fields::whole_number;

/// Reads a `usage` object; what is no count is unknown.
pub(crate) fn read(usage: &Value) -> Usage {
    let count = |group: &str, key: &str| whole_number(usage.get(group)?.get(key)?);
    let cached = usage.get("cached_tokens").and_then(whole_number);
    let reasoning = count("tokens", "reasoning_tokens");
    let mut counts = billed(usage);
    let input = count("tokens", "input_tokens").or(counts.billed_input_tokens);
    let output = count("tokens", "output_tokens").or(counts.billed_output_tokens);
    counts.input_tokens = including(input, cached);
    counts.output_tokens = including(output, reasoning);
    counts.cached_input_tokens = cached;
    counts.reasoning_tokens = reasoning;
    counts
}

/// Reads the `billed_units` of a `usage` or `meta` object.
pub(crate) fn billed(usage: &Value) -> Usage {
    let count = |key: &str| whole_number(usage.get("billed_units")?.get(key)?);
    let mut counts = Usage::default();
    counts.billed_input_tokens = count("input_tokens");
    counts.billed_output_tokens = count("output_tokens");
    counts
}

/// A part that exceeds its whole cannot be in it.
fn including(whole: Option<u64>, part: Option<u64>) -> Option<u64> {
    match (whole, part) {
        (Some(whole), Some(part)) if part > whole => Some(whole.saturating_add(part)),
        (whole, _) => whole,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_read_and_what_is_billed_are_kept_apart() {
        let usage = read(&json!({
            "billed_units": {"input_tokens": 11.0, "output_tokens": 3},
            "tokens": {"input_tokens": 506, "output_tokens": 40, "reasoning_tokens": 38},
            "cached_tokens": 448,
        }));
        assert_eq!(usage.input_tokens, Some(506));
        assert_eq!(usage.cached_input_tokens, Some(448));
        assert_eq!(usage.output_tokens, Some(40));
        assert_eq!(usage.reasoning_tokens, Some(38));
        assert_eq!(usage.billed_input_tokens, Some(11));
        assert_eq!(usage.billed_output_tokens, Some(3));
    }

    #[test]
    fn what_is_no_count_is_unknown() {
        assert!(read(&json!({"tokens": {"input_tokens": "7"}, "cached_tokens": -1})).is_unknown());
        assert!(read(&json!(null)).is_unknown());
    }
}
