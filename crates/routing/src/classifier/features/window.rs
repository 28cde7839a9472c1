//! Both ends of a long text.

/// Bytes read at the start and at the end: about 1,000 and 600 characters, as the measured baseline read.
const HEAD_BYTES: usize = 1_100;
const TAIL_BYTES: usize = 660;

/// Both ends of a text, or the whole of a short one. Never cuts a character.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window<'a> {
    head: &'a str,
    tail: &'a str,
}

impl<'a> Window<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        if text.len() <= HEAD_BYTES + TAIL_BYTES {
            return Self {
                head: text,
                tail: "",
            };
        }
        let head = text.floor_char_boundary(HEAD_BYTES);
        let tail = text.ceil_char_boundary(text.len() - TAIL_BYTES);
        Self {
            head: text.get(..head).unwrap_or_default(),
            tail: text.get(tail..).unwrap_or_default(),
        }
    }

    /// The ends that are not empty.
    pub(super) fn parts(&self) -> impl Iterator<Item = &'a str> {
        [self.head, self.tail]
            .into_iter()
            .filter(|part| !part.is_empty())
    }

    /// Bytes in both ends.
    pub(super) const fn bytes(&self) -> usize {
        self.head.len() + self.tail.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_never_cuts_a_character() {
        for letter in ["a", "é", "語", "😀"] {
            for shift in ["", "x", "xx", "xxx"] {
                let text = format!("{shift}{}", letter.repeat(4_000));
                let window = Window::of(&text);
                let head: String = window.parts().collect();
                assert!(head.len() <= HEAD_BYTES + TAIL_BYTES);
                assert!(head.len() + 8 > HEAD_BYTES + TAIL_BYTES);
            }
        }
    }

    #[test]
    fn a_short_text_is_read_whole() {
        let text = "a".repeat(HEAD_BYTES + TAIL_BYTES);
        assert_eq!(
            Window::of(&text).parts().collect::<Vec<_>>(),
            [text.as_str()]
        );
    }
}
