//! The kinds of attempt that the one loop makes: whole answers, streams, vectors, counts of tokens.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::StreamExt;
use interline_core::{
    CallContext, ChatRequest, ChatResponse, ChatStream, EmbedRequest, EmbedResponse,
    EmbeddingProvider, Error, ModelId, Operation, Phase, Provider, ResponseMeta, Result,
    TokenCounter,
};
use tokio::time::Instant;

use crate::Outcome;
use crate::live_attempt::LiveAttempt;
use crate::prefix::Prefix;
use crate::progress::AttemptProgress;
use crate::route_memory::Form;
use crate::stream_guard::StreamGuard;
use crate::stream_state::{Effect, Signal, StreamState};
use crate::timeouts::{AttemptLimits, within};

/// What one attempt is made with.
#[derive(Debug)]
pub(crate) struct Attempt<'a, P: ?Sized, Q> {
    pub(crate) provider: &'a P,
    pub(crate) cx: &'a CallContext,
    pub(crate) request: &'a Q,
    pub(crate) progress: &'a Arc<AttemptProgress>,
    pub(crate) limits: AttemptLimits<'a>,
}

/// A request whose model each attempt replaces by its target's.
pub(crate) trait Question: fmt::Debug + Send + Sync {
    /// The same request for another model.
    fn asked_of(&self, model: &ModelId) -> Self;
}

impl Question for ChatRequest {
    fn asked_of(&self, model: &ModelId) -> Self {
        self.for_model(model)
    }
}

impl Question for EmbedRequest {
    fn asked_of(&self, model: &ModelId) -> Self {
        self.for_model(model)
    }
}

/// A kind of attempt. The loop knows nothing else of it.
pub(crate) trait AttemptKind: Copy + Send + Sync {
    /// What events call it.
    const OPERATION: Operation;
    /// How long it takes is compared with others of this form.
    const FORM: Form;
    /// Whom an attempt asks.
    type Service: ?Sized + fmt::Debug + Send + Sync;
    /// What it asks.
    type Request: Question;
    /// What an attempt has when it can no longer fall over.
    type Started: Send;
    /// What the caller gets.
    type Answer: Send;

    /// Makes the attempt up to the point from which it can no longer fall over.
    fn start(
        &self,
        attempt: Attempt<'_, Self::Service, Self::Request>,
    ) -> impl Future<Output = Result<Self::Started>> + Send;

    /// Turns it into what the caller gets.
    fn answer(&self, started: Self::Started, live: LiveAttempt) -> Self::Answer;
}

/// An answer in one piece.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unary;

impl AttemptKind for Unary {
    const OPERATION: Operation = Operation::Chat;
    const FORM: Form = Form::Whole;
    type Service = dyn Provider;
    type Request = ChatRequest;
    type Started = ChatResponse;
    type Answer = ChatResponse;

    async fn start(&self, attempt: Attempt<'_, dyn Provider, ChatRequest>) -> Result<ChatResponse> {
        let Attempt {
            provider,
            cx,
            request,
            progress,
            limits,
        } = attempt;
        within(provider.complete(cx, request), || limits.unary(progress))
            .await
            .map_err(unseen)
    }

    fn answer(&self, response: ChatResponse, mut live: LiveAttempt) -> ChatResponse {
        live.permit.told(&response.meta.limits, Instant::now());
        live.permit.used(response.usage);
        whole(response, live)
    }
}

/// One vector for each input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Embedding;

impl AttemptKind for Embedding {
    const OPERATION: Operation = Operation::Embeddings;
    const FORM: Form = Form::Embeddings;
    type Service = dyn EmbeddingProvider;
    type Request = EmbedRequest;
    type Started = EmbedResponse;
    type Answer = EmbedResponse;

    async fn start(
        &self,
        attempt: Attempt<'_, dyn EmbeddingProvider, EmbedRequest>,
    ) -> Result<EmbedResponse> {
        let Attempt {
            provider,
            cx,
            request,
            progress,
            limits,
        } = attempt;
        // An answer with too few vectors would go wrong silently in the caller's hands: it is as
        // broken as one that cannot be read.
        let fitting = async {
            let response = provider.embed(cx, request).await?;
            response.fits(request)?;
            Ok(response)
        };
        within(fitting, || limits.unary(progress))
            .await
            .map_err(unseen)
    }

