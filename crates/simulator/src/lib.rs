//! Vendors made of sockets: loopback servers that speak real wire formats, with scripted faults.
//!
//! ```
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use interline_simulator::{ErrorCase, Fault, Vendor};
//!
//! let vendor = Vendor::openai("alpha").with_models(["gpt-sim"]).start().await?;
//! vendor.push_fault(Fault::error(ErrorCase::ServerError));
//!
//! let client = reqwest::Client::new();
//! let call = || {
//!     client
//!         .post(format!("{}/chat/completions", vendor.base_url()))
//!         .json(&serde_json::json!({
//!             "model": "gpt-sim",
//!             "messages": [{"role": "user", "content": "Hello!"}]
//!         }))
//!         .send()
//! };
//! assert_eq!(call().await?.status(), 500);
//! let answer: serde_json::Value = call().await?.json().await?;
//! let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
//! assert!(text.starts_with("This is alpha with gpt-sim."));
//!
//! assert_eq!(vendor.faults_fired()["server_error"], 1);
//! assert_eq!(vendor.ledger().total(), 2);
//! # Ok(())
//! # }
//! # rustls::crypto::ring::default_provider().install_default().unwrap();
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # Which type does what
//! - [`Vendor`] answers in a [`Dialect`]; without a [`Reply`] of its own it derives one from the request: who answers, what was
//!   asked, a call of the first tool, JSON for a schema.
//! - A [`Script`] says which [`Fault`] strikes which request; the [`Door`] says what happens to a client that connects.
//! - The [`Ledger`] tells what was received, which faults took effect, and when a client hung up.
//! - [`CannedServer`] replays recorded answers, cut at any byte.
//!
//! # Why not …
//! - *a ready-made mock server?* None paces, cuts or resets a body; an HTTP library keeps its promises, and these vendors break them.
//! - *HTTP/2 and TLS?* Not yet: every fault here is one of HTTP/1.1 or of TCP.
//! - *a paused clock?* All waiting is tokio's, so it can be paused, but real sockets and a clock that jumps race each other:
//!   prefer short real waits.

#[doc(inline)]
pub use self::{
    canned::{Canned, CannedEnding, CannedServer},
    dialect::Dialect,
    fault::{Ending, ErrorCase, Fault, RetryAfter},
    ledger::{Exchange, Ledger, Outcome},
    pacing::Pacing,
    reply::{Finish, Reply, TokenUsage, ToolCall},
    script::Script,
    server::Door,
    vendor::{Vendor, VendorBuilder},
};

mod vendor;

mod fault;
mod pacing;
mod reply;
mod script;

mod ledger;

mod canned;

mod service;

mod anthropic;
mod ask;
mod dialect;
mod embeddings;
mod openai;
mod openai_responses;
mod sample;

mod live;
mod plan;
mod step;

mod connection;
mod http1;
mod server;
