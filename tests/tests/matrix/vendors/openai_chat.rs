//! Chat Completions, as OpenAI answers them; thoughts as OpenRouter shows them.

use serde_json::{Map, Value, json};

use crate::canned::Event;
use crate::said::{CALLS, Finish, Piece, Said, Tokens, arguments};
use crate::vendor::Failing;

pub(crate) const SIGNATURE: &str = "proof/of+chat==";

fn finish(said: &Said) -> &'static str {
    match said.finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::Calls => "tool_calls",
    }
}

fn usage(said: &Said) -> Value {
    let input = Tokens::PLAIN + Tokens::CACHED;
    let thought = Tokens::thought(said.thinks());
    let output = Tokens::WORDS + thought;
    json!({
        "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
        "prompt_tokens_details": {"cached_tokens": Tokens::CACHED},
        "completion_tokens_details": {"reasoning_tokens": thought},
    })
}

fn call(place: usize) -> Value {
    let (id, name, _) = CALLS[place];
    json!({"id": format!("call_{id}"), "type": "function", "function": {
        "name": name, "arguments": arguments(place).to_string(),
    }})
}

fn details(thought: &str) -> Value {
    json!([{"type": "reasoning.text", "text": thought, "signature": SIGNATURE,
            "format": "anthropic-claude-v1", "index": 0}])
}

pub(crate) fn whole(said: &Said) -> Value {
    let mut message = json!({"role": "assistant", "content": null, "refusal": null});
    let mut calls = Vec::new();
    for piece in &said.pieces {
        match piece {
            Piece::Thought(thought) => {
                message["reasoning"] = (*thought).into();
                message["reasoning_details"] = details(thought);
            }
            Piece::Text(text) => message["content"] = (*text).into(),
            Piece::Call(place) => calls.push(call(*place)),
        }
    }
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    json!({
        "id": "chatcmpl-77", "object": "chat.completion", "created": 1_767_225_600,
        "model": "answering-model", "system_fingerprint": "fp_44", "service_tier": "default",
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish(said)}],
        "usage": usage(said),
    })
}

fn chunk(delta: &Value, finish: Option<&str>) -> Value {
    json!({
        "id": "chatcmpl-77", "object": "chat.completion.chunk", "created": 1_767_225_600,
        "model": "answering-model", "system_fingerprint": "fp_44",
        "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}],
    })
}

fn done() -> Event {
    Event::new(None, "[DONE]".into())
}

fn unnamed(data: Value) -> Event {
    Event::new(None, data)
}

pub(crate) fn stream(said: &Said) -> Vec<Event> {
    let mut deltas = vec![json!({"role": "assistant", "content": ""})];
    let mut calls = 0;
    for piece in &said.pieces {
        match piece {
            Piece::Thought(thought) => {
                let (first, second) = halves(thought);
                for half in [first, second] {
                    let entry = json!({"type": "reasoning.text", "text": half, "index": 0,
                                       "format": "anthropic-claude-v1"});
                    deltas.push(json!({"reasoning": half, "reasoning_details": [entry]}));
                }
                let proof = json!({"type": "reasoning.text", "signature": SIGNATURE, "index": 0,
                                   "format": "anthropic-claude-v1"});
                deltas.push(json!({"reasoning_details": [proof]}));
            }
            Piece::Text(text) => {
                let (first, second) = halves(text);
                deltas.extend([first, second].map(|half| json!({"content": half})));
            }
            Piece::Call(place) => {
                deltas.extend(call_deltas(calls, *place));
                calls += 1;
            }
        }
    }
    let mut events: Vec<Event> = deltas
        .iter()
        .map(|delta| unnamed(chunk(delta, None)))
        .collect();
    events.push(unnamed(chunk(&json!({}), Some(finish(said)))));
    let mut last = chunk(&json!({}), None);
    last["choices"] = json!([]);
    last["usage"] = usage(said);
    events.extend([unnamed(last), done()]);
    events
}

fn call_deltas(index: usize, place: usize) -> [Value; 3] {
    let mut begin = call(place);
    begin["index"] = index.into();
    begin["function"]["arguments"] = "".into();
    let whole = arguments(place).to_string();
    let (first, second) = halves(&whole);
    let more =
        |half: &str| json!({"tool_calls": [{"index": index, "function": {"arguments": half}}]});
    [json!({"tool_calls": [begin]}), more(first), more(second)]
}

/// Two pieces of a text.
pub(crate) fn halves(text: &str) -> (&str, &str) {
    let middle = text.len() / 2;
    let cut = (middle..).find(|at| text.is_char_boundary(*at));
    text.split_at(cut.expect("the end is a boundary"))
}

pub(crate) fn broken(words: &str) -> Vec<Event> {
    let error = error(
        "overloaded",
        "the server stumbled over a cable",
        "server_error",
    );
    vec![
        unnamed(chunk(&json!({"role": "assistant", "content": words}), None)),
        unnamed(error),
    ]
}

fn error(code: &str, message: &str, kind: &str) -> Value {
    let mut fields = Map::new();
    fields.insert("message".into(), message.into());
    fields.insert("type".into(), kind.into());
    fields.insert("param".into(), Value::Null);
    fields.insert("code".into(), code.into());
    json!({"error": fields})
}

pub(crate) fn failure(failing: Failing) -> (u16, Value) {
    match failing {
        Failing::Refusal => {
            let mut body = error(
                "invalid_value",
                "temperature must be small",
                "invalid_request_error",
            );
            body["error"]["param"] = "temperature".into();
            (400, body)
        }
        Failing::Overload => (503, error("overloaded", "too many at once", "server_error")),
    }
}
