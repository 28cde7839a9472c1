//! A call with fake providers, set up in one line, and what came of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use interline_core::{
    ChatRequest, ChatResponse, ChatStream, ConnectionFault, Error, ErrorKind, Message, Phase,
    Result, RetryHint, StreamEvent, Target, ToldLimit,
};
use interline_resilience::{
    Account, Admission, Admit, AlwaysAdmit, Answer, Ask, AttemptPolicy, Call, CallEvent, Candidate,
    Engine, Lease, Observer, Outcome, Permit, RetryBudgetConfig, RouteMemory, Ticket,
};
use tokio::time::Instant;

use crate::fake::{Fake, Script};

pub(crate) const S: fn(u64) -> Duration = Duration::from_secs;
pub(crate) const MS: fn(u64) -> Duration = Duration::from_millis;

/// An engine with its candidates `a`, `b`, `c` …, all of model `m`.
pub(crate) struct Bench {
    pub(crate) fakes: Vec<Arc<Fake>>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) policy: AttemptPolicy,
    pub(crate) timeout: Option<Duration>,
    pub(crate) memory: Option<Arc<RouteMemory>>,
    pub(crate) events: Arc<Recorder>,
    pub(crate) permits: Arc<CountingAdmission>,
    pub(crate) engine: Engine,
}

impl Bench {
    /// One candidate for each list of scripts; every attempt is admitted.
    pub(crate) fn new<const N: usize>(scripts: [Vec<Script>; N]) -> Self {
        Self::with_admission(scripts.into(), Arc::new(AlwaysAdmit))
    }

    pub(crate) fn with_admission(scripts: Vec<Vec<Script>>, admission: Arc<dyn Admission>) -> Self {
        let names = ["a", "b", "c", "d", "e", "f"];
        let fakes: Vec<_> = names
            .into_iter()
            .zip(scripts)
            .map(|(name, scripts)| Fake::new(name, scripts))
            .collect();
        let candidates = names
            .iter()
            .zip(&fakes)
            .map(|(name, fake)| Candidate::new(target(name), Arc::clone(fake) as _))
            .collect();
        let events = Arc::new(Recorder::default());
        let permits = Arc::new(CountingAdmission::new(admission));
        let engine = Engine::new(permits.clone(), events.clone(), 42);
        Self {
            fakes,
            candidates,
            policy: AttemptPolicy::default(),
            timeout: None,
            memory: None,
            events,
            permits,
            engine,
        }
    }

    /// Puts candidates into failure domains, by position.
    pub(crate) fn domains(mut self, domains: &[Option<&str>]) -> Self {
        for (candidate, domain) in self.candidates.iter_mut().zip(domains) {
            *candidate = candidate.clone().with_failure_domain(domain.map(Arc::from));
        }
        self
    }

    pub(crate) fn policy(mut self, policy: AttemptPolicy) -> Self {
        self.policy = policy;
        self
    }

    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Leaves one candidate.
    pub(crate) fn only(mut self, index: usize) -> Self {
        self.candidates = vec![self.candidates.swap_remove(index)];
        self
    }

    /// Gives all calls of this bench a budget.
    pub(crate) fn budget(self, config: RetryBudgetConfig) -> Self {
        self.memory(Arc::new(RouteMemory::new(config, Instant::now())))
    }

    /// Lets all calls of this bench share a memory.
    pub(crate) fn memory(mut self, memory: Arc<RouteMemory>) -> Self {
        self.memory = Some(memory);
        self
    }

    fn call(&self) -> Call<'_> {
        Call::new("call-1", "chat", &self.candidates, &self.policy)
            .with_timeout(self.timeout)
            .with_memory(self.memory.as_deref())
    }

    pub(crate) async fn complete(&self) -> Result<Answer<ChatResponse>> {
        self.engine.complete(self.call(), &request()).await
    }

    pub(crate) async fn stream(&self) -> Result<Answer<ChatStream>> {
        self.engine.stream(self.call(), &request()).await
    }

    /// How often each candidate was called.
    pub(crate) fn calls(&self) -> Vec<usize> {
        self.fakes.iter().map(|fake| fake.calls()).collect()
    }
}

pub(crate) fn target(name: &str) -> Target {
    Target::new(name, "m")
}

pub(crate) fn request() -> ChatRequest {
    ChatRequest::new("chat", [Message::user("hello")])
}

/// What a vendor's failure looks like: sent, nothing came back.
pub(crate) fn failure(kind: ErrorKind, retry: RetryHint) -> Error {
    Error::new(kind, "the vendor's own words")
        .with_phase(Phase::BeforeOutput)
        .with_retry(retry)
}

pub(crate) fn unavailable() -> Error {
    failure(ErrorKind::Unavailable, RetryHint::Backoff).with_status(500)
}

pub(crate) fn rate_limited(after: Duration) -> Error {
    failure(ErrorKind::RateLimited, RetryHint::After(after)).with_status(429)
}

pub(crate) fn bad_key() -> Error {
    failure(ErrorKind::Authentication, RetryHint::Never).with_status(401)
}

pub(crate) fn refused_connection() -> Error {
    Error::new(ErrorKind::Unavailable, "connection refused")
        .with_retry(RetryHint::Backoff)
        .with_connection_fault(ConnectionFault::Connect)
}

pub(crate) fn stale_connection() -> Error {
    Error::new(ErrorKind::Unavailable, "connection was stale")
        .with_retry(RetryHint::Backoff)
        .with_connection_fault(ConnectionFault::Stale)
}

/// What a caller sees of a stream: its text, whether it ended as it should, its error.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) text: String,
    pub(crate) frames: usize,
    pub(crate) ended: bool,
    pub(crate) errors: Vec<Error>,
}

