//! Ways in which a provider may be wrong, each as a decorator of a right one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt as _, stream};
use interline::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, DynEmbeddingProvider,
    DynModelLister, DynProvider, DynTokenCounter, EmbedRequest, EmbedResponse, EmbeddingProvider,
    Error, ErrorKind, FeatureSet, Frame, ListedModel, ModelId, ModelLister, NoProgress, Part,
    PartKind, Phase, Progress, ProgressSink, Provider, ProviderId, ProviderSet, ResponseMeta,
    Result, RetryHint, Role, StreamEvent, TokenCounter, async_trait,
};
use interline_dialect_openai::{Quirks, StreamDecoder, decode_response};
use interline_transport::{
    Accept, HttpConfig, HttpRequest, HttpResponse, HttpTransport, SseLimits, Transport,
};

/// One way to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    AcceptsGarbage,
    AdmitsNothing,
    AnonymousErrors,
    BlamesTheCaller,
    BuffersStreams,
    BuffersWithoutLimit,
    CallsAllWell,
    ClaimsEverything,
    CountsCacheApart,
    DropsReasoning,
    DropsSchemas,
    DropsSystem,
    DropsToolResults,
    DropsTools,
    EndsTwice,
    ForgetsRaw,
    ForgetsRetryAfter,
    ForgetsUnknownFields,
    ForgetsWireErrors,
    IgnoresCancellation,
    LeaksItsKey,
    LiesAboutPhases,
    LosesLetters,
    LosesPieces,
    LosesSignatures,
    MergesChoices,
    MergesToolCalls,
    MiscountsTokens,
    MissesModels,
    MissesVectors,
    NeverEnds,
    Panics,
    PaysForHealth,
    PromisesRetries,
    RepeatsText,
    ReportsHeadersEarly,
    ReportsNothing,
    Retries,
    SendsForeignState,
    ShiftsToolIndices,
    ShufflesVectors,
    SumsUsage,
    SwallowsCuts,
    SwallowsStreamErrors,
    UsesOneIdForAllCalls,
}

/// A right provider with a flaw.
#[derive(Clone, Debug)]
pub(crate) struct Flawed {
    inner: DynProvider,
    key: String,
    flaw: Flaw,
    /// Whether bytes came in small pieces.
    piecemeal: Arc<AtomicBool>,
}

/// Watches how the bytes of a body come.
#[derive(Debug)]
struct Pieces {
    piecemeal: Arc<AtomicBool>,
    told: Arc<dyn ProgressSink>,
}

impl ProgressSink for Pieces {
    fn report(&self, progress: Progress) {
        if matches!(progress, Progress::Bytes(bytes) if bytes < 64) {
            self.piecemeal.store(true, Ordering::Relaxed);
        }
        self.told.report(progress);
    }
}

