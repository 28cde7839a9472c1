//! Anthropic's Messages.

use serde_json::{Value, json};

use super::openai_chat::halves;
use crate::canned::Event;
use crate::said::{CALLS, Finish, Piece, Said, Tokens, arguments};
use crate::vendor::Failing;

pub(crate) const SIGNATURE: &str = "proof/of+anthropic==";

fn stop_reason(said: &Said) -> &'static str {
    match said.finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::Calls => "tool_use",
    }
}

fn usage(output: u64) -> Value {
    json!({
        "input_tokens": Tokens::PLAIN, "cache_read_input_tokens": Tokens::CACHED,
        "cache_creation_input_tokens": Tokens::CACHE_WRITE, "output_tokens": output,
        "service_tier": "standard",
    })
}

fn output(said: &Said) -> u64 {
    Tokens::WORDS + Tokens::thought(said.thinks())
}

fn block(piece: Piece) -> Value {
    match piece {
        Piece::Thought(thought) => {
            json!({"type": "thinking", "thinking": thought, "signature": SIGNATURE})
        }
        Piece::Text(text) => json!({"type": "text", "text": text}),
        Piece::Call(place) => {
            let (id, name, _) = CALLS[place];
            json!({"type": "tool_use", "id": format!("toolu_{id}"), "name": name,
                   "input": arguments(place)})
        }
    }
}

pub(crate) fn whole(said: &Said) -> Value {
    let content: Vec<Value> = said.pieces.iter().map(|piece| block(*piece)).collect();
    json!({
        "id": "msg_77", "type": "message", "role": "assistant", "model": "answering-model",
        "content": content, "stop_reason": stop_reason(said), "stop_sequence": null,
        "usage": usage(output(said)),
    })
}

fn event(mut data: Value, kind: &str) -> Event {
    data["type"] = kind.into();
    Event::new(Some(kind), data)
}

fn start() -> Event {
    let message = json!({
        "id": "msg_77", "type": "message", "role": "assistant", "model": "answering-model",
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage(1),
    });
    event(json!({"message": message}), "message_start")
}

fn delta(index: usize, delta: &Value) -> Event {
    event(
        json!({"index": index, "delta": delta}),
        "content_block_delta",
    )
}

fn begun(index: usize, block: &Value) -> Event {
    event(
        json!({"index": index, "content_block": block}),
        "content_block_start",
    )
}

fn add_block(events: &mut Vec<Event>, index: usize, piece: Piece) {
    let mut empty = block(piece);
    let deltas: Vec<Value> = match piece {
        Piece::Thought(thought) => {
            empty["thinking"] = "".into();
            empty["signature"] = "".into();
            let (first, second) = halves(thought);
            let more = |half: &str| json!({"type": "thinking_delta", "thinking": half});
            let proof = json!({"type": "signature_delta", "signature": SIGNATURE});
            vec![more(first), more(second), proof]
        }
        Piece::Text(text) => {
            empty["text"] = "".into();
            let (first, second) = halves(text);
            let more = |half: &str| json!({"type": "text_delta", "text": half});
            vec![more(first), more(second)]
        }
        Piece::Call(place) => {
            empty["input"] = json!({});
            let whole = arguments(place).to_string();
            let (first, second) = halves(&whole);
            let more = |half: &str| json!({"type": "input_json_delta", "partial_json": half});
            vec![more(""), more(first), more(second)]
        }
    };
    events.push(begun(index, &empty));
    events.extend(deltas.iter().map(|one| delta(index, one)));
    events.push(event(json!({"index": index}), "content_block_stop"));
}

pub(crate) fn stream(said: &Said) -> Vec<Event> {
    let mut events = vec![start(), event(json!({}), "ping")];
    for (index, piece) in said.pieces.iter().enumerate() {
        add_block(&mut events, index, *piece);
    }
    let reason = json!({"stop_reason": stop_reason(said), "stop_sequence": null});
    let last = json!({"delta": reason, "usage": {"output_tokens": output(said)}});
    events.push(event(last, "message_delta"));
    events.push(event(json!({}), "message_stop"));
    events
}

pub(crate) fn broken(words: &str) -> Vec<Event> {
    let error = json!({"error": {"type": "overloaded_error", "message": "the server stumbled over a cable"}});
    vec![
        start(),
        begun(0, &json!({"type": "text", "text": ""})),
        delta(0, &json!({"type": "text_delta", "text": words})),
        event(error, "error"),
    ]
}

pub(crate) fn failure(failing: Failing) -> (u16, Value) {
    let (status, kind, message) = match failing {
        Failing::Refusal => (400, "invalid_request_error", "temperature must be small"),
        Failing::Overload => (529, "overloaded_error", "too many at once"),
    };
    let error = json!({"type": kind, "message": message});
    (
        status,
        json!({"type": "error", "error": error, "request_id": "req_78"}),
    )
}
