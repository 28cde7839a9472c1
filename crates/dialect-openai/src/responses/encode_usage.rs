//! Writes token counts.

use interline_core::Usage;
use serde_json::{Value, json};

/// Writes a `usage` object; `null` where nothing is known.
///
/// The format demands every figure, so one that the vendor did not tell is 0 here.
pub(crate) fn write(usage: &Usage) -> Value {
    if usage.is_unknown() {
        return Value::Null;
    }
    let input = usage.input_tokens.unwrap_or(0);
    let output = usage.output_tokens.unwrap_or(0);
    json!({
        "input_tokens": input,
        "input_tokens_details": {
            "cached_tokens": usage.cached_input_tokens.unwrap_or(0),
            "cache_write_tokens": usage.cache_write_tokens.unwrap_or(0),
        },
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens.unwrap_or(0)},
        "total_tokens": input.saturating_add(output),
    })
}