    fn answer(&self, response: EmbedResponse, mut live: LiveAttempt) -> EmbedResponse {
        live.permit.told(&response.meta.limits, Instant::now());
        live.permit.used(response.usage);
        whole(response, live)
    }
}

/// How many tokens a model would read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenCount;

impl AttemptKind for TokenCount {
    const OPERATION: Operation = Operation::CountTokens;
    const FORM: Form = Form::TokenCount;
    type Service = dyn TokenCounter;
    type Request = ChatRequest;
    type Started = u64;
    type Answer = u64;

    async fn start(&self, attempt: Attempt<'_, dyn TokenCounter, ChatRequest>) -> Result<u64> {
        let Attempt {
            provider,
            cx,
            request,
            progress,
            limits,
        } = attempt;
        within(provider.count_tokens(cx, request), || {
            limits.unary(progress)
        })
        .await
        .map_err(unseen)
    }

    fn answer(&self, count: u64, live: LiveAttempt) -> u64 {
        whole(count, live)
    }
}

/// Settles the permit of an answer that is complete.
fn whole<T>(answer: T, live: LiveAttempt) -> T {
    live.permit.settle(Outcome::Success, Instant::now());
    answer
}

/// An answer step by step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streamed;

/// A stream that has committed: what was held back, and the rest.
#[derive(Debug)]
pub(crate) struct CommittedStream {
    pub(crate) prefix: Prefix,
    pub(crate) rest: ChatStream,
    pub(crate) state: StreamState,
}

impl AttemptKind for Streamed {
    const OPERATION: Operation = Operation::Chat;
    const FORM: Form = Form::Stream;
    type Service = dyn Provider;
    type Request = ChatRequest;
    type Started = CommittedStream;
    type Answer = ChatStream;

    async fn start(
        &self,
        attempt: Attempt<'_, dyn Provider, ChatRequest>,
    ) -> Result<CommittedStream> {
        let Attempt {
            provider,
            cx,
            request,
            progress,
            limits,
        } = attempt;
        let opening = async { read_prefix(provider.stream(cx, request).await?).await };
        within(opening, || limits.first_token(progress))
            .await
            .map_err(unseen)
    }

    fn answer(&self, mut started: CommittedStream, mut live: LiveAttempt) -> ChatStream {
        let meta: ResponseMeta = std::mem::take(&mut started.rest.meta);
        let now = Instant::now();
        live.permit.told(&meta.limits, now);
        live.permit
            .first_token(now.saturating_duration_since(live.progress.started()), now);
        ChatStream::new(meta, StreamGuard::new(started, live))
    }
}

/// Reads up to the first content, the clean end, or the bound of the buffer.
async fn read_prefix(mut stream: ChatStream) -> Result<CommittedStream> {
    let mut prefix = Prefix::default();
    let (mut state, _) = StreamState::default().on(Signal::Headers);
    loop {
        let (signal, frame) = match stream.next().await {
            Some(Ok(frame)) => (Signal::of(&frame, prefix.fits(&frame)), Ok(frame)),
            Some(Err(error)) => (Signal::Failure, Err(error)),
            None => (Signal::Cut, Err(truncated())),
        };
        let (next, effect) = state.on(signal);
        state = next;
        prefix.push(frame?);
        if effect == Effect::Commit {
            return Ok(CommittedStream {
                prefix,
                rest: stream,
                state,
            });
        }
    }
}

/// A stream that stopped without its terminal event.
pub(crate) fn truncated() -> Error {
    Error::protocol("stream ended without its terminal event")
}

/// Nothing reached the caller, whatever the adapter saw of the answer: another attempt goes unnoticed.
fn unseen(error: Error) -> Error {
    if error.phase() == Phase::AfterOutput {
        error.with_phase(Phase::BeforeOutput)
    } else {
        error
    }
}
