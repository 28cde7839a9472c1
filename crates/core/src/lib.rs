//! The types and traits that every Interline crate meets at: requests, answers, events, errors, [`Provider`].
//!
//! This crate knows no HTTP, no vendor and no policy, so that provider crates written outside this
//! repository can rely on it for a long time.
//! Its public API names only the standard library, `bytes`, `futures-core`, `serde_json` values and
//! tokio's `Instant`.
//!
//! # Reading order
//! [`ChatRequest`] is what a caller wants, [`CallContext`] what the environment provides,
//! [`Provider`] the one call that joins them; [`ChatResponse`] and [`ChatStream`] come back, or an
//! [`Error`] that gives four separate answers.
//!
//! ```
//! use interline_core::{ChatRequest, Message};
//!
//! let request = ChatRequest::new("gpt-4o", [Message::system("Be brief."), Message::user("Hello!")])
//!     .with_temperature(0.2)
//!     .with_max_output_tokens(64);
//! assert_eq!(request.model.as_str(), "gpt-4o");
//! assert_eq!(request.messages.len(), 2);
//! ```

mod context;
mod factory;
mod id;
mod operation;
mod provider;
mod siblings;

mod embedding;

mod extra;
mod generation;
mod media;
mod message;
mod origin;
mod part;
mod reasoning;
mod request;
mod response_format;
mod tool;

mod event;
mod finish;
mod rate_limit;
mod response;
mod stream;
mod usage;

mod attempt;
mod error;
mod error_answers;
mod error_kind;

mod capability;
mod field_path;
mod health;
mod money;
mod priority;

mod spend;
mod state_store;

pub use async_trait::async_trait;

pub use attempt::AttemptRecord;
pub use capability::{Capabilities, Feature, FeatureSet, Importance, LeftOutOf};
pub use context::{CallContext, NoProgress, Progress, ProgressSink};
pub use embedding::{EmbedBody, EmbedInput, EmbedPurpose, EmbedRequest, EmbedResponse};
pub use error::{Error, Result, WireError};
pub use error_answers::{HealthImpact, SameTarget};
pub use error_kind::{ConnectionFault, ErrorKind, Phase, RetryHint, TimeoutStage};
pub use event::StreamEvent;
pub use extra::Extra;
pub use factory::{ProviderFactory, ProviderSettings};
pub use finish::FinishReason;
pub use generation::GenerationParams;
pub use health::{Faded, HealthView, History, TargetHealth, TargetLoad};
pub use id::{CallId, FormatId, ModelId, ProviderId, Target};
pub use media::{Media, MediaSource};
pub use message::{Message, Role};
pub use money::{NanoUsd, TokenPrice};
pub use operation::Operation;
pub use origin::Origin;
pub use part::{CacheControl, Part, PartKind, Reasoning, Signature, ToolCall, ToolResult};
pub use priority::Priority;
pub use provider::{DynProvider, Provider, ProviderExt, ProviderSet};
pub use rate_limit::{LimitUnit, LimitWindow, ToldLimit};
pub use reasoning::{Effort, ReasoningConfig};
pub use request::{ChatBody, ChatRequest, NativeNeed};
pub use response::{ChatResponse, Choice, RawBody, ResponseMeta};
pub use response_format::{JsonSchemaFormat, ResponseFormat};
pub use siblings::{
    DynEmbeddingProvider, DynModelLister, DynTokenCounter, EmbeddingProvider, ListedModel,
    ModelLister, TokenCounter,
};
pub use spend::{AccountChange, SpendAccount, SpendCell, SpendMovement, SpendOwner, Tally};
pub use state_store::{Slice, SliceAsk, StateStore, StoredSpend};
pub use stream::{ChatStream, Frame, RawFrame};
pub use tool::{FunctionTool, Tool, ToolChoice};
pub use usage::Usage;
