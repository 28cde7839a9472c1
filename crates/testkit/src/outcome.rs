//! What an adapter made of an answer, whole or streamed, in a form that can be compared.

use futures_util::StreamExt as _;
use interline_core::{
    CallContext, ChatRequest, ChatResponse, ChatStream, EmbedRequest, EmbeddingProvider, Error,
    FinishReason, ModelLister, Part, PartKind, Provider, StreamEvent, ToolCall, Usage,
};

/// What an adapter made of an answer.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// The text of choice 0.
    pub text: String,
    /// The thinking of choice 0.
    pub reasoning: String,
    /// The refusal of choice 0.
    pub refusal: String,
    /// The tool calls of choice 0.
    pub tool_calls: Vec<ToolCall>,
    /// Why choice 0 ended.
    pub finish_reason: Option<FinishReason>,
    /// Tokens used.
    pub usage: Usage,
    /// The vectors of an embeddings call.
    pub embeddings: Vec<Vec<f32>>,
    /// The names of a list of models.
    pub models: Vec<String>,
    /// How it failed, where it did; the fields above hold what came before.
    pub error: Option<Error>,
}

impl Outcome {
    /// Makes a unary call and notes what came of it.
    pub async fn of_complete(provider: &dyn Provider, request: &ChatRequest) -> Self {
        match provider
            .complete(&CallContext::new("replay"), request)
            .await
        {
            Ok(response) => Self::from(&response),
            Err(error) => Self {
                error: Some(error),
                ..Self::default()
            },
        }
    }

    /// Makes a streaming call, reads it to its end and notes what came of it.
    pub async fn of_stream(provider: &dyn Provider, request: &ChatRequest) -> Self {
        match provider.stream(&CallContext::new("replay"), request).await {
            Ok(stream) => Self::read(stream).await,
            Err(error) => Self {
                error: Some(error),
                ..Self::default()
            },
        }
    }

    /// Makes an embeddings call and notes what came of it.
    pub async fn of_embeddings(provider: &dyn EmbeddingProvider, request: &EmbedRequest) -> Self {
        match provider.embed(&CallContext::new("replay"), request).await {
            Ok(response) => Self {
                embeddings: response.embeddings,
                usage: response.usage,
                ..Self::default()
            },
            Err(error) => Self {
                error: Some(error),
                ..Self::default()
            },
        }
    }

    /// Asks for the list of models and notes what came of it.
    pub async fn of_models(lister: &dyn ModelLister) -> Self {
        match lister.list_models(&CallContext::new("replay")).await {
            Ok(models) => Self {
                models: models.into_iter().map(|model| model.id).collect(),
                ..Self::default()
            },
            Err(error) => Self {
                error: Some(error),
                ..Self::default()
            },
        }
    }

    /// Reads a stream to its end.
    pub async fn read(mut stream: ChatStream) -> Self {
        let mut outcome = Self::default();
        let mut ended = false;
        while let Some(frame) = stream.next().await {
            match frame {
                Ok(frame) => {
                    for event in frame.events {
                        ended |= event == StreamEvent::End;
                        outcome.take(event);
                    }
                }
                Err(error) => {
                    outcome.error = Some(error);
                    return outcome;
                }
            }
        }
        if !ended {
            outcome.error = Some(Error::protocol("the stream ended without an end event"));
        }
        outcome
    }

    fn take(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Text { choice: 0, text } => self.text.push_str(&text),
            StreamEvent::Reasoning { choice: 0, text } => self.reasoning.push_str(&text),
            StreamEvent::Refusal { choice: 0, text } => self.refusal.push_str(&text),
            StreamEvent::ToolCallStart {
                choice: 0,
                id,
                name,
                ..
            } => {
                self.tool_calls.push(ToolCall::new(id, name, ""));
            }
            StreamEvent::ToolCallDelta {
                choice: 0,
                index,
                arguments,
            } => {
                if let Some(call) = self.tool_calls.get_mut(index as usize) {
                    call.arguments.push_str(&arguments);
                }
            }
            StreamEvent::Part { choice: 0, part } => self.take_part(&part),
            StreamEvent::Finished {
                choice: 0, reason, ..
            } => self.finish_reason = Some(reason),
            StreamEvent::Usage(usage) => self.usage.update(usage),
            _ => {}
        }
    }

    fn take_part(&mut self, part: &Part) {
        match &part.kind {
            PartKind::Text(text) => self.text.push_str(text),
            PartKind::Reasoning(reasoning) => self.reasoning.push_str(&reasoning.text),
            PartKind::Refusal(text) => self.refusal.push_str(text),
            PartKind::ToolCall(call) => self.tool_calls.push(call.clone()),
            _ => {}
        }
    }
}

impl From<&ChatResponse> for Outcome {
    fn from(response: &ChatResponse) -> Self {
        let mut outcome = Self {
            usage: response.usage,
            ..Self::default()
        };
        if let Some(choice) = response.choices.first() {
            choice.parts.iter().for_each(|part| outcome.take_part(part));
            outcome.finish_reason.clone_from(&choice.finish_reason);
        }
        outcome
    }
}
