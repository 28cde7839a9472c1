//! What differs between vendors that speak this format.

/// What differs between vendors that speak this format.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quirks {
    /// The `anthropic-version` header where the caller sends none. Default `2023-06-01`, the only
    /// version since the Messages API exists.
    pub version: String,
    /// Values of `anthropic-beta` that every call sends, before the caller's own. Default none.
    pub betas: Vec<String>,
    /// `max_tokens` where the caller sets no bound, because the format demands one.
    /// Default 4096 (chosen, not measured: every Claude model since 3 may write that much).
    pub default_max_tokens: u64,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            version: "2023-06-01".to_owned(),
            betas: Vec::new(),
            default_max_tokens: 4096,
        }
    }
}

impl Quirks {
    /// Sets the `anthropic-version` header.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Adds a value of `anthropic-beta` that every call sends.
    #[must_use]
    pub fn with_beta(mut self, beta: impl Into<String>) -> Self {
        self.betas.push(beta.into());
        self
    }

    /// Sets `max_tokens` for callers that set no bound, in tokens.
    #[must_use]
    pub const fn with_default_max_tokens(mut self, tokens: u64) -> Self {
        self.default_max_tokens = tokens;
        self
    }
}
