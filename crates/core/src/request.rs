//! What a caller wants: a model, a conversation, tools, a shape, limits.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use crate::{
    Error, Extra, Feature, FeatureSet, FormatId, GenerationParams, Message, ModelId, Origin, Part,
    PartKind, ReasoningConfig, ResponseFormat, Tool, ToolChoice,
};

/// One request, of any vendor.
///
/// The fields of [`ChatBody`] are read through it (`request.messages`); they are changed with the
/// `with_…` methods or [`ChatRequest::edit`], which drop the [`Origin`], so that the bytes that
/// arrived and the typed fields never disagree.
/// Cloning copies pointers, never messages: every attempt gets its own value with its own model.
#[derive(Clone, Debug)]
pub struct ChatRequest {
    /// The model to ask for.
    ///
    /// To the client this is a route, a target or a model; to a provider it is the vendor's model.
    pub model: ModelId,
    body: Arc<ChatBody>,
    origin: Option<Arc<Origin>>,
}

/// The typed content of a [`ChatRequest`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ChatBody {
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// What the model may use.
    pub tools: Vec<Tool>,
    /// How free it is to use it.
    pub tool_choice: Option<ToolChoice>,
    /// Whether several tools may be asked for at once; the vendor's default where absent.
    pub parallel_tool_calls: Option<bool>,
    /// The shape of the answer; free text where absent.
    pub response_format: Option<ResponseFormat>,
    /// Sampling and limits.
    pub params: GenerationParams,
    /// How much to think.
    pub reasoning: Option<ReasoningConfig>,
    /// Labels that the vendor stores with the call.
    pub metadata: BTreeMap<String, String>,
    /// The end user, in the application's own pseudonym.
    pub user: Option<String>,
    /// Wishes that only one format can carry and without which the answer would be another one.
    pub native: Vec<NativeNeed>,
    /// Fields that no type knows.
    pub extra: Extra,
}

/// A wish that only one format can carry and without which the answer would be another one, such as
/// a conversation that the vendor keeps.
///
/// A target that does not speak the format is excluded, as for a semantic feature that it lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NativeNeed {
    /// The format that can carry it.
    pub format: FormatId,
    /// The request field that asks for it, in the format's words.
    pub field: String,
}

impl NativeNeed {
    /// The wish in `field`, which only `format` can carry.
    pub fn new(format: FormatId, field: impl Into<String>) -> Self {
        Self {
            format,
            field: field.into(),
        }
    }
}

impl ChatRequest {
    /// A request for `model` with a conversation and the vendor's defaults.
    pub fn new(model: impl Into<ModelId>, messages: impl Into<Vec<Message>>) -> Self {
        let body = ChatBody {
            messages: messages.into(),
            ..ChatBody::default()
        };
        Self::from_body(model, body)
    }

    /// A request for `model` from typed content.
    pub fn from_body(model: impl Into<ModelId>, body: ChatBody) -> Self {
        Self {
            model: model.into(),
            body: Arc::new(body),
            origin: None,
        }
    }

