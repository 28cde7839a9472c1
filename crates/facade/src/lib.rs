//! One request type, many LLM vendors, and failover between them.
//!
//! A [`Client`] holds connections to vendors and routes between them.
//! A request that one vendor cannot serve flies with another: the attempt engine goes on to the
//! next target of the route, and the [`Reply`] tells who answered, after how many attempts and at
//! which cost.
//!
//! ```
//! use interline::{ChatRequest, Client, Message, Route};
//! use interline_testkit::FakeProvider;
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> interline::Result<()> {
//! let broken = FakeProvider::new("openai").fails(interline::ErrorKind::Unavailable);
//! let well = FakeProvider::new("claude").answers("Hello!");
//! let client = Client::builder()
//!     .provider("openai", Arc::new(broken))
//!     .provider("claude", Arc::new(well))
//!     .route("chat", Route::fallback(["openai/gpt-4o", "claude/claude-3-5-sonnet-20241022"]))
//!     .build()?;
//! let reply = client.complete(ChatRequest::new("chat", [Message::user("Hi!")])).await?;
//! assert_eq!(reply.text(), "Hello!");
//! assert_eq!(reply.route.provider.as_str(), "claude");
//! assert_eq!(reply.route.attempts, 2);
//! assert!(reply.route.is_fallback);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//! Each vendor is a feature, none is on by default: `anthropic`, `azure-openai`, `bedrock`,
//! `cerebras`, `cohere`, `deepseek`, `fireworks`, `google`, `groq`, `local`, `mistral`, `openai`,
//! `openrouter`, `perplexity`, `together`, `vertex`, `xai`. `config` reads configuration files, `sqlite`
//! keeps what calls cost in a file, `json-schema` lets quality gates check answers by the schema that a
//! call gave (`config` brings it). `full` is all of them.

mod client;

mod auto;
mod builder;
mod call_options;
mod registry;
mod route_options;
mod terms;

mod embed;
#[cfg(feature = "config")]
mod example_vectors;
mod explain;
mod reply;
mod reply_stream;
mod token_count;

mod classify;
mod collect;
mod connection;
mod gate;
mod health_task;
mod inheritance;
mod model_changes;
mod model_facts;
mod names;
mod prepared;
mod route_table;
mod signed_state;
mod spending;
mod statistics;
mod stripped;
mod telemetry;

#[cfg(feature = "config")]
pub mod config;

/// Budgets and spend; a client's own is [`Client::ledger`].
pub use interline_ledger as ledger;

#[cfg(feature = "anthropic")]
pub use interline_provider_anthropic as anthropic;
#[cfg(feature = "azure-openai")]
pub use interline_provider_azure_openai as azure_openai;
#[cfg(feature = "bedrock")]
pub use interline_provider_bedrock as bedrock;
#[cfg(feature = "cerebras")]
pub use interline_provider_cerebras as cerebras;
#[cfg(feature = "cohere")]
pub use interline_provider_cohere as cohere;
#[cfg(feature = "deepseek")]
pub use interline_provider_deepseek as deepseek;
#[cfg(feature = "fireworks")]
pub use interline_provider_fireworks as fireworks;
#[cfg(feature = "google")]
pub use interline_provider_google as google;
#[cfg(feature = "groq")]
pub use interline_provider_groq as groq;
#[cfg(feature = "local")]
pub use interline_provider_local as local;
#[cfg(feature = "mistral")]
pub use interline_provider_mistral as mistral;
#[cfg(feature = "openai")]
pub use interline_provider_openai as openai;
#[cfg(feature = "openrouter")]
pub use interline_provider_openrouter as openrouter;
#[cfg(feature = "perplexity")]
pub use interline_provider_perplexity as perplexity;
#[cfg(feature = "together")]
pub use interline_provider_together as together;
#[cfg(feature = "vertex")]
pub use interline_provider_vertex as vertex;
#[cfg(feature = "xai")]
pub use interline_provider_xai as xai;

pub use auto::AutoRouting;
pub use builder::ClientBuilder;
pub use call_options::CallOptions;
pub use client::Client;
#[cfg(feature = "config")]
pub use config::Config;
pub use connection::Connection;
pub use embed::EmbedReply;
pub use explain::Explanation;
pub use gate::GateReport;
pub use model_changes::UnknownPrice;
pub use model_facts::RouteCapabilities;
pub use names::Resolved;
pub use registry::Registry;
pub use reply::{Cost, Reply, RouteInfo};
pub use reply_stream::{ReplyEvents, ReplyStream};
pub use route_options::{Breaker, RouteOptions};
pub use route_table::{RouteSummary, TargetStatus};
pub use statistics::{
    DecisionStatistics, Percentiles, RouteStatistics, Statistics, TargetStatistics,
};
pub use terms::{GatedStreams, RouteTerms, Variants};
pub use token_count::{CountSource, TokenCount};

pub use interline_catalog::{
    Catalog, LongContext, ModelInfo, ModelMode, ModelStatus, Prices, Rates, Tier,
};
pub use interline_core::{
    AttemptRecord, CacheControl, CallContext, CallId, Capabilities, ChatBody, ChatRequest,
    ChatResponse, ChatStream, Choice, ConnectionFault, DynEmbeddingProvider, DynModelLister,
    DynProvider, DynTokenCounter, Effort, EmbedBody, EmbedInput, EmbedPurpose, EmbedRequest,
    EmbedResponse, EmbeddingProvider, Error, ErrorKind, Extra, Feature, FeatureSet, FinishReason,
    FormatId, Frame, FunctionTool, GenerationParams, HealthImpact, HealthView, Importance,
    JsonSchemaFormat, ListedModel, Media, MediaSource, Message, ModelId, ModelLister, NanoUsd,
    NativeNeed, NoProgress, Operation, Origin, Part, PartKind, Phase, Progress, ProgressSink,
    Provider, ProviderExt, ProviderFactory, ProviderId, ProviderSet, ProviderSettings, RawBody,
    RawFrame, Reasoning, ReasoningConfig, ResponseFormat, ResponseMeta, Result, RetryHint, Role,
    SameTarget, Signature, StreamEvent, Target, TargetHealth, TimeoutStage, TokenCounter,
    TokenPrice, Tool, ToolCall, ToolChoice, ToolResult, Usage, WireError, async_trait,
};
pub use interline_resilience::{
    AttemptPolicy, Backoff, BurstShare, CallEvent, HealthState, HedgeAfter, HedgePolicy,
    LimitConfig, Observer, OutputReserve, Priority, QueueRule, RetryBudgetConfig, RetryCounts,
    RetryDenial, Severity, Shares, SimpleBreakerConfig, SkipReason, Timeouts,
};
pub use interline_routing::classifier;

pub use interline_routing::balancer::{
    Affinity, Capacity, Metric, ScoreWeights, Standing, Stickiness,
};
pub use interline_routing::{
    Applies, AutoModel, Check, ComplexityTiers, Constraints, Exclusion, Finding, Fit, Gate,
    IgnoredHints, IntoTarget, Judge, Lack, ObjectiveSource, OnFailure, OptimizeFor, Placement,
    Preferences, PriceCap, RankedTarget, Ranking, Route, Router, RouterTrace, Rule, StateRealm,
    Strategy, Strictness, TagCondition, TaskRegistry, TaskSource, Template, Variant,
    WeightedTarget,
};
