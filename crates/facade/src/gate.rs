//! The quality gate of a call: stands between the vendors and the attempt engine, so that an answer
//! which will not do is one more failed attempt, within the same deadline, attempts and retry budget.
//!
//! An answer that is refused is kept: where nobody gives a better one, the best of those refused goes to
//! the caller, marked.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::vec;

use futures_core::Stream;
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, DynProvider, Error,
    ErrorKind, Frame, ModelId, Phase, Provider, ProviderId, ResponseMeta, Result, Target,
    async_trait,
};
use interline_routing::{
    Applies, BetterTarget, Finding, Gate, GateVerdict, JudgeQuestion, Judgement, Outcome,
};
use tokio::time::Instant;

use crate::collect::Collector;
use crate::spending::Purse;
use crate::terms::GatedStreams;
use crate::{CallOptions, Client, Cost};

/// Most bytes of a stream that are held back for a gate; a longer one passes from there on. Chosen, not
/// measured: about a million tokens.
const MAX_HELD_BYTES: usize = 4 * 1024 * 1024;

/// What a gate did to a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GateReport {
    /// What is wrong with the answer that the caller gets; empty where it passed, or was not looked at.
    pub marks: Vec<Finding>,
    /// Who gave answers that were refused, and what was wrong with them.
    pub refused: Vec<(Target, Vec<Finding>)>,
    /// Whether the answer was not looked at because it is a stream.
    pub unseen: bool,
}

/// A gate for one call: what it looks at, and what it has refused so far.
pub(crate) struct GateRun {
    gate: Gate,
    streams: GatedStreams,
    client: Client,
    options: CallOptions,
    /// What pays for the call; told what answers used that are refused.
    purse: Option<Arc<Purse>>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    refused: Vec<Refused>,
    /// Findings on the last answer that was let through.
    marks: Vec<Finding>,
    unseen: bool,
}

/// An answer that was refused.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) target: Target,
    place: usize,
    findings: Vec<Finding>,
    pub(crate) response: ChatResponse,
    /// Its frames, where it was a stream.
    frames: Vec<Frame>,
}

impl Refused {
    /// The answer as a stream that is over.
    pub(crate) fn replay(&mut self) -> ChatStream {
        let frames = std::mem::take(&mut self.frames);
        replay(self.response.meta.clone(), frames)
    }
}

impl GateRun {
    pub(crate) fn new(
        gate: Gate,
        streams: GatedStreams,
        client: Client,
        options: &CallOptions,
        purse: Option<Arc<Purse>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            gate,
            streams,
            client,
            options: CallOptions::of_ourselves(options),
            purse,
            seen: Mutex::default(),
        })
    }

    /// Puts the gate before a target's service. `place` is its place in the order of quality, from 0;
    /// `turn` its turn in this call.
    pub(crate) fn before(
        self: &Arc<Self>,
        service: DynProvider,
        target: Target,
        place: usize,
        turn: usize,
        better: BetterTarget,
    ) -> DynProvider {
        let looks = match self.gate.applies {
            Applies::Always => true,
            _ => place > 0 || turn > 0,
        };
        if !looks {
            return service;
        }
        Arc::new(Gated {
            service,
            target,
            place,
            better,
            run: Arc::clone(self),
        })
    }

    /// What the gate did, after an answer.
    pub(crate) fn report(&self) -> GateReport {
        let seen = self.seen();
        GateReport {
            marks: seen.marks.clone(),
            refused: list(&seen.refused),
            unseen: seen.unseen,
        }
    }

    /// The best of the refused answers, with what the gate did, for a call in which nobody gave a better one.
    pub(crate) fn best_refused(&self) -> Option<(Refused, GateReport)> {
        let mut seen = self.seen();
        let refused = list(&seen.refused);
        let places = seen.refused.iter().enumerate();
        let (best, _) = places.min_by_key(|(_, one)| one.place)?;
        let best = seen.refused.swap_remove(best);
        let report = GateReport {
            marks: best.findings.clone(),
            refused,
            unseen: false,
        };
        Some((best, report))
    }

    /// What the refused answers cost.
    pub(crate) fn spent(&self) -> Vec<Cost> {
        let inner = &self.client.inner;
        let seen = self.seen();
        let cost = |one: &Refused| inner.cost(&one.target, &one.response.usage);
        seen.refused.iter().map(cost).collect()
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        // A panic elsewhere leaves a list of whole answers behind, which is right in any state.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is wrong with an answer. A judge that cannot be asked proves nothing against it.
    async fn findings(
        &self,
        cx: &CallContext,
        request: &ChatRequest,
        answer: &ChatResponse,
    ) -> Vec<Finding> {
        match self.gate.look_at(request, answer) {
            GateVerdict::Pass => Vec::new(),
            GateVerdict::Fail(findings) => findings,
            GateVerdict::NeedsCall(question) => self.judged(cx, &question).await,
            _ => Vec::new(),
        }
    }

    async fn judged(&self, cx: &CallContext, question: &JudgeQuestion) -> Vec<Finding> {
        let left = cx
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let mut options = self.options.clone();
        options.timeout = left.or(options.timeout);
        let asked = question.request.clone();
        match Box::pin(self.client.complete_with(asked, options)).await {
            Ok(reply) => match question.read(&reply.response) {
                Judgement::Poor(points) => vec![Finding::JudgedPoor(points)],
                _ => Vec::new(),
            },
            Err(error) => {
                tracing::debug!(target: "interline", error = %error.kind(), "the judge could not be asked");
                Vec::new()
            }
        }
    }
}

