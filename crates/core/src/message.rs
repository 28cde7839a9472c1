//! One turn of a conversation: who speaks, and the parts said.

use crate::{Extra, Part, PartKind};

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Instructions of the application.
    System,
    /// Instructions of the application, in the word newer OpenAI models use. Formats without it treat it as [`Role::System`].
    Developer,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// Results of tools. Its parts are [`PartKind::ToolResult`].
    Tool,
    /// A role that only some format knows.
    Other(String),
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub parts: Vec<Part>,
    /// A name that tells participants of one role apart.
    pub name: Option<String>,
    /// Fields that no type knows.
    pub extra: Extra,
}

impl Message {
    /// A message of any role.
    pub fn new(role: Role, parts: impl Into<Vec<Part>>) -> Self {
        Self {
            role,
            parts: parts.into(),
            name: None,
            extra: Extra::none(),
        }
    }

    /// Instructions of the application.
    pub fn system(text: impl Into<String>) -> Self {
        Self::new(Role::System, [Part::text(text)])
    }

    /// What the person says.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, [Part::text(text)])
    }

    /// What the model said earlier.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, [Part::text(text)])
    }

    /// The result of the tool call `call_id`, as text.
    pub fn tool_result(call_id: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Role::Tool, [Part::tool_result(call_id, [Part::text(text)])])
    }

    /// Names the participant.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Keeps fields that no type knows.
    #[must_use]
    pub fn with_extra(mut self, extra: Extra) -> Self {
        self.extra = extra;
        self
    }

    /// All text parts, joined without a separator.
    #[must_use]
    pub fn text(&self) -> String {
        Part::joined_text(&self.parts)
    }

    /// Whether any part satisfies `test`, looking into tool results too.
    pub fn any_part(&self, test: impl Fn(&PartKind) -> bool) -> bool {
        self.parts.iter().any(|part| match &part.kind {
            PartKind::ToolResult(result) => {
                test(&part.kind) || result.content.iter().any(|inner| test(&inner.kind))
            }
            kind => test(kind),
        })
    }
}
