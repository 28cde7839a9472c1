//! `reasoning_details`: thinking with the signatures and sealed blocks that its vendor wants back.
//!
//! A gateway over many vendors answers with a list of them. The list as a whole becomes the
//! [`Signature`] of the thinking, so that it returns there intact and goes nowhere else.
//! In a stream the entries come in pieces; pieces of one index and type are one entry.

use interline_core::Signature;
use serde_json::{Map, Value};

use super::FORMAT;

/// The most that is kept of one answer's entries, in bytes of text: 4 MiB (chosen, not measured).
/// Beyond it the entries are let go of: a list with a hole would be refused.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Fields that arrive in pieces; any other field is said once.
const GROWING: [&str; 3] = ["text", "summary", "data"];

/// The entries that a signature holds; none where it was issued by another format.
pub(crate) fn read(signature: &Signature) -> Vec<Value> {
    if signature.format != FORMAT {
        return Vec::new();
    }
    serde_json::from_str(&signature.value).unwrap_or_default()
}

/// The signature that a whole list stands for; `None` where nothing in it is signed or sealed.
pub(crate) fn sign(details: &Value) -> Option<Signature> {
    let entries = details.as_array()?;
    let opaque = |entry: &Value| {
        ["signature", "data"].iter().any(|key| {
            let value = entry.get(*key).and_then(Value::as_str);
            value.is_some_and(|value| !value.is_empty())
        })
    };
    entries
        .iter()
        .any(opaque)
        .then(|| Signature::new(FORMAT, details.to_string()))
}

/// The entries of a streamed answer, as far as they have come.
#[derive(Debug, Default)]
pub(crate) struct DetailsLog {
    entries: Vec<Map<String, Value>>,
    bytes: usize,
}

impl DetailsLog {
    /// Takes the `reasoning_details` of one chunk.
    pub(crate) fn take(&mut self, details: &Value) {
        for piece in details.as_array().into_iter().flatten() {
            if let Some(piece) = piece.as_object().filter(|_| self.bytes <= MOST_BYTES) {
                self.add(piece);
            }
        }
    }

    fn add(&mut self, piece: &Map<String, Value>) {
        let known = self.entries.iter_mut().rfind(|entry| {
            entry.get("index") == piece.get("index") && entry.get("type") == piece.get("type")
        });
        let text = |value: &Value| value.as_str().map_or(0, str::len);
        self.bytes += piece.values().map(text).sum::<usize>();
        if self.bytes > MOST_BYTES {
            self.entries.clear();
            return;
        }
        let Some(entry) = known else {
            self.entries.push(piece.clone());
            return;
        };
        for (key, value) in piece {
            match (entry.get_mut(key), value) {
                (Some(Value::String(whole)), Value::String(more))
                    if GROWING.contains(&key.as_str()) =>
                {
                    whole.push_str(more);
                }
                (_, Value::Null) => {}
                _ => {
                    entry.insert(key.clone(), value.clone());
                }
            }
        }
    }

    /// What the entries stand for, once the answer has ended.
    pub(crate) fn signature(&mut self) -> Option<Signature> {
        let entries = std::mem::take(&mut self.entries);
        sign(&entries.into_iter().map(Value::Object).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pieces_of_one_index_and_type_are_one_entry() {
        let mut log = DetailsLog::default();
        for piece in [
            json!([{"type": "reasoning.text", "text": "", "signature": "", "index": 0}]),
            json!([{"type": "reasoning.text", "text": "h", "index": 0}]),
            json!([{"type": "reasoning.text", "text": "m", "index": 0}]),
            json!([{"type": "reasoning.text", "signature": "sig", "index": 0}]),
            json!([{"type": "reasoning.encrypted", "data": "x", "index": 0}]),
        ] {
            log.take(&piece);
        }
        let signature = log.signature().expect("signed");
        assert_eq!(
            Value::from(read(&signature)),
            json!([
                {"type": "reasoning.text", "text": "hm", "signature": "sig", "index": 0},
                {"type": "reasoning.encrypted", "data": "x", "index": 0},
            ])
        );
    }

    #[test]
    fn unsigned_thinking_and_rubbish_have_no_signature() {
        assert_eq!(
            sign(&json!([{"type": "reasoning.text", "text": "hm"}])),
            None
        );
        assert_eq!(sign(&json!("rubbish")), None);
        let mut log = DetailsLog::default();
        log.take(&json!([7, {"type": 1}]));
        assert_eq!(log.signature(), None);
    }

    #[test]
    fn other_formats_signatures_are_not_read() {
        let foreign = Signature::new(interline_core::FormatId::from_static("f"), "[1]");
        assert!(read(&foreign).is_empty());
        assert!(read(&Signature::new(FORMAT, "rubbish")).is_empty());
    }

    #[test]
    fn a_list_that_grows_beyond_bounds_is_let_go() {
        let mut log = DetailsLog::default();
        let piece = json!([{"type": "reasoning.encrypted", "data": "x".repeat(MOST_BYTES / 2), "index": 0}]);
        for _ in 0..4 {
            log.take(&piece);
        }
        assert_eq!(log.signature(), None);
    }
}
