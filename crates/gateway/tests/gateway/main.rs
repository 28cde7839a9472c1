//! The gateway over real sockets, with simulated vendors behind it.

mod house;

mod answers;
mod bad_input;
mod budgets;
mod command_line;
mod embeddings;
mod faults;
mod keep_alive;
mod keys;
mod lifecycle;
mod lossless;
mod native_responses;
mod reload;
mod responses;
mod router;
mod signed_reasoning;
mod surface;
mod telemetry;
mod token_counts;
