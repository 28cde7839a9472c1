//! Ids of tool calls as Bedrock takes them, whatever another vendor made.

use std::borrow::Cow;

/// The longest id, in characters.
const LONGEST: usize = 64;

/// A tool call's id: letters, digits, `_`, `-`, `.` and `:`, at most 64 of them.
///
/// Other characters become `_`, and a long id ends in a hash of the whole. The same text gives the same
/// id, so that a call and its result still match.
pub(crate) fn tool_id(id: &str) -> Cow<'_, str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
    let is_good = id.len() <= LONGEST && id.chars().all(allowed);
    if is_good && !id.is_empty() {
        return Cow::Borrowed(id);
    }
    let mended: String = id
        .chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .collect();
    if mended.len() <= LONGEST && !id.is_empty() {
        return Cow::Owned(mended);
    }
    // 64-bit FNV-1a: short, stable over processes, and an id needs no more.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let start: String = mended.chars().take(LONGEST - 17).collect();
    Cow::Owned(format!("{start}_{hash:016x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_hold_only_what_bedrock_takes() {
        assert_eq!(tool_id("tooluse_a-1"), "tooluse_a-1");
        assert_eq!(tool_id("functions.add:0"), "functions.add:0");
        assert_eq!(tool_id("a b|c"), "a_b_c");
        let (long, other) = ("x".repeat(80), format!("{}y", "x".repeat(79)));
        assert_eq!(tool_id(&long).len(), LONGEST);
        assert_eq!(tool_id(&long), tool_id(&long));
        assert_ne!(tool_id(&long), tool_id(&other));
        assert!(!tool_id("").is_empty());
    }
}
