//! End-to-end tests of the gateway process.
//!
//! The library part is the harness: [`python`] and [`node`] run real clients, [`binary`] finds the programs under test,
//! [`house`] starts a gateway with broken vendors behind it, [`skip`] says aloud what could not be tested,
//! [`sockets`] breaks vendors made of sockets under the engine.
//! [`vendors_page`] writes the page about vendors, which the task `vendors` and a test compare.

pub mod binary;
pub mod environment;
pub mod house;
pub mod node;
pub mod process;
pub mod python;
pub mod skip;
pub mod sockets;
pub mod vendors_page;
