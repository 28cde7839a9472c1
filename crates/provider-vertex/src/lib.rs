//! Google's Vertex AI: Gemini, Claude, and the open models of its Model Garden.
//!
//! ```
//! use interline_core::Provider;
//! use interline_provider_vertex::Vertex;
//!
//! let vertex = Vertex::builder()
//!     .project("my-project")
//!     .location("us-east5")
//!     .access_token("not-a-real-token")
//!     .build()?;
//! assert_eq!(vertex.id().as_str(), "vertex");
//! # Ok::<(), interline_core::Error>(())
//! ```
//!
//! A request is then one call:
//!
//! ```no_run
//! use interline_core::{CallContext, ChatRequest, Message, Provider};
//! use interline_provider_vertex::Vertex;
//!
//! # async fn ask() -> Result<(), interline_core::Error> {
//! let vertex = Vertex::builder().credentials_file("service-account.json").build()?;
//! let request = ChatRequest::new("gemini-2.5-flash", [Message::user("Hello!")]);
//! let answer = vertex.complete(&CallContext::new("call-1"), &request).await?;
//! assert!(!answer.text().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # Which API is called
//! The name of the model decides. All paths are below
//! `/v1/projects/{project}/locations/{location}` of the location's host.
//!
//! | model | path | format |
//! |---|---|---|
//! | begins with `claude` | `publishers/anthropic/models/{model}:rawPredict`, `:streamRawPredict` | Messages |
//! | has a slash, such as `meta/llama-3.3-70b-instruct-maas` | `endpoints/openapi/chat/completions` | Chat Completions |
//! | any other | `publishers/google/models/{model}:generateContent`, `:streamGenerateContent` | generateContent |
//!
//! `location: global`, the default, is `aiplatform.googleapis.com`; `us` and `eu` are
//! `aiplatform.{location}.rep.googleapis.com`; any other is `{location}-aiplatform.googleapis.com`.
//!
//! # Settings
//! Those of every connection but `api_key` (`base_url`, the bare host; `headers`; `timeouts`), and
//! `project`, `location`, `api_version` (`v1` or `v1beta1`), and at most one of `access_token` and
//! `credentials_file`.
//!
//! # Credentials
//! - `access_token` is sent as it is. Google's tokens live for an hour, so this is for trials.
//! - `credentials_file` is the JSON key of a service account. Its project is the default of `project`.
//! - With neither, the default Google credentials are looked up at the first call: the file that
//!   `GOOGLE_APPLICATION_CREDENTIALS` names, those of `gcloud auth application-default login`, the
//!   machine's own service account, the `gcloud` tool. This is the one place where a provider reads
//!   the environment, because that is what default credentials are; asking the tool, the last resort,
//!   holds a thread for about a second every hour.
//!
//! Tokens are asked for with every request and renewed when they run out, once for all callers that
//! wait; the renewal tries an address that fails a few times within a second, and a failure stands for
//! two seconds. Federated identities
//! (`external_account` files) are not supported: use an `access_token`.
//!
//! # Beside chat
//! [`VertexBuilder::build_set`] gives all of it, as the factory does for configurations.
//! - Embeddings: `:predict`, and `:embedContent` for newer Gemini embeddings and for open models, one
//!   call for each text there, since that method takes one at a time.
//! - Counts of tokens, for Gemini and Claude.
//! - Models: those of the publishers `google` and `anthropic`.

mod builder;
mod factory;
mod vertex;

mod family;
mod place;

mod authorized;
mod credentials;
mod tokens;

mod catalog;
mod embeddings;
mod exchange;
mod predict;

pub use builder::VertexBuilder;
pub use factory::VertexFactory;
pub use place::ApiVersion;
pub use predict::{PREDICT_FORMAT, decode_predict_request};
pub use vertex::Vertex;
