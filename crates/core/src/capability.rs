//! What an adapter with a model can do, and what a request needs of it.
//!
//! A *semantic* feature that a target lacks excludes the target; a *hint* it lacks is dropped and
//! noted. Checked before every attempt, fallbacks included.

use std::fmt;

use crate::{ChatRequest, Error, ErrorKind, FormatId, NativeNeed};

/// Something a request may need and a target may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Feature {
    /// Tool declarations and tool calls.
    Tools,
    /// Answers that are some JSON object.
    JsonObject,
    /// Answers that follow a JSON Schema.
    JsonSchema,
    /// Pictures in messages.
    Images,
    /// Sound in messages.
    Audio,
    /// Documents in messages.
    Files,
    /// More than one answer.
    MultipleChoices,
    /// Control of thinking.
    Reasoning,
    /// Switching parallel tool calls off.
    ParallelToolCalls,
    /// Repeatable sampling.
    Seed,
    /// Log-probabilities.
    Logprobs,
    /// Sampling among the best k tokens.
    TopK,
    /// A penalty on tokens by how often they were said.
    FrequencyPenalty,
    /// A penalty on tokens that were said at all.
    PresencePenalty,
    /// Texts that end the answer.
    Stop,
    /// The end user's pseudonym.
    User,
    /// Labels stored with the call.
    Metadata,
    /// Randomness by temperature.
    Temperature,
    /// Nucleus sampling.
    TopP,
    /// Nucleus sampling beside a temperature, of which some models take one only.
    TopPBesideTemperature,
    /// Alternatives to each token.
    TopLogprobs,
    /// Arguments of tools that must follow their schema.
    StrictTools,
    /// How closely to look at a picture.
    ImageDetail,
    /// Names that tell participants of one role apart.
    ParticipantNames,
    /// A mark on results of tools that failed.
    ToolErrors,
    /// Marks that ask the vendor to cache the prompt.
    CacheMarks,
    /// Thoughts of earlier turns that nobody signed.
    UnsignedReasoning,
}

/// What lacking a feature means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Importance {
    /// The answer would be a different one: the target is excluded.
    Semantic,
    /// The answer would still serve: the wish is dropped and noted.
    Hint,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 27] = [
        Self::Tools,
        Self::JsonObject,
        Self::JsonSchema,
        Self::Images,
        Self::Audio,
        Self::Files,
        Self::MultipleChoices,
        Self::Reasoning,
        Self::ParallelToolCalls,
        Self::Seed,
        Self::Logprobs,
        Self::TopK,
        Self::FrequencyPenalty,
        Self::PresencePenalty,
        Self::Stop,
        Self::User,
        Self::Metadata,
        Self::Temperature,
        Self::TopP,
        Self::TopPBesideTemperature,
        Self::TopLogprobs,
        Self::StrictTools,
        Self::ImageDetail,
        Self::ParticipantNames,
        Self::ToolErrors,
        Self::CacheMarks,
        Self::UnsignedReasoning,
    ];

    /// The feature's name in reports, metrics and tables. Which field of a request asks for it says
    /// [`ChatRequest::field_of`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::JsonObject => "json_object",
            Self::JsonSchema => "json_schema",
            Self::Images => "images",
            Self::Audio => "audio",
            Self::Files => "files",
            Self::MultipleChoices => "n",
            Self::Reasoning => "reasoning",
            Self::ParallelToolCalls => "parallel_tool_calls",
            Self::Seed => "seed",
            Self::Logprobs => "logprobs",
            Self::TopK => "top_k",
            Self::FrequencyPenalty => "frequency_penalty",
            Self::PresencePenalty => "presence_penalty",
            Self::Stop => "stop",
            Self::User => "user",
            Self::Metadata => "metadata",
            Self::Temperature => "temperature",
            Self::TopP => "top_p",
            Self::TopPBesideTemperature => "top_p_beside_temperature",
            Self::TopLogprobs => "top_logprobs",
            Self::StrictTools => "strict",
            Self::ImageDetail => "detail",
            Self::ParticipantNames => "name",
            Self::ToolErrors => "is_error",
            Self::CacheMarks => "cache_control",
            Self::UnsignedReasoning => "unsigned_reasoning",
        }
    }

    /// Whether a target that lacks it is excluded.
    #[must_use]
    pub const fn importance(self) -> Importance {
        match self {
            Self::Tools
            | Self::JsonObject
            | Self::JsonSchema
            | Self::Images
            | Self::Audio
            | Self::Files
            | Self::MultipleChoices
            | Self::Stop => Importance::Semantic,
            Self::Reasoning
            | Self::ParallelToolCalls
            | Self::Seed
            | Self::Logprobs
            | Self::TopK
            | Self::FrequencyPenalty
            | Self::PresencePenalty
            | Self::User
            | Self::Metadata
            | Self::Temperature
            | Self::TopP
            | Self::TopPBesideTemperature
            | Self::TopLogprobs
            | Self::StrictTools
            | Self::ImageDetail
            | Self::ParticipantNames
            | Self::ToolErrors
            | Self::CacheMarks
            | Self::UnsignedReasoning => Importance::Hint,
        }
    }

    /// Whether a target is presumed to carry it: a hint so common, or so small, that adapters say where
    /// they leave it out ([`Capabilities::leaves_out`]) and not where they carry it.
    #[must_use]
    pub const fn is_presumed(self) -> bool {
        matches!(
            self,
            Self::Temperature
                | Self::TopP
                | Self::TopPBesideTemperature
                | Self::TopLogprobs
                | Self::StrictTools
                | Self::ImageDetail
                | Self::ParticipantNames
                | Self::ToolErrors
                | Self::CacheMarks
                | Self::UnsignedReasoning
        )
    }
}

