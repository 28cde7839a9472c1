//! Why an answer ended: Cohere's words and core's.

use interline_core::FinishReason;

/// Core's word for a `finish_reason`.
pub(crate) fn decode(word: &str) -> FinishReason {
    match word {
        "COMPLETE" | "STOP_SEQUENCE" => FinishReason::Stop,
        "MAX_TOKENS" | "ERROR_LIMIT" => FinishReason::Length,
        "TOOL_CALL" => FinishReason::ToolCalls,
        "ERROR" | "TIMEOUT" => FinishReason::Error,
        "ERROR_TOXIC" => FinishReason::ContentFilter,
        other => FinishReason::Other(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_word_has_a_reason() {
        for (word, reason) in [
            ("COMPLETE", FinishReason::Stop),
            ("STOP_SEQUENCE", FinishReason::Stop),
            ("MAX_TOKENS", FinishReason::Length),
            ("TOOL_CALL", FinishReason::ToolCalls),
            ("ERROR", FinishReason::Error),
            ("TIMEOUT", FinishReason::Error),
            ("NEW", FinishReason::Other("NEW".to_owned())),
        ] {
            assert_eq!(decode(word), reason, "{word}");
        }
    }
}
