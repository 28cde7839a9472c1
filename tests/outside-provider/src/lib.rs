//! Two vendors that Interline does not know, written outside of its repository.
//!
//! - [`acme`] speaks OpenAI's format with small differences: a profile is all it takes.
//! - [`murmur`] has a format of its own: requests, answers, streams and errors are translated here.
//!
//! `docs/writing-a-provider.md` of Interline walks through both.

pub mod acme;
pub mod murmur;