impl Feature {
    /// The feature without which it cannot be carried.
    const fn rests_on(self) -> Option<Self> {
        match self {
            Self::TopLogprobs => Some(Self::Logprobs),
            Self::StrictTools | Self::ToolErrors => Some(Self::Tools),
            Self::ImageDetail => Some(Self::Images),
            _ => None,
        }
    }
}

/// A set of [`Feature`]s.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct FeatureSet(u32);

impl FeatureSet {
    /// No feature.
    #[must_use]
    pub const fn empty() -> Self {
        Self(0)
    }

    /// Every feature.
    #[must_use]
    pub const fn all() -> Self {
        Self(u32::MAX)
    }

    /// The set with one more feature.
    #[must_use]
    pub const fn with(self, feature: Feature) -> Self {
        Self(self.0 | 1 << feature as u8)
    }

    /// The set without a feature.
    #[must_use]
    pub const fn without(self, feature: Feature) -> Self {
        Self(self.0 & !(1 << feature as u8))
    }

    /// Adds a feature.
    pub const fn insert(&mut self, feature: Feature) {
        *self = self.with(feature);
    }

    pub(crate) const fn insert_if(&mut self, feature: Feature, present: bool) {
        if present {
            self.insert(feature);
        }
    }

    /// Whether a feature is in the set.
    #[must_use]
    pub const fn contains(self, feature: Feature) -> bool {
        self.0 & (1 << feature as u8) != 0
    }

    /// The features of this set that `other` lacks.
    pub fn missing_from(self, other: Self) -> impl Iterator<Item = Feature> {
        self.iter().filter(move |feature| !other.contains(*feature))
    }

    /// The features in the set.
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        Feature::ALL
            .into_iter()
            .filter(move |feature| self.contains(*feature))
    }
}

impl FromIterator<Feature> for FeatureSet {
    fn from_iter<I: IntoIterator<Item = Feature>>(features: I) -> Self {
        features.into_iter().fold(Self::empty(), Self::with)
    }
}

impl fmt::Debug for FeatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Decides which hints of one request an adapter leaves out because of what else the request says:
/// a vendor may refuse a temperature beside thinking, or thinking where a tool is forced.
///
/// It is a function of the request, whose model is the vendor's, and of nothing else.
#[derive(Clone, Copy)]
pub struct LeftOutOf(fn(&ChatRequest) -> FeatureSet);

impl LeftOutOf {
    /// Hints stand or fall by themselves.
    #[must_use]
    pub const fn nothing() -> Self {
        Self(|_| FeatureSet::empty())
    }

