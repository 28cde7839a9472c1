//! Counts of tokens: Bedrock's input leaves the cache out, core's includes it.

use interline_core::Usage;

use interline_transport::json::{Fields, Flaw};

/// Reads `usage`.
pub(crate) fn read(counts: Fields<'_>) -> Result<Usage, Flaw> {
    let mut usage = Usage::default();
    usage.cached_input_tokens = counts.u64("cacheReadInputTokens")?;
    usage.cache_write_tokens = counts.u64("cacheWriteInputTokens")?;
    usage.output_tokens = counts.u64("outputTokens")?;
    let cache = usage
        .cached_input_tokens
        .unwrap_or(0)
        .saturating_add(usage.cache_write_tokens.unwrap_or(0));
    usage.input_tokens = counts
        .u64("inputTokens")?
        .map(|input| input.saturating_add(cache));
    Ok(usage)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_cache_is_part_of_the_input() {
        let counts = json!({"inputTokens": 10, "outputTokens": 5, "totalTokens": 115,
            "cacheReadInputTokens": 60, "cacheWriteInputTokens": 40});
        let usage = read(Fields::of(&counts).expect("an object")).expect("good");
        assert_eq!(usage.input_tokens, Some(110));
        assert_eq!(usage.uncached_input_tokens(), Some(10));
        assert_eq!(usage.total_tokens(), Some(115));
        let unknown = json!({"inputTokens": 10});
        let usage = read(Fields::of(&unknown).expect("an object")).expect("good");
        assert_eq!(
            (usage.cached_input_tokens, usage.output_tokens),
            (None, None)
        );
    }
}
