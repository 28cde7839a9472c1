//! What happens in a streamed answer, one small step at a time.

use crate::{Extra, FinishReason, Part, Signature, Usage};

/// One step of a streamed answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StreamEvent {
    /// The vendor has begun; no content yet.
    Started {
        /// The vendor's id of the answer.
        id: Option<String>,
        /// The model that answers, in the vendor's words.
        model: Option<String>,
        /// When it began, in seconds since 1970.
        created: Option<u64>,
    },
    /// More text.
    Text {
        /// Which answer, from 0.
        choice: u32,
        /// The text to append.
        text: String,
    },
    /// More thinking.
    Reasoning {
        /// Which answer, from 0.
        choice: u32,
        /// The thinking to append.
        text: String,
    },
    /// The vendor's proof of the thinking just streamed; it belongs to the current reasoning part.
    ReasoningSignature {
        /// Which answer, from 0.
        choice: u32,
        /// The proof.
        signature: Signature,
    },
    /// More of a refusal.
    Refusal {
        /// Which answer, from 0.
        choice: u32,
        /// The words to append.
        text: String,
    },
    /// The model begins to ask for a tool.
    ToolCallStart {
        /// Which answer, from 0.
        choice: u32,
        /// Which of the answer's tool calls, from 0, in order of beginning.
        index: u32,
        /// The id the result refers to.
        id: String,
        /// The tool's name.
        name: String,
    },
    /// More of a tool call's arguments, as JSON text.
    ToolCallDelta {
        /// Which answer, from 0.
        choice: u32,
        /// Which of the answer's tool calls, from 0.
        index: u32,
        /// The text to append.
        arguments: String,
    },
    /// A part that came whole, such as hidden thinking or a vendor's own block.
    Part {
        /// Which answer, from 0.
        choice: u32,
        /// The part.
        part: Part,
    },
    /// Log-probabilities of the step, tagged with their format.
    Logprobs {
        /// Which answer, from 0.
        choice: u32,
        /// The figures as they are on the wire.
        value: Extra,
    },
    /// An answer ended.
    Finished {
        /// Which answer, from 0.
        choice: u32,
        /// Why.
        reason: FinishReason,
        /// The stop text that ended it, where the vendor says so.
        stop_sequence: Option<String>,
    },
    /// Tokens used so far: a cumulative snapshot, see [`Usage::update`].
    Usage(Usage),
    /// The vendor's terminal event. A stream that ends without it was cut.
    End,
}

impl StreamEvent {
    /// Whether the caller would notice a restart after this event.
    ///
    /// Text, reasoning, refusal, tool calls and whole parts are content; the start, roles, pings,
    /// usage, signatures and ends are not.
    #[must_use]
    pub fn is_content(&self) -> bool {
        match self {
            Self::Text { text, .. } | Self::Reasoning { text, .. } | Self::Refusal { text, .. } => {
                !text.is_empty()
            }
            Self::ToolCallStart { .. } | Self::ToolCallDelta { .. } | Self::Part { .. } => true,
            Self::Started { .. }
            | Self::ReasoningSignature { .. }
            | Self::Logprobs { .. }
            | Self::Finished { .. }
            | Self::Usage(_)
            | Self::End => false,
        }
    }
}
