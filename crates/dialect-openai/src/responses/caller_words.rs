//! What callers of this format call what the request types have other names for.

use interline_core::{ChatRequest, PartKind};
use interline_transport::json::{self, CallerWords};

use super::FORMAT;

const WORDS: CallerWords = CallerWords {
    conversation: "input",
    names: &[
        ("response_format", &["text.format"]),
        ("reasoning", &["reasoning.effort"]),
        ("logprobs", &["include", "top_logprobs"]),
        ("user", &["user", "safety_identifier"]),
        // Kinds of items that only the vendor can read.
        ("item_reference", &["input"]),
        ("compaction", &["input"]),
        ("compaction_summary", &["input"]),
        ("additional_tools", &["input"]),
    ],
};

/// The path that an error names, a path through the types of `request`, as the caller of this format
/// finds it in what was sent: `input[0].content[1]`.
#[must_use]
pub fn caller_field(request: &ChatRequest, path: &str) -> String {
    // Sealed items were taken out of the bytes, so that places in them are not the caller's.
    let is_sealed = |kind: &PartKind| match kind {
        PartKind::Reasoning(thought) => {
            let proof = thought.signature.as_ref();
            proof.is_some_and(|proof| proof.format != FORMAT)
        }
        _ => false,
    };
    let is_shifted = request.messages.iter().any(|one| one.any_part(is_sealed));
    if is_shifted && path.starts_with("messages") {
        return WORDS.conversation.to_owned();
    }
    json::caller_field(request, path, &WORDS)
}
