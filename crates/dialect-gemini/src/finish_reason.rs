//! Why an answer ended: Google's words and core's.

use interline_core::FinishReason;
use serde_json::Value;

use interline_transport::json::Flaw;

/// The words whose place is their number, for servers asked to write enums as numbers.
const BY_NUMBER: [&str; 10] = [
    "FINISH_REASON_UNSPECIFIED",
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "OTHER",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MALFORMED_FUNCTION_CALL",
];

/// Core's word for a `finishReason`; `None` where none is given.
///
/// A stop says nothing of tool calls here; see [`with_calls`].
pub(crate) fn decode(value: Option<&Value>) -> Result<Option<FinishReason>, Flaw> {
    match value {
        None => Ok(None),
        Some(Value::String(word)) => Ok(Some(to_core(word))),
        Some(Value::Number(number)) => {
            let place = number
                .as_u64()
                .and_then(|place| usize::try_from(place).ok());
            let word = place.and_then(|place| BY_NUMBER.get(place));
            Ok(Some(word.map_or_else(
                || FinishReason::Other(number.to_string()),
                |word| to_core(word),
            )))
        }
        Some(_) => Err(Flaw::new("must be text").within("finishReason")),
    }
}

fn to_core(word: &str) -> FinishReason {
    match word {
        "STOP" => FinishReason::Stop,
        "MAX_TOKENS" => FinishReason::Length,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "MODEL_ARMOR"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => FinishReason::ContentFilter,
        // The model or the server failed: there is no answer to wait for or to trust.
        "MALFORMED_FUNCTION_CALL"
        | "MALFORMED_RESPONSE"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MISSING_THOUGHT_SIGNATURE" => FinishReason::Error,
        other => FinishReason::Other(other.to_owned()),
    }
}

/// Whether the answer asks for tools of the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AsksForTools {
    Yes,
    No,
}

/// A natural stop after tool calls waits for their results: Google has no own word for it.
pub(crate) fn with_calls(reason: FinishReason, asks: AsksForTools) -> FinishReason {
    match (reason, asks) {
        (FinishReason::Stop, AsksForTools::Yes) => FinishReason::ToolCalls,
        (reason, _) => reason,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: &Value, reason: &FinishReason) {
        let read = decode(Some(value)).expect("a reason");
        assert_eq!(read.as_ref(), Some(reason), "{value}");
    }

    #[test]
    fn every_word_and_number_has_a_reason() {
        check(&json!("STOP"), &FinishReason::Stop);
        check(&json!(1), &FinishReason::Stop);
        check(&json!("MAX_TOKENS"), &FinishReason::Length);
        check(&json!(3), &FinishReason::ContentFilter);
        check(&json!("IMAGE_SAFETY"), &FinishReason::ContentFilter);
        check(&json!("MALFORMED_FUNCTION_CALL"), &FinishReason::Error);
        check(&json!("LANGUAGE"), &FinishReason::Other("LANGUAGE".into()));
        check(&json!(99), &FinishReason::Other("99".into()));
        assert_eq!(decode(None), Ok(None));
        assert!(decode(Some(&json!([]))).is_err());
    }

    #[test]
    fn a_plain_stop_after_tool_calls_waits_for_their_results() {
        let stop = || FinishReason::Stop;
        assert_eq!(
            with_calls(stop(), AsksForTools::Yes),
            FinishReason::ToolCalls
        );
        assert_eq!(with_calls(stop(), AsksForTools::No), FinishReason::Stop);
        let cut = with_calls(FinishReason::Length, AsksForTools::Yes);
        assert_eq!(cut, FinishReason::Length);
    }
}
