//! Cuts a text into hashed tokens: words, numbers, marks, ends of lines.

/// A hashed token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) hash: u32,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Word,
    Mark,
    LineEnd,
}

impl Token {
    /// Whether it is made of letters or digits.
    pub(super) const fn is_word(self) -> bool {
        matches!(self.kind, Kind::Word)
    }

    /// Whether it takes part in words and pairs; the end of a line only takes a place.
    pub(super) const fn is_word_like(self) -> bool {
        !matches!(self.kind, Kind::LineEnd)
    }
}

const SEED: u32 = 0x811c_9dc5;

/// Calls `take` with every token of `text`, in order.
///
/// A Chinese, Japanese, Korean or Thai letter is a token of its own, since their words have no borders.
/// Numbers are told by how many digits they have, not by which.
pub(super) fn each(text: &str, mut take: impl FnMut(Token)) {
    let mut rest = text.chars().peekable();
    while let Some(first) = rest.next() {
        if first == '\n' {
            while rest.next_if(|next| next.is_whitespace()).is_some() {}
            take(Token {
                hash: mix(SEED, u32::from('\n')),
                kind: Kind::LineEnd,
            });
        } else if first.is_whitespace() {
        } else if !first.is_alphanumeric() || stands_alone(first) {
            let kind = if first.is_alphanumeric() {
                Kind::Word
            } else {
                Kind::Mark
            };
            take(Token {
                hash: mix(SEED, lower(first)),
                kind,
            });
        } else {
            let mut hash = mix(SEED, lower(first));
            let mut digits = u32::from(first.is_ascii_digit());
            let mut letters = 1_u32;
            while let Some(next) = rest.peek().copied() {
                if next.is_alphanumeric() && !stands_alone(next) {
                    rest.next();
                    hash = mix(hash, lower(next));
                    letters += 1;
                    digits += u32::from(next.is_ascii_digit());
                } else if matches!(next, '\'' | '’') && digits == 0 {
                    // An apostrophe belongs to the word where a letter follows it.
                    let mut after = rest.clone();
                    after.next();
                    if !after.peek().is_some_and(|next| next.is_alphabetic()) {
                        break;
                    }
                    rest.next();
                    hash = mix(hash, u32::from('\''));
                    letters += 1;
                } else {
                    break;
                }
            }
            if digits == letters {
                hash = mix(mix(SEED, u32::from('#')), digits.min(4));
            }
            take(Token {
                hash,
                kind: Kind::Word,
            });
        }
    }
}

/// The hash of two tokens in a row.
pub(super) const fn pair(first: u32, second: u32) -> u32 {
    mix(mix(first, second), 0x9e37_79b1)
}

/// One step of the hash: multiply and fold, so that low bits depend on all of the input.
pub(super) const fn mix(hash: u32, value: u32) -> u32 {
    let folded = (hash ^ value).wrapping_mul(0x0100_0193);
    let folded = (folded ^ (folded >> 15)).wrapping_mul(0x2c1b_3c6d);
    folded ^ (folded >> 13)
}

/// The letter in lower case, by its code point; the first one where lower case has several.
pub(super) fn lower(letter: char) -> u32 {
    if letter.is_ascii() {
        return u32::from(letter.to_ascii_lowercase());
    }
    if is_beyond_case(letter) {
        return u32::from(letter);
    }
    letter.to_lowercase().next().map_or(0, u32::from)
}

/// Whether a letter is of the scripts of East Asia, which have no cases: looking that up takes longer.
pub(super) const fn is_beyond_case(letter: char) -> bool {
    matches!(letter, '\u{3000}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7af}')
}

/// Letters of scripts that write no spaces between words.
const fn stands_alone(letter: char) -> bool {
    matches!(letter,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(text: &str) -> Vec<u32> {
        let mut hashes = Vec::new();
        each(text, |token| hashes.push(token.hash));
        hashes
    }

    #[test]
    fn case_and_the_shape_of_apostrophes_do_not_matter() {
        assert_eq!(hashes("I’M HERE"), hashes("i'm here"));
    }

    #[test]
    fn tokens_are_words_marks_numbers_and_line_ends() {
        for (text, count) in [
            ("", 0),
            ("  \t", 0),
            ("don't stop", 2),
            ("the 'quoted' word", 5),
            ("a, b.", 4),
            ("x_y", 3),
            ("one\n\n two", 3),
            ("翻译这个", 4),
            ("안녕", 2),
            ("naïve café", 2),
        ] {
            assert_eq!(hashes(text).len(), count, "{text}");
        }
    }

    #[test]
    fn numbers_are_told_by_their_digits() {
        assert_eq!(hashes("12 apples"), hashes("47 apples"));
        assert_ne!(hashes("12"), hashes("123"));
        assert_eq!(hashes("12345"), hashes("1234567"));
    }
}
