//! How an answer ended, by its `status`.
//!
//! The format has no reason of its own for "waits for tools": an answer that is complete and calls a
//! function of the caller's waits for it.

use interline_core::FinishReason;
use serde_json::{Map, Value};

/// What a `status` says.
#[derive(Debug, PartialEq)]
pub(crate) enum Ending {
    /// The answer ended, or is all there is for now.
    Reason(FinishReason),
    /// The vendor failed or gave up.
    Failure,
}

/// Whether the answer asks the caller to run a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calls {
    /// It does.
    Made,
    /// It does not.
    None,
}

/// Reads how `response` ended; an answer without a `status` is complete.
pub(crate) fn read(response: &Map<String, Value>, calls: Calls) -> Ending {
    let status = response.get("status").and_then(Value::as_str);
    Ending::Reason(match (status, calls) {
        (None | Some("completed"), Calls::Made) => FinishReason::ToolCalls,
        (None | Some("completed"), Calls::None) => FinishReason::Stop,
        (Some("incomplete"), _) => {
            let reason = response.get("incomplete_details");
            let reason = reason.and_then(|details| details.get("reason")?.as_str());
            match reason {
                Some("max_output_tokens") => FinishReason::Length,
                Some("content_filter") => FinishReason::ContentFilter,
                other => FinishReason::Other(format!("incomplete:{}", other.unwrap_or_default())),
            }
        }
        (Some("failed" | "cancelled"), _) => return Ending::Failure,
        // The vendor works on it in the background.
        (Some(other), _) => FinishReason::Other(other.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(response: &Value, calls: Calls, expected: &Ending) {
        let response = response.as_object().expect("an object");
        assert_eq!(&read(response, calls), expected);
    }

    #[test]
    fn status_and_calls_tell_the_reason() {
        let reason = |reason| Ending::Reason(reason);
        let completed = json!({"status": "completed"});
        check(&completed, Calls::None, &reason(FinishReason::Stop));
        check(&completed, Calls::Made, &reason(FinishReason::ToolCalls));
        check(&json!({}), Calls::None, &reason(FinishReason::Stop));
        let incomplete =
            |word: &str| json!({"status": "incomplete", "incomplete_details": {"reason": word}});
        let cut = incomplete("max_output_tokens");
        check(&cut, Calls::Made, &reason(FinishReason::Length));
        let filtered = incomplete("content_filter");
        check(&filtered, Calls::None, &reason(FinishReason::ContentFilter));
        let other = FinishReason::Other("incomplete:max_tool_calls".into());
        check(&incomplete("max_tool_calls"), Calls::None, &reason(other));
        let queued = FinishReason::Other("queued".into());
        check(&json!({"status": "queued"}), Calls::None, &reason(queued));
        check(&json!({"status": "failed"}), Calls::None, &Ending::Failure);
    }
}
