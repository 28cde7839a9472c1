//! OpenAI, over its Chat Completions, Responses, Embeddings and Models APIs.
//!
//! ```
//! use interline_core::Provider;
//! use interline_provider_openai::OpenAi;
//!
//! let openai = OpenAi::new("sk-not-a-real-key")?;
//! assert_eq!(openai.id().as_str(), "openai");
//!
//! let europe = OpenAi::builder()
//!     .id("openai-eu")
//!     .api_key("sk-not-a-real-key")
//!     .base_url("https://eu.api.openai.com/v1")
//!     .build()?;
//! assert_eq!(europe.id().as_str(), "openai-eu");
//! # Ok::<(), interline_core::Error>(())
//! ```
//!
//! # Embeddings and the list of models
//! A client takes an [`OpenAi`] with all it offers; without a client, [`OpenAi::embeddings`] and
//! [`OpenAi::models`] give the siblings of its chat.
//!
//! ```
//! use interline_core::ProviderSet;
//! # use interline_provider_openai::OpenAi;
//!
//! let openai = OpenAi::new("sk-not-a-real-key")?;
//! assert!(openai.embeddings().is_some());
//! let set = ProviderSet::from(openai);
//! assert!(set.embed.is_some() && set.models.is_some());
//! # Ok::<(), interline_core::Error>(())
//! ```
//!
//! The format is OpenAI's own, so there is no quirk: `developer` messages, `max_completion_tokens` and
//! usage in streams on request are the reference.

use interline_dialect_openai::embeddings::EmbeddingQuirks;
use interline_dialect_openai::{KeyRule, Quirks, Vendor, VendorChat, VendorFactory, VendorProfile};

/// OpenAI as a provider.
pub type OpenAi = VendorChat<OpenAiVendor>;

/// Makes providers of kind `openai` from configuration.
pub type OpenAiFactory = VendorFactory<OpenAiVendor>;

/// The format is its own, so nothing differs.
const QUIRKS: Quirks = Quirks::new();

/// The vendor as a type: its defaults.
#[derive(Clone, Copy, Debug)]
pub struct OpenAiVendor;

impl Vendor for OpenAiVendor {
    const PROFILE: VendorProfile = VendorProfile::new(
        "openai",
        "https://api.openai.com/v1",
        KeyRule::Required {
            variable: "OPENAI_API_KEY",
        },
        QUIRKS,
    )
    .with_responses("responses")
    .with_embeddings("embeddings", EmbeddingQuirks::new())
    // Azure serves the same models from the same hands, and declares the same domain.
    .with_failure_domain("openai");
}
