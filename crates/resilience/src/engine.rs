//! The attempt engine: makes one call out of as many attempts as it takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use interline_core::{
    ChatRequest, ChatResponse, ChatStream, EmbedRequest, EmbedResponse, EmbeddingProvider, Result,
    TokenCounter,
};

use crate::attempt_kind::{AttemptKind, Embedding, Streamed, TokenCount, Unary};
use crate::attempt_loop::AttemptLoop;
use crate::rng::Draws;
use crate::{Admission, Answer, Call, Observer};

/// Makes one call out of as many attempts as it takes; the only place that retries.
///
/// Cheap to clone; clones share their state.
#[derive(Clone, Debug)]
pub struct Engine {
    admission: Arc<dyn Admission>,
    observer: Arc<dyn Observer>,
    seed: u64,
    calls: Arc<AtomicU64>,
}

impl Engine {
    /// An engine that asks `admission` before every attempt and tells `observer` what happens.
    ///
    /// `seed` decides every random draw: the same seed and the same calls give the same pauses.
    #[must_use]
    pub fn new(admission: Arc<dyn Admission>, observer: Arc<dyn Observer>, seed: u64) -> Self {
        Self {
            admission,
            observer,
            seed,
            calls: Arc::default(),
        }
    }

    /// Answers `request` in one piece. The request's model is replaced by each candidate's.
    ///
    /// # Errors
    /// All of them list the attempts.
    /// - `AllTargetsFailed` where every candidate failed or was skipped; its retry hint is `After`
    ///   where a vendor announced how long to wait.
    /// - `Timeout(Total)` where the time was over first.
    /// - `Unsupported` where no candidate can carry the request.
    /// - Any other kind is the caller's own mistake or a refusal, as the vendor said it.
    ///
    /// # Cancellation
    /// Dropping the future cancels the attempt under way.
    pub async fn complete(
        &self,
        call: Call<'_>,
        request: &ChatRequest,
    ) -> Result<Answer<ChatResponse>> {
        self.run(call, request, Unary).await
    }

    /// Answers `request` step by step; returns at the first content.
    ///
    /// The stream begins with the frames that came before the content. It ends with the vendor's
    /// terminal event or with one error of phase `AfterOutput`, never silently.
    ///
    /// # Errors
    /// As [`Engine::complete`]; a failure after the first content is the stream's last item.
    ///
    /// # Cancellation
    /// Dropping the future or the stream cancels the attempt under way.
    pub async fn stream(
        &self,
        call: Call<'_>,
        request: &ChatRequest,
    ) -> Result<Answer<ChatStream>> {
        self.run(call, request, Streamed).await
    }

    /// Gives one vector for each input. The request's model is replaced by each candidate's.
    ///
    /// An answer with another number of vectors counts as a malformed one: the next candidate is asked.
    ///
    /// # Errors
    /// As [`Engine::complete`].
    ///
    /// # Cancellation
    /// Dropping the future cancels the attempt under way.
    pub async fn embed(
        &self,
        call: Call<'_, dyn EmbeddingProvider>,
        request: &EmbedRequest,
    ) -> Result<Answer<EmbedResponse>> {
        self.run(call, request, Embedding).await
    }

    /// Counts the tokens that a model would read. The request's model is replaced by each candidate's.
    ///
    /// # Errors
    /// As [`Engine::complete`].
    ///
    /// # Cancellation
    /// Dropping the future cancels the attempt under way.
    pub async fn count_tokens(
        &self,
        call: Call<'_, dyn TokenCounter>,
        request: &ChatRequest,
    ) -> Result<Answer<u64>> {
        self.run(call, request, TokenCount).await
    }

    async fn run<K: AttemptKind>(
        &self,
        call: Call<'_, K::Service>,
        request: &K::Request,
        kind: K,
    ) -> Result<Answer<K::Answer>> {
        let draws = Draws::of_call(self.seed, self.calls.fetch_add(1, Ordering::Relaxed));
        let observer = Arc::clone(&self.observer);
        let admission = self.admission.as_ref();
        AttemptLoop::new(kind, &call, request, admission, observer, draws)
            .run()
            .await
    }
}
