//! Finish reasons on the wire and in the types.

use interline_core::{ErrorKind, FinishReason};
use serde_json::Value;

/// What a `finish_reason` says.
#[derive(Debug, PartialEq)]
pub(crate) enum Ending {
    /// The answer ended.
    Reason(FinishReason),
    /// The vendor failed and says so with a finish reason.
    Failure(ErrorKind),
}

/// Words beside the format's own that vendors use for the same thing.
const WORDS: &[(&str, FinishReason)] = &[
    ("stop", FinishReason::Stop),
    ("eos", FinishReason::Stop),
    ("eos_token", FinishReason::Stop),
    ("stop_sequence", FinishReason::Stop),
    ("length", FinishReason::Length),
    ("max_tokens", FinishReason::Length),
    ("model_length", FinishReason::Length),
    ("tool_calls", FinishReason::ToolCalls),
    ("function_call", FinishReason::ToolCalls),
    ("content_filter", FinishReason::ContentFilter),
    ("sensitive", FinishReason::ContentFilter),
];

/// Words that report a failure where a reason should be.
const FAILURES: &[(&str, ErrorKind)] = &[
    ("error", ErrorKind::Unavailable),
    ("abort", ErrorKind::Unavailable),
    ("network_error", ErrorKind::Unavailable),
    ("insufficient_system_resource", ErrorKind::Overloaded),
];

/// Reads a `finish_reason`; absent, `null` and empty mean that the answer goes on.
pub(crate) fn read(value: Option<&Value>) -> Option<Ending> {
    let word = value?.as_str().filter(|word| !word.is_empty())?;
    if let Some((_, kind)) = FAILURES.iter().find(|(known, _)| *known == word) {
        return Some(Ending::Failure(*kind));
    }
    let known = WORDS.iter().find(|(known, _)| *known == word);
    Some(Ending::Reason(known.map_or_else(
        || FinishReason::Other(word.to_owned()),
        |(_, reason)| reason.clone(),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: Option<&Ending>) {
        assert_eq!(read(Some(&Value::from(word))).as_ref(), expected, "{word}");
    }

    #[test]
    fn words_of_vendors_become_one_vocabulary() {
        check("stop", Some(&Ending::Reason(FinishReason::Stop)));
        check(
            "function_call",
            Some(&Ending::Reason(FinishReason::ToolCalls)),
        );
        check("", None);
        check("error", Some(&Ending::Failure(ErrorKind::Unavailable)));
        check(
            "repetition",
            Some(&Ending::Reason(FinishReason::Other("repetition".into()))),
        );
    }
}
