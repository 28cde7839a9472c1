//! The content blocks of a stream that is being written.
//!
//! A block begins with the first event of its kind and ends when another kind follows. Left out,
//! because the format has no place for it: other formats' blocks, pictures and sound.

use std::collections::BTreeMap;

use bytes::Bytes;
use interline_core::{Part, PartKind, RawFrame, Reasoning, Signature};
use serde_json::{Value, json};

use crate::block_encode::{self, Reader};
use crate::stop_reason::AsksForTools;
use crate::{FORMAT, ids, sealed};

/// Writes content blocks as events of the stream; every method appends to `out`.
#[derive(Debug, Default)]
pub(crate) struct BlockWriter {
    /// Ids of calls whose vendor gave none are made from it.
    message_id: String,
    open: Option<Open>,
    next_block: u64,
    /// The block of each tool call, by the call's index.
    tools: BTreeMap<u32, u64>,
}

/// The block that is open, whose index is the last one given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Text,
    Thinking,
    Tool,
}

impl BlockWriter {
    /// Says which message the blocks belong to.
    pub(crate) fn set_message_id(&mut self, id: String) {
        self.message_id = id;
    }

    /// Whether a tool call was written.
    pub(crate) fn asks_for_tools(&self) -> AsksForTools {
        if self.tools.is_empty() {
            AsksForTools::No
        } else {
            AsksForTools::Yes
        }
    }

    /// More text.
    pub(crate) fn text(&mut self, text: &str, out: &mut Vec<RawFrame>) {
        if !text.is_empty() {
            let index = self.continue_block(Open::Text, out);
            out.push(delta(index, &json!({"type": "text_delta", "text": text})));
        }
    }

    /// More thinking.
    pub(crate) fn thinking(&mut self, text: &str, out: &mut Vec<RawFrame>) {
        if !text.is_empty() {
            let index = self.continue_block(Open::Thinking, out);
            let thought = json!({"type": "thinking_delta", "thinking": text});
            out.push(delta(index, &thought));
        }
    }

    /// A signature ends its thinking: what follows is another block.
    pub(crate) fn signature(&mut self, signature: &Signature, out: &mut Vec<RawFrame>) {
        let index = self.continue_block(Open::Thinking, out);
        let value = sealed::seal(signature);
        let signature = json!({"type": "signature_delta", "signature": value});
        out.push(delta(index, &signature));
        self.close(out);
    }

    /// A tool call begins.
    pub(crate) fn tool(&mut self, index: u32, id: &str, name: &str, out: &mut Vec<RawFrame>) {
        let id = match id {
            "" => ids::made_tool_id(&self.message_id, index),
            id => ids::tool_id(id).into_owned(),
        };
        let start = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
        let block = self.open_block(Some(Open::Tool), &start, out);
        self.tools.insert(index, block);
    }

    /// Arguments are addressed by their block's index, so that they arrive even where another call has
    /// begun meanwhile.
    pub(crate) fn arguments(&mut self, index: u32, arguments: &str, out: &mut Vec<RawFrame>) {
        if let Some(block) = self.tools.get(&index)
            && !arguments.is_empty()
        {
            let piece = json!({"type": "input_json_delta", "partial_json": arguments});
            out.push(delta(*block, &piece));
        }
    }

    /// A part that came whole.
    pub(crate) fn part(&mut self, part: &Part, out: &mut Vec<RawFrame>) {
        match &part.kind {
            PartKind::Text(text) => {
                self.text(text, out);
                let citations = part.extra.get(&FORMAT, "citations");
                for citation in citations.and_then(Value::as_array).into_iter().flatten() {
                    let index = self.continue_block(Open::Text, out);
                    let citation = json!({"type": "citations_delta", "citation": citation});
                    out.push(delta(index, &citation));
                }
            }
            PartKind::Refusal(text) => self.text(text, out),
            PartKind::Reasoning(reasoning) if !reasoning.redacted => self.thought(reasoning, out),
            PartKind::ToolCall(call) => {
                let index = self.tools.keys().last().map_or(0, |last| last + 1);
                self.tool(index, &call.id, &call.name, out);
                self.arguments(index, &call.arguments, out);
                self.close(out);
            }
            _ => {
                if let Ok(Some(block)) = block_encode::block(part, Reader::Caller) {
                    self.open_block(None, &block, out);
                }
            }
        }
    }

    fn thought(&mut self, reasoning: &Reasoning, out: &mut Vec<RawFrame>) {
        self.close(out);
        self.thinking(&reasoning.text, out);
        if let Some(signature) = &reasoning.signature {
            self.signature(signature, out);
        }
        self.close(out);
    }

    /// The index of the open block if it is of this kind, else of a new one.
    fn continue_block(&mut self, kind: Open, out: &mut Vec<RawFrame>) -> u64 {
        if self.open == Some(kind) {
            return self.next_block.saturating_sub(1);
        }
        let start = match kind {
            Open::Thinking => json!({"type": "thinking", "thinking": "", "signature": ""}),
            Open::Text | Open::Tool => json!({"type": "text", "text": ""}),
        };
        self.open_block(Some(kind), &start, out)
    }

    /// Begins a block, which stays open where it has a kind that deltas extend.
    fn open_block(&mut self, kind: Option<Open>, block: &Value, out: &mut Vec<RawFrame>) -> u64 {
        self.close(out);
        let index = self.next_block;
        self.next_block += 1;
        out.push(raw(
            "content_block_start",
            &json!({"type": "content_block_start", "index": index, "content_block": block}),
        ));
        match kind {
            Some(_) => self.open = kind,
            None => out.push(stop(index)),
        }
        index
    }

    /// Ends the block that is open, if one is.
    pub(crate) fn close(&mut self, out: &mut Vec<RawFrame>) {
        if self.open.take().is_some() {
            out.push(stop(self.next_block.saturating_sub(1)));
        }
    }
}

/// A frame of this format.
pub(crate) fn raw(name: &str, data: &Value) -> RawFrame {
    RawFrame::new(FORMAT, Some(name.to_owned()), Bytes::from(data.to_string()))
}

fn delta(index: u64, delta: &Value) -> RawFrame {
    raw(
        "content_block_delta",
        &json!({"type": "content_block_delta", "index": index, "delta": delta}),
    )
}

fn stop(index: u64) -> RawFrame {
    raw(
        "content_block_stop",
        &json!({"type": "content_block_stop", "index": index}),
    )
}
