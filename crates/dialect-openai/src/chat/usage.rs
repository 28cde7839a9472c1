//! Token counts on the wire and in the types.
//!
//! The format counts cached tokens within `prompt_tokens` and thinking within `completion_tokens`,
//! which is also the rule of [`Usage`].
//! Some vendors count thinking *beside* the completion. Two contradictions are taken as proof of that,
//! and the part is added: a part larger than its whole, and a total that only adds up with the part.
//! Cached tokens that outnumber a prompt which the total confirms are kept as they are told.

use interline_core::Usage;
use serde_json::{Map, Value};

/// Reads a `usage` object; unknown where it is none.
pub(crate) fn read(usage: &Value) -> Usage {
    let mut read = Usage::default();
    read.cached_input_tokens = first_count(
        usage,
        &[
            "/prompt_tokens_details/cached_tokens",
            "/cached_tokens",
            "/prompt_cache_hit_tokens",
        ],
    );
    read.cache_write_tokens = first_count(
        usage,
        &[
            "/prompt_tokens_details/cache_write_tokens",
            "/cache_creation_input_tokens",
        ],
    );
    read.reasoning_tokens = first_count(
        usage,
        &[
            "/completion_tokens_details/reasoning_tokens",
            "/reasoning_tokens",
        ],
    );
    let input = first_count(usage, &["/prompt_tokens"]);
    let output = first_count(usage, &["/completion_tokens"]);
    let total = first_count(usage, &["/total_tokens"]);
    let sum = input
        .zip(output)
        .map(|(input, output)| input.saturating_add(output));
    read.input_tokens = match sum.is_some() && sum == total {
        // The vendor's own sum says that the part is what is wrong, and not the whole.
        true => input,
        false => including(input, read.cached_input_tokens),
    };
    read.output_tokens = including(output, read.reasoning_tokens);
    if let (Some(input), Some(output), Some(thinking)) = (input, output, read.reasoning_tokens)
        && total
            == input
                .checked_add(output)
                .and_then(|sum| sum.checked_add(thinking))
    {
        read.output_tokens = Some(output.saturating_add(thinking));
    }
    read
}

fn first_count(usage: &Value, pointers: &[&str]) -> Option<u64> {
    pointers
        .iter()
        .find_map(|pointer| count(usage.pointer(pointer)?))
}

/// A count; some servers write it as a float.
fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        // A cast of a checked float: in range and without a fraction.
        (number >= 0.0 && number.fract() == 0.0 && number < 9e15).then_some(number as u64)
    })
}

fn including(whole: Option<u64>, part: Option<u64>) -> Option<u64> {
    match (whole, part) {
        (Some(whole), Some(part)) if part > whole => Some(whole.saturating_add(part)),
        (whole, _) => whole,
    }
}

/// Writes a `usage` object; `None` where nothing is known.
pub(crate) fn write(usage: &Usage) -> Option<Value> {
    if usage.is_unknown() {
        return None;
    }
    let input = usage.input_tokens.unwrap_or(0);
    let output = usage.output_tokens.unwrap_or(0);
    let mut out = Map::new();
    out.insert("prompt_tokens".into(), input.into());
    out.insert("completion_tokens".into(), output.into());
    out.insert("total_tokens".into(), input.saturating_add(output).into());
    let mut prompt = Map::new();
    super::merge::set(&mut prompt, "cached_tokens", usage.cached_input_tokens);
    super::merge::set(&mut prompt, "cache_write_tokens", usage.cache_write_tokens);
    if !prompt.is_empty() {
        out.insert("prompt_tokens_details".into(), prompt.into());
    }
    let mut completion = Map::new();
    super::merge::set(&mut completion, "reasoning_tokens", usage.reasoning_tokens);
    if !completion.is_empty() {
        out.insert("completion_tokens_details".into(), completion.into());
    }
    Some(out.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(wire: &Value, expected: [Option<u64>; 5]) {
        let usage = read(wire);
        let got = [
            usage.input_tokens,
            usage.cached_input_tokens,
            usage.cache_write_tokens,
            usage.output_tokens,
            usage.reasoning_tokens,
        ];
        assert_eq!(got, expected, "{wire}");
    }

    #[test]
    fn details_are_parts_of_the_totals() {
        check(
            &json!({"prompt_tokens": 100, "completion_tokens": 50,
                "prompt_tokens_details": {"cached_tokens": 60},
                "completion_tokens_details": {"reasoning_tokens": 30}}),
            [Some(100), Some(60), None, Some(50), Some(30)],
        );
    }

    #[test]
    fn a_part_larger_than_its_whole_was_counted_beside_it() {
        check(
            &json!({"prompt_tokens": 9, "completion_tokens": 2,
                "completion_tokens_details": {"reasoning_tokens": 25}}),
            [Some(9), None, None, Some(27), Some(25)],
        );
        check(
            &json!({"prompt_tokens": 29, "completion_tokens": 6,
                "prompt_tokens_details": {"cached_tokens": 157}}),
            [Some(186), Some(157), None, Some(6), None],
        );
        check(
            &json!({"prompt_tokens": 29, "completion_tokens": 6, "total_tokens": 35,
                "prompt_tokens_details": {"cached_tokens": 157}}),
            [Some(29), Some(157), None, Some(6), None],
        );
    }

    #[test]
    fn a_part_that_the_total_needs_was_counted_beside_its_whole() {
        let usage = |total: u64| {
            json!({"prompt_tokens": 9, "completion_tokens": 30, "total_tokens": total,
                "completion_tokens_details": {"reasoning_tokens": 25}})
        };
        check(&usage(64), [Some(9), None, None, Some(55), Some(25)]);
        check(&usage(39), [Some(9), None, None, Some(30), Some(25)]);
    }

    #[test]
    fn flat_details_and_floats_are_understood_and_rubbish_is_unknown() {
        check(
            &json!({"prompt_tokens": 5.0, "completion_tokens": "many", "cached_tokens": 0}),
            [Some(5), Some(0), None, None, None],
        );
        check(&Value::Null, [None; 5]);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut usage = Usage::new(100, 50);
        usage.cached_input_tokens = Some(60);
        usage.cache_write_tokens = Some(5);
        usage.reasoning_tokens = Some(30);
        assert_eq!(read(&write(&usage).expect("known")), usage);
        assert_eq!(write(&Usage::default()), None);
    }
}
