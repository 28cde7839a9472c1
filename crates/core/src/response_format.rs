//! The shape that an answer must have.

use serde_json::Value;

/// The shape that an answer must have.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ResponseFormat {
    /// Free text.
    Text,
    /// Some JSON object.
    JsonObject,
    /// JSON that follows a schema.
    JsonSchema(JsonSchemaFormat),
}

/// A JSON Schema that the answer must follow.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct JsonSchemaFormat {
    /// A name for the shape; formats that demand one get `response` where it is absent.
    pub name: Option<String>,
    /// What the shape is for.
    pub description: Option<String>,
    /// The schema itself.
    pub schema: Value,
    /// Whether the vendor must enforce the schema while it generates.
    pub strict: Option<bool>,
}

impl JsonSchemaFormat {
    /// A shape without a name.
    #[must_use]
    pub const fn new(schema: Value) -> Self {
        Self {
            name: None,
            description: None,
            schema,
            strict: None,
        }
    }

    /// Names the shape.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says what the shape is for.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<Option<String>>) -> Self {
        self.description = description.into();
        self
    }

    /// Says whether the vendor must enforce the schema.
    #[must_use]
    pub fn with_strict(mut self, strict: impl Into<Option<bool>>) -> Self {
        self.strict = strict.into();
        self
    }
}
