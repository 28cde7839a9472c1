//! Lets valid UTF-8 through, however the bytes are cut, and stops at the first byte that is not.
//!
//! The event decoder replaces invalid bytes silently; a vendor's answer must not be changed silently.

use bytes::{Bytes, BytesMut};

/// Checks a body that arrives in pieces.
#[derive(Debug, Default)]
pub(crate) struct Utf8Gate {
    /// The start of a character whose end has not arrived; at most 3 bytes.
    cut: Bytes,
    invalid: bool,
}

impl Utf8Gate {
    /// The part of the bytes so far that is valid and was not let through before.
    pub(crate) fn pass(&mut self, chunk: Bytes) -> Bytes {
        if self.invalid {
            return Bytes::new();
        }
        let mut bytes = if self.cut.is_empty() {
            chunk
        } else {
            let mut joined = BytesMut::with_capacity(self.cut.len() + chunk.len());
            joined.extend_from_slice(&self.cut);
            joined.extend_from_slice(&chunk);
            joined.freeze()
        };
        self.cut = match std::str::from_utf8(&bytes) {
            Ok(_) => Bytes::new(),
            Err(error) => {
                self.invalid = error.error_len().is_some();
                bytes.split_off(error.valid_up_to())
            }
        };
        bytes
    }

    /// Whether a byte came that no valid text has.
    pub(crate) const fn is_invalid(&self) -> bool {
        self.invalid
    }

    /// Whether the bytes so far end inside a character.
    pub(crate) const fn is_cut(&self) -> bool {
        !self.cut.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(chunks: &[&[u8]], passed: &str, invalid: bool, cut: bool) {
        let mut gate = Utf8Gate::default();
        let mut out = Vec::new();
        for chunk in chunks {
            out.extend_from_slice(&gate.pass(Bytes::copy_from_slice(chunk)));
        }
        assert_eq!(String::from_utf8(out).unwrap(), passed);
        assert_eq!(gate.is_invalid(), invalid, "invalid");
        assert_eq!(gate.is_cut(), cut || invalid, "cut");
    }

    #[test]
    fn characters_survive_any_cut() {
        check(
            &[b"a\xf0", b"\x9f", b"\x98", b"\x80b"],
            "a😀b",
            false,
            false,
        );
        check(&[b"\xc3", b"\xa9\xc3"], "é", false, true);
    }

    #[test]
    fn nothing_passes_after_an_invalid_byte() {
        check(&[b"ok\xffno", b"no"], "ok", true, false);
        check(&[b"ok\xe2", b"\x28no"], "ok", true, false);
        check(&[b"\xc0\x80"], "", true, false);
        check(&[b"\xed\xa0\x80"], "", true, false);
    }
}