    /// Attaches the bytes this request was decoded from.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = Some(Arc::new(origin));
        self
    }

    /// The bytes this request was decoded from, if it still equals them.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    /// Adds to the origin what of the address may travel on; without an origin there is none to add to.
    #[must_use]
    pub fn with_origin_query(mut self, query: &str) -> Self {
        self.origin = self
            .origin
            .map(|origin| Arc::new(Origin::clone(&origin).with_query(query)));
        self
    }

    /// The origin, if it is of the given format.
    #[must_use]
    pub fn origin_in(&self, format: &FormatId) -> Option<&Origin> {
        self.origin().filter(|origin| origin.format == *format)
    }

    /// The same request for another model; the origin stays, since its model is replaced on the wire.
    #[must_use]
    pub fn for_model(&self, model: impl Into<ModelId>) -> Self {
        Self {
            model: model.into(),
            ..self.clone()
        }
    }

    /// Changes the content. The origin is dropped, because it no longer says the same.
    pub fn edit(&mut self, change: impl FnOnce(&mut ChatBody)) {
        change(Arc::make_mut(&mut self.body));
        self.origin = None;
    }

    fn edited(mut self, change: impl FnOnce(&mut ChatBody)) -> Self {
        self.edit(change);
        self
    }

    /// Lets the model use a tool.
    #[must_use]
    pub fn with_tool(self, tool: impl Into<Tool>) -> Self {
        let tool = tool.into();
        self.edited(|body| body.tools.push(tool))
    }

    /// Says how free the model is to use tools.
    #[must_use]
    pub fn with_tool_choice(self, choice: ToolChoice) -> Self {
        self.edited(|body| body.tool_choice = Some(choice))
    }

    /// Asks for a shape.
    #[must_use]
    pub fn with_response_format(self, format: ResponseFormat) -> Self {
        self.edited(|body| body.response_format = Some(format))
    }

    /// Asks for thinking.
    #[must_use]
    pub fn with_reasoning(self, reasoning: ReasoningConfig) -> Self {
        self.edited(|body| body.reasoning = Some(reasoning))
    }

    /// Sets the randomness; vendors take 0–1 or 0–2.
    #[must_use]
    pub fn with_temperature(self, temperature: f64) -> Self {
        self.edited(|body| body.params.temperature = Some(temperature))
    }

    /// Bounds the answer, in tokens.
    #[must_use]
    pub fn with_max_output_tokens(self, tokens: u64) -> Self {
        self.edited(|body| body.params.max_output_tokens = Some(tokens))
    }

    /// Adds a text that ends the answer.
    #[must_use]
    pub fn with_stop(self, stop: impl Into<String>) -> Self {
        let stop = stop.into();
        self.edited(|body| body.params.stop.push(stop))
    }

    /// What a target must, or should, be able to do to serve this request.
    ///
    /// Streaming is not among them: it belongs to the call, not to the request.
    #[must_use]
    pub fn features(&self) -> FeatureSet {
        let mut set = FeatureSet::empty();
        let params = &self.params;
        set.insert_if(Feature::Tools, !self.tools.is_empty());
        set.insert_if(
            Feature::ParallelToolCalls,
            self.parallel_tool_calls == Some(false),
        );
        match &self.response_format {
            Some(ResponseFormat::JsonObject) => set.insert(Feature::JsonObject),
            Some(ResponseFormat::JsonSchema(_)) => set.insert(Feature::JsonSchema),
            Some(ResponseFormat::Text) | None => {}
        }
        set.insert_if(Feature::Reasoning, self.reasoning.is_some());
        set.insert_if(Feature::MultipleChoices, params.n.is_some_and(|n| n > 1));
        set.insert_if(Feature::Seed, params.seed.is_some());
        set.insert_if(Feature::Logprobs, params.logprobs == Some(true));
        set.insert_if(Feature::TopK, params.top_k.is_some());
        set.insert_if(
            Feature::FrequencyPenalty,
            params.frequency_penalty.is_some(),
        );
        set.insert_if(Feature::PresencePenalty, params.presence_penalty.is_some());
        set.insert_if(Feature::Stop, !params.stop.is_empty());
        set.insert_if(Feature::User, self.user.is_some());
        set.insert_if(Feature::Metadata, !self.metadata.is_empty());
        let has_temperature = params.temperature.is_some();
        set.insert_if(Feature::Temperature, has_temperature);
        let nucleus = match has_temperature {
            true => Feature::TopPBesideTemperature,
            false => Feature::TopP,
        };
        set.insert_if(nucleus, params.top_p.is_some());
        let alternatives = params.top_logprobs.is_some_and(|number| number > 0);
        set.insert_if(Feature::TopLogprobs, alternatives);
        for tool in &self.tools {
            if let Tool::Function(tool) = tool {
                set.insert_if(Feature::StrictTools, tool.strict == Some(true));
                set.insert_if(Feature::CacheMarks, tool.cache_control.is_some());
            }
        }
        for message in &self.messages {
            set.insert_if(Feature::ParticipantNames, message.name.is_some());
            set.insert_if(
                Feature::ImageDetail,
                message.any_part(|p| matches!(p, PartKind::Image(media) if media.detail.is_some())),
            );
            set.insert_if(
                Feature::ToolErrors,
                message.any_part(
                    |p| matches!(p, PartKind::ToolResult(it) if it.is_error == Some(true)),
                ),
            );
            set.insert_if(
                Feature::UnsignedReasoning,
                message.parts.iter().any(is_unsigned_thought),
            );
            let is_marked = |part: &Part| part.cache_control.is_some();
            set.insert_if(Feature::CacheMarks, message.parts.iter().any(is_marked));
            set.insert_if(
                Feature::Images,
                message.any_part(|p| matches!(p, PartKind::Image(_))),
            );
            set.insert_if(
                Feature::Audio,
                message.any_part(|p| matches!(p, PartKind::Audio(_))),
            );
            set.insert_if(
                Feature::Files,
                message.any_part(|p| matches!(p, PartKind::File(_))),
            );
        }
        set
    }

    /// Everything that only one format can carry: [`ChatBody::native`], tools that a vendor runs
    /// itself, and rules for their choice.
    ///
    /// Pieces of earlier turns that only one format knows are not among them: they are history, and
    /// each adapter says what it does with them.
    #[must_use]
    pub fn native_needs(&self) -> Vec<NativeNeed> {
        let tools = self.tools.iter().filter_map(|tool| match tool {
            Tool::Provider { format, .. } => Some(NativeNeed::new(format.clone(), "tools")),
            Tool::Function(_) => None,
        });
        let choice = match &self.tool_choice {
            Some(ToolChoice::Other { format, .. }) => {
                Some(NativeNeed::new(format.clone(), "tool_choice"))
            }
            _ => None,
        };
        let mut needs = self.native.clone();
        for need in tools.chain(choice) {
            if !needs.contains(&need) {
                needs.push(need);
            }
        }
        needs
    }

    /// Refuses a conversation without messages before anything is sent.
    ///
    /// Where a vendor keeps the conversation or the prompt itself (see [`ChatBody::native`]), it may
    /// be empty here.
    ///
    /// # Errors
    /// `InvalidRequest` where there is no message.
    pub fn validate(&self) -> Result<(), Error> {
        if self.messages.is_empty() && self.native.is_empty() {
            return Err(
                Error::invalid_request("`messages` is empty: send at least one message")
                    .with_param("messages"),
            );
        }
        Ok(())
    }
}

