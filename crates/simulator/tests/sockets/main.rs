//! Vendors over real sockets, called by a real HTTP client.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test, as the test itself does"
)]

mod anthropic;
mod canned;
mod client;
mod connections;
mod faults;
mod openai;
mod openai_responses;
#[cfg(feature = "proxy")]
mod proxy;
mod quota;
mod wire_faults;
