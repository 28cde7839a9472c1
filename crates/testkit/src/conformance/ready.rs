//! Answers that are ready-made for formats which many vendors share. Written by hand from the formats'
//! public documentation; what they say is the same in each.

pub(super) mod anthropic_messages;
pub(super) mod gemini;
pub(super) mod openai_chat;
pub(super) mod openai_responses;

use interline_core::{FinishReason, Usage};
use serde_json::{Value, json};

use super::Said;
use super::requests::{FIELD, TOOL};

/// Words beyond ASCII, so that cuts fall inside of letters.
const TEXT: &str = "Grüße aus Bergen ⛰.";
/// The same text in the pieces of a stream.
const PIECES: [&str; 3] = ["Grüße", " aus Ber", "gen ⛰."];

fn text() -> Said {
    Said::text(TEXT)
        .with_finish(FinishReason::Stop)
        .with_usage(Usage::new(21, 6))
}

/// What the tool is called with.
fn arguments() -> Value {
    json!({FIELD: "Bergen \"5003\""})
}

fn other_arguments() -> Value {
    json!({FIELD: "Oslo"})
}

fn tool() -> Said {
    Said::tool_call(TOOL, arguments()).with_finish(FinishReason::ToolCalls)
}

fn parallel_tools() -> Said {
    tool().with_tool_call(TOOL, other_arguments())
}

fn choices() -> Said {
    Said::text("One.").with_choice("Two.")
}

/// The answer to a question for a city.
fn structured() -> String {
    json!({FIELD: "Bergen"}).to_string()
}

fn reasoning() -> Said {
    Said::text("Bergen.").with_reasoning("Where does it rain?")
}

/// Every figure: 100 read, of which 60 from the cache; 40 written, of which 25 in thought.
fn usage() -> Usage {
    let mut usage = Usage::new(100, 40);
    usage.cached_input_tokens = Some(60);
    usage.reasoning_tokens = Some(25);
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_of_streams_make_up_the_text() {
        assert_eq!(PIECES.concat(), TEXT);
    }
}
