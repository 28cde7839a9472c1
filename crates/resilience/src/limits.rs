//! Rate limits: how many requests and tokens a vendor is sent, so that it need not refuse any.
//!
//! A [`Limiter`] keeps the limits of one credential and limit group: requests, tokens (in all, or input
//! and output apart) per minute, requests and tokens per day, calls at a time.
//! An attempt *reserves* from all of them or from none, and *settles* when it is known what it used.
//! Pure: time is an argument, nothing sleeps and nothing runs in the background.
//!
//! # The bound
//! A configured limit is never exceeded: over any 60 s at most `limit` requests or tokens are admitted.
//! A bucket that fills evenly and holds a burst lets `rate · 60 s + burst` through, so the rate is the
//! limit *less* the burst. What may still go over it: a call whose tokens were underestimated, until it
//! settles (then it is owed), and by less than one call where single calls need more than the burst.
//! A limit that the vendor tells in its answers may be used up in one go, because the vendor itself says
//! with every answer how much remains.
//!
//! # Why not the governor crate
//! A reservation covers several buckets and has to be taken back where one of them refuses; its size is
//! corrected when the answer's usage is known; rates change with the vendor's headers; the low
//! priorities may use a part only; waiting callers need to know when their turn comes. governor's cells
//! can neither be refunded nor charged afterwards, its quotas are fixed, and `check` reads the clock
//! itself. It uses the same algorithm (GCRA), which is one compare-and-swap on one number: with tokens
//! needing a cell of our own, a second implementation for requests would only be one more to trust.
//!
//! # Deliberately absent
//! Vendors and their headers (`transport` reads those), pauses that vendors ask for (see `health`), and
//! limits per tenant.

mod adaptive;
mod bucket;
mod config;
mod day_window;
mod estimates;
mod gauge;
mod limiter;
mod need;
mod priority;
mod queue;
mod rate;
mod request_count;
mod room;
mod slots;
mod told;

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod scenario_tests;
#[cfg(test)]
mod tests;

pub use bucket::Bucket;
pub use config::{BurstShare, LimitConfig, OutputReserve, QueueRule, UntoldLimits};
pub use gauge::BucketUse;
pub use limiter::Limiter;
pub use need::{Hold, Need, Settlement, Spent, Wait};
pub use priority::{Priority, Shares};
pub use queue::{Place, Turn};
pub use room::Room;
