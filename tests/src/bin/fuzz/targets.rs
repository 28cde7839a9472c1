//! The targets, one file for each kind of reader.

pub(crate) mod answer;
pub(crate) mod config;
pub(crate) mod embeddings;
pub(crate) mod error;
pub(crate) mod event_stream;
pub(crate) mod request;
pub(crate) mod retry_after;
pub(crate) mod sse;
pub(crate) mod stream;
