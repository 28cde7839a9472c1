//! What a vendor of this format does differently, as declared data.
//!
//! The default is the format's own reference: OpenAI's documentation of Chat Completions, read in
//! August 2026. A vendor's crate declares its differences and gives the reason there.

use interline_core::{Feature, FeatureSet};

use super::{
    CacheMarks, CallIds, DeveloperRole, DocumentParts, EarlierReasoning, OutputLimit,
    ParticipantNames, SoundParts, StreamEnd, StreamUsage, TextParts, ThinkingControl,
};

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
    /// Top-level fields that the vendor knows under another name: the format's, then the vendor's.
    pub renamed_fields: &'static [(&'static str, &'static str)],
    /// Fields of messages that the vendor answers with a refusal, so that they are left out.
    pub refused_message_fields: &'static [&'static str],
    /// Which ids of tool calls the vendor takes.
    pub call_ids: CallIds,
    /// How documents stand in the content of messages.
    pub documents: DocumentParts,
    /// How sound stands in the content of messages.
    pub sound: SoundParts,
    /// What becomes of marks that ask the vendor to cache the prompt.
    pub cache_marks: CacheMarks,
    /// How a request says how much to think.
    pub thinking: ThinkingControl,
    /// What becomes of the model's earlier thinking.
    pub earlier_reasoning: EarlierReasoning,
    /// Whether a stream tells its usage only on request.
    pub stream_usage: StreamUsage,
    /// What ends a stream.
    pub stream_end: StreamEnd,
    /// A field of the vendor's own around `usage` and `error` in stream chunks.
    pub envelope: Option<&'static str>,
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
            renamed_fields: &[],
            refused_message_fields: &[],
            call_ids: CallIds::Any,
            documents: DocumentParts::Inline,
            sound: SoundParts::Object,
            cache_marks: CacheMarks::Dropped,
            thinking: ThinkingControl::Effort,
            earlier_reasoning: EarlierReasoning::Dropped,
            stream_usage: StreamUsage::Requested,
            stream_end: StreamEnd::Done,
            envelope: None,
        }
    }

    /// The presumed hints that a vendor with these quirks does not get: the format has no mark for tools
    /// that failed.
    #[must_use]
    pub fn left_out(&self) -> FeatureSet {
        let mut left_out = FeatureSet::empty().with(Feature::ToolErrors);
        if self.cache_marks == CacheMarks::Dropped {
            left_out.insert(Feature::CacheMarks);
        }
        if self.earlier_reasoning == EarlierReasoning::Dropped {
            left_out.insert(Feature::UnsignedReasoning);
        }
        if self.participant_names == ParticipantNames::Dropped {
            left_out.insert(Feature::ParticipantNames);
        }
        left_out
    }

    /// The fields that are taken out of a request, as [`interline_core::Capabilities`] names them.
    #[must_use]
    pub fn refused(&self) -> Vec<String> {
        let of_messages = self.refused_message_fields.iter();
        let of_messages = of_messages.map(|field| format!("messages[].{field}"));
        let top = self.refused_fields.iter().map(|field| (*field).to_owned());
        top.chain(of_messages).collect()
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

    /// Names the top-level fields that the vendor knows under another name: the format's, then the
    /// vendor's.
    #[must_use]
    pub const fn with_renamed_fields(
        mut self,
        renamed_fields: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.renamed_fields = renamed_fields;
        self
    }

    /// Names the fields of messages that the vendor refuses.
    #[must_use]
    pub const fn with_refused_message_fields(
        mut self,
        refused_message_fields: &'static [&'static str],
    ) -> Self {
        self.refused_message_fields = refused_message_fields;
        self
    }

    /// Says which ids of tool calls the vendor takes.
    #[must_use]
    pub const fn with_call_ids(mut self, call_ids: CallIds) -> Self {
        self.call_ids = call_ids;
        self
    }

    /// Says how documents stand in the content of messages.
    #[must_use]
    pub const fn with_documents(mut self, documents: DocumentParts) -> Self {
        self.documents = documents;
        self
    }

    /// Says how sound stands in the content of messages.
    #[must_use]
    pub const fn with_sound(mut self, sound: SoundParts) -> Self {
        self.sound = sound;
        self
    }

    /// Says what becomes of marks that ask the vendor to cache the prompt.
    #[must_use]
    pub const fn with_cache_marks(mut self, cache_marks: CacheMarks) -> Self {
        self.cache_marks = cache_marks;
        self
    }

    /// Says how a request says how much to think.
    #[must_use]
    pub const fn with_thinking(mut self, thinking: ThinkingControl) -> Self {
        self.thinking = thinking;
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
