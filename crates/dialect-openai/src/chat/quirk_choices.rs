//! The choices that [`Quirks`](super::Quirks) are made of.

/// What becomes of the `developer` role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeveloperRole {
    /// The vendor knows it.
    Kept,
    /// The vendor does not know it: it is sent as `system`.
    AsSystem,
}

/// Under which name the bound on the answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputLimit {
    /// `max_completion_tokens`; a caller's own `max_tokens` is left alone.
    MaxCompletionTokens,
    /// `max_tokens`, because the vendor ignores the newer name and would answer without a bound.
    /// Bytes that arrived keep their caller's own word.
    MaxTokens,
}

/// Whether messages may name their participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParticipantNames {
    /// `name` is sent.
    Kept,
    /// The vendor refuses requests with `name`: it is left out.
    Dropped,
}

/// What becomes of several texts in a message that is not the user's.
///
/// Counts where a request is written from the types; bytes that pass through stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextParts {
    /// They are sent as a list.
    Kept,
    /// The vendor takes a string only: they are joined, an empty line between them.
    Joined,
}

/// What becomes of the model's earlier thinking, unless another vendor signed it, which is never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EarlierReasoning {
    /// It is not sent.
    Dropped,
    /// It is sent as `reasoning_content` of the assistant's message, which open models expect
    /// between tool calls.
    ReasoningContent,
    /// As [`Self::ReasoningContent`], and where a request is written from the types, as `reasoning`
    /// too: servers that read one name ignore the other, and nobody knows which server it is.
    EitherName,
    /// As [`Self::ReasoningContent`], and where a request is written from the types, a message that
    /// calls tools gets a blank one where its thinking is unknown: the vendor refuses calls without.
    ReasoningContentRequired,
    /// It is sent as parts of type `thinking` in the content.
    ThinkingParts,
    /// It is sent as `reasoning`, and what the vendor signed or sealed as `reasoning_details`.
    ReasoningDetails,
}

/// How a request says how much to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ThinkingControl {
    /// `reasoning_effort` with a word; a budget becomes the word of its size.
    Effort,
    /// The same, and `thinking: {"type": "disabled"}` where it is switched off.
    EffortAndSwitch,
    /// An object `reasoning` with `effort`, `max_tokens` or `enabled`.
    ReasoningObject,
}

/// Which ids of tool calls the vendor takes.
///
/// A conversation may have begun at another vendor, with that vendor's ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallIds {
    /// Any text.
    Any,
    /// Nine letters or digits; other ids are replaced, the same by the same.
    NineAlphanumeric,
}

/// How documents stand in the content of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentParts {
    /// A part of type `file` with inline data or a file id.
    Inline,
    /// The same, and an address may stand where the data would.
    InlineOrAddress,
    /// A part of type `document_url` with an address, which may be a `data:` one.
    DocumentUrl,
    /// A part of type `file_url` with an address or bare base64.
    FileUrl,
}

/// How sound stands in the content of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SoundParts {
    /// `input_audio` is an object of data and format.
    Object,
    /// `input_audio` is the data.
    Data,
}

/// What becomes of marks that ask the vendor to cache the prompt.
///
/// Counts where a request is written from the types; bytes that pass through keep theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheMarks {
    /// They are not part of the format and left out.
    Dropped,
    /// They are sent as `cache_control` of their part.
    Kept,
}

/// Whether a stream tells its usage only on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamUsage {
    /// `stream_options.include_usage` asks for it.
    Requested,
    /// The vendor tells it anyway; nothing is added to the request.
    Unasked,
}

/// What ends a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamEnd {
    /// `[DONE]` only.
    Done,
    /// `[DONE]`, or the end of the body once every answer that began has its finish reason.
    DoneOrFinished,
}
