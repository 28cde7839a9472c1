//! A virtual vendor reached with one key: the `Provider` that the engine sees.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Choice, Error, FeatureSet,
    ModelId, Part, Progress, Provider, ProviderId, ResponseMeta, Result, ToldLimit, async_trait,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::answer::{Answer, Steps};
use super::vendor::Vendor;
use crate::faults::{Effect, Ending, RetryAfterForm, errors};
use crate::history::{Entry, EntryEnd, Exchange, number};
use crate::plan::VendorSpec;

/// A virtual vendor reached with one key.
#[derive(Debug)]
pub(crate) struct Endpoint {
    id: ProviderId,
    key: u16,
    vendor: Arc<Vendor>,
    /// Whether the adapter hands on what the vendor tells of its limits.
    hands_on_limits: bool,
}

impl Endpoint {
    /// Reaches `vendor` with a key.
    pub(crate) const fn new(
        id: ProviderId,
        key: u16,
        vendor: Arc<Vendor>,
        hands_on_limits: bool,
    ) -> Self {
        Self {
            id,
            key,
            vendor,
            hands_on_limits,
        }
    }

    fn limits(&self) -> Vec<ToldLimit> {
        if self.hands_on_limits {
            self.vendor.told_limits(self.key)
        } else {
            Vec::new()
        }
    }

    /// Makes an exchange up to the vendor's headers.
    async fn open(&self, cx: &CallContext, req: &ChatRequest) -> Result<Steps> {
        let vendor = &self.vendor;
        let call = number(&cx.call_id);
        let wanted = req.params.max_output_tokens.unwrap_or(1);
        let tokens = u32::try_from(wanted).unwrap_or(u32::MAX);
        let prompt = prompt_tokens(req);
        let hit = vendor.hit(self.key, call, cx.attempt);
        let exchange = vendor.ledger.open(Entry {
            call,
            attempt: cx.attempt,
            vendor: vendor.index,
            key: self.key,
            at: vendor.ledger.now(),
            ended: None,
            end: EntryEnd::Open,
            tokens: 0,
            received: true,
            billed: true,
            told_to_wait: None,
            fault: hit.as_ref().map(|hit| hit.fault),
        });
        let (place, load) = vendor.enter();
        let mut first_token = first_token(&vendor.spec, &mut vendor.draws(call, cx.attempt));
        first_token = first_token.mul_f64(load.unwrap_or(1.0));
        let mut ending = Ending::Clean;
        match hit.map(|hit| hit.effect) {
            None => {}
            Some(Effect::Slow(factor)) => first_token = first_token.mul_f64(factor),
            Some(Effect::Ending(other)) => ending = other,
            Some(Effect::Silence) => {
                cx.progress.report(Progress::Sending);
                return pending().await;
            }
            Some(Effect::Fail(failure)) => {
                let after = if failure.at_first_token {
                    first_token
                } else {
                    failure.after
                };
                exchange.note(|entry| {
                    entry.received = failure.received;
                    entry.billed = failure.billed;
                });
                if failure.received {
                    cx.progress.report(Progress::Sending);
                }
                return Err(self.refuse(req, &exchange, after, failure.error).await);
            }
        }
        cx.progress.report(Progress::Sending);
        let refusal = match (load, vendor.charge(self.key, prompt + tokens)) {
            (None, _) => Some(errors::refused(503, RetryAfterForm::Absent)),
            (_, Err(wait)) => {
                let millis = u32::try_from(wait.as_millis() + 1).unwrap_or(u32::MAX);
                Some(errors::refused(429, RetryAfterForm::Milliseconds(millis)))
            }
            _ => None,
        };
        if let Some(error) = refusal {
            exchange.note(|entry| entry.billed = false);
            let at_once = Duration::from_millis(1);
            return Err(self.refuse(req, &exchange, at_once, error).await);
        }
        let answer = Answer {
            vendor: vendor.index,
            call,
            attempt: cx.attempt,
            prompt,
            tokens,
            pace: vendor.spec.pace,
            ending,
        };
        let due = Instant::now() + first_token;
        sleep_until(due).await;
        cx.progress.report(Progress::Headers);
        let progress = Arc::clone(&cx.progress);
        Ok(Steps::new(due, answer, exchange, place, progress))
    }

    /// Waits, writes the refusal down, and gives it back.
    async fn refuse(
        &self,
        req: &ChatRequest,
        exchange: &Exchange,
        after: Duration,
        error: Error,
    ) -> Error {
        sleep(after).await;
        exchange.note(|entry| entry.told_to_wait = error.retry_after());
        exchange.end(EntryEnd::Failed);
        error
            .with_limits(self.limits())
            .with_target(&self.id, &req.model)
    }

    /// What the vendor says around an answer.
    fn meta(&self) -> ResponseMeta {
        let mut meta = ResponseMeta::default();
        meta.limits = self.limits();
        meta
    }
}

/// The prompt's size, which the suite writes into the request's user label.
fn prompt_tokens(req: &ChatRequest) -> u32 {
    req.user
        .as_deref()
        .and_then(|user| user.parse().ok())
        .unwrap_or(100)
}

/// How long the vendor takes to the first token, without any fault.
fn first_token(spec: &VendorSpec, draws: &mut crate::random::Stream) -> Duration {
    let time = draws.log_normal(spec.ttft, spec.sigma);
    match spec.tail {
        Some((share, factor)) if draws.chance(share) => time.mul_f64(factor),
        _ => time,
    }
}

#[async_trait]
impl Provider for Endpoint {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, _: &ModelId) -> Capabilities {
        Capabilities::new(FeatureSet::all())
    }

    async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        let mut steps = self.open(cx, req).await?;
        let mut text = String::new();
        while let Some(frame) = steps.next().await {
            let frame = frame.map_err(|error| error.with_target(&self.id, &req.model))?;
            if let Some(usage) = super::answer::read(&frame, &mut text) {
                let choice = Choice::new(0, [Part::text(text)]);
                let mut answer = ChatResponse::new(req.model.as_str(), [choice]).with_usage(usage);
                answer.meta = self.meta();
                return Ok(answer);
            }
        }
        Err(errors::malformed("cut").with_target(&self.id, &req.model))
    }

    async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        let steps = self.open(cx, req).await?;
        Ok(ChatStream::new(self.meta(), steps))
    }

    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        match self.vendor.hit(self.key, number(&cx.call_id), cx.attempt) {
            Some(hit) => match hit.effect {
                Effect::Fail(failure) => Err(failure.error),
                Effect::Silence => pending().await,
                Effect::Slow(_) | Effect::Ending(_) => Ok(()),
            },
            None => Ok(()),
        }
    }
}
