//! What differs between vendors that speak this format.

use interline_core::{Feature, FeatureSet};

/// Everything the format can carry; what a model can do is for the catalogue to say.
const FEATURES: FeatureSet = FeatureSet::empty()
    .with(Feature::Tools)
    .with(Feature::JsonObject)
    .with(Feature::JsonSchema)
    .with(Feature::Images)
    .with(Feature::Audio)
    .with(Feature::Files)
    .with(Feature::MultipleChoices)
    .with(Feature::Reasoning)
    .with(Feature::Seed)
    .with(Feature::Logprobs)
    .with(Feature::TopK)
    .with(Feature::FrequencyPenalty)
    .with(Feature::PresencePenalty)
    .with(Feature::Stop);

/// What differs between vendors that speak this format.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quirks {
    /// What the vendor takes. Hints that are not among them are left out of requests.
    /// Default: everything the format can carry.
    pub features: FeatureSet,
    /// Whether the ids of tool calls are sent. Default: sent.
    pub call_ids: CallIds,
    /// What a question for a count of tokens holds. Default: the whole request.
    pub count_body: CountBody,
}

/// What a question for a count of tokens holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CountBody {
    /// The request as it would be sent, with the model, under `generateContentRequest`.
    WholeRequest,
    /// The fields that make the prompt, at the top: Vertex AI refuses any other.
    PromptFields,
}

/// Whether the ids of tool calls are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallIds {
    /// Where the vendor, or the caller's history, gave them: Gemini 3 and later want theirs back.
    Sent,
    /// Never: Vertex AI's `v1` refuses a request with such a field.
    LeftOut,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            features: FEATURES,
            call_ids: CallIds::Sent,
            count_body: CountBody::WholeRequest,
        }
    }
}

impl Quirks {
    /// Says that the vendor refuses a feature.
    #[must_use]
    pub const fn without_feature(mut self, feature: Feature) -> Self {
        self.features = self.features.without(feature);
        self
    }

    /// Says whether the ids of tool calls are sent.
    #[must_use]
    pub const fn with_call_ids(mut self, call_ids: CallIds) -> Self {
        self.call_ids = call_ids;
        self
    }

    /// Says what a question for a count of tokens holds.
    #[must_use]
    pub const fn with_count_body(mut self, count_body: CountBody) -> Self {
        self.count_body = count_body;
        self
    }
}
