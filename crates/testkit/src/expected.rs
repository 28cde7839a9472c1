//! What a correct adapter extracts from a recorded answer.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What a correct adapter extracts. Absent fields do not apply or are uncertain: they are not compared.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Expected {
    /// The text of choice 0.
    pub text: Option<String>,
    /// The thinking in words.
    pub reasoning: Option<String>,
    /// The plan for tools in words, where the vendor keeps it apart; adapters read it as thinking.
    pub tool_plan: Option<String>,
    /// The refusal in words.
    pub refusal: Option<String>,
    /// The caller's tool calls, in order.
    pub tool_calls: Option<Vec<ExpectedToolCall>>,
    /// Why it ended, normalised.
    pub finish_reason: Option<String>,
    /// Why it ended, where several readings are defensible.
    pub finish_reason_any_of: Option<Vec<String>>,
    /// Tokens, as on the wire.
    pub usage: Option<ExpectedUsage>,
    /// The HTTP status of an error.
    pub http_status: Option<u16>,
    /// The class of an error.
    pub error_class: Option<String>,
    /// The class of an error, where several readings are defensible.
    pub error_class_any_of: Option<Vec<String>>,
    /// The vendor's error type.
    pub error_type_raw: Option<String>,
    /// The vendor's error code, text or number.
    pub error_code_raw: Option<Value>,
    /// The vendor's message.
    pub error_message: Option<String>,
    /// The wait in the headers, in seconds.
    pub retry_after_s: Option<f64>,
    /// The wait in the body, in seconds.
    pub retry_delay_s_body: Option<f64>,
    /// The vectors of an embeddings call.
    pub embeddings: Option<ExpectedEmbeddings>,
    /// The models of a list.
    pub models: Option<ExpectedModels>,
}

/// Vectors as they should be read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ExpectedEmbeddings {
    /// How many vectors there are.
    pub count: Option<usize>,
    /// How many numbers each has.
    pub dimensions: Option<usize>,
    /// The first numbers of the first vector.
    pub first_values: Vec<f32>,
}

/// A list of models as it should be read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ExpectedModels {
    /// How many models there are.
    pub count: Option<usize>,
    /// The names of the first ones, in order.
    pub ids: Vec<String>,
}

/// A tool call as it should be read.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ExpectedToolCall {
    /// The tool's name.
    pub name: String,
    /// The arguments, where they are valid JSON; JSON's `null` is such a value.
    #[serde(default, deserialize_with = "present")]
    pub arguments: Option<Value>,
    /// The arguments' text, where it is not valid JSON.
    #[serde(default)]
    pub arguments_raw: Option<String>,
}

/// Keeps a `null` that is written apart from a field that is absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Tokens as on the wire: no rule of inclusion applied.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ExpectedUsage {
    /// Input, in the vendor's own counting.
    pub input_tokens: Option<u64>,
    /// Output, in the vendor's own counting.
    pub output_tokens: Option<u64>,
    /// Read from the cache.
    pub cached_input_tokens: Option<u64>,
    /// Written to the cache.
    pub cache_creation_input_tokens: Option<u64>,
    /// Thinking.
    pub reasoning_tokens: Option<u64>,
    /// Input that is charged for.
    pub billed_input_tokens: Option<u64>,
    /// Output that is charged for.
    pub billed_output_tokens: Option<u64>,
}

/// How a vendor counts, so that wire figures can be compared with normalised ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UsageRule {
    /// Input includes cached tokens and cache writes (OpenAI and its relatives).
    InputIncludesCache,
    /// Input excludes both (Anthropic).
    InputExcludesCache,
    /// Input includes both, output excludes thinking (Google).
    OutputExcludesThinking,
}

impl Expected {
    /// The thinking that an adapter reads, the plan for tools first; `None` where neither is known.
    #[must_use]
    pub fn thinking(&self) -> Option<String> {
        match (&self.tool_plan, &self.reasoning) {
            (None, reasoning) => reasoning.clone(),
            (plan, reasoning) => {
                let words = plan.iter().chain(reasoning);
                Some(words.map(String::as_str).collect())
            }
        }
    }
}

impl ExpectedUsage {
    /// The input in the counting of [`interline_core::Usage`], which includes what was cached.
    #[must_use]
    pub fn normalised_input(&self, rule: UsageRule) -> Option<u64> {
        let input = self.input_tokens?;
        let cached = self.cached_input_tokens.unwrap_or(0);
        let cache = cached + self.cache_creation_input_tokens.unwrap_or(0);
        Some(match rule {
            UsageRule::InputExcludesCache => input + cache,
            UsageRule::InputIncludesCache | UsageRule::OutputExcludesThinking => input,
        })
    }

    /// The output in the counting of [`interline_core::Usage`], which includes thinking.
    ///
    /// Thinking that exceeds the output cannot be part of it, so such a vendor counts it apart.
    #[must_use]
    pub fn normalised_output(&self, rule: UsageRule) -> Option<u64> {
        let output = self.output_tokens?;
        let reasoning = self.reasoning_tokens.unwrap_or(0);
        let is_apart = rule == UsageRule::OutputExcludesThinking || reasoning > output;
        Some(if is_apart { output + reasoning } else { output })
    }
}
