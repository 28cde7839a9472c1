//! Token counts: Google leaves thoughts out of the answer's count, core counts them in.
//!
//! Input counts as Google says `promptTokenCount`: with cached tokens, without what its own tools fed
//! the model (`toolUsePromptTokenCount`), which it bills for some tools (page fetching) and not for
//! others (search). That count stays among the answer's unknown fields.

use interline_core::Usage;

use interline_transport::json::{Fields, Flaw};

/// The fields that become typed and nothing else. The total is a sum of the others.
pub(crate) const KNOWN: [&str; 5] = [
    "promptTokenCount",
    "cachedContentTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "totalTokenCount",
];

/// Reads `usageMetadata`.
///
/// A count of nothing is left out on the wire: where thoughts are counted and the answer is not, the
/// answer's count is 0.
pub(crate) fn read(usage: Fields<'_>) -> Result<Usage, Flaw> {
    let thoughts = usage.u64("thoughtsTokenCount")?;
    let mut counts = Usage::default();
    counts.input_tokens = usage.u64("promptTokenCount")?;
    counts.cached_input_tokens = usage.u64("cachedContentTokenCount")?;
    counts.reasoning_tokens = thoughts;
    counts.output_tokens = match (usage.u64("candidatesTokenCount")?, thoughts) {
        (Some(answer), thoughts) => Some(answer.saturating_add(thoughts.unwrap_or(0))),
        (None, thoughts) => thoughts,
    };
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(value: &Value) -> Usage {
        read(Fields::of(value).expect("an object")).expect("good counts")
    }

    #[test]
    fn output_includes_thoughts_and_input_the_cache() {
        let usage = check(
            &json!({"promptTokenCount": 1107, "cachedContentTokenCount": 1081,
            "candidatesTokenCount": 21, "thoughtsTokenCount": 41, "toolUsePromptTokenCount": 1171,
            "totalTokenCount": 2340}),
        );
        assert_eq!(usage.input_tokens, Some(1107));
        assert_eq!(usage.uncached_input_tokens(), Some(26));
        assert_eq!(usage.output_tokens, Some(62));
        assert_eq!(usage.reasoning_tokens, Some(41));
    }

    #[test]
    fn a_count_that_is_left_out_is_nothing_or_unknown() {
        let usage = check(&json!({"promptTokenCount": 87, "thoughtsTokenCount": 78}));
        assert_eq!(usage.output_tokens, Some(78));
        assert!(check(&json!({"trafficType": "ON_DEMAND", "totalTokenCount": null})).is_unknown());
    }
}
