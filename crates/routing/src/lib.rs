//! Which targets may serve a request, and in which order.
//!
//! Pure and synchronous: health, randomness and the rotation's memory are arguments of [`plan`],
//! which filters by what the request needs and orders by the route's [`Strategy`].
//! Calling the targets is the attempt engine's work.
//!
//! ```
//! use interline_routing::{Route, Strategy};
//!
//! let route = Route::fallback(["openai/gpt-4o", "groq/llama-3.3-70b-versatile"])
//!     .with_strategy(Strategy::Weighted)
//!     .with_weight("openai/gpt-4o", 3);
//! assert_eq!(route.targets()?.len(), 2);
//! # Ok::<(), interline_core::Error>(())
//! ```

pub mod balancer;
pub mod classifier;

mod cost;
mod lack;
mod needs;
mod plan;
mod quality;
mod rotation;
mod route;
mod router;
mod strategy;
mod variant;

pub use cost::{CallSize, CostCap, DEFAULT_OUTPUT_TOKENS, OutputHabit};
pub use lack::Lack;
pub use needs::{Needs, Pricing, StateRealm, Strictness};
pub use plan::{Circumstances, Exclusion, IgnoredHints, Member, Placement, Plan, plan};
pub use quality::{
    Applies, BetterTarget, Check, Finding, Gate, GateVerdict, Judge, JudgeQuestion, Judgement,
    OnFailure, Outcome,
};
pub use rotation::Rotation;
pub use route::{IntoTarget, Route, WeightedTarget};
pub use router::{
    AutoModel, BudgetBounds, BudgetEffect, BudgetLevel, Choice, ComplexityTiers, Constraints, Fit,
    ObjectiveSource, OptimizeFor, Preferences, PriceCap, RankedTarget, Ranking, Router, RouterAsk,
    RouterTrace, Rule, RuleVerdict, TagCondition, TargetFacts, TaskRegistry, TaskSource, Urgency,
};
pub use strategy::Strategy;
pub use variant::{Template, Variant, VariantFacts};
