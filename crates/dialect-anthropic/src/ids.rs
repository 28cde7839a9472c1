//! Ids that clients and Anthropic accept, whatever another vendor made.

use std::borrow::Cow;

/// A tool call's id as Anthropic takes it: letters, digits, `_` and `-`; other characters become `_`.
///
/// The same text gives the same id, so that a call and its result still match.
pub(crate) fn tool_id(id: &str) -> Cow<'_, str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if id.chars().all(allowed) {
        return Cow::Borrowed(id);
    }
    Cow::Owned(
        id.chars()
            .map(|c| if allowed(c) { c } else { '_' })
            .collect(),
    )
}

/// An id for the `index`th tool call of a message whose vendor gave the call none.
///
/// It holds the message's id, because ids must differ over the whole conversation.
pub(crate) fn made_tool_id(message_id: &str, index: u32) -> String {
    format!("toolu_{}_{index}", tool_id(message_id))
}

/// An id for a message whose vendor gave it none, made from what it says.
pub(crate) fn made_message_id<'a>(content: impl IntoIterator<Item = &'a str>) -> String {
    // 64-bit FNV-1a: short, stable over processes, and an id needs no more.
    let hash = content
        .into_iter()
        .flat_map(str::bytes)
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("msg_{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_hold_only_what_anthropic_takes() {
        assert_eq!(tool_id("call_1-a"), "call_1-a");
        assert_eq!(tool_id("functions.add:0"), "functions_add_0");
        assert_eq!(made_tool_id("chatcmpl.1", 2), "toolu_chatcmpl_1_2");
        assert!(made_message_id(["a", "b"]).starts_with("msg_"));
        assert_ne!(made_message_id(["a"]), made_message_id(["b"]));
    }
}
