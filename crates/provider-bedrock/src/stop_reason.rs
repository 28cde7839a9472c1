//! `stopReason` in core's words.

use interline_core::FinishReason;
use serde_json::Value;

/// Core's word for a reason; one that is unknown stays as it is.
pub(crate) fn decode(reason: &str) -> FinishReason {
    match reason {
        "end_turn" | "stop_sequence" => FinishReason::Stop,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "guardrail_intervened" | "content_filtered" => FinishReason::ContentFilter,
        "malformed_model_output" | "malformed_tool_use" => FinishReason::Error,
        other => FinishReason::Other(other.to_owned()),
    }
}

/// The stop text, where the caller asked for it with `additionalModelResponseFieldPaths`.
pub(crate) fn stop_sequence(answer: &Value) -> Option<String> {
    let text = answer.pointer("/additionalModelResponseFields/stop_sequence")?;
    Some(text.as_str()?.to_owned())
}
