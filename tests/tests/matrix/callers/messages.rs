//! What callers send who speak Anthropic's Messages.

use serde_json::{Value, json};

use super::{PICTURE, PICTURE_URL, answer_schema, tide_schema, wind_schema};
use crate::case::{Case, RESULT};

/// The tools of every case that has some.
fn tools() -> Value {
    json!([
        {"name": "wind_at", "description": "Tells the wind at a harbour.",
         "input_schema": wind_schema(), "strict": true},
        {"name": "tide_at", "description": "Tells the tide on a day.",
         "input_schema": tide_schema(), "cache_control": {"type": "ephemeral"}},
    ])
}

fn call(id: &str, name: &str, input: &Value) -> Value {
    json!({"type": "tool_use", "id": id, "name": name, "input": input})
}

pub(crate) fn request(case: Case) -> Option<Value> {
    let mut body = match case {
        Case::Text => json!({
            "system": [{"type": "text", "text": "You keep a lighthouse.",
                        "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
            "messages": [
                {"role": "user", "content": "Where does the wind come from?"},
                {"role": "assistant", "content": "From the west."},
                {"role": "user", "content": [
                    {"type": "text", "text": "And tomorrow?"},
                    {"type": "text", "text": "In one sentence."},
                ]},
            ],
            "max_tokens": 640, "temperature": 0.25,
        }),
        Case::Parameters => json!({
            "system": "You keep a lighthouse.",
            "messages": [{"role": "user", "content": "How strong is the wind?"}],
            "max_tokens": 641, "top_p": 0.85, "top_k": 33,
            "metadata": {"user_id": "keeper-17"}, "service_tier": "standard_only",
        }),
        Case::Stop => json!({
            "messages": [{"role": "user", "content": "Which town is this?"}],
            "stop_sequences": ["HARBOUR"], "max_tokens": 648,
        }),
        Case::Refused | Case::Overloaded => json!({
            "messages": [{"role": "user", "content": "Where does the wind come from?"}],
            "temperature": 0.25, "max_tokens": 649,
        }),
        Case::Tools => json!({
            "messages": [
                {"role": "user", "content": "How strong is the wind in Oslo?"},
                {"role": "assistant", "content": [
                    {"type": "text", "text": "I ask the harbour."},
                    call("toolu_wind_1", "wind_at", &json!({"harbour": "Oslo", "unit": "knots"})),
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_wind_1", "content": "11 knots"},
                    {"type": "text", "text": "And in Bergen?"},
                ]},
            ],
            "tools": tools(), "max_tokens": 642,
            "tool_choice": {"type": "any", "disable_parallel_tool_use": true},
        }),
        Case::ParallelTools => json!({
            "messages": [
                {"role": "user", "content": "Wind in Oslo, tide in Bodø?"},
                {"role": "assistant", "content": [
                    call("toolu_wind_1", "wind_at", &json!({"harbour": "Oslo"})),
                    call("toolu_tide_2", "tide_at", &json!({"harbour": "Bodø", "day": 29})),
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_wind_1",
                     "content": [{"type": "text", "text": "11 knots"}]},
                    {"type": "tool_result", "tool_use_id": "toolu_tide_2", "is_error": true,
                     "content": "the gauge is frozen"},
                    {"type": "text", "text": "Now Bergen and Tromsø."},
                ]},
            ],
            "tools": tools(), "max_tokens": 643,
        }),
        Case::Vision => {
            let source = json!({"type": "base64", "media_type": "image/png", "data": PICTURE});
            vision(&source)
        }
        Case::VisionByAddress => vision(&json!({"type": "url", "url": PICTURE_URL})),
        Case::Structured => json!({
            "messages": [{"role": "user", "content": "The wind, as data."}],
            "output_config": {"format": {"type": "json_schema", "schema": answer_schema()}},
            "max_tokens": 645,
        }),
        // The format has no such wish.
        Case::JsonObject => return None,
        Case::Reasoning => json!({
            "messages": [{"role": "user", "content": "How strong is the wind in Bergen?"}],
            "tools": tools(), "thinking": {"type": "enabled", "budget_tokens": 2048},
            "max_tokens": 6400,
        }),
        Case::ForeignReasoning => json!({
            "messages": [
                {"role": "user", "content": "How strong is the wind in Oslo?"},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "Oslo has a harbour.",
                     "signature": super::FOREIGN_SIGNATURE},
                    call("toolu_wind_1", "wind_at", &json!({"harbour": "Oslo"})),
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_wind_1", "content": RESULT},
                ]},
            ],
            "tools": tools(), "thinking": {"type": "enabled", "budget_tokens": 2048},
            "max_tokens": 6400,
        }),
        Case::Native => json!({
            "messages": [{"role": "user", "content": "Look the forecast up."}],
            "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 3}],
            "max_tokens": 647,
        }),
        Case::Stream | Case::BrokenStream => json!({
            "messages": [{"role": "user", "content": "Wind in Bergen, tide in Tromsø?"}],
            "tools": tools(), "stream": true, "max_tokens": 646,
        }),
    };
    body["model"] = super::ROUTE.into();
    Some(body)
}

fn vision(source: &Value) -> Value {
    json!({
        "messages": [{"role": "user", "content": [
            {"type": "image", "source": source},
            {"type": "text", "text": "What does the picture show?"},
        ]}],
        "max_tokens": 644,
    })
}

/// The conversation with the answer's blocks, and the result of its call.
pub(crate) fn next_turn(asked: &Value, told: &Value) -> Value {
    let content = told["content"].clone();
    let blocks = content.as_array().into_iter().flatten();
    let id = blocks.clone().find(|block| block["type"] == "tool_use");
    let id = id.map(|block| block["id"].clone()).unwrap_or_default();
    let result = json!({"type": "tool_result", "tool_use_id": id, "content": RESULT});
    let answer = json!({"role": "assistant", "content": content});
    let result = json!({"role": "user", "content": [result]});
    super::with_more(asked, "messages", [answer, result])
}
