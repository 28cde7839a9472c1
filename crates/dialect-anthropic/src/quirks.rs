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
    /// Where the vendor reads the model's name. Default: in the body.
    pub model_place: ModelPlace,
    /// The body's own `anthropic_version`, for vendors that want one there. Default none.
    pub body_version: Option<String>,
}

/// Where a vendor reads the name of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelPlace {
    /// In the body, as `model`.
    Body,
    /// In the path alone; `model` is left out of the body, except where tokens are counted.
    Path,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            version: "2023-06-01".to_owned(),
            betas: Vec::new(),
            default_max_tokens: 4096,
            model_place: ModelPlace::Body,
            body_version: None,
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
    /// Says where the vendor reads the model's name.
    #[must_use]
    pub const fn with_model_place(mut self, model_place: ModelPlace) -> Self {
        self.model_place = model_place;
        self
    }

    /// Sets the body's own `anthropic_version`.
    #[must_use]
    pub fn with_body_version(mut self, version: impl Into<String>) -> Self {
        self.body_version = Some(version.into());
        self
    }
}
