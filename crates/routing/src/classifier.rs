//! What a prompt asks for: the kind of task, how hard it is, and how sure that is.
//!
//! Four classifiers share the trait [`Classifier`]: [`Embedded`] (a linear model that is compiled in),
//! [`Keywords`] (the caller's word lists), [`EmbeddingClassifier`] (the nearest of several centroids)
//! and [`LlmClassifier`] (a fast model is asked). [`Chain`] asks the next one where one is not sure.
//!
//! All of it is synchronous. A classifier that needs a model call returns [`Verdict::NeedsCall`], and
//! who owns the connections makes the call and hands the reply back through [`Question::answer`].
//! A failed call is a reply as well and never fails the request: it ends in [`Verdict::Abstain`], and
//! the default route serves.

mod cache;
mod centroids;
mod chain;
mod classification;
mod complexity;
mod embedded;
mod embedding;
mod examples;
pub mod features;
mod keyword;
mod llm;
mod prompt;
mod task;
mod verdict;
pub mod weights;

pub use centroids::Centroids;
pub use chain::Chain;
pub use classification::Classification;
pub use complexity::Complexity;
pub use embedded::Embedded;
pub use embedding::EmbeddingClassifier;
pub use examples::{Example, Examples};
pub use keyword::{KeywordRule, Keywords};
pub use llm::LlmClassifier;
pub use prompt::Prompt;
pub use task::Task;
pub use verdict::{ModelCall, Question, Reply, Verdict};

use std::fmt;

/// Says what a prompt asks for.
pub trait Classifier: fmt::Debug + Send + Sync {
    /// What traces and configuration call it: `embedded`, `keyword`, `embedding`, `llm`, `chain`.
    fn name(&self) -> &str;

    /// What `prompt` asks for, or the call that it takes to know.
    fn classify(&self, prompt: &Prompt<'_>) -> Verdict;
}
