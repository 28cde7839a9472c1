//! How others do it, in the same world: the rows beside ours.
//!
//! Each is the rule in its plainest form, written from its description, not a copy of anybody's code:
//! it shows what the rule does, not what a product does.
//! All of them get the same patience for a first token as the engine.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use interline_core::{
    CallContext, ChatRequest, ChatResponse, ChatStream, Error, ErrorKind, Result, RetryHint,
    Target, TimeoutStage,
};
use interline_resilience::{Call, Candidate, Timeouts};
use tokio::time::{Instant, sleep, timeout};

use crate::random::{Purpose, Stream};

/// Whose rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Baseline {
    /// Two retries with backoff at the vendor that the call began with; no memory. What an application
    /// does that spreads its calls over three official SDKs.
    SdkPrimary,
    /// Two retries with backoff at whatever endpoint the balancer gives; no memory.
    SdkRetries,
    /// Failover; five failures in a row open a target for 5 s, doubling up to 30 s, then one probe;
    /// retries are paid from a budget of 10 % of successes.
    FiveConsecutive,
    /// Two retries elsewhere; three failures within a minute leave a target alone for 5 s.
    Cooldown,
}

impl Baseline {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [
        Self::SdkPrimary,
        Self::SdkRetries,
        Self::FiveConsecutive,
        Self::Cooldown,
    ];

    /// What the report calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SdkPrimary => "SDK, 2 retries at one vendor",
            Self::SdkRetries => "SDK, 2 retries behind a balancer",
            Self::FiveConsecutive => "breaker after 5 in a row",
            Self::Cooldown => "5 s cooldown after 3 failures",
        }
    }
}

/// A baseline at work.
#[derive(Debug)]
pub(crate) struct Rival {
    rule: Baseline,
    memory: Mutex<Memory>,
}

#[derive(Debug)]
struct Memory {
    targets: HashMap<Target, Seen>,
    budget: f64,
    draws: Stream,
}

/// What is remembered of one target.
#[derive(Debug, Default)]
struct Seen {
    in_a_row: u32,
    opened: u32,
    failures: Vec<Instant>,
    closed_until: Option<Instant>,
    /// A probe is out.
    probing: Option<Instant>,
}

/// Retries after the first attempt, as the official SDKs make them.
const RETRIES: u32 = 2;
/// What the retry budget starts with and may hold at most.
const BUDGET: (f64, f64) = (10.0, 100.0);

impl Rival {
    /// A baseline that has seen nothing yet.
    pub(crate) fn new(rule: Baseline, seed: u64) -> Self {
        Self {
            rule,
            memory: Mutex::new(Memory {
                targets: HashMap::new(),
                budget: BUDGET.0,
                draws: Stream::of(seed, Purpose::Baseline, &[]),
            }),
        }
    }

    /// Answers in one piece.
    pub(crate) async fn complete(&self, call: Call<'_>, req: &ChatRequest) -> Result<ChatResponse> {
        match self.attempts(&call, req, Kind::Whole).await? {
            Reply::Whole(answer) => Ok(*answer),
            Reply::Stream(_) => Err(Error::protocol("a stream came for a whole answer")),
        }
    }

    /// Answers step by step.
    pub(crate) async fn stream(&self, call: Call<'_>, req: &ChatRequest) -> Result<ChatStream> {
        match self.attempts(&call, req, Kind::Stream).await? {
            Reply::Stream(stream) => Ok(stream),
            Reply::Whole(_) => Err(Error::protocol("a whole answer came for a stream")),
        }
    }

    async fn attempts(&self, call: &Call<'_>, req: &ChatRequest, kind: Kind) -> Result<Reply> {
        let deadline = Instant::now() + call.policy.timeouts.total;
        let mut asked = Vec::new();
        let mut last = Error::new(ErrorKind::Rejected, "every target is being left alone");
        for number in 1..=RETRIES + 1 {
            let Some(index) = self.pick(call.candidates, &asked, number) else {
                break;
            };
            let Some(candidate) = call.candidates.get(index) else {
                break;
            };
            asked.push(index);
            let cx = CallContext::new(&call.id)
                .with_attempt(number)
                .with_deadline(deadline);
            match attempt(candidate, &cx, req, kind, call.policy.timeouts).await {
                Ok(answer) => {
                    self.succeeded(&candidate.target);
                    return Ok(answer);
                }
                Err(error) => {
                    let goes_on = self.failed(&candidate.target, &error);
                    let pause = self.pause(number, &error);
                    last = error;
                    if !goes_on || Instant::now() + pause >= deadline {
                        break;
                    }
                    if number <= RETRIES {
                        sleep(pause).await;
                    }
                }
            }
        }
        Err(last)
    }

