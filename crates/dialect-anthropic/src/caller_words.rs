//! What callers of this format call what the request types have other names for.

use interline_core::ChatRequest;
use interline_transport::json::{self, CallerWords};

const WORDS: CallerWords = CallerWords {
    conversation: "messages",
    names: &[
        (
            "response_format",
            &["output_config.format", "output_format"],
        ),
        ("reasoning", &["thinking", "output_config.effort"]),
        ("max_output_tokens", &["max_tokens"]),
        ("stop", &["stop_sequences"]),
        ("user", &["metadata.user_id"]),
        (
            "parallel_tool_calls",
            &["tool_choice.disable_parallel_tool_use"],
        ),
    ],
};

/// The path that an error names, a path through the types of `request`, as the caller of this format
/// finds it in what was sent: `messages[0].content[1]`, the system prompt uncounted.
#[must_use]
pub fn caller_field(request: &ChatRequest, path: &str) -> String {
    json::caller_field(request, path, &WORDS)
}