/// Reads a stream to its end.
pub(crate) async fn read(mut stream: ChatStream) -> Read {
    let mut read = Read::default();
    while let Some(item) = stream.next().await {
        match item {
            Ok(frame) => {
                read.frames += 1;
                for event in frame.events {
                    match event {
                        StreamEvent::Text { text, .. } => read.text.push_str(&text),
                        StreamEvent::End => read.ended = true,
                        _ => {}
                    }
                }
            }
            Err(error) => read.errors.push(error),
        }
    }
    assert!(
        stream.next().await.is_none(),
        "a stream that ended stays so"
    );
    read
}

/// Remembers every event.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Vec<CallEvent>>);

impl Observer for Recorder {
    fn on_event(&self, event: &CallEvent) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl Recorder {
    pub(crate) fn all(&self) -> Vec<CallEvent> {
        self.0.lock().unwrap().clone()
    }

    /// The events as short words, attempts and targets included.
    pub(crate) fn words(&self) -> Vec<String> {
        self.all().iter().map(word).collect()
    }
}

fn word(event: &CallEvent) -> String {
    match event {
        CallEvent::AttemptStarted {
            target, attempt, ..
        } => format!("start {attempt} {target}"),
        CallEvent::AttemptFailed {
            target,
            attempt,
            error,
            ..
        } => {
            format!("fail {attempt} {target} {}", error.kind())
        }
        CallEvent::Skipped { target, reason, .. } => format!("skip {target} {reason}"),
        CallEvent::FellBack {
            from,
            to,
            attempt,
            reason,
            ..
        } => {
            format!("fall {attempt} {from}>{to} {reason}")
        }
        CallEvent::Retrying {
            target,
            attempt,
            reason,
            ..
        } => {
            format!("retry {attempt} {target} {reason}")
        }
        CallEvent::Hedged {
            from, to, attempt, ..
        } => format!("hedge {attempt} {from}+{to}"),
        CallEvent::AttemptAbandoned {
            target, attempt, ..
        } => {
            format!("leave {attempt} {target}")
        }
        CallEvent::RetryDenied {
            target,
            attempt,
            reason,
            ..
        } => {
            format!("deny {attempt} {target} {reason}")
        }
        CallEvent::CredentialRejected { target, kind, .. } => format!("key {target} {kind}"),
        CallEvent::Answered {
            target,
            attempt,
            is_fallback,
            ..
        } => {
            format!("answer {attempt} {target} fallback={is_fallback}")
        }
        CallEvent::Failed {
            attempts, error, ..
        } => format!("failed {attempts} {}", error.kind()),
        CallEvent::Cancelled { attempts, .. } => format!("cancelled {attempts}"),
        CallEvent::StreamFinished { target, .. } => format!("finished {target}"),
        CallEvent::StreamFailed { target, error, .. } => format!("broke {target} {}", error.kind()),
        CallEvent::StreamCancelled { target, .. } => format!("dropped {target}"),
        CallEvent::HealthChanged { target, state } => format!("health {target} {state:?}"),
        other => format!("{other:?}"),
    }
}

/// Counts permits and how they were settled.
#[derive(Debug)]
pub(crate) struct CountingAdmission {
    inner: Arc<dyn Admission>,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) given: usize,
    pub(crate) succeeded: usize,
    pub(crate) failed: usize,
    pub(crate) cancelled: usize,
    /// Permits that were given although the target was refused.
    pub(crate) last_resorts: usize,
}

impl Counts {
    pub(crate) fn settled(&self) -> usize {
        self.succeeded + self.failed + self.cancelled
    }
}

impl CountingAdmission {
    fn new(inner: Arc<dyn Admission>) -> Self {
        Self {
            inner,
            counts: Arc::default(),
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        *self.counts.lock().unwrap()
    }

    fn watch(&self, permit: Permit) -> Permit {
        self.counts.lock().unwrap().given += 1;
        let lease = CountingLease {
            permit: Mutex::new(Some(permit)),
            counts: Arc::clone(&self.counts),
        };
        Permit::new(Arc::new(lease), Ticket::default())
    }
}

impl Admission for CountingAdmission {
    fn admit(&self, ask: &Ask<'_>) -> Admit {
        match self.inner.admit(ask) {
            Admit::Go(permit) => Admit::Go(self.watch(permit)),
            other => other,
        }
    }

    fn admit_anyway(&self, ask: &Ask<'_>) -> Option<Permit> {
        self.counts.lock().unwrap().last_resorts += 1;
        Some(self.watch(self.inner.admit_anyway(ask)?))
    }

    fn is_calm(&self, ask: &Ask<'_>) -> bool {
        self.inner.is_calm(ask)
    }
}

#[derive(Debug)]
struct CountingLease {
    permit: Mutex<Option<Permit>>,
    counts: Arc<Mutex<Counts>>,
}

impl Lease for CountingLease {
    fn first_byte(&self, _: &Ticket, _: Instant) {}

    fn stalled(&self, _: &Ticket, _: Instant, _: Duration) -> bool {
        false
    }

    fn told(&self, _: &Ticket, _: &[ToldLimit], _: Instant) {}

    fn settle(&self, _: &Ticket, outcome: Outcome<'_>, _: &Account, now: Instant) {
        {
            let mut counts = self.counts.lock().unwrap();
            match outcome {
                Outcome::Success => counts.succeeded += 1,
                Outcome::Failure(_) | Outcome::Stalled(_) => counts.failed += 1,
                _ => counts.cancelled += 1,
            }
        }
        let permit = self.permit.lock().unwrap().take();
        permit.expect("settled once").settle(outcome, now);
    }
}
