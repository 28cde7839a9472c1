//! End-to-end tests of the gateway process.
//!
//! The library part is the harness: [`python`] runs the official SDKs, [`binary`] finds the programs under test,
//! [`house`] starts a gateway with broken vendors behind it, [`skip`] says aloud what could not be tested.

pub mod binary;
pub mod house;
pub mod python;
pub mod skip;
