//! The conformance suite, over every vendor of the repository and over providers that are broken on
//! purpose.
//!
//! Nothing else in the repository is a `Provider`: the client calls providers and is none, and the
//! attempt engine takes them as targets.

mod bedrock;
mod broken;
mod cohere;
mod flaw;
mod in_process;
mod vendors;
