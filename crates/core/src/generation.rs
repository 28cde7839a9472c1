//! Sampling parameters and limits of an answer.

/// How the answer is generated. Absent means the vendor's default.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct GenerationParams {
    /// Bound on the answer, in tokens, thinking included where the vendor counts it so.
    pub max_output_tokens: Option<u64>,
    /// Randomness; vendors take 0–1 or 0–2.
    pub temperature: Option<f64>,
    /// Nucleus sampling, 0–1.
    pub top_p: Option<f64>,
    /// Sample among this many best tokens.
    pub top_k: Option<u64>,
    /// Penalty on tokens by how often they occurred, −2 to 2.
    pub frequency_penalty: Option<f64>,
    /// Penalty on tokens that occurred at all, −2 to 2.
    pub presence_penalty: Option<f64>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// Asks for the same answer to the same request, as far as the vendor can.
    pub seed: Option<i64>,
    /// How many answers to give; absent is one.
    pub n: Option<u32>,
    /// Whether to report the log-probability of each token.
    pub logprobs: Option<bool>,
    /// How many alternatives to report per token, 0–20.
    pub top_logprobs: Option<u32>,
}
