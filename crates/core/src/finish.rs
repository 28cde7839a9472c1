//! Why an answer ended.

/// Why an answer ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FinishReason {
    /// The model was done, or met a stop text.
    Stop,
    /// A token limit was met: the answer is cut.
    Length,
    /// The model waits for the results of tool calls.
    ToolCalls,
    /// The vendor's filter cut or withheld the answer, or the model declined.
    ContentFilter,
    /// The vendor failed after it had begun to answer.
    Error,
    /// A reason that only one vendor knows, in its own word.
    Other(String),
}

impl FinishReason {
    /// The normalised word: `stop`, `length`, `tool_calls`, `content_filter`, `error`, or the vendor's own.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Error => "error",
            Self::Other(word) => word,
        }
    }
}
