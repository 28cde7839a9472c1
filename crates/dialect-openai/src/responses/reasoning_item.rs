//! Reasoning items: thinking, with the opaque state that its vendor wants back.
//!
//! The state is one of two kinds, and each returns to its own vendor only.
//! - **Of this format.** The item as a whole is the [`Signature`], so that it can be written again
//!   exactly, id and `encrypted_content` included.
//! - **Of another format**, because a vendor of that format answered a caller of this one. The item's
//!   `encrypted_content` is then the word [`SEAL`] and, as JSON, the [`Reasoning`] as it was: format,
//!   signature, text. The caller returns it as any other, and [`read`] opens it.
//!
//! Thinking without any signature is sealed too. Its item is of our own making, so a vendor of this
//! format would look for it in vain; the seal is how such items are known (see [`is_sealed`]).

use interline_core::{FormatId, Reasoning, Signature};
use serde_json::{Map, Value, json};

use super::FORMAT;
use crate::chat::merge::object;

/// The word that begins an `encrypted_content` of our own making; the number is the version of what
/// follows.
pub(crate) const SEAL: &str = "interline.reasoning.1:";

/// Reads an item, of an answer or of a conversation.
pub(crate) fn read(item: Map<String, Value>) -> Reasoning {
    let sealed = item.get("encrypted_content").and_then(Value::as_str);
    if let Some(reasoning) = sealed.and_then(open) {
        return reasoning;
    }
    let reasoning = Reasoning::new(words(&item));
    if item.get("id").is_none_or(Value::is_null) && sealed.is_none() {
        return reasoning;
    }
    reasoning.with_signature(Signature::new(FORMAT, Value::Object(item).to_string()))
}

/// The thinking in words: the thoughts themselves where the vendor shows them, else their summary.
pub(crate) fn words(item: &Map<String, Value>) -> String {
    let text_of = |key: &str| -> String {
        let pieces = item.get(key).and_then(Value::as_array);
        pieces
            .into_iter()
            .flatten()
            .filter_map(|piece| piece.get("text")?.as_str())
            .collect()
    };
    let thoughts = text_of("content");
    if thoughts.is_empty() {
        text_of("summary")
    } else {
        thoughts
    }
}

/// Whether an item was made here and holds what only another format's vendor can use.
pub(crate) fn is_sealed(item: &Value) -> bool {
    let sealed = item.get("encrypted_content").and_then(Value::as_str);
    sealed.is_some_and(|sealed| sealed.starts_with(SEAL))
}

/// Writes an item: the very one that came where the signature is of this format, else a sealed one
/// called `id`.
pub(crate) fn write(reasoning: &Reasoning, id: &str) -> Map<String, Value> {
    let own = reasoning
        .signature
        .as_ref()
        .filter(|signature| signature.format == FORMAT);
    match own.map(|signature| serde_json::from_str(&signature.value)) {
        Some(Ok(Value::Object(item))) => item,
        _ => object([
            ("id", id.into()),
            ("type", "reasoning".into()),
            ("summary", summary(&reasoning.text)),
            ("encrypted_content", seal(reasoning).into()),
        ]),
    }
}

/// The `summary` of thinking in words.
pub(crate) fn summary(text: &str) -> Value {
    if text.is_empty() {
        json!([])
    } else {
        json!([{"type": "summary_text", "text": text}])
    }
}

/// Packs thinking so that [`read`] gives it back as it is.
fn seal(reasoning: &Reasoning) -> String {
    let signature = reasoning.signature.as_ref();
    let content = json!({
        "format": signature.map(|signature| signature.format.as_str()),
        "signature": signature.map(|signature| signature.value.as_str()),
        "redacted": reasoning.redacted,
        "text": reasoning.text,
    });
    format!("{SEAL}{content}")
}

fn open(sealed: &str) -> Option<Reasoning> {
    let content: Value = serde_json::from_str(sealed.strip_prefix(SEAL)?).ok()?;
    let text = |key: &str| content.get(key).and_then(Value::as_str);
    let mut reasoning = Reasoning::new(text("text").unwrap_or_default());
    if let (Some(format), Some(value)) = (text("format"), text("signature")) {
        reasoning.signature = Some(Signature::new(FormatId::new(format), value));
    }
    reasoning.redacted = content.get("redacted") == Some(&Value::Bool(true));
    Some(reasoning)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: FormatId = FormatId::from_static("anthropic.messages");

    #[track_caller]
    fn check_returns(reasoning: &Reasoning) {
        let item = write(reasoning, "rs_1");
        assert_eq!(item["id"], "rs_1");
        assert!(is_sealed(&Value::Object(item.clone())), "{item:?}");
        assert_eq!(&read(item), reasoning);
    }

    #[test]
    fn other_formats_thinking_returns_as_it_was() {
        let signature = Signature::new(OTHER, "EqQB\"quoted\"");
        check_returns(&Reasoning::new("hm").with_signature(signature.clone()));
        check_returns(&Reasoning::redacted(signature));
        check_returns(&Reasoning::new("unsigned\nthoughts"));
    }

    #[test]
    fn an_item_of_this_format_is_written_again_exactly() {
        let item = json!({"id": "rs_9", "type": "reasoning", "status": "completed",
            "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}],
            "encrypted_content": "gAAA", "brand_new": 1});
        let Value::Object(fields) = item.clone() else {
            unreachable!("an object")
        };
        let reasoning = read(fields);
        assert_eq!(reasoning.text, "ab");
        assert_eq!(Value::Object(write(&reasoning, "unused")), item);
        assert!(!is_sealed(&item));
    }

    #[test]
    fn a_broken_seal_is_a_vendors_affair() {
        let item = object([("encrypted_content", format!("{SEAL}rubbish").into())]);
        let signature = read(item).signature.expect("kept");
        assert_eq!(signature.format, FORMAT);
    }
}
