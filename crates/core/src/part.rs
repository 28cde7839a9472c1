//! The pieces a message is made of: text, media, tool calls and results, reasoning, refusals.

use serde_json::Value;

use crate::{Extra, FormatId, Media};

/// One piece of a message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Asks the vendor to cache the prompt up to and including this part.
    pub cache_control: Option<CacheControl>,
    /// Fields that no type knows.
    pub extra: Extra,
}

/// What a [`Part`] is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PartKind {
    /// Plain text.
    Text(String),
    /// A picture.
    Image(Media),
    /// Sound.
    Audio(Media),
    /// A document.
    File(Media),
    /// The model asks for a tool to be run by the caller.
    ToolCall(ToolCall),
    /// What a tool gave back.
    ToolResult(ToolResult),
    /// The model's thinking.
    Reasoning(Reasoning),
    /// The model declines, in its own words.
    Refusal(String),
    /// A piece that only one format knows, whole.
    Other {
        /// The format it belongs to.
        format: FormatId,
        /// The piece as it is on the wire.
        value: Value,
    },
}

/// A tool call that the caller is asked to run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// The id that the result refers to.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments as JSON text, exactly as the model wrote them; not always valid JSON.
    pub arguments: String,
}

impl ToolCall {
    /// A call of the tool `name` with `arguments` as JSON text.
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
        }
    }

    /// The arguments as a JSON value; absent or empty arguments are an empty object.
    ///
    /// `None` where the model's text is not valid JSON.
    #[must_use]
    pub fn arguments_json(&self) -> Option<Value> {
        if self.arguments.trim().is_empty() {
            return Some(Value::Object(serde_json::Map::new()));
        }
        serde_json::from_str(&self.arguments).ok()
    }

    /// The arguments as a JSON object, for formats that take nothing else.
    ///
    /// `null`, which some models write where a tool takes none, is an empty object; what is no object
    /// otherwise stands whole under `invalid_arguments`, so that nothing is lost.
    #[must_use]
    pub fn arguments_object(&self) -> Value {
        match self.arguments_json() {
            Some(arguments @ Value::Object(_)) => arguments,
            Some(Value::Null) => Value::Object(serde_json::Map::new()),
            _ => serde_json::json!({"invalid_arguments": self.arguments}),
        }
    }
}

/// What a tool gave back.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ToolResult {
    /// The [`ToolCall::id`] this answers.
    pub call_id: String,
    /// What the tool said: text or pictures.
    pub content: Vec<Part>,
    /// Whether the tool failed; formats without the notion leave it out.
    pub is_error: Option<bool>,
}

/// The model's thinking, with what its vendor needs to take it back.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Reasoning {
    /// The thoughts in words; empty where the vendor shows none.
    pub text: String,
    /// Opaque proof that the vendor wants back unchanged.
    pub signature: Option<Signature>,
    /// Whether the vendor hid the thoughts; the signature then holds them, encrypted.
    pub redacted: bool,
}

impl Reasoning {
    /// Unsigned thoughts.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            signature: None,
            redacted: false,
        }
    }

    /// Adds the vendor's proof.
    #[must_use]
    pub fn with_signature(mut self, signature: Signature) -> Self {
        self.signature = Some(signature);
        self
    }

    /// Thoughts that the vendor hid; `signature` holds them, encrypted.
    #[must_use]
    pub const fn redacted(signature: Signature) -> Self {
        Self {
            text: String::new(),
            signature: Some(signature),
            redacted: true,
        }
    }
}

/// Opaque state that means something only to the format that issued it.
///
/// It returns there intact and is never sent anywhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signature {
    /// The format that issued it and alone may receive it.
    pub format: FormatId,
    /// The opaque text.
    pub value: String,
}

impl Signature {
    /// A signature issued by `format`.
    pub fn new(format: FormatId, value: impl Into<String>) -> Self {
        Self {
            format,
            value: value.into(),
        }
    }
}

/// A mark that asks the vendor to cache the prompt up to here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheControl {
    /// How long, in the vendor's words (`5m`, `1h`); the vendor's default where absent.
    pub ttl: Option<String>,
}

impl CacheControl {
    /// A mark with the vendor's default lifetime.
    #[must_use]
    pub const fn ephemeral() -> Self {
        Self { ttl: None }
    }

    /// Asks for a lifetime, in the vendor's words.
    #[must_use]
    pub fn with_ttl(mut self, ttl: impl Into<String>) -> Self {
        self.ttl = Some(ttl.into());
        self
    }
}

impl Part {
    /// A part of any kind.
    #[must_use]
    pub const fn new(kind: PartKind) -> Self {
        Self {
            kind,
            cache_control: None,
            extra: Extra::none(),
        }
    }

    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(PartKind::Text(text.into()))
    }

    /// A picture.
    #[must_use]
    pub const fn image(media: Media) -> Self {
        Self::new(PartKind::Image(media))
    }

    /// A tool call.
    #[must_use]
    pub const fn tool_call(call: ToolCall) -> Self {
        Self::new(PartKind::ToolCall(call))
    }

    /// The result of the tool call `call_id`.
    pub fn tool_result(call_id: impl Into<String>, content: impl Into<Vec<Self>>) -> Self {
        Self::new(PartKind::ToolResult(ToolResult {
            call_id: call_id.into(),
            content: content.into(),
            is_error: None,
        }))
    }

    /// Says that a tool failed or did not; no effect on parts of other kinds.
    #[must_use]
    pub fn with_tool_error(mut self, is_error: Option<bool>) -> Self {
        if let PartKind::ToolResult(result) = &mut self.kind {
            result.is_error = is_error;
        }
        self
    }

    /// Thinking.
    #[must_use]
    pub const fn reasoning(reasoning: Reasoning) -> Self {
        Self::new(PartKind::Reasoning(reasoning))
    }

    /// A piece that only `format` knows.
    #[must_use]
    pub const fn other(format: FormatId, value: Value) -> Self {
        Self::new(PartKind::Other { format, value })
    }

    /// Asks the vendor to cache the prompt up to and including this part.
    #[must_use]
    pub fn with_cache_control(mut self, cache_control: impl Into<Option<CacheControl>>) -> Self {
        self.cache_control = cache_control.into();
        self
    }

    /// Keeps fields that no type knows.
    #[must_use]
    pub fn with_extra(mut self, extra: Extra) -> Self {
        self.extra = extra;
        self
    }

    /// The text, where the part is plain text.
    #[must_use]
    pub const fn as_text(&self) -> Option<&str> {
        match &self.kind {
            PartKind::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The text parts among `parts`, joined without a separator.
    #[must_use]
    pub fn joined_text(parts: &[Self]) -> String {
        parts.iter().filter_map(Self::as_text).collect()
    }
}
