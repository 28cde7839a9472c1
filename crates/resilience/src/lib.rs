//! The attempt engine: fallback, retry, deadlines, breaker.

mod call;
mod candidate;
mod engine;
mod policy;
mod report;

mod admission;
mod simple_breaker;
mod target_state;

mod event;
mod observer;

pub use admission::{Admission, Admit, AlwaysAdmit, Lease, Outcome, Permit, Skip, SkipReason};
pub use call::Call;
pub use candidate::Candidate;
pub use engine::Engine;
pub use event::{CallEvent, HealthState};
pub use observer::{Observer, Observers, OnEvent, on_event};
pub use policy::{AttemptPolicy, Backoff, RetryCounts, Timeouts};
pub use report::{Answer, RouteReport};
pub use simple_breaker::{SimpleBreaker, SimpleBreakerConfig};
