//! What is said of an item, beside what the types hold.

use interline_core::{Extra, Part};
use serde_json::{Map, Value};

use super::FORMAT;

/// Under this key of a part's `extra` stand the fields of the `message` item that the part was in.
pub(crate) const ITEM: &str = "item";

/// Under this key of a part's `extra` stands whether it was a piece of content, where its type tells
/// otherwise.
const IS_CONTENT: &str = "is_content";

/// Where a value that no type knows stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the content of a message or of a result.
    Content,
    /// Among the items.
    Items,
}

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

/// A value that no type knows, as a part that returns to the place where it stood.
pub(crate) fn unknown(value: Value, place: Place) -> Part {
    let was_content = place == Place::Content;
    let mut mark = Map::new();
    if is_content(&value) != was_content {
        mark.insert(IS_CONTENT.to_owned(), was_content.into());
    }
    Part::other(FORMAT, value).with_extra(Extra::new(FORMAT, mark))
}

/// Where the part of a value that no type knows belongs.
pub(crate) fn place_of(part: &Part, value: &Value) -> Place {
    let marked = part.extra.get(&FORMAT, IS_CONTENT).and_then(Value::as_bool);
    match marked.unwrap_or_else(|| is_content(value)) {
        true => Place::Content,
        false => Place::Items,
    }
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
