//! The names of Cohere's wire formats, and the tag on everything that belongs to one alone.

use interline_core::{Extra, FormatId, Part, Reasoning};
use serde_json::{Map, Value};

/// Cohere's chat, version 2.
pub const FORMAT: FormatId = FormatId::from_static("cohere.chat");

/// Cohere's embeddings, version 2.
pub const EMBED_FORMAT: FormatId = FormatId::from_static("cohere.embed");

/// The unknown field that facts about an answer's text stand in.
pub(crate) const CITATIONS: &str = "citations";

/// Which of Cohere's two fields a thought stands in. The mark is an unknown field `type` of the part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thought {
    /// A block of the content.
    Thinking,
    /// The plan beside tool calls.
    ToolPlan,
}

impl Thought {
    const MARK: &str = "type";

    const fn word(self) -> &'static str {
        match self {
            Self::Thinking => "thinking",
            Self::ToolPlan => "tool_plan",
        }
    }

    /// The thought as a part that says where it stood.
    pub(crate) fn part(self, text: impl Into<String>, mut rest: Map<String, Value>) -> Part {
        rest.insert(Self::MARK.to_owned(), self.word().into());
        Part::reasoning(Reasoning::new(text)).with_extra(extra(rest))
    }

    /// Where the thought stood, if this format says so.
    pub(crate) fn of(part: &Part) -> Option<Self> {
        let mark = part.extra.get(&FORMAT, Self::MARK)?.as_str()?;
        [Self::Thinking, Self::ToolPlan]
            .into_iter()
            .find(|thought| thought.word() == mark)
    }
}

/// Unknown fields of the chat format.
pub(crate) fn extra(fields: Map<String, Value>) -> Extra {
    Extra::new(FORMAT, fields)
}

/// Puts unknown fields of the chat format back into `object`; a key that is there already stands.
pub(crate) fn merge_extra(object: &mut Map<String, Value>, extra: &Extra) {
    for (key, value) in extra.for_format(&FORMAT).into_iter().flatten() {
        object.entry(key.as_str()).or_insert_with(|| value.clone());
    }
}

/// A JSON object of named values.
pub(crate) fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// Sets a field where there is a value.
pub(crate) fn set<T: Into<Value>>(object: &mut Map<String, Value>, key: &str, value: Option<T>) {
    if let Some(value) = value {
        object.insert(key.to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thought_knows_where_it_stood() {
        for thought in [Thought::Thinking, Thought::ToolPlan] {
            assert_eq!(Thought::of(&thought.part("hm", Map::new())), Some(thought));
        }
        let unmarked = Part::reasoning(Reasoning::new("hm"));
        assert_eq!(Thought::of(&unmarked), None);
    }
}