impl Flawed {
    /// Puts the flaw over a connection that is right.
    pub(crate) fn over(set: ProviderSet, key: &str, flaw: Flaw) -> ProviderSet {
        let chat = Self {
            inner: set.chat,
            key: key.to_owned(),
            flaw,
            piecemeal: Arc::default(),
        };
        let mut flawed = ProviderSet::from(Arc::new(chat));
        if let Some(inner) = set.embed {
            flawed = flawed.with_embed(Arc::new(FlawedVectors { inner, flaw }));
        }
        if let Some(inner) = set.models {
            flawed = flawed.with_models(Arc::new(FlawedModels { inner, flaw }));
        }
        if let Some(inner) = set.count {
            flawed = flawed.with_count(Arc::new(FlawedCount { inner, flaw }));
        }
        flawed
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn context(&self, cx: &CallContext) -> CallContext {
        match self.flaw {
            Flaw::LosesPieces => cx.clone().with_progress(Arc::new(Pieces {
                piecemeal: Arc::clone(&self.piecemeal),
                told: Arc::clone(&cx.progress),
            })),
            Flaw::ReportsNothing => cx.clone().with_progress(Arc::new(NoProgress)),
            Flaw::ReportsHeadersEarly => {
                cx.progress.report(Progress::Headers);
                cx.clone()
            }
            _ => cx.clone(),
        }
    }

    fn request(&self, request: &ChatRequest) -> ChatRequest {
        let mut request = request.clone();
        match self.flaw {
            Flaw::ForgetsUnknownFields => request.edit(|_| {}),
            Flaw::DropsTools => request.edit(|body| body.tools.clear()),
            Flaw::DropsSchemas => request.edit(|body| body.response_format = None),
            Flaw::DropsSystem => {
                request.edit(|body| body.messages.retain(|one| one.role != Role::System));
            }
            Flaw::DropsToolResults => {
                request.edit(|body| body.messages.retain(|one| one.role != Role::Tool));
            }
            Flaw::LosesSignatures => request.edit(|body| {
                let parts = body.messages.iter_mut().flat_map(|one| &mut one.parts);
                for part in parts {
                    if let PartKind::Reasoning(reasoning) = &mut part.kind {
                        reasoning.signature = None;
                    }
                }
            }),
            Flaw::SendsForeignState => request.edit(|body| {
                for message in &mut body.messages {
                    let told = format!("{:?}", message.parts);
                    message.parts.push(Part::text(told));
                }
            }),
            _ => {}
        }
        request
    }

    fn error(&self, error: Error) -> Error {
        let remade = |kind: ErrorKind, retry: RetryHint| {
            let made = Error::new(kind, error.message())
                .with_phase(error.phase())
                .with_retry(retry)
                .with_vendor_code(error.vendor_code().map(str::to_owned));
            let made = match error.status() {
                Some(status) => made.with_status(status),
                None => made,
            };
            match error.wire() {
                Some(wire) if !self.is(Flaw::ForgetsWireErrors) => made.with_wire(wire.clone()),
                _ => made,
            }
        };
        let named = |made: Error| match (error.provider(), error.model()) {
            (Some(provider), Some(model)) => made.with_target(provider, model),
            _ => made,
        };
        match self.flaw {
            Flaw::AnonymousErrors => remade(error.kind(), error.retry()),
            Flaw::BlamesTheCaller if error.status() == Some(500) => {
                named(remade(ErrorKind::InvalidRequest, RetryHint::Never))
            }
            Flaw::PromisesRetries => named(remade(error.kind(), RetryHint::Backoff)),
            Flaw::ForgetsRetryAfter if error.retry_after().is_some() => {
                named(remade(error.kind(), RetryHint::Backoff))
            }
            Flaw::ForgetsWireErrors => named(remade(error.kind(), error.retry())),
            Flaw::LeaksItsKey => {
                error.with_source(std::io::Error::other(format!("asked with {}", self.key)))
            }
            Flaw::LiesAboutPhases => error.with_phase(Phase::BeforeOutput),
            Flaw::Panics if error.kind() == ErrorKind::Protocol => panic!("no JSON"),
            _ => error,
        }
    }

    fn answer(&self, mut answer: ChatResponse) -> ChatResponse {
        if self.is(Flaw::ForgetsRaw) {
            answer.raw = None;
        }
        if self.is(Flaw::CountsCacheApart) {
            answer.usage.input_tokens = answer.usage.uncached_input_tokens();
        }
        for choice in &mut answer.choices {
            match self.flaw {
                Flaw::MergesChoices => choice.index = 0,
                Flaw::DropsReasoning => {
                    choice
                        .parts
                        .retain(|part| !matches!(part.kind, PartKind::Reasoning(_)));
                }
                Flaw::UsesOneIdForAllCalls => {
                    for part in &mut choice.parts {
                        if let PartKind::ToolCall(call) = &mut part.kind {
                            call.id = "call".to_owned();
                        }
                    }
                }
                Flaw::LosesLetters => {
                    for part in &mut choice.parts {
                        if let PartKind::Text(text) = &mut part.kind {
                            text.retain(|letter| letter.is_ascii());
                        }
                    }
                }
                _ => {}
            }
        }
        answer
    }

    async fn call(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatResponse> {
        let (cx, request) = (self.context(cx), self.request(request));
        match self.flaw {
            Flaw::IgnoresCancellation => {
                let inner = Arc::clone(&self.inner);
                let call = tokio::spawn(async move { inner.complete(&cx, &request).await });
                call.await.expect("the call does not panic")
            }
            Flaw::Retries => match self.inner.complete(&cx, &request).await {
                Err(error) if error.retry() != RetryHint::Never => {
                    self.inner.complete(&cx, &request).await
                }
                done => done,
            },
            _ => self.inner.complete(&cx, &request).await,
        }
    }

    async fn open(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatStream> {
        let (cx, request) = (self.context(cx), self.request(request));
        let opened = self.inner.stream(&cx, &request).await?;
        let meta = opened.meta.clone();
        Ok(match self.flaw {
            Flaw::BuffersStreams => {
                let frames: Vec<_> = opened.collect().await;
                ChatStream::new(meta, stream::iter(frames))
            }
            Flaw::IgnoresCancellation => {
                let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
                tokio::spawn(opened.for_each(move |frame| {
                    let _ = sender.send(frame);
                    std::future::ready(())
                }));
                let frames = stream::unfold(receiver, |mut receiver| async {
                    Some((receiver.recv().await?, receiver))
                });
                ChatStream::new(meta, frames)
            }
            _ => opened,
        })
    }

    fn frame(&self, frame: Result<Frame>, so_far: &mut String) -> Vec<Result<Frame>> {
        let mut frame = match frame {
            Ok(frame) => frame,
            Err(error) => return self.last_error(error),
        };
        if self.is(Flaw::ForgetsRaw) {
            frame.raw = None;
        }
        if self.is(Flaw::NeverEnds) {
            frame.events.retain(|event| *event != StreamEvent::End);
        }
        for event in &mut frame.events {
            self.event(event, so_far);
        }
        if frame.is_end() && self.is(Flaw::EndsTwice) {
            return vec![Ok(frame), Ok(Frame::of([StreamEvent::End]))];
        }
        vec![Ok(frame)]
    }

    fn last_error(&self, error: Error) -> Vec<Result<Frame>> {
        let is_cut = matches!(error.kind(), ErrorKind::Protocol | ErrorKind::Unavailable);
        let swallowed = match self.flaw {
            Flaw::SwallowsCuts | Flaw::AcceptsGarbage => is_cut,
            Flaw::SwallowsStreamErrors => error.wire().is_some(),
            _ => false,
        };
        if swallowed {
            return vec![Ok(Frame::of([StreamEvent::End]))];
        }
        vec![Err(self.error(error))]
    }

    fn event(&self, event: &mut StreamEvent, so_far: &mut String) {
        match (self.flaw, event) {
            (Flaw::RepeatsText, StreamEvent::Text { text, .. }) => {
                so_far.push_str(text);
                text.clone_from(so_far);
            }
            (Flaw::LosesPieces, StreamEvent::Text { text, .. })
                if self.piecemeal.swap(false, Ordering::Relaxed) =>
            {
                text.clear();
            }
            (Flaw::LosesLetters, StreamEvent::Text { text, .. }) => {
                text.retain(|letter| letter.is_ascii());
            }
            (Flaw::DropsReasoning, StreamEvent::Reasoning { text, .. }) => text.clear(),
            (
                Flaw::MergesChoices,
                StreamEvent::Text { choice, .. } | StreamEvent::Finished { choice, .. },
            ) => *choice = 0,
            (
                Flaw::ShiftsToolIndices,
                StreamEvent::ToolCallStart { index, .. } | StreamEvent::ToolCallDelta { index, .. },
            ) => *index += 1,
            (Flaw::MergesToolCalls, StreamEvent::ToolCallDelta { index, .. }) => *index = 0,
            (Flaw::CountsCacheApart, StreamEvent::Usage(usage)) => {
                usage.input_tokens = usage.uncached_input_tokens();
            }
            (Flaw::SumsUsage, StreamEvent::Usage(usage)) => {
                usage.output_tokens = usage.output_tokens.map(|tokens| tokens + 1);
            }
            _ => {}
        }
    }

    /// Asks for an answer past the right provider, which would bound it.
    async fn unbounded(&self, base_url: &str) -> Result<HttpResponse> {
        let transport = HttpTransport::new(&HttpConfig::default())?;
        let request = HttpRequest::post_json(base_url, "{}", Accept::Json);
        let cx = CallContext::new("unbounded");
        transport.send(&cx, request).await
    }
}

#[async_trait]
impl Provider for Flawed {
    fn id(&self) -> &ProviderId {
        self.inner.id()
    }

    fn capabilities(&self, model: &ModelId) -> Capabilities {
        let mut able = self.inner.capabilities(model);
        match self.flaw {
            Flaw::ClaimsEverything => able.features = FeatureSet::all(),
            Flaw::AdmitsNothing => able.features = FeatureSet::empty(),
            _ => {}
        }
        able
    }

    async fn complete(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatResponse> {
        if let (Flaw::BuffersWithoutLimit, Some(base_url)) = (self.flaw, self.base_url()) {
            let response = self.unbounded(&base_url).await?;
            return decode_response(response.bytes(usize::MAX).await?);
        }
        match self.call(cx, request).await {
            Ok(answer) => Ok(self.answer(answer)),
            Err(error) if self.is(Flaw::AcceptsGarbage) && error.kind() == ErrorKind::Protocol => {
                Ok(ChatResponse::new("", []))
            }
            Err(error) => Err(self.error(error)),
        }
    }

    async fn stream(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatStream> {
        if let (Flaw::BuffersWithoutLimit, Some(base_url)) = (self.flaw, self.base_url()) {
            let response = self.unbounded(&base_url).await?;
            let limits = SseLimits::default().with_event_bytes(1 << 40);
            let decoder = StreamDecoder::new(Quirks::default());
            return Ok(response.frames(limits, decoder, self.id(), &request.model));
        }
        let opened = match self.open(cx, request).await {
            Ok(opened) => opened,
            Err(error) if self.is(Flaw::AcceptsGarbage) && error.kind() == ErrorKind::Protocol => {
                let end = stream::iter([Ok(Frame::of([StreamEvent::End]))]);
                return Ok(ChatStream::new(ResponseMeta::default(), end));
            }
            Err(error) => return Err(self.error(error)),
        };
        let meta = opened.meta.clone();
        let flawed = self.clone();
        let mut so_far = String::new();
        let frames = opened.flat_map(move |frame| stream::iter(flawed.frame(frame, &mut so_far)));
        Ok(ChatStream::new(meta, frames))
    }

    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        match self.flaw {
            Flaw::CallsAllWell => {
                let _ = self.inner.health_check(cx).await;
                Ok(())
            }
            Flaw::PaysForHealth => {
                let request = ChatRequest::new("any", [interline::Message::user("ping")]);
                self.inner.complete(cx, &request).await.map(drop)
            }
            _ => self.inner.health_check(cx).await,
        }
    }
}

impl Flawed {
    /// The address, which the right provider's debug output shows.
    fn base_url(&self) -> Option<String> {
        let shown = format!("{:?}", self.inner);
        let (_, rest) = shown.split_once("base_url: \"")?;
        Some(rest.split('"').next()?.to_owned())
    }
}

/// Right vectors with a flaw.
#[derive(Clone, Debug)]
struct FlawedVectors {
    inner: DynEmbeddingProvider,
    flaw: Flaw,
}

#[async_trait]
impl EmbeddingProvider for FlawedVectors {
    async fn embed(&self, cx: &CallContext, request: &EmbedRequest) -> Result<EmbedResponse> {
        match self.flaw {
            Flaw::MissesVectors => {
                let fewer = request.clone().edited(|body| body.inputs.truncate(2));
                self.inner.embed(cx, &fewer).await
            }
            Flaw::BlamesTheCaller => {
                let response = self.inner.embed(cx, request).await;
                response.map_err(|error| Error::invalid_request(error.message()))
            }
            Flaw::ShufflesVectors => {
                let mut response = self.inner.embed(cx, request).await?;
                response.embeddings.reverse();
                Ok(response)
            }
            _ => self.inner.embed(cx, request).await,
        }
    }
}

/// A list of models with a flaw.
#[derive(Clone, Debug)]
struct FlawedModels {
    inner: DynModelLister,
    flaw: Flaw,
}

#[async_trait]
impl ModelLister for FlawedModels {
    async fn list_models(&self, cx: &CallContext) -> Result<Vec<ListedModel>> {
        let mut models = self.inner.list_models(cx).await?;
        if self.flaw == Flaw::MissesModels {
            models.pop();
        }
        Ok(models)
    }
}

/// A count of tokens with a flaw.
#[derive(Clone, Debug)]
struct FlawedCount {
    inner: DynTokenCounter,
    flaw: Flaw,
}

#[async_trait]
impl TokenCounter for FlawedCount {
    async fn count_tokens(&self, cx: &CallContext, request: &ChatRequest) -> Result<u64> {
        let tokens = self.inner.count_tokens(cx, request).await?;
        Ok(tokens + u64::from(self.flaw == Flaw::MiscountsTokens))
    }
}
