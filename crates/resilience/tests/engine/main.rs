//! The engine's rules, each proven against providers that play a script on a paused clock.

#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is the report; the clippy option covers test functions only"
)]

mod admission;
mod bench;
mod cancellation;
mod deadlines;
mod events;
mod fake;
mod fallback;
mod hedging;
mod monitor;
mod random_scripts;
mod retries;
mod retry_budget;
mod siblings;
mod simple_breaker;
mod simple_breaker_model;
mod stalls;
mod stream_timers;
mod streams;
mod tracing_observer;
