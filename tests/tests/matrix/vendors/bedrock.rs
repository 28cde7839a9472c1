//! Bedrock's Converse and ConverseStream, with a Claude behind them.

use interline::bedrock::EventMessage;
use serde_json::{Value, json};

use super::openai_chat::halves;
use crate::canned::{Canned, Event};
use crate::said::{CALLS, Finish, Piece, Said, Tokens, arguments};
use crate::vendor::Failing;

pub(crate) const SIGNATURE: &str = "proof/of+bedrock==";

fn usage(said: &Said) -> Value {
    let output = Tokens::WORDS + Tokens::thought(said.thinks());
    let cache = Tokens::CACHED + Tokens::CACHE_WRITE;
    json!({
        "inputTokens": Tokens::PLAIN, "cacheReadInputTokens": Tokens::CACHED,
        "cacheWriteInputTokens": Tokens::CACHE_WRITE, "outputTokens": output,
        "totalTokens": Tokens::PLAIN + cache + output,
    })
}

fn stop_reason(said: &Said) -> &'static str {
    match said.finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::Calls => "tool_use",
    }
}

fn tool_use(place: usize) -> Value {
    let (id, name, _) = CALLS[place];
    json!({"toolUseId": format!("tooluse_{id}"), "name": name})
}

fn block(piece: Piece) -> Value {
    match piece {
        Piece::Thought(thought) => json!({"reasoningContent": {"reasoningText": {
            "text": thought, "signature": SIGNATURE,
        }}}),
        Piece::Text(text) => json!({"text": text}),
        Piece::Call(place) => {
            let mut tool = tool_use(place);
            tool["input"] = arguments(place);
            json!({"toolUse": tool})
        }
    }
}

pub(crate) fn whole(said: &Said) -> Value {
    let content: Vec<Value> = said.pieces.iter().map(|piece| block(*piece)).collect();
    json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason(said), "usage": usage(said), "metrics": {"latencyMs": 321},
    })
}

fn delta(index: usize, delta: &Value) -> (&'static str, Value) {
    let data = json!({"contentBlockIndex": index, "delta": delta});
    ("contentBlockDelta", data)
}

fn add_block(events: &mut Vec<(&'static str, Value)>, index: usize, piece: Piece) {
    match piece {
        Piece::Thought(thought) => {
            let (first, second) = halves(thought);
            for half in [first, second] {
                events.push(delta(index, &json!({"reasoningContent": {"text": half}})));
            }
            let proof = json!({"reasoningContent": {"signature": SIGNATURE}});
            events.push(delta(index, &proof));
        }
        Piece::Text(text) => {
            let (first, second) = halves(text);
            for half in [first, second] {
                events.push(delta(index, &json!({"text": half})));
            }
        }
        Piece::Call(place) => {
            let start = json!({"contentBlockIndex": index, "start": {"toolUse": tool_use(place)}});
            events.push(("contentBlockStart", start));
            let whole = arguments(place).to_string();
            let (first, second) = halves(&whole);
            for half in [first, second] {
                events.push(delta(index, &json!({"toolUse": {"input": half}})));
            }
        }
    }
    events.push(("contentBlockStop", json!({"contentBlockIndex": index})));
}

/// The messages one behind the other; the last one is an exception where one is given.
fn body(events: &[(&'static str, Value)], exception: Option<(&'static str, Value)>) -> Canned {
    let message =
        |(name, data): &(&'static str, Value)| EventMessage::event(*name, data.to_string());
    let mut messages: Vec<EventMessage> = events.iter().map(message).collect();
    let mut shown: Vec<Event> = events
        .iter()
        .map(|(name, data)| Event::new(Some(name), data.clone()))
        .collect();
    if let Some((name, data)) = exception {
        messages.push(EventMessage::exception(name, data.to_string()));
        shown.push(Event::new(Some(&format!("exception {name}")), data));
    }
    let bytes = |message: &EventMessage| message.to_bytes().expect("a short message");
    let bytes = messages.iter().flat_map(bytes).collect();
    Canned::framed("application/vnd.amazon.eventstream", bytes, shown)
}

pub(crate) fn stream(said: &Said) -> Canned {
    let mut events = vec![("messageStart", json!({"role": "assistant"}))];
    for (index, piece) in said.pieces.iter().enumerate() {
        add_block(&mut events, index, *piece);
    }
    events.push(("messageStop", json!({"stopReason": stop_reason(said)})));
    let metadata = json!({"usage": usage(said), "metrics": {"latencyMs": 321}});
    events.push(("metadata", metadata));
    body(&events, None)
}

pub(crate) fn broken(words: &str) -> Canned {
    let events = [
        ("messageStart", json!({"role": "assistant"})),
        delta(0, &json!({"text": words})),
    ];
    let told = json!({"message": "the server stumbled over a cable"});
    body(&events, Some(("serviceUnavailableException", told)))
}

pub(crate) fn failure(failing: Failing) -> (u16, Value) {
    match failing {
        Failing::Refusal => (400, json!({"message": "temperature must be small"})),
        Failing::Overload => (503, json!({"message": "too many at once"})),
    }
}
