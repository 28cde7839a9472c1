//! The two kinds of attempt that the one loop makes: whole answers and streams.

use std::future::Future;
use std::sync::Arc;

use futures_util::StreamExt;
use interline_core::{
    CallContext, ChatRequest, ChatResponse, ChatStream, Error, Phase, Provider, ResponseMeta,
    Result,
};
use tokio::time::Instant;

use crate::Outcome;
use crate::live_attempt::LiveAttempt;
use crate::prefix::Prefix;
use crate::progress::AttemptProgress;
use crate::stream_guard::StreamGuard;
use crate::stream_state::{Effect, Signal, StreamState};
use crate::timeouts::{AttemptLimits, within};

/// What one attempt is made with.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    pub(crate) provider: &'a dyn Provider,
    pub(crate) cx: &'a CallContext,
    pub(crate) request: &'a ChatRequest,
    pub(crate) progress: &'a Arc<AttemptProgress>,
    pub(crate) limits: AttemptLimits<'a>,
}

/// A kind of attempt. The loop knows nothing else of it.
pub(crate) trait AttemptKind: Sync {
    /// What an attempt has when it can no longer fall over.
    type Started: Send;
    /// What the caller gets.
    type Answer: Send;

    /// Makes the attempt up to the point from which it can no longer fall over.
    fn start(&self, attempt: Attempt<'_>) -> impl Future<Output = Result<Self::Started>> + Send;

    /// Turns it into what the caller gets.
    fn answer(&self, started: Self::Started, live: LiveAttempt) -> Self::Answer;
}

/// An answer in one piece.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unary;

impl AttemptKind for Unary {
    type Started = ChatResponse;
    type Answer = ChatResponse;

    async fn start(&self, attempt: Attempt<'_>) -> Result<ChatResponse> {
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

    fn answer(&self, response: ChatResponse, live: LiveAttempt) -> ChatResponse {
        live.permit.settle(Outcome::Success, Instant::now());
        response
    }
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
    type Started = CommittedStream;
    type Answer = ChatStream;

    async fn start(&self, attempt: Attempt<'_>) -> Result<CommittedStream> {
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

    fn answer(&self, mut started: CommittedStream, live: LiveAttempt) -> ChatStream {
        let meta: ResponseMeta = std::mem::take(&mut started.rest.meta);
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
