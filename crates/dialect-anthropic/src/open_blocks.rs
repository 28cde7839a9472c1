//! The content blocks of a stream that is being read.
//!
//! Text, thinking and the caller's tools stream as they come; hidden thinking and blocks of the
//! vendor's own tools come out whole, when they end. A tool call without arguments ends with `{}`, so
//! that its arguments are JSON in streams as in whole answers. Citations come out as empty text parts
//! whose extra holds them: they belong to the text around them.

use std::collections::BTreeMap;

use interline_core::{Part, Reasoning, Signature, StreamEvent};
use serde_json::{Map, Value, json};

use crate::{FORMAT, block_decode, format};
use interline_transport::json::{Fields, Flaw};

/// The most that one whole block may gather, in bytes (chosen, not measured).
const MAX_BLOCK_BYTES: usize = 16 * 1024 * 1024;

/// The most blocks that may be open at once, tool calls that have ended included; Anthropic opens one
/// (chosen, not measured).
const MAX_OPEN_BLOCKS: usize = 256;

/// There is only ever one answer.
pub(crate) const CHOICE: u32 = 0;

/// The blocks that have begun, by their index on the wire, and how many of all were tool calls.
#[derive(Debug, Default)]
pub(crate) struct OpenBlocks {
    blocks: BTreeMap<u64, Block>,
    tools: u32,
}

/// A content block that has begun and not ended.
#[derive(Debug)]
enum Block {
    /// Text or thinking.
    Words,
    /// A tool call; `input` is what the start said, for calls whose arguments never come.
    Tool {
        index: u32,
        input: String,
        has_arguments: bool,
    },
    /// A block that only this format knows, gathered until it ends.
    Whole { value: Value, input: String },
}

impl OpenBlocks {
    /// Reads `content_block_start`.
    pub(crate) fn open(&mut self, index: u64, value: &Value) -> Result<Vec<StreamEvent>, Flaw> {
        let fields = Fields::of(value)?;
        let (block, events) = match fields.required_str("type")? {
            "text" => (Block::Words, text(fields.str("text")?)),
            "thinking" => {
                let mut events = thoughts(fields.str("thinking")?);
                events.extend(signature(fields.str("signature")?));
                (Block::Words, events)
            }
            "redacted_thinking" => {
                let data = Signature::new(FORMAT, fields.required_str("data")?);
                let part = Part::reasoning(Reasoning::redacted(data));
                (Block::Words, vec![whole(part)])
            }
            "tool_use" => {
                let index = self.tools;
                self.tools = self.tools.saturating_add(1);
                let start = StreamEvent::ToolCallStart {
                    choice: CHOICE,
                    index,
                    id: fields.required_str("id")?.to_owned(),
                    name: fields.required_str("name")?.to_owned(),
                };
                let block = Block::Tool {
                    index,
                    input: fields
                        .get("input")
                        .map_or_else(|| "{}".to_owned(), Value::to_string),
                    has_arguments: false,
                };
                (block, vec![start])
            }
            _ => {
                let block = Block::Whole {
                    value: value.clone(),
                    input: String::new(),
                };
                (block, Vec::new())
            }
        };
        if self.blocks.len() >= MAX_OPEN_BLOCKS {
            return Err(Flaw::new(format!(
                "more than {MAX_OPEN_BLOCKS} blocks are open at once"
            )));
        }
        self.blocks.insert(index, block);
        Ok(events)
    }

    /// Reads `content_block_delta`.
    pub(crate) fn extend(
        &mut self,
        index: u64,
        delta: Fields<'_>,
    ) -> Result<Vec<StreamEvent>, Flaw> {
        let kind = delta.required_str("type")?;
        match (kind, self.blocks.get_mut(&index)) {
            (_, Some(Block::Whole { value, input })) => {
                gather(value, input, kind, delta)?;
                Ok(Vec::new())
            }
            (
                "input_json_delta",
                Some(Block::Tool {
                    index,
                    has_arguments,
                    ..
                }),
            ) => {
                let arguments = delta.str("partial_json")?.unwrap_or_default();
                if arguments.is_empty() {
                    return Ok(Vec::new());
                }
                *has_arguments = true;
                Ok(vec![StreamEvent::ToolCallDelta {
                    choice: CHOICE,
                    index: *index,
                    arguments: arguments.to_owned(),
                }])
            }
            ("input_json_delta", _) => Err(Flaw::new(format!(
                "arguments for block {index}, which is no tool call"
            ))),
            ("text_delta", _) => Ok(text(delta.str("text")?)),
            ("thinking_delta", _) => Ok(thoughts(delta.str("thinking")?)),
            ("signature_delta", _) => Ok(signature(delta.str("signature")?).into_iter().collect()),
            ("citations_delta", _) => Ok(delta.get("citation").map(citation).into_iter().collect()),
            _ => Ok(Vec::new()),
        }
    }

