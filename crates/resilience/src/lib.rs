//! The attempt engine: fallback, retry, deadlines, breaker.

mod call;
mod candidate;
mod engine;
mod policy;
mod report;

mod attempt_kind;
mod attempt_loop;
mod backoff;
mod exhausted;
mod live_attempt;
mod progress;
mod retry_decision;
mod rng;
mod standing;
mod timeouts;

mod prefix;
mod stream_guard;
mod stream_state;
mod wait_clock;

mod admission;
mod simple_breaker;
mod target_state;

mod call_log;
mod event;
mod observer;
mod tracing_observer;

pub use admission::{Admission, Admit, AlwaysAdmit, Lease, Outcome, Permit, Skip, SkipReason};
pub use call::Call;
pub use candidate::Candidate;
pub use engine::Engine;
pub use event::{CallEvent, HealthState};
pub use observer::{Observer, Observers, OnEvent, on_event};
pub use policy::{AttemptPolicy, Backoff, RetryCounts, Timeouts};
pub use report::{Answer, RouteReport};
pub use simple_breaker::{SimpleBreaker, SimpleBreakerConfig};
pub use tracing_observer::TracingObserver;
