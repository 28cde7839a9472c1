//! Ids of tool calls: most models give none, and core wants one for every call.
//!
//! A made id is told by its prefix and never sent: Google matches results by name and order, and
//! Vertex AI's `v1` refuses the field (see [`crate::CallIds`]). It holds the answer's own id, because
//! ids must differ over the whole conversation, and stays below the 40 characters that OpenAI allows.

use std::collections::HashMap;

use interline_core::{Message, PartKind};

/// How a made id begins.
const PREFIX: &str = "gcall_";

/// An id for the `index`th call of a choice of the answer `response_id`.
pub(crate) fn made(response_id: &str, choice: u32, index: u32) -> String {
    match choice {
        0 => format!("{PREFIX}{response_id}_{index}"),
        _ => format!("{PREFIX}{response_id}_{choice}_{index}"),
    }
}

/// Whether the id is one of [`made`].
pub(crate) fn is_made(id: &str) -> bool {
    id.starts_with(PREFIX)
}

/// Stands in for the id of an answer that has none: made from what the answer says, so that the same
/// bytes give the same ids.
pub(crate) fn made_response_id(answer: &[u8]) -> String {
    // 64-bit FNV-1a: short, stable over processes, and an id needs no more.
    let hash = answer.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// The names of a conversation's tool calls by their ids, because results are sent by name.
#[derive(Debug, Default)]
pub(crate) struct CallNames<'a>(HashMap<&'a str, &'a str>);

impl<'a> CallNames<'a> {
    pub(crate) fn of(messages: &'a [Message]) -> Self {
        let parts = messages.iter().flat_map(|message| &message.parts);
        let calls = parts.filter_map(|part| match &part.kind {
            PartKind::ToolCall(call) => Some((call.id.as_str(), call.name.as_str())),
            _ => None,
        });
        Self(calls.collect())
    }

    pub(crate) fn get(&self, id: &str) -> Option<&'a str> {
        self.0.get(id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_ids_are_stable_told_apart_and_short_enough_for_others() {
        let id = made("B6XiaOfGCKCxqtsP8c-W4Qk", 0, 12);
        assert_eq!(id, "gcall_B6XiaOfGCKCxqtsP8c-W4Qk_12");
        assert!(id.len() <= 40 && is_made(&id));
        assert_ne!(made("a", 1, 0), made("a", 0, 1));
        assert_eq!(made_response_id(b"x"), made_response_id(b"x"));
        assert_ne!(made_response_id(b"x"), made_response_id(b"y"));
    }
}
