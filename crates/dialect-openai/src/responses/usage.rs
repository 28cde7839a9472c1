//! Token counts on the wire.
//!
//! The format counts cached tokens within `input_tokens` and thinking within `output_tokens`, which is
//! also the rule of [`Usage`].

use interline_core::Usage;
use serde_json::Value;

/// Reads a `usage` object; unknown where it is none.
pub(crate) fn read(usage: &Value) -> Usage {
    let count = |pointer: &str| usage.pointer(pointer).and_then(count);
    let mut read = Usage::default();
    read.input_tokens = count("/input_tokens");
    read.cached_input_tokens = count("/input_tokens_details/cached_tokens");
    read.cache_write_tokens = count("/input_tokens_details/cache_write_tokens");
    read.output_tokens = count("/output_tokens");
    read.reasoning_tokens = count("/output_tokens_details/reasoning_tokens");
    read
}

/// A count; some servers write it as a float.
fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        // A cast of a checked float: in range and without a fraction.
        (number >= 0.0 && number.fract() == 0.0 && number < 9e15).then_some(number as u64)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_are_read_beside_their_wholes() {
        let usage = json!({
            "input_tokens": 226, "input_tokens_details": {"cached_tokens": 192},
            "output_tokens": 192.0, "output_tokens_details": {"reasoning_tokens": 189},
            "total_tokens": 418,
        });
        let mut expected = Usage::new(226, 192);
        expected.cached_input_tokens = Some(192);
        expected.reasoning_tokens = Some(189);
        assert_eq!(read(&usage), expected);
    }

    #[test]
    fn silence_is_not_zero() {
        assert!(read(&Value::Null).is_unknown());
        assert!(read(&json!({"input_tokens": -1, "output_tokens": "many"})).is_unknown());
    }
}
