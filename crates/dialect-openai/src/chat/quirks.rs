//! What a vendor of this format does differently, as declared data.
//!
//! The default is the format's own reference: OpenAI's documentation of Chat Completions, read in
//! August 2026. A vendor's crate declares its differences and gives the reason there.

use interline_core::{Feature, FeatureSet};

/// What a vendor of this format does differently.
///
/// ```
/// use interline_core::{Feature, FeatureSet};
/// use interline_dialect_openai::{OutputLimit, Quirks};
///
/// let quirks = Quirks::default()
///     .with_features(FeatureSet::all().without(Feature::Logprobs))
///     .with_output_limit(OutputLimit::MaxTokens);
/// assert!(!quirks.features.contains(Feature::Logprobs));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quirks {
    /// What the vendor's API takes.
    ///
    /// A hint outside the set is not sent; a semantic feature outside it is `Unsupported`.
    pub features: FeatureSet,
    /// What becomes of the `developer` role.
    pub developer_role: DeveloperRole,
    /// Under which name the bound on the answer is sent.
    pub output_limit: OutputLimit,
    /// Whether messages may name their participant.
    pub participant_names: ParticipantNames,
    /// What becomes of several texts in one message.
    pub text_parts: TextParts,
    /// Top-level fields that the vendor answers with a refusal, so that they are left out.
    pub refused_fields: &'static [&'static str],
    /// What becomes of the model's earlier thinking.
    pub earlier_reasoning: EarlierReasoning,
    /// Whether a stream tells its usage only on request.
    pub stream_usage: StreamUsage,
    /// What ends a stream.
    pub stream_end: StreamEnd,
    /// A field of the vendor's own around `usage` and `error` in stream chunks.
    pub envelope: Option<&'static str>,
}

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
    /// Bytes that arrived keep the newer name beside it.
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

impl Quirks {
    /// A vendor that follows the reference.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            features: FeatureSet::all().without(Feature::TopK),
            developer_role: DeveloperRole::Kept,
            output_limit: OutputLimit::MaxCompletionTokens,
            participant_names: ParticipantNames::Kept,
            text_parts: TextParts::Kept,
            refused_fields: &[],
            earlier_reasoning: EarlierReasoning::Dropped,
            stream_usage: StreamUsage::Requested,
            stream_end: StreamEnd::Done,
            envelope: None,
        }
    }

    /// Declares what the vendor's API takes.
    #[must_use]
    pub const fn with_features(mut self, features: FeatureSet) -> Self {
        self.features = features;
        self
    }

    /// Says what becomes of the `developer` role.
    #[must_use]
    pub const fn with_developer_role(mut self, developer_role: DeveloperRole) -> Self {
        self.developer_role = developer_role;
        self
    }

    /// Says under which name the bound on the answer is sent.
    #[must_use]
    pub const fn with_output_limit(mut self, output_limit: OutputLimit) -> Self {
        self.output_limit = output_limit;
        self
    }

    /// Says whether messages may name their participant.
    #[must_use]
    pub const fn with_participant_names(mut self, participant_names: ParticipantNames) -> Self {
        self.participant_names = participant_names;
        self
    }

    /// Says what becomes of several texts in one message.
    #[must_use]
    pub const fn with_text_parts(mut self, text_parts: TextParts) -> Self {
        self.text_parts = text_parts;
        self
    }

    /// Names the top-level fields that the vendor refuses.
    #[must_use]
    pub const fn with_refused_fields(mut self, refused_fields: &'static [&'static str]) -> Self {
        self.refused_fields = refused_fields;
        self
    }

    /// Says what becomes of the model's earlier thinking.
    #[must_use]
    pub const fn with_earlier_reasoning(mut self, earlier_reasoning: EarlierReasoning) -> Self {
        self.earlier_reasoning = earlier_reasoning;
        self
    }

    /// Says whether a stream tells its usage only on request.
    #[must_use]
    pub const fn with_stream_usage(mut self, stream_usage: StreamUsage) -> Self {
        self.stream_usage = stream_usage;
        self
    }

    /// Says what ends a stream.
    #[must_use]
    pub const fn with_stream_end(mut self, stream_end: StreamEnd) -> Self {
        self.stream_end = stream_end;
        self
    }

    /// Names the vendor's own field around `usage` and `error` in stream chunks.
    #[must_use]
    pub const fn with_envelope(mut self, envelope: &'static str) -> Self {
        self.envelope = Some(envelope);
        self
    }
}

impl Default for Quirks {
    fn default() -> Self {
        Self::new()
    }
}
