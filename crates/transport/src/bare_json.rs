//! Finds the end of a JSON document that stands in a body where events should be.
//!
//! Counts brackets outside strings instead of parsing, so that every byte is looked at once.

use bytes::{Bytes, BytesMut};

/// A JSON object or array that is still arriving.
#[derive(Debug, Default)]
pub(crate) struct BareJson {
    bytes: BytesMut,
    depth: usize,
    place: Place,
}

/// Where in a JSON text the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    String,
    Escape,
}

impl BareJson {
    /// Takes bytes up to the document's end from `input`; gives the document when it is whole.
    pub(crate) fn take(&mut self, input: &mut Bytes) -> Option<Bytes> {
        for (index, byte) in input.iter().enumerate() {
            if self.closes(*byte) {
                self.bytes.extend_from_slice(&input.split_to(index + 1));
                return Some(self.bytes.split().freeze());
            }
        }
        self.bytes.extend_from_slice(input);
        input.clear();
        None
    }

    /// How much of the document has been kept, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether `byte` ends the document.
    const fn closes(&mut self, byte: u8) -> bool {
        match (self.place, byte) {
            (Place::Escape, _) => self.place = Place::String,
            (Place::String, b'\\') => self.place = Place::Escape,
            (Place::String, b'"') => self.place = Place::Outside,
            (Place::Outside, b'"') => self.place = Place::String,
            (Place::Outside, b'{' | b'[') => self.depth += 1,
            (Place::Outside, b'}' | b']') => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, document: Option<&str>, rest: &str) {
        for cut in 0..text.len() {
            let mut json = BareJson::default();
            let (mut first, mut second) = (
                Bytes::copy_from_slice(&text.as_bytes()[..cut]),
                Bytes::copy_from_slice(&text.as_bytes()[cut..]),
            );
            let found = json.take(&mut first);
            let (found, left) = match found {
                Some(found) => (Some(found), [first, second].concat()),
                None => {
                    let found = json.take(&mut second);
                    (found, second.to_vec())
                }
            };
            assert_eq!(found.as_deref(), document.map(str::as_bytes), "cut {cut}");
            assert_eq!(left, rest.as_bytes(), "cut {cut}");
        }
    }

    #[test]
    fn a_document_ends_at_its_last_bracket() {
        check("{\"a\":[1,{}]}\n\nmore", Some("{\"a\":[1,{}]}"), "\n\nmore");
        check("[]", Some("[]"), "");
    }

    #[test]
    fn brackets_in_strings_do_not_count() {
        check(r#"{"a":"}\"}\\"}x"#, Some(r#"{"a":"}\"}\\"}"#), "x");
    }

    #[test]
    fn a_cut_document_is_not_given() {
        check(r#"{"a":"#, None, "");
        check(r#"{"a":"}}}"#, None, "");
    }
}
