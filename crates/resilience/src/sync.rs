//! The atomics and the lock of the lock-free cells, named once so that a model checker can replace them.
//!
//! `tests/loom.rs` compiles the same files against loom's types instead.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
pub(crate) use std::sync::{Mutex, MutexGuard};
