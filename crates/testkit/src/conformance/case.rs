//! The rules of the suite, one case each, with the sentence that a report shows.

use std::fmt;

/// One rule that a provider is checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Case {
    /// A whole answer is read, and the conversation reaches the wire.
    Text,
    /// A streamed answer is read: its deltas make up the content, and it ends exactly once.
    TextStream,
    /// However the bytes of a stream are cut into pieces, it says the same.
    Chunking,
    /// A tool call in a whole answer is read.
    Tools,
    /// A tool call in a stream is read.
    ToolsStream,
    /// Several tool calls in a whole answer are kept apart and in order.
    ParallelTools,
    /// Several tool calls in a stream are kept apart and in order.
    ParallelToolsStream,
    /// Tool calls and their results of earlier turns reach the wire.
    ToolRoundTrip,
    /// Several choices of a whole answer are kept apart.
    Choices,
    /// Several choices of a stream are kept apart.
    ChoicesStream,
    /// A schema reaches the wire, and the answer that follows it is read.
    Structured,
    /// Thinking in a whole answer is read, with the vendor's proof of it.
    Reasoning,
    /// Thinking in a stream is read, with the vendor's proof of it.
    ReasoningStream,
    /// The vendor's proof of its thinking returns to the vendor unchanged.
    ReasoningRoundTrip,
    /// What belongs to another format is never sent.
    ForeignState,
    /// Tokens are counted by core's one rule of inclusion.
    Usage,
    /// Tokens told in a stream are counted by the same rule.
    UsageStream,
    /// Refusals get the kind, phase and retry hint that their status means, and name their target.
    ErrorKinds,
    /// The same where a stream was asked for.
    ErrorKindsStream,
    /// The wait that a vendor asks for is read.
    RetryAfter,
    /// A refusal's body is kept for callers of the same format.
    WireErrors,
    /// The key shows in no error and no debug output, even where the vendor echoes it.
    Secrets,
    /// An error inside a stream ends it with that error.
    StreamError,
    /// A call makes exactly one request, whatever comes back.
    OneRequest,
    /// Dropping a call closes its connection.
    Cancellation,
    /// Dropping a stream closes its connection; frames arrive before the stream is over.
    StreamCancellation,
    /// Sending, headers and bytes are told to the caller's sink as they happen.
    Progress,
    /// A stream that is cut anywhere ends with an error, and never as if it were complete.
    Truncation,
    /// The same where the connection breaks.
    BrokenConnection,
    /// A whole answer that is cut is an error.
    TruncatedAnswer,
    /// Answers that are no answers are errors.
    Malformed,
    /// Streams that are no streams are errors.
    MalformedStream,
    /// An answer without end is given up.
    Oversized,
    /// A stream event without end is given up.
    OversizedStream,
    /// A feature that is declared reaches the wire.
    DeclaredFeatures,
    /// A feature that is not declared is refused before anything is sent, if the answer depends on it.
    UndeclaredFeatures,
    /// A request in the vendor's own format goes out with every field it came with.
    NativeRequest,
    /// An answer in the vendor's own format is kept as it came.
    NativeAnswer,
    /// Health is asked for with one request that costs nothing.
    Health,
    /// Vectors come in the order of their inputs.
    Embeddings,
    /// An answer with too few vectors is an error.
    EmbeddingCount,
    /// Refused embeddings get the kind that their status means.
    EmbeddingErrors,
    /// The vendor's models are listed.
    Models,
    /// The vendor's count of tokens is read.
    TokenCount,
}

impl Case {
    /// Every case, in the order in which they run.
    pub const ALL: [Self; 44] = [
        Self::Text,
        Self::TextStream,
        Self::Chunking,
        Self::Tools,
        Self::ToolsStream,
        Self::ParallelTools,
        Self::ParallelToolsStream,
        Self::ToolRoundTrip,
        Self::Choices,
        Self::ChoicesStream,
        Self::Structured,
        Self::Reasoning,
        Self::ReasoningStream,
        Self::ReasoningRoundTrip,
        Self::ForeignState,
        Self::Usage,
        Self::UsageStream,
        Self::ErrorKinds,
        Self::ErrorKindsStream,
        Self::RetryAfter,
        Self::WireErrors,
        Self::Secrets,
        Self::StreamError,
        Self::OneRequest,
        Self::Cancellation,
        Self::StreamCancellation,
        Self::Progress,
        Self::Truncation,
        Self::BrokenConnection,
        Self::TruncatedAnswer,
        Self::Malformed,
        Self::MalformedStream,
        Self::Oversized,
        Self::OversizedStream,
        Self::DeclaredFeatures,
        Self::UndeclaredFeatures,
        Self::NativeRequest,
        Self::NativeAnswer,
        Self::Health,
        Self::Embeddings,
        Self::EmbeddingCount,
        Self::EmbeddingErrors,
        Self::Models,
        Self::TokenCount,
    ];

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::TextStream => "text-stream",
            Self::Chunking => "chunking",
            Self::Tools => "tools",
            Self::ToolsStream => "tools-stream",
            Self::ParallelTools => "parallel-tools",
            Self::ParallelToolsStream => "parallel-tools-stream",
            Self::ToolRoundTrip => "tool-round-trip",
            Self::Choices => "choices",
            Self::ChoicesStream => "choices-stream",
            Self::Structured => "structured",
            Self::Reasoning => "reasoning",
            Self::ReasoningStream => "reasoning-stream",
            Self::ReasoningRoundTrip => "reasoning-round-trip",
            Self::ForeignState => "foreign-state",
            Self::Usage => "usage",
            Self::UsageStream => "usage-stream",
            Self::ErrorKinds => "error-kinds",
            Self::ErrorKindsStream => "error-kinds-stream",
            Self::RetryAfter => "retry-after",
            Self::WireErrors => "wire-errors",
            Self::Secrets => "secrets",
            Self::StreamError => "stream-error",
            Self::OneRequest => "one-request",
            Self::Cancellation => "cancellation",
            Self::StreamCancellation => "stream-cancellation",
            Self::Progress => "progress",
            Self::Truncation => "truncation",
            Self::BrokenConnection => "broken-connection",
            Self::TruncatedAnswer => "truncated-answer",
            Self::Malformed => "malformed",
            Self::MalformedStream => "malformed-stream",
            Self::Oversized => "oversized",
            Self::OversizedStream => "oversized-stream",
            Self::DeclaredFeatures => "declared-features",
            Self::UndeclaredFeatures => "undeclared-features",
            Self::NativeRequest => "native-request",
            Self::NativeAnswer => "native-answer",
            Self::Health => "health",
            Self::Embeddings => "embeddings",
            Self::EmbeddingCount => "embedding-count",
            Self::EmbeddingErrors => "embedding-errors",
            Self::Models => "models",
            Self::TokenCount => "token-count",
        }
    }

    /// Whether no provider may go without: a missing answer is then a failure, not a skip.
    #[must_use]
    pub const fn is_required(self) -> bool {
        matches!(
            self,
            Self::Text
                | Self::TextStream
                | Self::Chunking
                | Self::ForeignState
                | Self::ErrorKinds
                | Self::ErrorKindsStream
                | Self::RetryAfter
                | Self::Secrets
                | Self::OneRequest
                | Self::Cancellation
                | Self::StreamCancellation
                | Self::Progress
                | Self::Truncation
                | Self::BrokenConnection
                | Self::TruncatedAnswer
                | Self::Malformed
                | Self::MalformedStream
                | Self::Oversized
                | Self::OversizedStream
                | Self::DeclaredFeatures
                | Self::UndeclaredFeatures
                | Self::Health
        )
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
