//! The attempt engine: fallback, retry, deadlines, breaker.
//!
//! One loop makes a call out of as many attempts as it takes: for whole answers, streams, embeddings
//! and counts of tokens.
//! It is the only place that retries, so attempts never multiply. It knows no vendor and no status
//! code: an [`Error`](interline_core::Error) answers four questions, and everything follows from them.
//!
//! ```
//! use std::sync::Arc;
//!
//! use interline_core::{
//!     CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Choice, Error, ErrorKind,
//!     FeatureSet, Message, ModelId, Part, Phase, Provider, ProviderId, Result, RetryHint, Target,
//!     async_trait,
//! };
//! use interline_resilience::{
//!     AttemptPolicy, Call, Candidate, Engine, SimpleBreaker, SimpleBreakerConfig, TracingObserver,
//! };
//!
//! /// A vendor that says one thing, or nothing if it is broken.
//! #[derive(Debug)]
//! struct Parrot {
//!     id: ProviderId,
//!     words: Option<&'static str>,
//! }
//!
//! #[async_trait]
//! impl Provider for Parrot {
//!     fn id(&self) -> &ProviderId {
//!         &self.id
//!     }
//!     fn capabilities(&self, _: &ModelId) -> Capabilities {
//!         Capabilities::new(FeatureSet::empty())
//!     }
//!     async fn complete(&self, _: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
//!         let words = self.words.ok_or_else(|| {
//!             Error::new(ErrorKind::Unavailable, "the parrot is asleep")
//!                 .with_phase(Phase::BeforeOutput)
//!                 .with_retry(RetryHint::Backoff)
//!         })?;
//!         let choice = Choice::new(0, [Part::text(words)]);
//!         Ok(ChatResponse::new(req.model.as_str(), [choice]))
//!     }
//!     async fn stream(&self, _: &CallContext, _: &ChatRequest) -> Result<ChatStream> {
//!         Err(Error::new(ErrorKind::Unsupported, "parrots do not stream"))
//!     }
//!     async fn health_check(&self, _: &CallContext) -> Result<()> {
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let parrot = |id: &str, words| Arc::new(Parrot { id: id.into(), words });
//! let candidates: [Candidate; 2] = [
//!     Candidate::new(Target::new("polly", "grey"), parrot("polly", None)),
//!     Candidate::new(Target::new("coco", "blue"), parrot("coco", Some("hello!"))),
//! ];
//!
//! let observer = Arc::new(TracingObserver);
//! let breaker = SimpleBreaker::new(SimpleBreakerConfig::default(), observer.clone());
//! let engine = Engine::new(Arc::new(breaker), observer, 7);
//!
//! let policy = AttemptPolicy::default();
//! let call = Call::new("call-1", "chat", &candidates, &policy);
//! let request = ChatRequest::new("chat", [Message::user("Say hello.")]);
//! let answer = engine.complete(call, &request).await?;
//!
//! assert_eq!(answer.value.text(), "hello!");
//! assert_eq!(answer.route.target.to_string(), "coco/blue");
//! assert_eq!(answer.route.attempts.len(), 2);
//! assert!(answer.route.is_fallback);
//! # Ok(())
//! # }
//! ```
//!
//! # The rules
//! | What failed | Then |
//! |---|---|
//! | something transient: connection, rate limit, overload, outage, timeout, malformed answer | the next candidate that is free, at once |
//! | a credential | the same, and [`CallEvent::CredentialRejected`]; never returned as the caller's own |
//! | the caller's mistake, a refusal | returned as the vendor said it |
//! | a stale pooled connection | the same target at once, once: nothing had been sent |
//! | nobody else is free | the same target after a pause, as often as [`RetryCounts`] and [`AttemptPolicy`] allow |
//! | every target asked to wait | the one that is free first, if that is soon and before the deadline |
//! | every target is ill | the least bad one, once |
//! | content had reached the caller | a typed error at the end of the stream; nothing restarts |
//!
//! # Where to plug in
//! [`Admission`] decides before every attempt and hears how it ended: breakers, limiters and budgets
//! go there. [`Observer`] hears every step: logs, metrics and callbacks go there.
//!
//! # Deliberately absent
//! The choice and order of candidates (routing does that), capabilities (the facade filters before),
//! and any task, global or clock of its own.

mod call;
mod candidate;
mod engine;
mod policy;
mod report;

mod attempt_kind;
mod attempt_loop;
mod backoff;
mod classification;
mod exhausted;
mod extras;
mod hedge;
mod live_attempt;
mod pending_attempt;
mod progress;
mod retry_budget;
mod retry_decision;
mod rng;
mod route_memory;
mod standing;
mod timeouts;

mod prefix;
mod stream_guard;
mod stream_state;
mod wait_clock;

mod admission;
pub mod breaker;
mod gates;
mod health;
mod latency_digest;
mod limits;
mod second_look;
mod simple_breaker;
mod sync;
mod target_gate;
mod target_state;

mod monitor;

mod call_log;
mod event;
mod event_severity;
mod observer;
mod tracing_observer;

pub use admission::{
    Account, Admission, Admit, AlwaysAdmit, Ask, Companion, Lease, Outcome, Permit, Skip,
    SkipReason, Ticket,
};
pub use call::Call;
pub use candidate::Candidate;
pub use engine::Engine;
pub use event::{CallEvent, HealthState};
pub use event_severity::Severity;
pub use gates::{Credential, Endpoint, GateRules, Gates, GatesConfig};
pub use hedge::{HedgeAfter, HedgePolicy};
pub use latency_digest::{LatencyDigest, LatencySummary};
pub use limits::{
    Bucket, BucketUse, BurstShare, Hold, LimitConfig, Limiter, Need, OutputReserve, Place,
    Priority, QueueRule, Room, Settlement, Shares, Spent, Turn, UntoldLimits, Wait,
};
pub use monitor::{Activity, HealthMonitor, Watch};
pub use observer::{Observer, Observers, OnEvent, on_event};
pub use policy::{AttemptPolicy, Backoff, RetryCounts, Timeouts};
pub use report::{Answer, RouteReport};
pub use retry_budget::{BudgetLevel, Extra, InFlight, RetryBudget, RetryBudgetConfig, RetryDenial};
pub use route_memory::{Form, RouteMemory};
pub use simple_breaker::{SimpleBreaker, SimpleBreakerConfig};
pub use target_gate::{Claim, Queued, TargetGate};
pub use tracing_observer::TracingObserver;