    /// This function decides.
    #[must_use]
    pub const fn by(decide: fn(&ChatRequest) -> FeatureSet) -> Self {
        Self(decide)
    }

    /// The hints that are left out of `request`.
    #[must_use]
    pub fn decide(self, request: &ChatRequest) -> FeatureSet {
        (self.0)(request)
    }
}

impl PartialEq for LeftOutOf {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Eq for LeftOutOf {}

impl fmt::Debug for LeftOutOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeftOutOf")
    }
}

/// What an adapter with a model can do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// What requests may ask for.
    pub features: FeatureSet,
    /// Hints that are presumed to be carried ([`Feature::is_presumed`]) and are not, where a request
    /// is written from its types.
    pub leaves_out: FeatureSet,
    /// Wire formats the adapter speaks natively: an [`crate::Origin`] of these goes out unchanged, but
    /// for [`Capabilities::refused`].
    pub formats: Vec<FormatId>,
    /// Fields of these formats that no type knows, or that only one format can carry, and that the
    /// adapter takes out because its vendor answers them with a refusal or does not know them.
    pub refused: Vec<NativeNeed>,
    /// Formats beside `formats` whose signed reasoning the vendor takes back: it issues the same.
    pub signs_as: Vec<FormatId>,
    /// What more of one request is left out, because of what else the request says.
    pub left_out_of: LeftOutOf,
    /// How many tokens the model reads and writes in all, where known.
    pub context_window: Option<u64>,
    /// How many tokens the model may write, where known.
    pub max_output_tokens: Option<u64>,
}

impl Capabilities {
    /// An adapter with these features and no known limits.
    #[must_use]
    pub const fn new(features: FeatureSet) -> Self {
        Self {
            features,
            leaves_out: FeatureSet::empty(),
            formats: Vec::new(),
            refused: Vec::new(),
            signs_as: Vec::new(),
            left_out_of: LeftOutOf::nothing(),
            context_window: None,
            max_output_tokens: None,
        }
    }

    /// Declares hints that are presumed to be carried and are not.
    #[must_use]
    pub const fn with_left_out(mut self, leaves_out: FeatureSet) -> Self {
        self.leaves_out = leaves_out;
        self
    }

    /// Declares a wire format that the adapter speaks natively.
    #[must_use]
    pub fn with_format(mut self, format: FormatId) -> Self {
        self.formats.push(format);
        self
    }

