//! What callers send who speak Chat Completions.

use serde_json::{Value, json};

use super::{PICTURE, PICTURE_URL, answer_schema, tide_schema, wind_schema};
use crate::case::{Case, RESULT};

/// The tools of every case that has some.
fn tools() -> Value {
    json!([
        {"type": "function", "function": {
            "name": "wind_at", "description": "Tells the wind at a harbour.",
            "parameters": wind_schema(), "strict": true,
        }},
        {"type": "function", "function": {
            "name": "tide_at", "description": "Tells the tide on a day.", "parameters": tide_schema(),
        }},
    ])
}

fn call(id: &str, name: &str, arguments: &Value) -> Value {
    json!({"id": id, "type": "function",
           "function": {"name": name, "arguments": arguments.to_string()}})
}

pub(crate) fn request(case: Case) -> Option<Value> {
    let mut body = match case {
        Case::Text => json!({
            "messages": [
                {"role": "system", "content": "You keep a lighthouse."},
                {"role": "user", "content": "Where does the wind come from?"},
                {"role": "assistant", "content": "From the west."},
                {"role": "user", "content": [
                    {"type": "text", "text": "And tomorrow?"},
                    {"type": "text", "text": "In one sentence."},
                ]},
            ],
            "max_completion_tokens": 640, "temperature": 0.25,
        }),
        Case::Parameters => json!({
            "messages": [
                {"role": "developer", "content": "You keep a lighthouse."},
                {"role": "user", "name": "Solveig", "content": "How strong is the wind?"},
            ],
            "max_completion_tokens": 641, "temperature": 0.35, "top_p": 0.85,
            "frequency_penalty": 0.15, "presence_penalty": 0.45, "seed": 4711,
            "logprobs": true, "top_logprobs": 3, "user": "keeper-17",
            "metadata": {"tower": "north"}, "logit_bias": {"5005": 11}, "service_tier": "flex",
            "store": true,
        }),
        Case::Stop => json!({
            "messages": [{"role": "user", "content": "Which town is this?"}], "stop": ["HARBOUR"],
            "max_completion_tokens": 648,
        }),
        Case::Refused | Case::Overloaded => json!({
            "messages": [{"role": "user", "content": "Where does the wind come from?"}],
            "temperature": 0.25,
        }),
        Case::Tools => json!({
            "messages": [
                {"role": "user", "content": "How strong is the wind in Oslo?"},
                {"role": "assistant", "content": "I ask the harbour.", "tool_calls": [
                    call("call_wind_1", "wind_at", &json!({"harbour": "Oslo", "unit": "knots"})),
                ]},
                {"role": "tool", "tool_call_id": "call_wind_1", "content": "11 knots"},
                {"role": "user", "content": "And in Bergen?"},
            ],
            "tools": tools(), "tool_choice": "required", "parallel_tool_calls": false,
            "max_completion_tokens": 642,
        }),
        Case::ParallelTools => json!({
            "messages": [
                {"role": "user", "content": "Wind in Oslo, tide in Bodø?"},
                {"role": "assistant", "content": null, "tool_calls": [
                    call("call_wind_1", "wind_at", &json!({"harbour": "Oslo"})),
                    call("call_tide_2", "tide_at", &json!({"harbour": "Bodø", "day": 29})),
                ]},
                {"role": "tool", "tool_call_id": "call_wind_1", "content": "11 knots"},
                {"role": "tool", "tool_call_id": "call_tide_2", "content": "the gauge is frozen"},
                {"role": "user", "content": "Now Bergen and Tromsø."},
            ],
            "tools": tools(), "max_completion_tokens": 643,
        }),
        Case::Vision => vision(&format!("data:image/png;base64,{PICTURE}")),
        Case::VisionByAddress => vision(PICTURE_URL),
        Case::Structured => json!({
            "messages": [{"role": "user", "content": "The wind, as data."}],
            "response_format": {"type": "json_schema", "json_schema": {
                "name": "wind_report", "strict": true, "schema": answer_schema(),
            }},
            "max_completion_tokens": 645,
        }),
        Case::JsonObject => json!({
            "messages": [{"role": "user", "content": "The wind, as a JSON object."}],
            "response_format": {"type": "json_object"},
        }),
        Case::Reasoning => json!({
            "messages": [{"role": "user", "content": "How strong is the wind in Bergen?"}],
            "tools": tools(), "reasoning_effort": "medium", "max_completion_tokens": 6400,
        }),
        Case::ForeignReasoning => json!({
            "messages": [
                {"role": "user", "content": "How strong is the wind in Oslo?"},
                {"role": "assistant", "content": null,
                 "reasoning": "Oslo has a harbour.",
                 "reasoning_details": [{
                    "type": "reasoning.text", "text": "Oslo has a harbour.", "index": 0,
                    "signature": super::FOREIGN_SIGNATURE, "format": "anthropic-claude-v1",
                 }],
                 "tool_calls": [call("call_wind_1", "wind_at", &json!({"harbour": "Oslo"}))]},
                {"role": "tool", "tool_call_id": "call_wind_1", "content": RESULT},
            ],
            "tools": tools(), "reasoning_effort": "medium", "max_completion_tokens": 6400,
        }),
        Case::Native => json!({
            "messages": [{"role": "user", "content": "Look the forecast up."}],
            "tools": [{"type": "custom", "custom": {"name": "telegraph",
                       "description": "Takes dots and dashes."}}],
        }),
        Case::Stream | Case::BrokenStream => json!({
            "messages": [{"role": "user", "content": "Wind in Bergen, tide in Tromsø?"}],
            "tools": tools(), "stream": true, "stream_options": {"include_usage": true},
            "max_completion_tokens": 646,
        }),
    };
    body["model"] = super::ROUTE.into();
    Some(body)
}

fn vision(url: &str) -> Value {
    json!({
        "messages": [{"role": "user", "content": [
            {"type": "text", "text": "What does the picture show?"},
            {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
        ]}],
        "max_completion_tokens": 644,
    })
}

/// The conversation with the answer, and the result of its call.
pub(crate) fn next_turn(asked: &Value, told: &Value) -> Value {
    let message = told["choices"][0]["message"].clone();
    let id = message["tool_calls"][0]["id"].clone();
    let result = json!({"role": "tool", "tool_call_id": id, "content": RESULT});
    super::with_more(asked, "messages", [message, result])
}
