//! Google's generateContent.

use serde_json::{Value, json};

use super::openai_chat::halves;
use crate::canned::Event;
use crate::said::{CALLS, Finish, Piece, Said, Tokens, arguments};
use crate::vendor::Failing;

pub(crate) const SIGNATURE: &str = "proof/of+gemini==";

fn usage(said: &Said) -> Value {
    let input = Tokens::PLAIN + Tokens::CACHED;
    let thought = Tokens::thought(said.thinks());
    let mut usage = json!({
        "promptTokenCount": input, "cachedContentTokenCount": Tokens::CACHED,
        "candidatesTokenCount": Tokens::WORDS, "totalTokenCount": input + Tokens::WORDS + thought,
    });
    if thought > 0 {
        usage["thoughtsTokenCount"] = thought.into();
    }
    usage
}

fn finish(said: &Said) -> &'static str {
    match said.finish {
        // Calls of tools have no word of their own.
        Finish::Stop | Finish::Calls => "STOP",
        Finish::Length => "MAX_TOKENS",
    }
}

/// The parts of a piece. Thoughts are summed up; the proof stands on the part behind them.
fn part(piece: Piece, signed: bool) -> Value {
    let mut part = match piece {
        Piece::Thought(thought) => return json!({"text": thought, "thought": true}),
        Piece::Text(text) => json!({"text": text}),
        Piece::Call(place) => {
            json!({"functionCall": {"name": CALLS[place].1, "args": arguments(place)}})
        }
    };
    if signed {
        part["thoughtSignature"] = SIGNATURE.into();
    }
    part
}

fn parts(said: &Said) -> Vec<Value> {
    let is_thought = |at: usize| matches!(said.pieces.get(at), Some(Piece::Thought(_)));
    let one = |(at, piece): (usize, &Piece)| part(*piece, at > 0 && is_thought(at - 1));
    said.pieces.iter().enumerate().map(one).collect()
}

fn step(parts: &[Value], finish: Option<&str>, usage: &Value) -> Value {
    let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": 0});
    if let Some(finish) = finish {
        candidate["finishReason"] = finish.into();
    }
    json!({
        "candidates": [candidate], "usageMetadata": usage, "modelVersion": "answering-model",
        "responseId": "resp77",
    })
}

pub(crate) fn whole(said: &Said) -> Value {
    step(&parts(said), Some(finish(said)), &usage(said))
}

pub(crate) fn stream(said: &Said) -> Vec<Event> {
    let mut steps = Vec::new();
    for whole in parts(said) {
        let signature = whole.get("thoughtSignature").cloned();
        let text = whole.get("text").and_then(Value::as_str);
        let Some((first, second)) = text.map(halves) else {
            steps.push(whole);
            continue;
        };
        for half in [first, second] {
            let mut piece = whole.clone();
            piece["text"] = half.into();
            if let Some(fields) = piece.as_object_mut() {
                fields.remove("thoughtSignature");
            }
            steps.push(piece);
        }
        // A signature of text comes at its end, with an empty text.
        if let Some(signature) = signature {
            steps.push(json!({"text": "", "thoughtSignature": signature}));
        }
    }
    let last = steps.len().saturating_sub(1);
    let events = steps.into_iter().enumerate().map(|(at, part)| {
        let finish = (at == last).then(|| finish(said));
        Event::new(None, step(&[part], finish, &usage(said)))
    });
    events.collect()
}

fn error(code: u16, message: &str, status: &str) -> Value {
    json!({"error": {"code": code, "message": message, "status": status}})
}

pub(crate) fn broken(words: &str) -> Vec<Event> {
    let said = Said::text("");
    let first = step(&[json!({"text": words})], None, &usage(&said));
    let error = error(503, "the server stumbled over a cable", "UNAVAILABLE");
    [first, error].map(|data| Event::new(None, data)).into()
}

pub(crate) fn failure(failing: Failing) -> (u16, Value) {
    match failing {
        Failing::Refusal => (
            400,
            error(400, "temperature must be small", "INVALID_ARGUMENT"),
        ),
        Failing::Overload => (503, error(503, "too many at once", "UNAVAILABLE")),
    }
}
