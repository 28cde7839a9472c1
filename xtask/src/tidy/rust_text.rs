//! Rust source with comments and literals blanked out, so that searches see only code.
//!
//! This is no parser: it knows just enough of the language's tokens to tell code from text,
//! and keeps every newline, so that line numbers stay right.

/// Replaces the inside of comments, strings and character literals by spaces.
pub(crate) fn code_only(source: &str) -> String {
    let mut masked = String::with_capacity(source.len());
    let mut rest = source;
    let mut after_word = false;
    while let Some(next) = rest.chars().next() {
        // A letter before `"` or `#` belongs to an identifier, unless it is a literal's own prefix.
        let length = text_length(rest, after_word);
        if length > 0 {
            let (text, tail) = rest.split_at(length);
            masked.extend(text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = tail;
            after_word = false;
        } else {
            masked.push(next);
            after_word = next.is_alphanumeric() || next == '_';
            rest = rest.split_at(next.len_utf8()).1;
        }
    }
    masked
}

/// The length in bytes of the comment or literal that starts here, or 0.
fn text_length(rest: &str, after_word: bool) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if rest.starts_with('"') {
        return quoted(rest, 0);
    }
    if rest.starts_with('\'') {
        return character(rest);
    }
    if after_word {
        return 0;
    }
    for prefix in ["br", "cr", "r"] {
        if let Some(tail) = rest.strip_prefix(prefix) {
            let hashes = tail.bytes().take_while(|byte| *byte == b'#').count();
            if tail.split_at(hashes).1.starts_with('"') {
                return raw(rest, prefix.len(), hashes);
            }
        }
    }
    0
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    let bytes = rest.as_bytes();
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

/// A string from its opening quote at `open`, escapes skipped.
fn quoted(rest: &str, open: usize) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(open + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw(rest: &str, prefix: usize, hashes: usize) -> usize {
    let body = prefix + hashes + 1;
    let end = format!("\"{}", "#".repeat(hashes));
    rest.get(body..)
        .and_then(|text| text.find(&end))
        .map_or(rest.len(), |at| body + at + end.len())
}

/// A character literal; 0 for a lifetime, which has no closing quote after one character.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => {
            chars.next();
            chars
                .take_while(|(at, _)| *at < 16)
                .find(|(_, c)| *c == '\'')
                .map_or(0, |(at, _)| at + 1)
        }
        Some(_) => chars
            .next()
            .filter(|(_, c)| *c == '\'')
            .map_or(0, |(at, _)| at + 1),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &str) {
        let masked = code_only(source);
        assert_eq!(masked.split_whitespace().collect::<String>(), expected);
        assert_eq!(masked.lines().count(), source.lines().count());
    }

    #[test]
    fn comments_are_blanked_and_lines_kept() {
        check("a // b!()\nc", "ac");
        check("a /* b /* c */\n d */ e", "ae");
        check("/// doc \"open\nlet x;", "letx;");
    }

    #[test]
    fn literals_are_blanked() {
        check(r#"f("a // b", 'x', '\'', '"') // end"#, "f(,,,)");
        check(
            r###"g(r#"say "x!()""#, br"y", "\"z")"###,
            "g(,,b)".replace('b', "").as_str(),
        );
        check("let \u{e9} = \"\u{e9}\";", "let\u{e9}=;");
    }

    #[test]
    fn lifetimes_and_words_that_end_in_r_are_code() {
        check("fn f<'a>(x: &'a str) {}", "fnf<'a>(x:&'astr){}");
        check("for\"x\"", "for");
        check("let r#type = b'x';", "letr#type=b;");
    }
}
