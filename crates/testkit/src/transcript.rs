//! What a caller has at the end of a stream: the events put together.

use interline_core::{FinishReason, Part, Signature, StreamEvent, ToolCall, Usage};

/// One piece of a streamed answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Text.
    Text(String),
    /// Thinking, and the vendor's proof of it.
    Thinking(String, Option<Signature>),
    /// A tool call.
    Tool(ToolCall),
    /// A part that came whole.
    Whole(Part),
}

/// A streamed answer, put together.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Transcript {
    /// What was said, in order.
    pub items: Vec<Item>,
    /// Why it ended, with the stop text where there was one.
    pub finish: Option<(FinishReason, Option<String>)>,
    /// Tokens used, by the last word on each.
    pub usage: Usage,
    /// Whether the terminal event came.
    pub ended: bool,
    /// Where each tool call is among the items.
    tools: Vec<usize>,
}

impl Transcript {
    /// Puts the events of one answer together.
    ///
    /// # Panics
    /// Where tool calls do not begin in order, or a piece of a call comes before the call.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a StreamEvent>) -> Self {
        let mut transcript = Self::default();
        for event in events {
            transcript.add(event);
        }
        transcript
    }

    fn add(&mut self, event: &StreamEvent) {
        match event {
            StreamEvent::Text { text, .. } => match self.items.last_mut() {
                Some(Item::Text(so_far)) => so_far.push_str(text),
                _ => self.items.push(Item::Text(text.clone())),
            },
            StreamEvent::Reasoning { text, .. } => match self.items.last_mut() {
                Some(Item::Thinking(so_far, None)) => so_far.push_str(text),
                _ => self.items.push(Item::Thinking(text.clone(), None)),
            },
            StreamEvent::ReasoningSignature { signature, .. } => match self.items.last_mut() {
                Some(Item::Thinking(_, empty @ None)) => *empty = Some(signature.clone()),
                _ => self
                    .items
                    .push(Item::Thinking(String::new(), Some(signature.clone()))),
            },
            StreamEvent::ToolCallStart {
                index, id, name, ..
            } => {
                assert_eq!(*index as usize, self.tools.len(), "calls begin in order");
                self.tools.push(self.items.len());
                let call = ToolCall::new(id.as_str(), name.as_str(), "");
                self.items.push(Item::Tool(call));
            }
            StreamEvent::ToolCallDelta {
                index, arguments, ..
            } => match &mut self.items[self.tools[*index as usize]] {
                Item::Tool(call) => call.arguments.push_str(arguments),
                other => panic!("{other:?} is no tool call"),
            },
            StreamEvent::Part { part, .. } => self.items.push(Item::Whole(part.clone())),
            StreamEvent::Finished {
                reason,
                stop_sequence,
                ..
            } => self.finish = Some((reason.clone(), stop_sequence.clone())),
            StreamEvent::Usage(usage) => self.usage.update(*usage),
            StreamEvent::End => self.ended = true,
            _ => {}
        }
    }
}
