//! What a classifier reads of a request.

use std::borrow::Cow;

use interline_core::{ChatRequest, Message, Part, PartKind, ResponseFormat, Role};

/// What a classifier reads of a request: the last thing the user said, and what surrounds it.
///
/// Borrows the request: nothing is copied unless a message has several pieces of text.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Prompt<'a> {
    /// The last user message that has text; empty where there is none.
    pub text: Cow<'a, str>,
    /// The user message before that, for prompts that only make sense after it.
    pub earlier: Option<Cow<'a, str>>,
    /// User messages in the conversation.
    pub turns: usize,
    /// Bytes of text in all messages together.
    pub conversation_bytes: usize,
    /// Whether a picture or sound is attached anywhere.
    pub has_media: bool,
    /// Whether a document is attached to the last user message.
    pub has_document: bool,
    /// Whether tools are offered.
    pub has_tools: bool,
    /// Whether the answer must follow a JSON Schema.
    pub has_schema: bool,
}

impl<'a> Prompt<'a> {
    /// A lone text without a conversation.
    #[must_use]
    pub fn of_text(text: &'a str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            turns: 1,
            conversation_bytes: text.len(),
            ..Self::default()
        }
    }

    /// What a request asks for.
    #[must_use]
    pub fn of(request: &'a ChatRequest) -> Self {
        let asked = |message: &&Message| message.role == Role::User && has_text(&message.parts);
        let mut said = request.messages.iter().rev().filter(asked);
        let last = said.next();
        Self {
            text: last
                .map(|message| text_of(&message.parts))
                .unwrap_or_default(),
            earlier: said.next().map(|message| text_of(&message.parts)),
            turns: request
                .messages
                .iter()
                .filter(|message| message.role == Role::User)
                .count(),
            conversation_bytes: request
                .messages
                .iter()
                .flat_map(|message| &message.parts)
                .map(text_bytes)
                .sum(),
            has_media: request.messages.iter().any(|message| {
                message.any_part(|kind| matches!(kind, PartKind::Image(_) | PartKind::Audio(_)))
            }),
            has_document: last
                .is_some_and(|message| message.any_part(|kind| matches!(kind, PartKind::File(_)))),
            has_tools: !request.tools.is_empty(),
            has_schema: matches!(request.response_format, Some(ResponseFormat::JsonSchema(_))),
        }
    }

    /// Both ends of the text, at most `head` and `tail` bytes of it; the whole where it is that short.
    #[must_use]
    pub fn excerpt(&self, head: usize, tail: usize) -> Cow<'_, str> {
        let text = self.text.as_ref();
        if text.len() <= head.saturating_add(tail) {
            return Cow::Borrowed(text);
        }
        let head = text
            .get(..text.floor_char_boundary(head))
            .unwrap_or_default();
        let start = text.ceil_char_boundary(text.len() - tail);
        let tail = text.get(start..).unwrap_or_default();
        Cow::Owned(format!("{head}\n…\n{tail}"))
    }

    /// The same, owning its text.
    #[must_use]
    pub fn into_owned(self) -> Prompt<'static> {
        Prompt {
            text: Cow::Owned(self.text.into_owned()),
            earlier: self.earlier.map(|text| Cow::Owned(text.into_owned())),
            turns: self.turns,
            conversation_bytes: self.conversation_bytes,
            has_media: self.has_media,
            has_document: self.has_document,
            has_tools: self.has_tools,
            has_schema: self.has_schema,
        }
    }
}

const fn text_in(part: &Part) -> Option<&str> {
    match &part.kind {
        PartKind::Text(text) => Some(text.as_str()),
        _ => None,
    }
}

fn has_text(parts: &[Part]) -> bool {
    parts
        .iter()
        .filter_map(text_in)
        .any(|text| !text.trim().is_empty())
}

fn text_bytes(part: &Part) -> usize {
    match &part.kind {
        PartKind::Text(text) => text.len(),
        PartKind::ToolResult(result) => result.content.iter().map(text_bytes).sum(),
        _ => 0,
    }
}

/// The text of a message; several pieces are joined as paragraphs.
fn text_of(parts: &[Part]) -> Cow<'_, str> {
    let mut texts = parts.iter().filter_map(text_in);
    let Some(first) = texts.next() else {
        return Cow::Borrowed("");
    };
    let mut text = Cow::Borrowed(first);
    for next in texts {
        let joined = text.to_mut();
        joined.push_str("\n\n");
        joined.push_str(next);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_user_message_with_text_is_read() {
        let request = ChatRequest::new(
            "m",
            [
                Message::system("be brief"),
                Message::user("first"),
                Message::assistant("yes"),
                Message::user("second"),
                Message::tool_result("1", "42"),
                Message::user("  "),
            ],
        );
        let prompt = Prompt::of(&request);
        assert_eq!(prompt.text, "second");
        assert_eq!(prompt.earlier.as_deref(), Some("first"));
        assert_eq!(prompt.turns, 3);
        assert_eq!(prompt.conversation_bytes, 8 + 5 + 3 + 6 + 2 + 2);
    }

    #[test]
    fn an_excerpt_holds_both_ends_and_cuts_no_character() {
        let text = format!("é{}語", "x".repeat(100));
        let prompt = Prompt::of_text(&text);
        assert_eq!(prompt.excerpt(1, 1), "\n…\n");
        assert_eq!(prompt.excerpt(3, 4), "éx\n…\nx語");
        assert_eq!(prompt.excerpt(usize::MAX, 1), text);
    }

    #[test]
    fn pieces_of_a_message_are_paragraphs() {
        let parts = [Part::text("one"), Part::text("two")];
        let request = ChatRequest::new("m", [Message::new(Role::User, parts)]);
        assert_eq!(Prompt::of(&request).text, "one\n\ntwo");
    }

    #[test]
    fn a_conversation_without_a_user_has_an_empty_prompt() {
        let request = ChatRequest::new("m", [Message::system("be brief")]);
        let prompt = Prompt::of(&request);
        assert_eq!((prompt.text.as_ref(), prompt.turns), ("", 0));
    }
}