impl fmt::Debug for GateRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateRun")
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}

fn list(refused: &[Refused]) -> Vec<(Target, Vec<Finding>)> {
    let one = |one: &Refused| (one.target.clone(), one.findings.clone());
    refused.iter().map(one).collect()
}

/// A service whose answers are looked at before anybody else sees them.
#[derive(Debug)]
struct Gated {
    service: DynProvider,
    target: Target,
    place: usize,
    better: BetterTarget,
    run: Arc<GateRun>,
}

impl Gated {
    /// Asking a worse target than one whose answer was refused already would only cost money.
    fn is_of_use(&self) -> Result<()> {
        let is_worse = self
            .run
            .seen()
            .refused
            .iter()
            .any(|one| one.place < self.place);
        if is_worse {
            return Err(Error::new(
                ErrorKind::Rejected,
                "a better target's answer was refused already",
            ));
        }
        Ok(())
    }

    /// Lets an answer through, or keeps it and says why.
    fn judge(
        &self,
        response: ChatResponse,
        frames: Vec<Frame>,
        findings: Vec<Finding>,
    ) -> Result<(ChatResponse, Vec<Frame>)> {
        let mut seen = self.run.seen();
        match self.run.gate.outcome(findings, self.better) {
            Outcome::Escalate(findings) => {
                let words: Vec<_> = findings.iter().map(ToString::to_string).collect();
                let message = format!("the answer will not do: {}", words.join(", "));
                if let Some(purse) = &self.run.purse {
                    purse.answer_refused(&self.target, response.usage);
                }
                seen.refused.push(Refused {
                    target: self.target.clone(),
                    place: self.place,
                    findings,
                    response,
                    frames,
                });
                Err(Error::new(ErrorKind::LowQuality, message).with_phase(Phase::BeforeOutput))
            }
            Outcome::Mark(findings) => {
                seen.marks = findings;
                Ok((response, frames))
            }
            _ => {
                seen.marks.clear();
                Ok((response, frames))
            }
        }
    }

    /// Reads a stream to its end; the frames alone where it is too long to be held.
    async fn held(&self, stream: ChatStream) -> Result<Held> {
        let meta = stream.meta.clone();
        let mut stream = stream;
        let mut frames = Vec::new();
        let mut collector = Collector::default();
        let mut bytes = 0;
        while let Some(frame) = next(&mut stream).await {
            // Whatever came before is seen by nobody, so the failure is one before output.
            let frame = frame.map_err(|error| error.with_phase(Phase::BeforeOutput))?;
            bytes += frame.raw_len();
            collector.add(&frame);
            let is_end = frame.is_end();
            frames.push(frame);
            if is_end {
                break;
            }
            if bytes > MAX_HELD_BYTES {
                return Ok(Held::TooLong(meta, frames, stream));
            }
        }
        let model = self.target.model.as_str();
        Ok(Held::Whole(collector.finish(meta, model), frames))
    }
}

enum Held {
    Whole(ChatResponse, Vec<Frame>),
    TooLong(ResponseMeta, Vec<Frame>, ChatStream),
}

#[async_trait]
impl Provider for Gated {
    fn id(&self) -> &ProviderId {
        self.service.id()
    }

    fn capabilities(&self, model: &ModelId) -> Capabilities {
        self.service.capabilities(model)
    }

    async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        self.is_of_use()?;
        let response = self.service.complete(cx, req).await?;
        let findings = self.run.findings(cx, req, &response).await;
        self.judge(response, Vec::new(), findings)
            .map(|(response, _)| response)
    }

    async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        self.is_of_use()?;
        let stream = self.service.stream(cx, req).await?;
        if self.run.streams == GatedStreams::PassUnseen {
            self.run.seen().unseen = true;
            return Ok(stream);
        }
        match self.held(stream).await? {
            Held::Whole(response, frames) => {
                let findings = self.run.findings(cx, req, &response).await;
                let (response, frames) = self.judge(response, frames, findings)?;
                Ok(replay(response.meta, frames))
            }
            Held::TooLong(meta, frames, rest) => {
                self.run.seen().unseen = true;
                Ok(ChatStream::new(
                    meta,
                    Replay {
                        frames: frames.into_iter(),
                        rest: Some(rest),
                    },
                ))
            }
        }
    }

    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        self.service.health_check(cx).await
    }
}

async fn next(stream: &mut ChatStream) -> Option<Result<Frame>> {
    std::future::poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await
}

fn replay(meta: ResponseMeta, frames: Vec<Frame>) -> ChatStream {
    let frames = frames.into_iter();
    ChatStream::new(meta, Replay { frames, rest: None })
}

/// Frames that were held back, and what follows them.
struct Replay {
    frames: vec::IntoIter<Frame>,
    rest: Option<ChatStream>,
}

impl Stream for Replay {
    type Item = Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(frame) = self.frames.next() {
            return Poll::Ready(Some(Ok(frame)));
        }
        match &mut self.rest {
            Some(rest) => Pin::new(rest).poll_next(cx),
            None => Poll::Ready(None),
        }
    }
}
