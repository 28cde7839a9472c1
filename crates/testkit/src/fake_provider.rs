//! A provider that answers from a script: for quickstarts, and for tests of what stands above providers.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::stream;
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Choice, EmbedRequest,
    EmbedResponse, EmbeddingProvider, Error, ErrorKind, FeatureSet, FinishReason, Frame, ModelId,
    Part, Phase, Provider, ProviderId, ResponseMeta, Result, RetryHint, StreamEvent, TokenCounter,
    Usage, async_trait,
};

/// A provider that answers from a script, one step per call; the last step repeats.
///
/// Without a script it answers `ok`. It embeds and counts tokens by the same script, where a
/// `ProviderSet` offers it for that: an answer stands for vectors of one number each, the place of
/// the input, and for a count of as many tokens as it has words.
pub struct FakeProvider {
    id: ProviderId,
    capabilities: Capabilities,
    script: Mutex<Script>,
}

#[derive(Default)]
struct Script {
    steps: VecDeque<Step>,
    requests: Vec<ChatRequest>,
    embeds: Vec<EmbedRequest>,
}

#[derive(Clone)]
enum Step {
    Answer(String),
    Fail(Error),
    /// Streams this text, then fails; a unary call fails at once.
    FailAfter(String, Error),
}

impl FakeProvider {
    /// A provider without a script, able to do everything.
    pub fn new(id: impl Into<ProviderId>) -> Self {
        Self {
            id: id.into(),
            capabilities: Capabilities::new(FeatureSet::all()),
            script: Mutex::default(),
        }
    }

    /// Says what the provider can do.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Adds a step: the call is answered with `text`.
    #[must_use]
    pub fn answers(self, text: impl Into<String>) -> Self {
        self.then(Step::Answer(text.into()))
    }

    /// Adds a step: the call fails before output, as a vendor's status line would make it.
    #[must_use]
    pub fn fails(self, kind: ErrorKind) -> Self {
        self.fails_with(scripted_error(kind))
    }

    /// Adds a step: the call fails with `error`.
    #[must_use]
    pub fn fails_with(self, error: Error) -> Self {
        self.then(Step::Fail(error))
    }

    /// Adds a step: a streaming call gives `text` and then fails.
    #[must_use]
    pub fn fails_after(self, text: impl Into<String>, kind: ErrorKind) -> Self {
        let error = scripted_error(kind).with_phase(Phase::AfterOutput);
        self.then(Step::FailAfter(text.into(), error))
    }

    /// The requests received so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<ChatRequest> {
        self.script().requests.clone()
    }

    /// The requests for vectors received so far, oldest first.
    #[must_use]
    pub fn embed_requests(&self) -> Vec<EmbedRequest> {
        self.script().embeds.clone()
    }

    /// How many calls of any kind were received so far.
    #[must_use]
    pub fn calls(&self) -> usize {
        let script = self.script();
        script.requests.len() + script.embeds.len()
    }

    fn then(self, step: Step) -> Self {
        self.script().steps.push_back(step);
        self
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_step(&self, request: &ChatRequest) -> Step {
        self.step_after(|script| script.requests.push(request.clone()))
    }

    fn step_after(&self, note: impl FnOnce(&mut Script)) -> Step {
        let mut script = self.script();
        note(&mut script);
        if script.steps.len() > 1 {
            script.steps.pop_front()
        } else {
            script.steps.front().cloned()
        }
        .unwrap_or_else(|| Step::Answer("ok".to_owned()))
    }
}

fn scripted_error(kind: ErrorKind) -> Error {
    Error::new(kind, "scripted failure")
        .with_phase(Phase::BeforeOutput)
        .with_retry(RetryHint::Backoff)
}

fn usage_of(text: &str) -> Usage {
    Usage::new(1, text.split_whitespace().count() as u64)
}

impl fmt::Debug for FakeProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeProvider")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Provider for FakeProvider {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, _: &ModelId) -> Capabilities {
        self.capabilities.clone()
    }

    async fn complete(&self, _: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        match self.next_step(req) {
            Step::Answer(text) => {
                let usage = usage_of(&text);
                let choice =
                    Choice::new(0, [Part::text(text)]).with_finish_reason(FinishReason::Stop);
                Ok(ChatResponse::new(req.model.as_str(), [choice]).with_usage(usage))
            }
            Step::Fail(error) | Step::FailAfter(_, error) => {
                Err(error.with_target(&self.id, &req.model))
            }
        }
    }

    async fn stream(&self, _: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        let (text, failure) = match self.next_step(req) {
            Step::Answer(text) => (text, None),
            Step::Fail(error) => return Err(error.with_target(&self.id, &req.model)),
            Step::FailAfter(text, error) => (text, Some(error.with_target(&self.id, &req.model))),
        };
        let usage = usage_of(&text);
        let mut items = vec![Ok(Frame::of([StreamEvent::Started {
            id: None,
            model: Some(req.model.as_str().to_owned()),
            created: None,
        }]))];
        items.extend(text.split_inclusive(' ').map(|word| {
            Ok(Frame::of([StreamEvent::Text {
                choice: 0,
                text: word.to_owned(),
            }]))
        }));
        match failure {
            Some(error) => items.push(Err(error)),
            None => items.push(Ok(Frame::of([
                StreamEvent::Finished {
                    choice: 0,
                    reason: FinishReason::Stop,
                    stop_sequence: None,
                },
                StreamEvent::Usage(usage),
                StreamEvent::End,
            ]))),
        }
        Ok(ChatStream::new(
            ResponseMeta::default(),
            stream::iter(items),
        ))
    }

    async fn health_check(&self, _: &CallContext) -> Result<()> {
        match self.script().steps.front() {
            Some(Step::Fail(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl EmbeddingProvider for FakeProvider {
    async fn embed(&self, _: &CallContext, req: &EmbedRequest) -> Result<EmbedResponse> {
        match self.step_after(|script| script.embeds.push(req.clone())) {
            Step::Answer(_) => {
                let vectors = (0_u16..).map(|place| vec![f32::from(place)]);
                let vectors = vectors.take(req.inputs.len()).collect();
                let mut usage = Usage::default();
                usage.input_tokens = Some(req.inputs.len() as u64);
                Ok(EmbedResponse::new(req.model.as_str(), vectors).with_usage(usage))
            }
            Step::Fail(error) | Step::FailAfter(_, error) => {
                Err(error.with_target(&self.id, &req.model))
            }
        }
    }
}

#[async_trait]
impl TokenCounter for FakeProvider {
    async fn count_tokens(&self, _: &CallContext, req: &ChatRequest) -> Result<u64> {
        match self.next_step(req) {
            Step::Answer(text) => Ok(text.split_whitespace().count() as u64),
            Step::Fail(error) | Step::FailAfter(_, error) => {
                Err(error.with_target(&self.id, &req.model))
            }
        }
    }
}
