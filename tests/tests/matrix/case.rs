//! What is asked and answered: one case for each thing that a format may carry.

use crate::said::{Finish, Piece, Said};

/// What is asked and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Case {
    Text,
    Parameters,
    Stop,
    Tools,
    ParallelTools,
    Vision,
    VisionByAddress,
    Structured,
    JsonObject,
    Reasoning,
    ForeignReasoning,
    Native,
    Stream,
    Refused,
    Overloaded,
    BrokenStream,
}

impl Case {
    pub(crate) const ALL: [Self; 16] = [
        Self::Text,
        Self::Parameters,
        Self::Stop,
        Self::Tools,
        Self::ParallelTools,
        Self::Vision,
        Self::VisionByAddress,
        Self::Structured,
        Self::JsonObject,
        Self::Reasoning,
        Self::ForeignReasoning,
        Self::Native,
        Self::Stream,
        Self::Refused,
        Self::Overloaded,
        Self::BrokenStream,
    ];

    /// The case in a few words, for headings.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Text => "text: a conversation",
            Self::Parameters => "text: every parameter that the format has",
            Self::Stop => "text: words that end the answer",
            Self::Tools => "tools: a round trip and a next call",
            Self::ParallelTools => "parallel tools: two round trips and two next calls",
            Self::Vision => "vision: a picture in the request",
            Self::VisionByAddress => "vision: a picture to be fetched",
            Self::Structured => "structured: an answer by a JSON Schema",
            Self::JsonObject => "structured: an answer that is some JSON object",
            Self::Reasoning => "reasoning: signed state, sent back in the next turn",
            Self::ForeignReasoning => "reasoning: signed state of the format's own maker",
            Self::Native => "what only the caller's format can carry",
            Self::Stream => "stream: thoughts, words and two calls",
            Self::Refused => "error: the request is wrong",
            Self::Overloaded => "error: the vendor is overloaded",
            Self::BrokenStream => "error: the vendor fails in mid-stream",
        }
    }

    /// Whether the vendor shows thoughts.
    pub(crate) const fn thinks(self) -> bool {
        matches!(
            self,
            Self::Reasoning | Self::ForeignReasoning | Self::Stream
        )
    }

    /// Whether the model looks at pictures.
    pub(crate) const fn sees(self) -> bool {
        matches!(self, Self::Vision | Self::VisionByAddress)
    }

    pub(crate) const fn streams(self) -> bool {
        matches!(self, Self::Stream | Self::BrokenStream)
    }

    /// What the vendor says first.
    pub(crate) fn said(self) -> Said {
        match self {
            Self::Text | Self::Stop | Self::Refused | Self::Overloaded | Self::BrokenStream => {
                Said::text("From the south-west, says the lighthouse.")
            }
            Self::Parameters => {
                let cut = [Piece::Text("Gale force nine from the")];
                Said::new(cut, Finish::Length)
            }
            Self::Tools => {
                let text = Piece::Text("Let me look at the anemometer.");
                Said::new([text, Piece::Call(0)], Finish::Calls)
            }
            Self::ParallelTools => Said::new([Piece::Call(0), Piece::Call(1)], Finish::Calls),
            Self::Vision | Self::VisionByAddress => Said::text("A windsock that hangs limp."),
            Self::Structured | Self::JsonObject => {
                Said::text(r#"{"from":"south-west","knots":23}"#)
            }
            Self::Reasoning => {
                let thought = Piece::Thought("The harbour's anemometer must know.");
                Said::new([thought, Piece::Call(0)], Finish::Calls)
            }
            Self::ForeignReasoning => Said::text("Twenty-three knots, from the south-west."),
            Self::Native => Said::text("The forecast page says rain."),
            Self::Stream => {
                let pieces = [
                    Piece::Thought("Both harbours must be asked."),
                    Piece::Text("I ask both harbours."),
                    Piece::Call(0),
                    Piece::Call(1),
                ];
                Said::new(pieces, Finish::Calls)
            }
        }
    }

    /// What the vendor says when the caller has sent the result of its call.
    pub(crate) fn said_next(self) -> Option<Said> {
        (self == Self::Reasoning).then(|| {
            let thought = Piece::Thought("Twenty-three knots is a strong breeze.");
            let text = Piece::Text("A strong breeze: 23 knots.");
            Said::new([thought, text], Finish::Stop)
        })
    }
}

/// What the tool gave back, between the two turns.
pub(crate) const RESULT: &str = "23 knots from the south-west";
