//! Other vendors' proofs of thinking, for callers of this format.
//!
//! A caller sends thinking back as it came, and a vendor wants its own proof back. So a proof of
//! another format travels in the place of Anthropic's, behind the word [`SEAL`] and the format's name,
//! and is opened when it returns. Anthropic would refuse such a history: bytes that hold a seal never
//! go out as they are, see [`is_in`].

use std::borrow::Cow;

use interline_core::{FormatId, Signature};

use crate::FORMAT;

/// The word that begins a proof of another format; the number is the version of what follows.
const SEAL: &str = "interline.signature.1:";

/// The text that stands for a proof in `signature` or `data`.
pub(crate) fn seal(signature: &Signature) -> Cow<'_, str> {
    if signature.format == FORMAT {
        return Cow::Borrowed(&signature.value);
    }
    Cow::Owned(format!("{SEAL}{}:{}", signature.format, signature.value))
}

/// The proof that a text stands for.
pub(crate) fn open(text: &str) -> Signature {
    let sealed = text
        .strip_prefix(SEAL)
        .and_then(|rest| rest.split_once(':'));
    match sealed {
        Some((format, value)) => Signature::new(FormatId::new(format), value),
        None => Signature::new(FORMAT, text),
    }
}

/// Whether a body holds a seal somewhere.
pub(crate) fn is_in(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| text.contains(SEAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_returns_as_it_was() {
        let other = FormatId::from_static("gemini.generate_content");
        for signature in [
            Signature::new(FORMAT, "EqQB+/=="),
            Signature::new(other, "proof:with:colons"),
        ] {
            assert_eq!(open(&seal(&signature)), signature);
        }
        assert_eq!(seal(&Signature::new(FORMAT, "EqQB")), "EqQB");
    }

    #[test]
    fn a_broken_seal_is_a_vendors_affair() {
        let text = format!("{SEAL}rubbish");
        assert_eq!(open(&text), Signature::new(FORMAT, text.as_str()));
        assert!(is_in(text.as_bytes()) && !is_in(b"{}") && !is_in(&[0xff]));
    }
}
