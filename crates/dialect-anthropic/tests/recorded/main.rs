//! Recorded traffic: every Messages case comes out as its recording says.
//!
//! The cases live outside the repository; without them the tests say so on stderr and pass.

mod answers;
mod case;
mod requests;
