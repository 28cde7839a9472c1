//! Finds the line and column of a value in a JSON text, for error messages.
//!
//! Runs only once a request is known to be wrong, so that reading good requests pays nothing for it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::Segment;

/// A place in a text, both counted from 1; the column counts bytes, as serde_json does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// The place of the value at `path` in `body`, or of the innermost value on the way that exists.
///
/// `None` where the body is not JSON.
pub(crate) fn locate<'p>(body: &[u8], path: impl Iterator<Item = &'p Segment>) -> Option<Position> {
    let text = std::str::from_utf8(body).ok()?;
    let mut found: &RawValue = serde_json::from_str(text).ok()?;
    for segment in path {
        match step(found.get(), segment) {
            Some(inner) => found = inner,
            None => break,
        }
    }
    // Both pointers lie in `text`: raw values borrow from it.
    let offset = (found.get().as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let before = text.get(..offset)?;
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Some(Position {
        line: before.matches('\n').count() + 1,
        column: offset - line_start + 1,
    })
}

fn step<'a>(json: &'a str, segment: &Segment) -> Option<&'a RawValue> {
    match segment {
        Segment::Index(index) => {
            let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            items.get(*index).copied()
        }
        Segment::Key(key) => {
            let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(json).ok()?;
            fields.get(key.as_str()).copied()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, path: &[Segment], line: usize, column: usize) {
        assert_eq!(
            locate(body.as_bytes(), path.iter()),
            Some(Position { line, column }),
            "{path:?}"
        );
    }

    #[test]
    fn values_are_found_through_objects_and_arrays() {
        let body = "{\"a\": [1,\n {\"b\\n\": 2}]}";
        check(body, &[], 1, 1);
        check(body, &["a".into(), 0.into()], 1, 8);
        check(body, &["a".into(), 1.into(), "b\n".into()], 2, 10);
    }

    #[test]
    fn the_nearest_existing_ancestor_stands_in_for_a_missing_value() {
        check("{\"a\": {}}", &["a".into(), "b".into(), 0.into()], 1, 7);
    }

    #[test]
    fn a_text_that_is_no_json_has_no_positions() {
        assert_eq!(locate(b"{", [].iter()), None);
        assert_eq!(locate(b"\xff", [].iter()), None);
    }
}
