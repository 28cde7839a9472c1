//! Recorded protocols that are not spoken on purpose, each with its reason.

/// What begins a protocol's name, and why it is not spoken.
const REASONS: [(&str, &str); 6] = [
    (
        "ollama.chat",
        "Ollama's own NDJSON; the kind `local` calls the OpenAI format that the same server speaks",
    ),
    (
        "ollama.generate",
        "Ollama's own NDJSON, and a prompt without messages; `local` calls its OpenAI format",
    ),
    (
        "ollama.embed",
        "Ollama's own embeddings; `local` calls the OpenAI format that the same server speaks",
    ),
    (
        "cohere.v1.",
        "Cohere's first API; the kind `cohere` calls the second, which followed it",
    ),
    (
        "bedrock.invoke",
        "a body of each maker's own; Converse reaches the same chat models with one format",
    ),
    (
        "vllm.completions",
        "legacy completions: a prompt without messages, no tools, no roles",
    ),
];

/// Why the protocol is not spoken; `None` where it is to be.
pub(super) fn reason(api: &str) -> Option<&'static str> {
    let (_, reason) = REASONS.iter().find(|(name, _)| api.starts_with(name))?;
    Some(reason)
}