/// Whether it is a thought in words that no vendor claims: neither signed nor marked by its format.
fn is_unsigned_thought(part: &Part) -> bool {
    match &part.kind {
        PartKind::Reasoning(thought) => {
            thought.signature.is_none() && part.extra.is_empty() && !thought.text.is_empty()
        }
        _ => false,
    }
}

impl Deref for ChatRequest {
    type Target = ChatBody;

    fn deref(&self) -> &ChatBody {
        &self.body
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn an_edit_drops_the_origin_and_another_model_keeps_it() {
        let origin = Origin::new(FormatId::from_static("f"), Bytes::from_static(b"{}"));
        let request = ChatRequest::new("a", [Message::user("hi")]).with_origin(origin);
        assert!(request.for_model("b").origin().is_some());
        assert!(request.with_temperature(1.0).origin().is_none());
    }

    #[test]
    fn native_needs_name_the_format_and_the_field() {
        const FORMAT: FormatId = FormatId::from_static("f");
        let hosted = || Tool::Provider {
            format: FORMAT,
            value: serde_json::json!({"type": "web_search"}),
        };
        let mut request = ChatRequest::new("a", [Message::user("hi")])
            .with_tool(hosted())
            .with_tool(hosted());
        assert_eq!(request.native_needs(), [NativeNeed::new(FORMAT, "tools")]);
        let kept = NativeNeed::new(FORMAT, "previous_response_id");
        request.edit(|body| body.native.push(kept));
        assert_eq!(request.native_needs().len(), 2);
    }

    #[test]
    fn features_tell_what_a_target_needs() {
        let request = ChatRequest::new("a", [Message::user("hi")])
            .with_response_format(ResponseFormat::JsonObject)
            .with_stop("END");
        assert!(request.features().contains(Feature::JsonObject));
        assert!(request.features().contains(Feature::Stop));
        assert!(!request.features().contains(Feature::Tools));
    }

    #[test]
    fn small_hints_are_told_too() {
        let mut request =
            ChatRequest::new("a", [Message::user("hi").with_name("Ada")]).with_temperature(0.5);
        request.edit(|body| body.params.top_p = Some(0.5));
        let features = request.features();
        assert!(features.contains(Feature::ParticipantNames));
        assert!(features.contains(Feature::Temperature));
        assert!(features.contains(Feature::TopPBesideTemperature));
        assert!(!features.contains(Feature::TopP));
        request.edit(|body| body.params.temperature = None);
        assert!(request.features().contains(Feature::TopP));
    }

    #[test]
    fn only_a_vendor_that_keeps_the_prompt_may_get_no_message() {
        let mut request = ChatRequest::new("a", []);
        assert!(request.validate().is_err());
        let kept = NativeNeed::new(FormatId::from_static("f"), "prompt");
        request.edit(|body| body.native.push(kept));
        assert!(request.validate().is_ok());
    }
}