    /// Declares fields of a format that it speaks and that are taken out of it: a top-level field by
    /// its name, a field of messages as `messages[].name`.
    #[must_use]
    pub fn with_refused<'a>(
        mut self,
        format: &FormatId,
        fields: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let fields = fields.into_iter();
        self.refused
            .extend(fields.map(|field| NativeNeed::new(format.clone(), field)));
        self
    }

    /// Declares another format whose signed reasoning the vendor issues and takes back.
    #[must_use]
    pub fn with_signatures_of(mut self, format: FormatId) -> Self {
        self.signs_as.push(format);
        self
    }

    /// Declares how it is decided what more of one request is left out.
    #[must_use]
    pub const fn with_left_out_of(mut self, left_out_of: LeftOutOf) -> Self {
        self.left_out_of = left_out_of;
        self
    }

    /// Whether what only one format can carry reaches the vendor: the adapter speaks the format and
    /// does not take the field out.
    #[must_use]
    pub fn carries_native(&self, need: &NativeNeed) -> bool {
        self.formats.contains(&need.format) && !self.refused.contains(need)
    }

    /// Refuses a request that cannot be carried: one that asks for a semantic feature that is lacking,
    /// or has a wish that only another format can carry.
    ///
    /// For adapters that look at a request as a whole before they write it.
    ///
    /// # Errors
    /// `Unsupported`, with the feature or field as parameter.
    pub fn admit(&self, request: &ChatRequest) -> Result<(), Error> {
        let lacking = self.lacks(request.features()).next();
        let needs = request.native_needs();
        let foreign = needs.into_iter().find(|need| !self.carries_native(need));
        let what = match (lacking, foreign) {
            (Some(feature), _) => request.field_of(feature),
            (None, Some(need)) => need.field,
            (None, None) => return Ok(()),
        };
        let message = format!("`{what}` cannot be carried by this vendor's format");
        Err(Error::new(ErrorKind::Unsupported, message).with_param(what))
    }

    /// The semantic features that `needed` asks for and this target lacks: reasons to exclude it.
    pub fn lacks(&self, needed: FeatureSet) -> impl Iterator<Item = Feature> {
        needed
            .missing_from(self.features)
            .filter(|feature| feature.importance() == Importance::Semantic)
    }

    /// Whether a feature is carried, where a request is written from its types.
    #[must_use]
    pub fn carries(&self, feature: Feature) -> bool {
        if feature.is_presumed() {
            let has = |base: Feature| self.features.contains(base);
            feature.rests_on().is_none_or(has) && !self.leaves_out.contains(feature)
        } else {
            self.features.contains(feature)
        }
    }

    /// The hints that `needed` gives and this target cannot follow: to be dropped and noted.
    pub fn ignores(&self, needed: FeatureSet) -> impl Iterator<Item = Feature> {
        needed
            .iter()
            .filter(|feature| feature.importance() == Importance::Hint && !self.carries(*feature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semantic_features_exclude_and_hints_are_ignored() {
        let target = Capabilities::new(
            FeatureSet::all()
                .without(Feature::Tools)
                .without(Feature::Seed),
        );
        let needed = FeatureSet::from_iter([Feature::Tools, Feature::Seed, Feature::Images]);
        assert_eq!(target.lacks(needed).collect::<Vec<_>>(), [Feature::Tools]);
        assert_eq!(target.ignores(needed).collect::<Vec<_>>(), [Feature::Seed]);
    }

    #[test]
    fn presumed_hints_are_carried_unless_the_target_says_otherwise() {
        let needed = FeatureSet::from_iter([Feature::Temperature, Feature::ParticipantNames]);
        let target = Capabilities::new(FeatureSet::empty());
        assert_eq!(target.ignores(needed).count(), 0);
        let alternatives = FeatureSet::empty().with(Feature::TopLogprobs);
        let ignored: Vec<_> = target.ignores(alternatives).collect();
        assert_eq!(
            ignored,
            [Feature::TopLogprobs],
            "it rests on log-probabilities"
        );
        let target = target.with_left_out(FeatureSet::empty().with(Feature::ParticipantNames));
        let ignored: Vec<_> = target.ignores(needed).collect();
        assert_eq!(ignored, [Feature::ParticipantNames]);
        assert_eq!(target.lacks(needed).count(), 0);
    }

    #[test]
    fn every_feature_has_a_place_and_a_name_of_its_own() {
        for (place, feature) in Feature::ALL.into_iter().enumerate() {
            assert_eq!(feature as usize, place, "{feature:?}");
            let of_name = Feature::ALL
                .iter()
                .filter(|one| one.name() == feature.name());
            assert_eq!(of_name.count(), 1, "{feature:?}");
        }
    }

    #[test]
    fn a_request_is_admitted_only_where_it_can_be_carried() {
        const FORMAT: FormatId = FormatId::from_static("f");
        let target = Capabilities::new(FeatureSet::empty().with(Feature::Stop));
        let request = ChatRequest::new("m", [crate::Message::user("hi")]).with_stop("END");
        assert!(target.admit(&request).is_ok());
        let json = request
            .clone()
            .with_response_format(crate::ResponseFormat::JsonObject);
        let error = target.admit(&json).expect_err("no such feature");
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Unsupported, Some("response_format"))
        );
        let mut native = request;
        native.edit(|body| body.native.push(NativeNeed::new(FORMAT, "store")));
        let error = target.admit(&native).expect_err("another format");
        assert_eq!(error.param(), Some("store"));
        let target = target.with_format(FORMAT);
        assert!(target.admit(&native).is_ok());
        let refusing = target.with_refused(&FORMAT, ["store"]);
        let error = refusing.admit(&native).expect_err("a refused field");
        assert_eq!(error.param(), Some("store"));
    }
}
