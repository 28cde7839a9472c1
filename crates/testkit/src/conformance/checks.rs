//! The checks behind the cases: each serves answers, makes calls, and says what was wrong.

mod content;
mod cuts;
mod dropping;
mod errors;
mod features;
mod malformed;
mod native;
mod oversized;
mod progress;
mod reasoning;
mod siblings;
mod streams;

use super::stage::{Checked, Mode, Stage};
use super::{Case, Slot};

/// Makes one check.
pub(super) async fn check(case: Case, stage: &Stage) -> Checked {
    use Mode::{Stream, Whole};
    match case {
        Case::Text => content::text(stage, Whole).await,
        Case::TextStream => content::text(stage, Stream).await,
        Case::Chunking => streams::chunking(stage).await,
        Case::Tools => content::tools(stage, Slot::Tool, Whole).await,
        Case::ToolsStream => content::tools(stage, Slot::ToolStream, Stream).await,
        Case::ParallelTools => content::tools(stage, Slot::ParallelTools, Whole).await,
        Case::ParallelToolsStream => content::tools(stage, Slot::ParallelToolsStream, Stream).await,
        Case::ToolRoundTrip => content::tool_round_trip(stage).await,
        Case::Choices => content::choices(stage, Slot::Choices, Whole).await,
        Case::ChoicesStream => content::choices(stage, Slot::ChoicesStream, Stream).await,
        Case::Structured => content::structured(stage).await,
        Case::Reasoning => reasoning::read(stage, Slot::Reasoning, Whole).await,
        Case::ReasoningStream => reasoning::read(stage, Slot::ReasoningStream, Stream).await,
        Case::ReasoningRoundTrip => reasoning::round_trip(stage).await,
        Case::ForeignState => reasoning::foreign_state(stage).await,
        Case::Usage => content::usage(stage, Slot::Usage, Whole).await,
        Case::UsageStream => content::usage(stage, Slot::UsageStream, Stream).await,
        Case::ErrorKinds => errors::kinds(stage, Whole).await,
        Case::ErrorKindsStream => errors::kinds(stage, Stream).await,
        Case::RetryAfter => errors::retry_after(stage).await,
        Case::WireErrors => errors::wire(stage).await,
        Case::Secrets => errors::secrets(stage).await,
        Case::StreamError => streams::error_inside(stage).await,
        Case::OneRequest => errors::one_request(stage).await,
        Case::Cancellation => dropping::call(stage).await,
        Case::StreamCancellation => dropping::stream(stage).await,
        Case::Progress => progress::told(stage).await,
        Case::Truncation => cuts::stream(stage).await,
        Case::BrokenConnection => cuts::connection(stage).await,
        Case::TruncatedAnswer => cuts::answer(stage).await,
        Case::Malformed => malformed::answers(stage).await,
        Case::MalformedStream => malformed::streams(stage).await,
        Case::Oversized => oversized::answers(stage).await,
        Case::OversizedStream => oversized::streams(stage).await,
        Case::DeclaredFeatures => features::declared(stage).await,
        Case::UndeclaredFeatures => features::undeclared(stage).await,
        Case::NativeRequest => native::request(stage).await,
        Case::NativeAnswer => native::answer(stage).await,
        Case::Health => siblings::health(stage).await,
        Case::Embeddings => siblings::embeddings(stage).await,
        Case::EmbeddingCount => siblings::embedding_count(stage).await,
        Case::EmbeddingErrors => siblings::embedding_errors(stage).await,
        Case::Models => siblings::models(stage).await,
        Case::TokenCount => siblings::token_count(stage).await,
    }
}
