//! Cohere's second API.

use serde_json::{Value, json};

use super::openai_chat::halves;
use crate::canned::Event;
use crate::said::{CALLS, Finish, Piece, Said, Tokens, arguments};
use crate::vendor::Failing;

fn usage(said: &Said) -> Value {
    let output = Tokens::WORDS + Tokens::thought(said.thinks());
    json!({
        "billed_units": {"input_tokens": Tokens::PLAIN, "output_tokens": Tokens::WORDS},
        "tokens": {"input_tokens": Tokens::PLAIN + Tokens::CACHED, "output_tokens": output},
        "cached_tokens": Tokens::CACHED,
    })
}

fn finish(said: &Said) -> &'static str {
    match said.finish {
        Finish::Stop => "COMPLETE",
        Finish::Length => "MAX_TOKENS",
        Finish::Calls => "TOOL_CALL",
    }
}

fn call(place: usize) -> Value {
    let (id, name, _) = CALLS[place];
    json!({"id": format!("{name}_{id}"), "type": "function", "function": {
        "name": name, "arguments": arguments(place).to_string(),
    }})
}

pub(crate) fn whole(said: &Said) -> Value {
    let mut message = json!({"role": "assistant"});
    let mut content = Vec::new();
    let mut calls = Vec::new();
    for piece in &said.pieces {
        match piece {
            Piece::Thought(thought) => {
                content.push(json!({"type": "thinking", "thinking": thought}));
            }
            // What is said beside calls is their plan.
            Piece::Text(text) if said.finish == Finish::Calls => {
                message["tool_plan"] = (*text).into();
            }
            Piece::Text(text) => content.push(json!({"type": "text", "text": text})),
            Piece::Call(place) => calls.push(call(*place)),
        }
    }
    if !content.is_empty() {
        message["content"] = content.into();
    }
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    json!({"id": "c0-77", "finish_reason": finish(said), "message": message, "usage": usage(said)})
}

fn event(kind: &str, index: usize, message: &Value) -> Event {
    let data = json!({"type": kind, "index": index, "delta": {"message": message}});
    Event::new(Some(kind), data)
}

fn end(kind: &str, index: usize) -> Event {
    Event::new(Some(kind), json!({"type": kind, "index": index}))
}

fn start() -> Event {
    let message = json!({"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [],
                         "citations": []});
    let data = json!({"type": "message-start", "id": "c0-77", "delta": {"message": message}});
    Event::new(Some("message-start"), data)
}

fn add_content(events: &mut Vec<Event>, index: usize, kind: &str, text: &str) {
    let begun = json!({"content": {"type": kind, kind: ""}});
    events.push(event("content-start", index, &begun));
    let (first, second) = halves(text);
    for half in [first, second] {
        let more = json!({"content": {kind: half}});
        events.push(event("content-delta", index, &more));
    }
    events.push(end("content-end", index));
}

fn add_call(events: &mut Vec<Event>, index: usize, place: usize) {
    let mut begun = call(place);
    begun["function"]["arguments"] = "".into();
    events.push(event(
        "tool-call-start",
        index,
        &json!({"tool_calls": begun}),
    ));
    let whole = arguments(place).to_string();
    let (first, second) = halves(&whole);
    for half in [first, second] {
        let more = json!({"tool_calls": {"function": {"arguments": half}}});
        events.push(event("tool-call-delta", index, &more));
    }
    events.push(end("tool-call-end", index));
}

pub(crate) fn stream(said: &Said) -> Vec<Event> {
    let mut events = vec![start()];
    let (mut contents, mut calls) = (0, 0);
    for piece in &said.pieces {
        match piece {
            Piece::Thought(thought) => {
                add_content(&mut events, contents, "thinking", thought);
                contents += 1;
            }
            Piece::Text(text) if said.finish == Finish::Calls => {
                let (first, second) = halves(text);
                for half in [first, second] {
                    events.push(event("tool-plan-delta", 0, &json!({"tool_plan": half})));
                }
            }
            Piece::Text(text) => {
                add_content(&mut events, contents, "text", text);
                contents += 1;
            }
            Piece::Call(place) => {
                add_call(&mut events, calls, *place);
                calls += 1;
            }
        }
    }
    let last = json!({"type": "message-end",
                      "delta": {"finish_reason": finish(said), "usage": usage(said)}});
    events.push(Event::new(Some("message-end"), last));
    events
}

pub(crate) fn broken(words: &str) -> Vec<Event> {
    let begun = json!({"content": {"type": "text", "text": ""}});
    let last = json!({"type": "message-end", "delta": {
        "finish_reason": "ERROR", "error": "the server stumbled over a cable",
    }});
    vec![
        start(),
        event("content-start", 0, &begun),
        event("content-delta", 0, &json!({"content": {"text": words}})),
        Event::new(Some("message-end"), last),
    ]
}

pub(crate) fn failure(failing: Failing) -> (u16, Value) {
    let (status, message) = match failing {
        Failing::Refusal => (400, "temperature must be small"),
        Failing::Overload => (503, "too many at once"),
    };
    (status, json!({"id": "e-78", "message": message}))
}
