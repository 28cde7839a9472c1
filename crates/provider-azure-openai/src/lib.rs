//! Azure OpenAI, and the models of Azure AI Foundry, over their chat completions and embeddings.
//!
//! ```
//! use interline_core::Provider;
//! use interline_provider_azure_openai::AzureOpenAi;
//!
//! let azure = AzureOpenAi::builder()
//!     .base_url("https://example.openai.azure.com")
//!     .api_key("not-a-real-key")
//!     .build()?;
//! assert_eq!(azure.id().as_str(), "azure-openai");
//! # Ok::<(), interline_core::Error>(())
//! ```
//!
//! # Which API is called
//! The model of a request is the name of the deployment.
//!
//! | settings | path below `base_url` |
//! |---|---|
//! | neither `api_version` nor `flavor` | `/openai/v1/chat/completions` |
//! | `api_version: 2024-10-21` | `/openai/deployments/{deployment}/chat/completions?api-version=2024-10-21` |
//! | `api_version: preview` | `/openai/v1/chat/completions?api-version=preview` |
//! | `flavor: foundry` | `/models/chat/completions?api-version=2024-05-01-preview` |
//!
//! Embeddings are called beside chat, at `embeddings` in place of `chat/completions`.
//!
//! # Settings
//! Those of every connection (`base_url`, the resource's bare host, required; `api_key`, sent as
//! `api-key`; `headers`; `timeouts`), and `api_version` and `flavor`.
//! A token of Entra ID goes into the header `authorization` instead of a key.

mod azure_openai;
mod builder;
mod factory;
mod surface;

pub use azure_openai::AzureOpenAi;
pub use builder::AzureOpenAiBuilder;
pub use factory::AzureOpenAiFactory;
pub use surface::Flavor;