    /// Reads `content_block_stop`.
    pub(crate) fn close(&mut self, index: u64) -> Result<Vec<StreamEvent>, Flaw> {
        // A tool call stays known: its arguments are addressed by the block's index, and gateways that
        // translate parallel calls may send some after the end of the block.
        if let Some(Block::Tool {
            index,
            input,
            has_arguments,
        }) = self.blocks.get_mut(&index)
        {
            let spoke = std::mem::replace(has_arguments, true);
            let arguments = std::mem::take(input);
            let index = *index;
            return Ok((!spoke)
                .then_some(StreamEvent::ToolCallDelta {
                    choice: CHOICE,
                    index,
                    arguments,
                })
                .into_iter()
                .collect());
        }
        match self.blocks.remove(&index) {
            Some(Block::Whole { mut value, input }) => {
                // Input that a token limit cut is no JSON; the block then keeps what its start said.
                if let Ok(input) = serde_json::from_str::<Value>(&input) {
                    value["input"] = input;
                }
                Ok(vec![whole(block_decode::part(&value)?)])
            }
            Some(Block::Words | Block::Tool { .. }) | None => Ok(Vec::new()),
        }
    }
}

/// Adds a delta to a block that is gathered whole.
fn gather(
    value: &mut Value,
    input: &mut String,
    kind: &str,
    delta: Fields<'_>,
) -> Result<(), Flaw> {
    let (target, piece) = match kind {
        "input_json_delta" => (Some(input), delta.str("partial_json")?),
        "text_delta" => (None, delta.str("text")?),
        "compaction_delta" => (None, delta.str("content")?),
        _ => return Ok(()),
    };
    let piece = piece.unwrap_or_default();
    let length = match target {
        Some(input) => {
            input.push_str(piece);
            input.len()
        }
        None => {
            let key = if kind == "text_delta" {
                "text"
            } else {
                "content"
            };
            let Value::Object(fields) = value else {
                return Ok(());
            };
            append(fields, key, piece)
        }
    };
    if length > MAX_BLOCK_BYTES {
        return Err(Flaw::new(format!(
            "a block is longer than the limit of {MAX_BLOCK_BYTES} bytes"
        )));
    }
    Ok(())
}

/// Appends to a text field and gives its new length; a field that is no text begins anew.
fn append(fields: &mut Map<String, Value>, key: &str, piece: &str) -> usize {
    match fields.get_mut(key) {
        Some(Value::String(text)) => {
            text.push_str(piece);
            text.len()
        }
        _ => {
            fields.insert(key.to_owned(), json!(piece));
            piece.len()
        }
    }
}

fn text(text: Option<&str>) -> Vec<StreamEvent> {
    words(text, |text| StreamEvent::Text {
        choice: CHOICE,
        text,
    })
}

fn thoughts(text: Option<&str>) -> Vec<StreamEvent> {
    words(text, |text| StreamEvent::Reasoning {
        choice: CHOICE,
        text,
    })
}

fn words(text: Option<&str>, event: impl FnOnce(String) -> StreamEvent) -> Vec<StreamEvent> {
    text.filter(|text| !text.is_empty())
        .map(|text| event(text.to_owned()))
        .into_iter()
        .collect()
}

fn signature(value: Option<&str>) -> Option<StreamEvent> {
    let value = value.filter(|value| !value.is_empty())?;
    Some(StreamEvent::ReasoningSignature {
        choice: CHOICE,
        signature: Signature::new(FORMAT, value),
    })
}

fn citation(citation: &Value) -> StreamEvent {
    let fields = Map::from_iter([("citations".to_owned(), json!([citation]))]);
    whole(Part::text("").with_extra(format::extra(fields)))
}

const fn whole(part: Part) -> StreamEvent {
    StreamEvent::Part {
        choice: CHOICE,
        part,
    }
}
