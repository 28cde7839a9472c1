//! What callers of this format call what the request types have other names for.

use interline_core::ChatRequest;
use interline_transport::json::{self, CallerWords};

const WORDS: CallerWords = CallerWords {
    conversation: "messages",
    names: &[
        ("reasoning", &["reasoning_effort", "reasoning"]),
        (
            "max_output_tokens",
            &["max_completion_tokens", "max_tokens"],
        ),
    ],
};

/// The path that an error names, a path through the types of `request`, as the caller of this format
/// finds it in what was sent: `messages[0].content[1]`.
#[must_use]
pub fn caller_field(request: &ChatRequest, path: &str) -> String {
    json::caller_field(request, path, &WORDS)
}
