//! Google's Gemini API, over generateContent.
//!
//! ```
//! use interline_core::Provider;
//! use interline_provider_google::Google;
//!
//! let google = Google::new("not-a-real-key")?;
//! assert_eq!(google.id().as_str(), "google");
//!
//! let proxied = Google::builder()
//!     .id("google-eu")
//!     .api_key("not-a-real-key")
//!     .base_url("https://proxy.example/gemini/v1beta")
//!     .build()?;
//! assert_eq!(proxied.id().as_str(), "google-eu");
//! # Ok::<(), interline_core::Error>(())
//! ```
//!
//! A request is then one call:
//!
//! ```no_run
//! use interline_core::{CallContext, ChatRequest, Message, Provider};
//! use interline_provider_google::Google;
//!
//! # async fn ask() -> Result<(), interline_core::Error> {
//! let google = Google::new("AIza…")?;
//! let request = ChatRequest::new("gemini-2.5-flash", [Message::user("Hello!")]);
//! let answer = google.complete(&CallContext::new("call-1"), &request).await?;
//! assert!(!answer.text().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # Beside chat
//! [`GoogleBuilder::build_set`] gives chat together with embeddings (`batchEmbedContents`), the list of
//! models and the counting of tokens, as the factory does for configurations:
//!
//! ```
//! use interline_provider_google::Google;
//!
//! let set = Google::builder().api_key("not-a-real-key").build_set()?;
//! assert!(set.embed.is_some() && set.models.is_some() && set.count.is_some());
//! # Ok::<(), interline_core::Error>(())
//! ```
//!
//! # Settings
//! Those of every connection: `base_url` (up to and with `/v1beta`), `api_key`, `headers`, `timeouts`.
//!
//! # What the Gemini API refuses
//! The format knows log-probabilities and penalties, and current models answer them with an error
//! ("Logprobs is not enabled", "Penalty is not enabled"). Both are hints, so they are left out.

mod builder;
mod factory;
mod google;

pub use builder::GoogleBuilder;
pub use factory::GoogleFactory;
pub use google::Google;
