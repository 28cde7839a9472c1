//! What callers send who speak Responses.

use serde_json::{Value, json};

use super::{PICTURE, PICTURE_URL, answer_schema, tide_schema, wind_schema};
use crate::case::{Case, RESULT};

/// The tools of every case that has some.
fn tools() -> Value {
    json!([
        {"type": "function", "name": "wind_at", "description": "Tells the wind at a harbour.",
         "parameters": wind_schema(), "strict": true},
        {"type": "function", "name": "tide_at", "description": "Tells the tide on a day.",
         "parameters": tide_schema(), "strict": false},
    ])
}

fn call(id: &str, name: &str, arguments: &Value) -> Value {
    json!({"type": "function_call", "call_id": id, "name": name,
           "arguments": arguments.to_string()})
}

fn result(id: &str, output: &str) -> Value {
    json!({"type": "function_call_output", "call_id": id, "output": output})
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

pub(crate) fn request(case: Case) -> Option<Value> {
    let mut body = match case {
        Case::Text => json!({
            "instructions": "You keep a lighthouse.",
            "input": [
                user("Where does the wind come from?"),
                {"type": "message", "role": "assistant", "id": "msg_11", "status": "completed",
                 "content": [{"type": "output_text", "text": "From the west.", "annotations": []}]},
                {"role": "user", "content": [
                    {"type": "input_text", "text": "And tomorrow?"},
                    {"type": "input_text", "text": "In one sentence."},
                ]},
            ],
            "max_output_tokens": 640, "temperature": 0.25,
        }),
        Case::Parameters => json!({
            "input": [
                {"role": "developer", "content": "You keep a lighthouse."},
                user("How strong is the wind?"),
            ],
            "max_output_tokens": 641, "temperature": 0.35, "top_p": 0.85,
            "top_logprobs": 3, "include": ["message.output_text.logprobs"],
            "user": "keeper-17", "metadata": {"tower": "north"}, "service_tier": "flex",
            "store": false, "truncation": "auto", "prompt_cache_key": "lighthouse",
            "text": {"verbosity": "low"},
        }),
        // The format has no such wish.
        Case::Stop => return None,
        Case::Refused | Case::Overloaded => json!({
            "input": "Where does the wind come from?", "temperature": 0.25,
        }),
        Case::Tools => json!({
            "input": [
                user("How strong is the wind in Oslo?"),
                {"role": "assistant", "content": "I ask the harbour."},
                call("call_wind_1", "wind_at", &json!({"harbour": "Oslo", "unit": "knots"})),
                result("call_wind_1", "11 knots"),
                user("And in Bergen?"),
            ],
            "tools": tools(), "tool_choice": "required", "parallel_tool_calls": false,
            "max_output_tokens": 642,
        }),
        Case::ParallelTools => json!({
            "input": [
                user("Wind in Oslo, tide in Bodø?"),
                call("call_wind_1", "wind_at", &json!({"harbour": "Oslo"})),
                call("call_tide_2", "tide_at", &json!({"harbour": "Bodø", "day": 29})),
                result("call_wind_1", "11 knots"),
                result("call_tide_2", "the gauge is frozen"),
                user("Now Bergen and Tromsø."),
            ],
            "tools": tools(), "max_output_tokens": 643,
        }),
        Case::Vision => vision(&format!("data:image/png;base64,{PICTURE}")),
        Case::VisionByAddress => vision(PICTURE_URL),
        Case::Structured => json!({
            "input": "The wind, as data.",
            "text": {"format": {"type": "json_schema", "name": "wind_report", "strict": true,
                                "schema": answer_schema()}},
            "max_output_tokens": 645,
        }),
        Case::JsonObject => json!({
            "input": "The wind, as a JSON object.", "text": {"format": {"type": "json_object"}},
        }),
        Case::Reasoning => json!({
            "input": [user("How strong is the wind in Bergen?")],
            "tools": tools(), "reasoning": {"effort": "medium", "summary": "auto"},
            "include": ["reasoning.encrypted_content"], "store": false, "max_output_tokens": 6400,
        }),
        Case::ForeignReasoning => json!({
            "input": [
                user("How strong is the wind in Oslo?"),
                {"type": "reasoning", "id": "rs_12", "encrypted_content": super::FOREIGN_SIGNATURE,
                 "summary": [{"type": "summary_text", "text": "Oslo has a harbour."}]},
                call("call_wind_1", "wind_at", &json!({"harbour": "Oslo"})),
                result("call_wind_1", RESULT),
            ],
            "tools": tools(), "reasoning": {"effort": "medium"}, "store": false,
            "include": ["reasoning.encrypted_content"], "max_output_tokens": 6400,
        }),
        Case::Native => json!({
            "previous_response_id": "resp_13", "input": "Look the forecast up.",
            "tools": [{"type": "web_search"}],
        }),
        Case::Stream | Case::BrokenStream => json!({
            "input": "Wind in Bergen, tide in Tromsø?",
            "tools": tools(), "stream": true, "max_output_tokens": 646,
        }),
    };
    body["model"] = super::ROUTE.into();
    Some(body)
}

fn vision(url: &str) -> Value {
    json!({
        "input": [{"role": "user", "content": [
            {"type": "input_text", "text": "What does the picture show?"},
            {"type": "input_image", "image_url": url, "detail": "low"},
        ]}],
        "max_output_tokens": 644,
    })
}

/// The conversation with the answer's items, and the result of its call.
pub(crate) fn next_turn(asked: &Value, told: &Value) -> Value {
    let mut items = told["output"].as_array().cloned().unwrap_or_default();
    let is_call = |item: &&Value| item["type"] == "function_call";
    let id = items
        .iter()
        .find(is_call)
        .map(|call| call["call_id"].clone());
    let id = id.unwrap_or_default();
    items.push(result(id.as_str().unwrap_or_default(), RESULT));
    super::with_more(asked, "input", items)
}