    /// Whom to ask next.
    fn pick(&self, candidates: &[Candidate], asked: &[usize], number: u32) -> Option<usize> {
        let now = Instant::now();
        let mut memory = self.lock();
        if self.rule == Baseline::SdkPrimary {
            return (!candidates.is_empty()).then_some(0);
        }
        if self.rule == Baseline::SdkRetries {
            // The candidates come in random order; a retry goes to any of them again.
            let last = u32::try_from(candidates.len()).ok()?.checked_sub(1)?;
            return Some(memory.draws.whole(0, last) as usize);
        }
        if self.rule == Baseline::FiveConsecutive && number > 1 {
            if memory.budget < 1.0 {
                return None;
            }
            memory.budget -= 1.0;
        }
        (0..candidates.len()).find(|index| {
            !asked.contains(index)
                && candidates
                    .get(*index)
                    .is_some_and(|candidate| memory.may_ask(&candidate.target, now, self.rule))
        })
    }

    fn succeeded(&self, target: &Target) {
        let mut memory = self.lock();
        memory.budget = (memory.budget + 0.1).min(BUDGET.1);
        if let Some(state) = memory.targets.get_mut(target) {
            *state = Seen::default();
        }
    }

    /// Takes note of a failure; whether another attempt may follow.
    fn failed(&self, target: &Target, error: &Error) -> bool {
        let retryable = matches!(
            error.kind(),
            ErrorKind::RateLimited
                | ErrorKind::Overloaded
                | ErrorKind::Unavailable
                | ErrorKind::Protocol
                | ErrorKind::Timeout(_)
        );
        if !retryable {
            return false;
        }
        let now = Instant::now();
        let mut memory = self.lock();
        let jitter = memory.draws.between(0.5, 1.0);
        let state = memory.targets.entry(target.clone()).or_default();
        state.probing = None;
        match self.rule {
            Baseline::SdkPrimary | Baseline::SdkRetries => {}
            Baseline::FiveConsecutive => {
                state.in_a_row += 1;
                let is_open = state.closed_until.is_some_and(|until| until > now);
                if state.in_a_row >= 5 && !is_open {
                    let open = 5.0 * f64::from(2_u32.saturating_pow(state.opened.min(8)));
                    let open = Duration::from_secs_f64(open.min(30.0) * jitter);
                    state.closed_until = Some(now + open);
                    state.opened += 1;
                }
            }
            Baseline::Cooldown => {
                let minute = Duration::from_secs(60);
                state.failures.retain(|at| now - *at < minute);
                state.failures.push(now);
                if state.failures.len() >= 3 {
                    state.closed_until = Some(now + Duration::from_secs(5));
                    state.failures.clear();
                }
            }
        }
        true
    }

    /// How long to wait before the next attempt.
    fn pause(&self, number: u32, error: &Error) -> Duration {
        if !matches!(self.rule, Baseline::SdkPrimary | Baseline::SdkRetries) {
            return Duration::ZERO;
        }
        if let RetryHint::After(wait) = error.retry()
            && wait <= Duration::from_secs(60)
        {
            return wait;
        }
        let base = 0.5 * f64::from(2_u32.saturating_pow(number - 1));
        let less = 1.0 - 0.25 * self.lock().draws.unit();
        Duration::from_secs_f64(base.min(8.0) * less)
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Whole,
    Stream,
}

/// What came.
#[derive(Debug)]
enum Reply {
    Whole(Box<ChatResponse>),
    Stream(ChatStream),
}

/// One attempt, up to its first frame, with the engine's patience.
async fn attempt(
    candidate: &Candidate,
    cx: &CallContext,
    req: &ChatRequest,
    kind: Kind,
    timeouts: Timeouts,
) -> Result<Reply> {
    let request = req.for_model(&candidate.target.model);
    let provider = &candidate.provider;
    let limit = match kind {
        Kind::Whole => timeouts.unary_limit(),
        Kind::Stream => timeouts.first_token,
    };
    let opening = async {
        if matches!(kind, Kind::Whole) {
            let answer = provider.complete(cx, &request).await?;
            return Ok(Reply::Whole(Box::new(answer)));
        }
        let mut stream = provider.stream(cx, &request).await?;
        let cut = || Err(Error::protocol("the stream ended before it began"));
        let first = stream.next().await.unwrap_or_else(cut)?;
        let meta = std::mem::take(&mut stream.meta);
        let whole = futures_util::stream::iter([Ok(first)]).chain(stream);
        Ok(Reply::Stream(ChatStream::new(meta, whole)))
    };
    match timeout(limit, opening).await {
        Ok(result) => result,
        Err(_) => Err(Error::timeout(TimeoutStage::FirstToken, limit)),
    }
}

impl Memory {
    fn may_ask(&mut self, target: &Target, now: Instant, rule: Baseline) -> bool {
        let Some(state) = self.targets.get_mut(target) else {
            return true;
        };
        match state.closed_until {
            Some(until) if until > now => false,
            Some(_) if rule == Baseline::FiveConsecutive => {
                // One probe at a time; one that never comes back is followed by another.
                let is_out = |since: Instant| now - since < Duration::from_secs(30);
                if state.probing.is_some_and(is_out) {
                    return false;
                }
                state.probing = Some(now);
                true
            }
            _ => true,
        }
    }
}

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
