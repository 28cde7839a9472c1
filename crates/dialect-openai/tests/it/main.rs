//! Tests of the format's public behaviour.
#![allow(
    clippy::print_stderr,
    reason = "skipped recordings and counts are said aloud"
)]

mod adapter;
mod embeddings;
mod fixtures;
mod models;
mod passing_through;
mod recorded;
mod responses_inbound;
mod responses_outbound;
mod responses_round_trip;
mod round_trip;
mod stream_round_trip;
mod support;
