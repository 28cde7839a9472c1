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
//! - [`EnforcedLimits`] are rate limits that a vendor keeps, with 429 and headers.
//! - [`CannedServer`] replays recorded answers, cut at any byte.
//!
//! # Features
//! - `tls`: `Authority` issues certificates, sound, expired, for another name or signed by themselves, and a vendor speaks
//!   TLS with one of them.
//! - `http2` (with `tls`): a vendor speaks HTTP/2 where a client offers it, all faults included, and has faults of its own:
//!   see [`Http2Fault`].
//! - `proxy`: `ChaosProxy` stands between an application and a real vendor and breaks a share of what passes.
//!
//! # Why not …
//! - *a ready-made mock server?* None paces, cuts or resets a body; an HTTP library keeps its promises, and these vendors break them.
//! - *a paused clock?* All waiting is tokio's, so it can be paused, but real sockets and a clock that jumps race each other:
//!   prefer short real waits.

#[cfg(feature = "proxy")]
#[doc(inline)]
pub use self::proxy::{
    ChaosProxy, ChaosProxyBuilder, Passed, PassedEnd, ProxyCounts, ProxyFault, ProxyRule,
};
#[cfg(feature = "tls")]
#[doc(inline)]
pub use self::tls::{Authority, Certificate, CertificateCase};
#[doc(inline)]
pub use self::{
    canned::{Canned, CannedEnding, CannedServer},
    charge::{Charge, Price},
    dialect::Dialect,
    fault::{Ending, ErrorCase, Fault, Http2Fault, RetryAfter, SseTorture},
    ledger::{Exchange, Ledger, Outcome},
    pacing::Pacing,
    quota::{EnforcedLimits, TokenCharge},
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

mod charge;
mod ledger;
mod quota;

mod canned;

mod service;

mod anthropic;
mod ask;
mod dialect;
mod embeddings;
mod openai;
mod openai_responses;
mod sample;

mod gzip_bomb;
mod live;
mod plan;
mod sse_torture;
mod step;

mod connection;
mod http1;
#[cfg(feature = "http2")]
mod http1_meaning;
#[cfg(feature = "http2")]
mod http2;
mod manners;
mod server;
mod socket;
#[cfg(feature = "tls")]
mod tls;

#[cfg(feature = "proxy")]
mod proxy;
