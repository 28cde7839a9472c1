//! What a vendor answers, case by case: the author's share of the suite.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use interline_core::FormatId;
use serde_json::Value;

use super::{Answer, ready};

/// What an answer is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Slot {
    /// A text, whole.
    Text,
    /// A text, streamed. Keep it short: it is cut at every byte.
    TextStream,
    /// One tool call, whole.
    Tool,
    /// One tool call, streamed.
    ToolStream,
    /// Two or more tool calls, whole.
    ParallelTools,
    /// Two or more tool calls, streamed.
    ParallelToolsStream,
    /// Two choices, whole.
    Choices,
    /// Two choices, streamed, their deltas mixed.
    ChoicesStream,
    /// A text that is JSON.
    Structured,
    /// Thinking and text, whole.
    Reasoning,
    /// Thinking and text, streamed.
    ReasoningStream,
    /// An answer with every figure of tokens that the vendor tells, whole.
    Usage,
    /// The same, streamed.
    UsageStream,
    /// A stream that says something and then breaks off with the vendor's own error event.
    StreamError,
    /// What the address answers that health is asked of.
    Health,
    /// Two or more vectors.
    Embeddings,
    /// A list of models.
    Models,
    /// A count of tokens.
    TokenCount,
}

/// Writes the body of a refusal from its status and message.
type Refusal = Arc<dyn Fn(u16, &str) -> Answer + Send + Sync>;

/// What a vendor answers. Ready-made for formats that many vendors share; an own format starts with
/// [`Answers::new`].
///
/// ```
/// use interline_testkit::conformance::{Answer, Answers, Said, Slot};
/// use serde_json::json;
///
/// let answers = Answers::new(|status, message| {
///         Answer::json(&json!({"oops": {"code": status, "words": message}}))
///     })
///     .with(Slot::Text, Answer::json(&json!({"said": "Hello."})).says(Said::text("Hello.")));
/// ```
#[derive(Clone)]
pub struct Answers {
    by_slot: BTreeMap<Slot, Answer>,
    refusal: Refusal,
    native_request: Option<(FormatId, Value)>,
}

impl Answers {
    /// No answer but refusals: `refusal` writes the body with which the vendor refuses with a status
    /// and a message.
    pub fn new(refusal: impl Fn(u16, &str) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            by_slot: BTreeMap::new(),
            refusal: Arc::new(refusal),
            native_request: None,
        }
    }

    /// OpenAI's Chat Completions and Embeddings.
    #[must_use]
    pub fn openai_chat() -> Self {
        ready::openai_chat::answers()
    }

    /// OpenAI's Responses, beside what [`Answers::openai_chat`] has of Embeddings and models.
    #[must_use]
    pub fn openai_responses() -> Self {
        ready::openai_responses::answers()
    }

    /// Anthropic's Messages.
    #[must_use]
    pub fn anthropic_messages() -> Self {
        ready::anthropic_messages::answers()
    }

    /// Google's generateContent.
    #[must_use]
    pub fn gemini() -> Self {
        ready::gemini::answers()
    }

    /// Adds an answer, in place of an earlier one.
    #[must_use]
    pub fn with(mut self, slot: Slot, answer: Answer) -> Self {
        self.by_slot.insert(slot, answer);
        self
    }

    /// Takes an answer out, because the vendor has no such thing. Its cases are then listed as
    /// skipped.
    #[must_use]
    pub fn without(mut self, slot: Slot) -> Self {
        self.by_slot.remove(&slot);
        self
    }

    /// Says how the vendor's streams end, in place of what the answers say; see
    /// [`Answer::with_terminal`].
    #[must_use]
    pub fn with_terminal(mut self, terminal: &str) -> Self {
        for answer in self.by_slot.values_mut() {
            if answer.terminal.is_some() {
                answer.terminal = Some(terminal.to_owned());
            }
        }
        self
    }

    /// Adds a request as callers of the vendor's own `format` write it.
    #[must_use]
    pub fn with_native_request(mut self, format: FormatId, body: Value) -> Self {
        self.native_request = Some((format, body));
        self
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&Answer> {
        self.by_slot.get(&slot)
    }

    pub(crate) fn refusal(&self, status: u16, message: &str) -> Answer {
        (self.refusal)(status, message).with_status(status)
    }

    pub(crate) const fn native_request(&self) -> Option<&(FormatId, Value)> {
        self.native_request.as_ref()
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers")
            .field("by_slot", &self.by_slot)
            .field("native_request", &self.native_request)
            .finish_non_exhaustive()
    }
}
