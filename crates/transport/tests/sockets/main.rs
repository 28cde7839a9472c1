//! The transport against real loopback sockets that answer, misbehave and disappear.

#![allow(
    clippy::unwrap_used,
    reason = "clippy's exception for tests covers neither helpers nor servers"
)]

mod body;
mod connect;
mod events;
mod loopback;
mod recorded;
mod request;
