//! Takes keys out of vendors' words before they reach an error message or a log.
//!
//! Vendors echo the key they refuse ("Incorrect API key provided: sk-…").
//! A word is masked where its start is a known key prefix, where the words before announce a key,
//! or where it is long and mixed like no model name is. Too much is better masked than too little.

/// How much of a body an error message shows, in bytes.
const SNIPPET_BYTES: usize = 512;

/// What stands where a key stood.
const MASK: &str = "[redacted]";

/// The word inside [`MASK`], which is never masked again.
const MASK_WORD: &str = "redacted";

/// How keys of known vendors begin.
const KEY_PREFIXES: [&str; 22] = [
    "sk-",
    "sk_",
    "pk-",
    "pk_",
    "rk-",
    "rk_",
    "gsk_",
    "xai-",
    "hf_",
    "aiza",
    "ya29.",
    "akia",
    "asia",
    "ghp_",
    "github_pat_",
    "glpat-",
    "csk-",
    "r8_",
    "pplx-",
    "nvapi-",
    "tgp_",
    "fw_",
];

/// Ids that are long and mixed but no secret, and that a vendor's support asks for.
const ID_PREFIXES: [&str; 12] = [
    "req_",
    "chatcmpl-",
    "msg_",
    "call_",
    "toolu_",
    "resp_",
    "rs_",
    "fc_",
    "gen-",
    "org-",
    "file-",
    "batch_",
];

/// Words that announce a key when `:`, `=` or a quote comes between.
const KEY_NAMES: [&str; 14] = [
    "key",
    "apikey",
    "api_key",
    "api-key",
    "x-api-key",
    "token",
    "access_token",
    "auth_token",
    "secret",
    "client_secret",
    "password",
    "authorization",
    "x-goog-api-key",
    "signature",
];

/// Words that announce a key right behind them.
const SCHEMES: [&str; 2] = ["bearer", "basic"];

/// Words that follow [`SCHEMES`] in prose.
const PROSE: [&str; 10] = [
    "token",
    "tokens",
    "auth",
    "authentication",
    "authorization",
    "scheme",
    "header",
    "or",
    "is",
    "and",
];

/// The shortest run of mixed letters and digits that is taken for a key; model names stay below,
/// because dashes, dots and slashes part them.
const MIXED_RUN: usize = 20;

/// The text with everything that looks like a key or bearer token masked.
#[must_use]
pub fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = Before::default();
    while !rest.is_empty() {
        let word_start = rest.find(is_word_char).unwrap_or(rest.len());
        let (gap, tail) = rest.split_at(word_start);
        let word_end = tail.find(|c| !is_word_char(c)).unwrap_or(tail.len());
        let (word, tail) = tail.split_at(word_end);
        out.push_str(gap);
        // A full stop belongs to the sentence, not to the word.
        let bare = word.trim_end_matches('.');
        if before.announces(gap, bare) || looks_like_key(bare) {
            out.push_str(MASK);
            out.push_str(word.get(bare.len()..).unwrap_or_default());
            before = Before::default();
        } else {
            out.push_str(word);
            before.advance(gap, bare);
        }
        rest = tail;
    }
    out
}

/// The start of a body for an error message: at most 512 bytes, redacted, on one line.
#[must_use]
pub fn body_snippet(body: &[u8]) -> String {
    // Twice the length, so that a key across the cut is recognised before it is cut.
    let start = body.get(..2 * SNIPPET_BYTES).unwrap_or(body);
    let text = redact(&String::from_utf8_lossy(start));
    let mut line = String::with_capacity(SNIPPET_BYTES + '…'.len_utf8());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let cut = line.floor_char_boundary(SNIPPET_BYTES);
    if cut < line.len() || body.len() > start.len() {
        line.truncate(cut);
        line.push('…');
    }
    line
}

/// The two words before the current one, in lower case.
#[derive(Debug, Default)]
struct Before {
    last: String,
    last_but_one: String,
}

impl Before {
    fn advance(&mut self, gap: &str, word: &str) {
        let last = std::mem::take(&mut self.last);
        // A sentence that ended announces nothing.
        self.last_but_one = if gap.contains('.') {
            String::new()
        } else {
            last
        };
        self.last = word.to_ascii_lowercase();
    }

    /// Whether the words before say that `word`, which follows after `gap`, is a key.
    fn announces(&self, gap: &str, word: &str) -> bool {
        if word == MASK_WORD && gap.ends_with('[') {
            return false;
        }
        if SCHEMES.contains(&self.last.as_str()) {
            return gap.chars().all(char::is_whitespace)
                && !PROSE.contains(&word.to_ascii_lowercase().as_str());
        }
        let named = KEY_NAMES.contains(&self.last.as_str())
            || (self.last == "provided" && KEY_NAMES.contains(&self.last_but_one.as_str()));
        named
            && gap.contains([':', '='])
            && gap.len() <= 6
            && !SCHEMES.contains(&word.to_ascii_lowercase().as_str())
    }
}

fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '*' | '~' | '%' | '…')
}

fn looks_like_key(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let starts_with = |prefixes: &[&str]| {
        prefixes
            .iter()
            .any(|prefix| lower.starts_with(prefix) && lower.len() > prefix.len())
    };
    if starts_with(&KEY_PREFIXES) {
        return true;
    }
    !starts_with(&ID_PREFIXES)
        && word
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(is_mixed_run)
}

/// Whether a run of letters and digits is long and has both.
fn is_mixed_run(run: &str) -> bool {
    run.len() >= MIXED_RUN
        && run.bytes().any(|byte| byte.is_ascii_digit())
        && run.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(redact(text), expected);
        assert_eq!(redact(expected), expected, "again");
    }

    #[test]
    fn keys_of_known_forms_are_masked() {
        check("sk-abc", "[redacted]");
        check("key sk-proj-aB3_x-9 is wrong", "key [redacted] is wrong");
        check("gsk_abcDEF123, xai-Abc1", "[redacted], [redacted]");
        check("AIzaSyA-1234", "[redacted]");
        check("hf_abc.", "[redacted].");
        check("\"sk-ant-api03-xyz\"", "\"[redacted]\"");
    }

    #[test]
    fn keys_that_vendors_echo_are_masked() {
        check(
            "Incorrect API key provided: sk-abc***. You can find your API key at https://x.example/api-keys.",
            "Incorrect API key provided: [redacted]. You can find your API key at https://x.example/api-keys.",
        );
        check(
            "Incorrect API key provided: foo*****bar.",
            "Incorrect API key provided: [redacted].",
        );
        check(
            "invalid x-api-key: letmein",
            "invalid x-api-key: [redacted]",
        );
        check("?key=letmein&alt=sse", "?key=[redacted]&alt=sse");
        check(r#"{"api_key": "letmein"}"#, r#"{"api_key": "[redacted]"}"#);
        check("password=hunter2", "password=[redacted]");
    }

    #[test]
    fn bearer_tokens_are_masked_and_prose_is_not() {
        check("Bearer letmein", "Bearer [redacted]");
        check(
            "authorization: Bearer a.b-c",
            "authorization: Bearer [redacted]",
        );
        check(
            "Authorization: Basic dXNlcg==",
            "Authorization: Basic [redacted]==",
        );
        check("Bearer token is missing", "Bearer token is missing");
        check("use Bearer authentication", "use Bearer authentication");
    }

    #[test]
    fn long_mixed_words_are_masked() {
        check("got 9f8e7d6c5b4a39281706f5e4 here", "got [redacted] here");
        check("tok.AbCdEfGhIjKlMnOpQrSt1.x", "[redacted]");
    }

    #[test]
    fn names_ids_and_numbers_stay() {
        for text in [
            "The model `meta-llama/Llama-3.3-70B-Instruct-Turbo-Free` does not exist",
            "claude-3-5-sonnet-20241022 and gpt-4o-2024-08-06",
            "request 123e4567-e89b-12d3-a456-426614174000",
            "Request id: req_011CSHoEeqs5C35K2UUqR7Fy",
            "chatcmpl-ABCdefGHI123456789012345",
            "Item 'rs_68c42de022c881948db7ed1cc2529f2e' of type 'reasoning'",
            "Rate limit reached: Limit 30000, Used 29000, Requested 2000. Please try again in 1.5s.",
            "This model's maximum context length is 128000 tokens. However, you requested 200000 tokens",
            "max_tokens: 4096 is too large, antidisestablishmentarianism",
            "",
            "überall ungültig: wert",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn a_snippet_is_short_redacted_and_on_one_line() {
        assert_eq!(
            body_snippet(b"<html>\r\n  <b>502</b>\x00 sk-abc \xff"),
            "<html> <b>502</b> [redacted] \u{fffd}"
        );
        assert_eq!(body_snippet(b""), "");
        let long = body_snippet("é ".repeat(4000).as_bytes());
        assert!(long.len() <= 512 + '…'.len_utf8(), "{}", long.len());
        assert!(long.ends_with('…'));
        let key_across_the_cut = format!("{}sk-{}", "x ".repeat(253), "a1".repeat(100));
        let shown = body_snippet(key_across_the_cut.as_bytes());
        assert!(!shown.contains("sk-"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_masking_twice_changes_nothing(text in "\\PC{0,80}") {
            let once = redact(&text);
            prop_assert_eq!(redact(&once), once.clone());
            let _ = body_snippet(text.as_bytes());
        }

        #[test]
        fn a_key_never_survives(
            before in "[a-zA-Z :\"=]{0,12}",
            prefix in prop_oneof![Just("sk-"), Just("gsk_"), Just("xai-"), Just("Bearer ")],
            key in "[a-zA-Z0-9]{4,7}Q7Z[a-zA-Z0-9_-]{4,40}",
        ) {
            let shown = redact(&format!("{before} {prefix}{key} tail"));
            prop_assert!(!shown.contains(&key), "{}", shown);
        }
    }
}
