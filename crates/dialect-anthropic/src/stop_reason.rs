//! Why an answer ended: Anthropic's words and core's.
//!
//! Two of core's reasons have no word here. `Error` is passed on as `error`, because any other word
//! would call a failed answer complete; a reason that only another vendor knows keeps its own word.

use interline_core::FinishReason;

/// Core's word for a `stop_reason`.
///
/// `pause_turn`, where the vendor wants to be called again, stays itself: no other format has it.
pub(crate) fn to_core(stop_reason: &str) -> FinishReason {
    match stop_reason {
        "end_turn" | "stop_sequence" => FinishReason::Stop,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "refusal" => FinishReason::ContentFilter,
        "error" => FinishReason::Error,
        other => FinishReason::Other(other.to_owned()),
    }
}

/// Whether the answer asks for tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AsksForTools {
    Yes,
    No,
}

/// The `stop_reason` for core's word.
///
/// An answer that asks for tools says `tool_use` where its vendor said `stop` or nothing: some do,
/// and clients of this format run tools by that word.
pub(crate) fn to_wire(
    reason: Option<&FinishReason>,
    stop_sequence: Option<&str>,
    asks: AsksForTools,
) -> String {
    let word = match reason {
        None | Some(FinishReason::Stop) if asks == AsksForTools::Yes => "tool_use",
        None => "end_turn",
        Some(FinishReason::Stop) if stop_sequence.is_some() => "stop_sequence",
        Some(FinishReason::Stop) => "end_turn",
        Some(FinishReason::Length) => "max_tokens",
        Some(FinishReason::ToolCalls) => "tool_use",
        Some(FinishReason::ContentFilter) => "refusal",
        Some(other) => other.as_str(),
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, reason: &FinishReason) {
        assert_eq!(&to_core(word), reason);
    }

    #[test]
    fn every_word_has_a_reason() {
        check("end_turn", &FinishReason::Stop);
        check("stop_sequence", &FinishReason::Stop);
        check("max_tokens", &FinishReason::Length);
        check("model_context_window_exceeded", &FinishReason::Length);
        check("tool_use", &FinishReason::ToolCalls);
        check("refusal", &FinishReason::ContentFilter);
        check("pause_turn", &FinishReason::Other("pause_turn".into()));
    }

    #[test]
    fn a_plain_stop_after_tool_calls_is_tool_use() {
        let stop = FinishReason::Stop;
        assert_eq!(to_wire(Some(&stop), None, AsksForTools::Yes), "tool_use");
        assert_eq!(to_wire(Some(&stop), None, AsksForTools::No), "end_turn");
        assert_eq!(
            to_wire(Some(&stop), Some("END"), AsksForTools::No),
            "stop_sequence"
        );
        assert_eq!(
            to_wire(Some(&FinishReason::Error), None, AsksForTools::No),
            "error"
        );
    }
}
