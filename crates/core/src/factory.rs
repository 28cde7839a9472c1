//! How a kind of provider is made from settings, for in-tree and outside crates alike.
//!
//! A factory is a value that is handed to a registry; nothing registers itself.
//! It builds its own transport from the settings, because this crate knows no HTTP.

use std::fmt;

use serde_json::Value;

use crate::{ProviderId, ProviderSet, Result};

/// Makes providers of one kind, such as `openai`.
pub trait ProviderFactory: fmt::Debug + Send + Sync + 'static {
    /// The kind's name in configuration files.
    fn kind(&self) -> &str;

    /// JSON Schema of the settings, for editors and for `check --schema`.
    fn settings_schema(&self) -> Value;

    /// The environment variable that usually holds the key, for set-ups without a configuration.
    fn key_variable(&self) -> Option<&str>;

    /// Makes a provider.
    ///
    /// # Errors
    /// `InvalidRequest` that names the setting that is unknown, missing or wrong.
    fn build(&self, settings: ProviderSettings) -> Result<ProviderSet>;
}

/// What a configuration says about one connection.
#[derive(Clone)]
#[non_exhaustive]
pub struct ProviderSettings {
    /// The connection's name.
    pub id: ProviderId,
    /// The settings of the kind as a JSON object, references to secrets already replaced.
    pub values: Value,
}

impl ProviderSettings {
    /// Settings of the connection `id`.
    pub fn new(id: impl Into<ProviderId>, values: Value) -> Self {
        Self {
            id: id.into(),
            values,
        }
    }
}

impl fmt::Debug for ProviderSettings {
    /// Leaves the values out, because secrets are among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderSettings")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
