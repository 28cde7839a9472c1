//! An item of the answer that still grows.

use interline_core::Reasoning;
use serde_json::{Map, Value, json};

use super::content::Content;
use crate::chat::merge::object;
use crate::responses::{custom_tool, reasoning_item};

/// What is said in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    Text,
    Refusal,
}

/// How an item ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Whole,
    Cut,
}

/// An item of the answer that still grows.
#[derive(Debug)]
pub(super) enum OpenItem {
    Message {
        /// Pieces of content that are whole.
        parts: Vec<Value>,
        /// The one that grows.
        content: Option<Content>,
    },
    Reasoning(Reasoning),
    Call {
        kind: CallKind,
        call_id: String,
        name: String,
        arguments: String,
    },
}

/// What a call carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallKind {
    /// JSON, told as it comes.
    Function,
    /// Plain text, wrapped in JSON by the function that stands for the tool; told once it is whole.
    Custom,
}

impl OpenItem {
    pub(super) const fn message() -> Self {
        Self::Message {
            parts: Vec::new(),
            content: None,
        }
    }

    pub(super) fn function_call(id: &str, name: &str) -> Self {
        Self::call(CallKind::Function, id, name)
    }

    pub(super) fn custom_call(id: &str, name: &str) -> Self {
        Self::call(CallKind::Custom, id, name)
    }

    fn call(kind: CallKind, id: &str, name: &str) -> Self {
        Self::Call {
            kind,
            call_id: id.to_owned(),
            name: name.to_owned(),
            arguments: String::new(),
        }
    }

    /// The prefix of ids, as the format's clients and vendors expect it.
    pub(super) const fn prefix(&self) -> &'static str {
        match self {
            Self::Message { .. } => "msg",
            Self::Reasoning(_) => "rs",
            Self::Call {
                kind: CallKind::Function,
                ..
            } => "fc",
            Self::Call {
                kind: CallKind::Custom,
                ..
            } => "ctc",
        }
    }

    /// The item as it is when it begins.
    pub(super) fn begun(&self, id: &str) -> Map<String, Value> {
        match self {
            Self::Message { .. } => self.item(id, "in_progress"),
            Self::Reasoning(_) => object([
                ("id", id.into()),
                ("type", "reasoning".into()),
                ("summary", json!([])),
            ]),
            Self::Call { .. } => self.item(id, "in_progress"),
        }
    }

    /// The item as it is when it ends.
    pub(super) fn ended(&self, id: &str, ending: Ending) -> Map<String, Value> {
        let status = match ending {
            Ending::Whole => "completed",
            Ending::Cut => "incomplete",
        };
        self.item(id, status)
    }

    fn item(&self, id: &str, status: &str) -> Map<String, Value> {
        match self {
            Self::Message { parts, content } => {
                let growing = content.as_ref().map(|content| content.part(&[]));
                let parts: Value = parts.iter().cloned().chain(growing).collect();
                object([
                    ("id", id.into()),
                    ("type", "message".into()),
                    ("status", status.into()),
                    ("role", "assistant".into()),
                    ("content", parts),
                ])
            }
            Self::Reasoning(reasoning) => reasoning_item::write(reasoning, id),
            Self::Call {
                kind,
                call_id,
                name,
                arguments,
            } => {
                let (word, key, value) = match kind {
                    CallKind::Function => ("function_call", "arguments", arguments.clone()),
                    CallKind::Custom => {
                        let input = custom_tool::input_of(arguments);
                        (custom_tool::CALL, "input", input)
                    }
                };
                object([
                    ("id", id.into()),
                    ("type", word.into()),
                    ("status", status.into()),
                    ("call_id", call_id.as_str().into()),
                    ("name", name.as_str().into()),
                    (key, value.into()),
                ])
            }
        }
    }
}
