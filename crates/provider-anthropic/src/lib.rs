//! Anthropic, over the Messages API.
//!
//! ```
//! use interline_core::Provider;
//! use interline_provider_anthropic::Anthropic;
//!
//! let claude = Anthropic::new("sk-ant-not-a-real-key")?;
//! assert_eq!(claude.id().as_str(), "anthropic");
//!
//! let proxied = Anthropic::builder()
//!     .id("claude-eu")
//!     .api_key("sk-ant-not-a-real-key")
//!     .base_url("https://proxy.example/anthropic")
//!     .build()?;
//! assert_eq!(proxied.id().as_str(), "claude-eu");
//! # Ok::<(), interline_core::Error>(())
//! ```
//!
//! A request is then one call:
//!
//! ```no_run
//! use interline_core::{CallContext, ChatRequest, Message, Provider};
//! use interline_provider_anthropic::Anthropic;
//!
//! # async fn ask() -> Result<(), interline_core::Error> {
//! let claude = Anthropic::new("sk-ant-…")?;
//! let request = ChatRequest::new("claude-haiku-4-5", [Message::user("Hello!")]);
//! let answer = claude.complete(&CallContext::new("call-1"), &request).await?;
//! assert!(!answer.text().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # Beside chat
//! [`AnthropicBuilder::build_set`] gives chat together with the list of models and the counting of
//! tokens, as the factory does for configurations:
//!
//! ```
//! use interline_provider_anthropic::Anthropic;
//!
//! let set = Anthropic::builder().api_key("sk-ant-not-a-real-key").build_set()?;
//! assert!(set.models.is_some() && set.count.is_some());
//! # Ok::<(), interline_core::Error>(())
//! ```
//!
//! # Settings
//! Those of every connection (`base_url`, the bare host; `api_key`; `headers`; `timeouts`) and
//! - `version`: the `anthropic-version` header, default `2023-06-01`;
//! - `betas`: values of `anthropic-beta` that every call sends;
//! - `default_max_tokens`: the bound on answers whose caller sets none, default 4096.

mod anthropic;
mod builder;
mod factory;

pub use anthropic::Anthropic;
pub use builder::AnthropicBuilder;
pub use factory::AnthropicFactory;
