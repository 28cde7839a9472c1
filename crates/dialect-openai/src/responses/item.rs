//! What is said of an item, beside what the types hold.

use interline_core::Extra;
use serde_json::Value;

use super::FORMAT;

/// Under this key of a part's `extra` stand the fields of the `message` item that the part was in.
pub(crate) const ITEM: &str = "item";

/// Under this key of a part's `extra` stands that it was a piece of content, where its type does not
/// tell.
pub(crate) const CONTENT: &str = "content";

/// The value's `type`; empty where it has none.
pub(crate) fn type_of(value: &Value) -> &str {
    value
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Whether `extra` tells that what it belongs to was of the type `word`.
pub(crate) fn was_of_type(extra: &Extra, word: &str) -> bool {
    extra.get(&FORMAT, "type").is_some_and(|own| own == word)
}

/// Whether a value that no type knows is a piece of a message's content; otherwise it is an item.
pub(crate) fn is_content(value: &Value) -> bool {
    let word = type_of(value);
    word.starts_with("input_")
        || word.starts_with("output_")
        || ["refusal", "text", "summary_text", "reasoning_text"].contains(&word)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_type_tells_content_from_items() {
        for (word, content) in [
            ("input_video", true),
            ("output_audio", true),
            ("refusal", true),
            ("web_search_call", false),
            ("tool_search_output", false),
            ("item_reference", false),
        ] {
            assert_eq!(is_content(&json!({ "type": word })), content, "{word}");
        }
        assert!(!is_content(&json!({"id": "x"})));
    }
}
