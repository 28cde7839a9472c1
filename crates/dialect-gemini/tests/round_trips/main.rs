//! Properties: what is written and read again is the same, streams do not depend on how they are cut,
//! and no input makes anything panic.

mod embeddings;
mod generators;
mod panics;
mod requests;
mod streams;
