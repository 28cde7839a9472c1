//! OpenAI's Responses.

use serde_json::{Value, json};

use super::openai_chat::halves;
use crate::canned::Event;
use crate::said::{CALLS, Finish, Piece, Said, Tokens, arguments};

pub(crate) const SIGNATURE: &str = "sealed+of/responses==";

fn usage(said: &Said) -> Value {
    let input = Tokens::PLAIN + Tokens::CACHED;
    let thought = Tokens::thought(said.thinks());
    let output = Tokens::WORDS + thought;
    json!({
        "input_tokens": input, "input_tokens_details": {"cached_tokens": Tokens::CACHED},
        "output_tokens": output, "output_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": input + output,
    })
}

/// The finished item of a piece.
fn item(piece: Piece, said: &Said) -> Value {
    match piece {
        Piece::Thought(thought) => json!({
            "type": "reasoning", "id": "rs_31", "encrypted_content": SIGNATURE,
            "summary": [{"type": "summary_text", "text": thought}],
        }),
        Piece::Text(text) => json!({
            "type": "message", "id": "msg_32", "role": "assistant",
            "status": if said.finish == Finish::Length { "incomplete" } else { "completed" },
            "content": [{"type": "output_text", "text": text, "annotations": []}],
        }),
        Piece::Call(place) => {
            let (id, name, _) = CALLS[place];
            json!({
                "type": "function_call", "id": format!("fc_{id}"), "call_id": format!("call_{id}"),
                "name": name, "arguments": arguments(place).to_string(), "status": "completed",
            })
        }
    }
}

fn response(output: &[Value], status: &str) -> Value {
    json!({
        "id": "resp_30", "object": "response", "created_at": 1_767_225_600, "status": status,
        "model": "answering-model", "output": output, "error": null, "incomplete_details": null,
        "instructions": null, "metadata": {}, "parallel_tool_calls": true, "temperature": 1.0,
        "tool_choice": "auto", "tools": [], "top_p": 1.0, "usage": null,
    })
}

fn finished(said: &Said) -> Value {
    let output: Vec<Value> = said.pieces.iter().map(|piece| item(*piece, said)).collect();
    let mut whole = response(&output, "completed");
    if said.finish == Finish::Length {
        whole["status"] = "incomplete".into();
        whole["incomplete_details"] = json!({"reason": "max_output_tokens"});
    }
    whole["usage"] = usage(said);
    whole
}

pub(crate) fn whole(said: &Said) -> Value {
    finished(said)
}

/// Numbers events as they are added.
struct Events(Vec<Event>);

impl Events {
    fn add(&mut self, kind: &str, mut data: Value) {
        data["type"] = kind.into();
        data["sequence_number"] = self.0.len().into();
        self.0.push(Event::new(Some(kind), data));
    }

    fn begun() -> Self {
        let mut events = Self(Vec::new());
        let begun = json!({"response": response(&[], "in_progress")});
        events.add("response.created", begun.clone());
        events.add("response.in_progress", begun);
        events
    }

    fn text(&mut self, place: usize, text: &str) {
        let at = |more: Value| {
            let mut data = json!({"item_id": "msg_32", "output_index": place, "content_index": 0});
            merge(&mut data, more);
            data
        };
        let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
        self.add("response.content_part.added", at(json!({"part": part("")})));
        let (first, second) = halves(text);
        for half in [first, second] {
            let delta = json!({"delta": half, "logprobs": []});
            self.add("response.output_text.delta", at(delta));
        }
        let done = json!({"text": text, "logprobs": []});
        self.add("response.output_text.done", at(done));
        self.add(
            "response.content_part.done",
            at(json!({"part": part(text)})),
        );
    }

    fn thought(&mut self, place: usize, thought: &str) {
        let at = |more: Value| {
            let mut data = json!({"item_id": "rs_31", "output_index": place, "summary_index": 0});
            merge(&mut data, more);
            data
        };
        let part = |text: &str| json!({"type": "summary_text", "text": text});
        self.add(
            "response.reasoning_summary_part.added",
            at(json!({"part": part("")})),
        );
        let (first, second) = halves(thought);
        for half in [first, second] {
            self.add(
                "response.reasoning_summary_text.delta",
                at(json!({"delta": half})),
            );
        }
        self.add(
            "response.reasoning_summary_text.done",
            at(json!({"text": thought})),
        );
        self.add(
            "response.reasoning_summary_part.done",
            at(json!({"part": part(thought)})),
        );
    }

    fn call(&mut self, place: usize, call: usize) {
        let id = format!("fc_{}", CALLS[call].0);
        let whole = arguments(call).to_string();
        let (first, second) = halves(&whole);
        for half in [first, second] {
            let delta = json!({"item_id": id, "output_index": place, "delta": half});
            self.add("response.function_call_arguments.delta", delta);
        }
        let done = json!({"item_id": id, "output_index": place, "arguments": whole});
        self.add("response.function_call_arguments.done", done);
    }
}

fn merge(data: &mut Value, more: Value) {
    let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) else {
        return;
    };
    data.extend(more);
}

/// The item of a piece before anything of it has come.
fn begun(piece: Piece, said: &Said) -> Value {
    let mut item = item(piece, said);
    match piece {
        Piece::Thought(_) => {
            item["summary"] = json!([]);
            item["encrypted_content"] = "".into();
        }
        Piece::Text(_) => item["content"] = json!([]),
        Piece::Call(_) => item["arguments"] = "".into(),
    }
    if item.get("status").is_some() {
        item["status"] = "in_progress".into();
    }
    item
}

pub(crate) fn stream(said: &Said) -> Vec<Event> {
    let mut events = Events::begun();
    for (place, piece) in said.pieces.iter().enumerate() {
        let added = json!({"output_index": place, "item": begun(*piece, said)});
        events.add("response.output_item.added", added);
        match piece {
            Piece::Thought(thought) => events.thought(place, thought),
            Piece::Text(text) => events.text(place, text),
            Piece::Call(call) => events.call(place, *call),
        }
        let done = json!({"output_index": place, "item": item(*piece, said)});
        events.add("response.output_item.done", done);
    }
    let last = match said.finish {
        Finish::Length => "response.incomplete",
        Finish::Stop | Finish::Calls => "response.completed",
    };
    events.add(last, json!({"response": finished(said)}));
    events.0
}

pub(crate) fn broken(words: &str) -> Vec<Event> {
    let mut events = Events::begun();
    let said = Said::text("");
    let added = json!({"output_index": 0, "item": begun(Piece::Text(""), &said)});
    events.add("response.output_item.added", added);
    let at = json!({"item_id": "msg_32", "output_index": 0, "content_index": 0});
    let mut part = at.clone();
    merge(
        &mut part,
        json!({"part": {"type": "output_text", "text": "", "annotations": []}}),
    );
    events.add("response.content_part.added", part);
    let mut delta = at;
    merge(&mut delta, json!({"delta": words, "logprobs": []}));
    events.add("response.output_text.delta", delta);
    let mut failed = response(&[], "failed");
    failed["error"] =
        json!({"code": "server_error", "message": "the server stumbled over a cable"});
    events.add("response.failed", json!({"response": failed}));
    events.0
}
