//! Tools that the model may ask for, and how free it is to choose.

use serde_json::Value;

use crate::{CacheControl, Extra, FormatId};

/// Something the model may use.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Tool {
    /// A function that the caller runs.
    Function(FunctionTool),
    /// A tool that the vendor runs itself, such as web search; means something only to `format`.
    Provider {
        /// The format it belongs to.
        format: FormatId,
        /// The declaration as it is on the wire.
        value: Value,
    },
}

/// A function that the caller runs when the model asks for it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FunctionTool {
    /// Its name.
    pub name: String,
    /// What it does, for the model to read.
    pub description: Option<String>,
    /// JSON Schema of the arguments, where they are declared.
    pub parameters: Option<Value>,
    /// Whether the vendor must make the arguments follow the schema.
    pub strict: Option<bool>,
    /// Asks the vendor to cache the prompt up to and including this tool.
    pub cache_control: Option<CacheControl>,
    /// Fields that no type knows.
    pub extra: Extra,
}

impl FunctionTool {
    /// A function with the JSON Schema of its arguments.
    pub fn new(name: impl Into<String>, parameters: Value) -> Self {
        Self {
            name: name.into(),
            description: None,
            parameters: Some(parameters),
            strict: None,
            cache_control: None,
            extra: Extra::none(),
        }
    }

    /// Says what it does.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

impl From<FunctionTool> for Tool {
    fn from(tool: FunctionTool) -> Self {
        Self::Function(tool)
    }
}

/// How free the model is to use tools.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ToolChoice {
    /// The model decides.
    Auto,
    /// No tool may be used.
    None,
    /// Some tool must be used.
    Required,
    /// This function must be used.
    Function(String),
    /// A rule that only one format knows.
    Other {
        /// The format it belongs to.
        format: FormatId,
        /// The rule as it is on the wire.
        value: Value,
    },
}
