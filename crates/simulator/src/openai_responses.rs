//! The OpenAI Responses format, as a vendor writes it. Errors are those of its other APIs.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::ask::{
    AnswerFormat, Api, Ask, Delivery, LastMessage, Reasoning, Tool, ToolChoice, UsageChunk,
    estimate_tokens,
};
use crate::dialect::{Event, EventKind, Exchanged, VendorError, digits, is_true, text_of};
use crate::fault::ErrorCase;
use crate::openai::{CREATED, call_id};
use crate::reply::{Finish, Reply, TokenUsage, argument_pieces, tokens};

/// The path of the API, below the vendor's prefix.
pub(crate) const PATH: &str = "/responses";

/// Reads a call.
pub(crate) fn read(body: &Value) -> Result<Ask, VendorError> {
    let missing = |name: &str| {
        let message = format!("Missing required parameter: '{name}'.");
        VendorError::new(ErrorCase::InvalidRequest, message).with_param(name)
    };
    let model = body.get("model").and_then(Value::as_str);
    let model = model.ok_or_else(|| missing("model"))?;
    let (items, last) = match body.get("input") {
        Some(Value::String(text)) => (1, LastMessage::Text(text.clone())),
        Some(Value::Array(items)) => {
            let last = items.last().ok_or_else(|| missing("input"))?;
            (items.len(), last_message(last))
        }
        _ => return Err(missing("input")),
    };
    let instructions = usize::from(body.get("instructions").is_some_and(Value::is_string));
    Ok(Ask {
        model: model.to_owned(),
        api: Api::Responses,
        delivery: if is_true(body, "/stream") {
            Delivery::Stream
        } else {
            Delivery::Whole
        },
        usage_chunk: UsageChunk::Wanted,
        messages: items + instructions,
        last,
        tools: read_tools(body),
        tool_choice: read_tool_choice(body),
        format: read_format(body),
        reasoning: match body.pointer("/reasoning/effort") {
            Some(Value::String(_)) => Reasoning::Shown,
            _ => Reasoning::Off,
        },
        max_tokens: body.get("max_output_tokens").and_then(Value::as_u64),
        choices: 1,
        input_tokens: estimate_tokens(&body["input"]),
    })
}

fn last_message(item: &Value) -> LastMessage {
    match item.get("output") {
        Some(output) => LastMessage::ToolResult(text_of(output)),
        None => LastMessage::Text(text_of(item.get("content").unwrap_or(&Value::Null))),
    }
}

fn read_tools(body: &Value) -> Vec<Tool> {
    let tools = body.get("tools").and_then(Value::as_array);
    let functions = tools.into_iter().flatten();
    functions
        .filter(|tool| tool["type"] == "function")
        .filter_map(|tool| {
            Some(Tool {
                name: tool.get("name")?.as_str()?.to_owned(),
                schema: tool.get("parameters").cloned().unwrap_or(json!({})),
            })
        })
        .collect()
}

fn read_tool_choice(body: &Value) -> ToolChoice {
    match body.get("tool_choice") {
        Some(Value::String(choice)) if choice == "none" => ToolChoice::Never,
        Some(Value::Object(choice)) => match choice.get("name").and_then(Value::as_str) {
            Some(name) => ToolChoice::Named(name.to_owned()),
            None => ToolChoice::Auto,
        },
        _ => ToolChoice::Auto,
    }
}

fn read_format(body: &Value) -> AnswerFormat {
    let format = body.pointer("/text/format").unwrap_or(&Value::Null);
    match format["type"].as_str() {
        Some("json_object") => AnswerFormat::JsonObject,
        Some("json_schema") => AnswerFormat::Schema(format["schema"].clone()),
        _ => AnswerFormat::Text,
    }
}

/// A whole answer.
pub(crate) fn whole(exchanged: &Exchanged<'_>, reply: &Reply) -> Value {
    let output: Value = items(exchanged, reply)
        .into_iter()
        .map(|item| item.whole)
        .collect();
    response(exchanged, Some(reply), &output)
}

/// The events of a streamed answer.
pub(crate) fn events(exchanged: &Exchanged<'_>, reply: &Reply) -> Vec<Event> {
    let mut writer = Writer::default();
    let begun = response(exchanged, None, &json!([]));
    for name in ["response.created", "response.in_progress"] {
        writer.write(EventKind::Framing, name, json!({"response": begun}));
    }
    let items = items(exchanged, reply);
    for (place, item) in items.iter().enumerate() {
        writer.item(place, item);
    }
    let output: Value = items.into_iter().map(|item| item.whole).collect();
    let ended = response(exchanged, Some(reply), &output);
    let name = format!("response.{}", ended["status"].as_str().unwrap_or_default());
    writer.write(EventKind::Framing, &name, json!({"response": ended}));
    writer.events
}

/// An item of the output, and how it comes in a stream.
struct Item {
    begun: Value,
    whole: Value,
    /// What is streamed of it, in pieces.
    pieces: Vec<String>,
}

/// The output of a reply.
fn items(exchanged: &Exchanged<'_>, reply: &Reply) -> Vec<Item> {
    let id = |prefix: &str| format!("{prefix}_{}", digits(1, exchanged.number));
    let mut items = Vec::new();
    if let Some(thoughts) = &reply.reasoning {
        let whole = json!({"id": id("rs"), "type": "reasoning",
            "encrypted_content": format!("sealed-{}", digits(9, exchanged.number)),
            "summary": [{"type": "summary_text", "text": thoughts}]});
        let mut begun = whole.clone();
        begun["summary"] = json!([]);
        items.push(Item {
            begun,
            whole,
            pieces: tokens(thoughts).into_iter().map(str::to_owned).collect(),
        });
    }
    if !reply.text.is_empty() || reply.tool_calls.is_empty() {
        let message = |status: &str, content: Value| {
            json!({"id": id("msg"), "type": "message", "role": "assistant", "status": status,
                "content": content})
        };
        items.push(Item {
            begun: message("in_progress", json!([])),
            whole: message("completed", json!([text_part(&reply.text)])),
            pieces: tokens(&reply.text).into_iter().map(str::to_owned).collect(),
        });
    }
    for (index, call) in (0..).zip(&reply.tool_calls) {
        let arguments = call.arguments.to_string();
        let item = |status: &str, arguments: &str| {
            json!({"id": format!("fc_{}", digits(index + 20, exchanged.number)),
                "type": "function_call", "status": status, "name": call.name,
                "call_id": call_id(exchanged, index), "arguments": arguments})
        };
        items.push(Item {
            begun: item("in_progress", ""),
            whole: item("completed", &arguments),
            pieces: argument_pieces(&arguments),
        });
    }
    items
}

fn text_part(text: &str) -> Value {
    json!({"type": "output_text", "annotations": [], "logprobs": [], "text": text})
}

/// The object that an answer is; `reply` is there once it has ended.
fn response(exchanged: &Exchanged<'_>, reply: Option<&Reply>, output: &Value) -> Value {
    let (status, reason) = match reply.map(Reply::finish) {
        None => ("in_progress", None),
        Some(Finish::Length) => ("incomplete", Some("max_output_tokens")),
        Some(Finish::ContentFilter) => ("incomplete", Some("content_filter")),
        Some(Finish::Stop | Finish::ToolCalls) => ("completed", None),
    };
    json!({
        "id": format!("resp_{}", digits(1, exchanged.number)),
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "error": null,
        "incomplete_details": reason.map(|reason| json!({"reason": reason})),
        "model": exchanged.ask.model,
        "output": output,
        "parallel_tool_calls": true,
        "tool_choice": "auto",
        "tools": [],
        "metadata": {},
        "usage": reply.map(|_| usage(exchanged.usage)),
    })
}

fn usage(usage: TokenUsage) -> Value {
    json!({
        "input_tokens": usage.input,
        "input_tokens_details": {
            "cached_tokens": usage.cached_input,
            "cache_write_tokens": usage.cache_write,
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    })
}

/// Numbers the events of one answer.
#[derive(Default)]
struct Writer {
    events: Vec<Event>,
}

impl Writer {
    fn write(&mut self, kind: EventKind, name: &str, fields: Value) {
        let mut data = Map::new();
        data.insert("type".to_owned(), name.into());
        data.insert("sequence_number".to_owned(), self.events.len().into());
        if let Value::Object(fields) = fields {
            data.extend(fields);
        }
        let data = Value::Object(data);
        self.events.push(Event {
            kind,
            bytes: Bytes::from(format!("event: {name}\ndata: {data}\n\n")),
        });
    }

    fn item(&mut self, place: usize, item: &Item) {
        let about = |mut fields: Value| {
            fields["item_id"] = item.whole["id"].clone();
            fields["output_index"] = place.into();
            fields
        };
        let edge = |item: &Value| json!({"output_index": place, "item": item});
        self.write(
            EventKind::Framing,
            "response.output_item.added",
            edge(&item.begun),
        );
        match item.whole["type"].as_str() {
            Some("reasoning") => {
                let at = |key: &str, value: Value| about(json!({"summary_index": 0, key: value}));
                let part = |text: &str| json!({"type": "summary_text", "text": text});
                let whole = item.pieces.concat();
                let name = |step: &str| format!("response.reasoning_summary_{step}");
                self.write(
                    EventKind::Framing,
                    &name("part.added"),
                    at("part", part("")),
                );
                for piece in &item.pieces {
                    let delta = at("delta", json!(piece));
                    self.write(EventKind::Content, &name("text.delta"), delta);
                }
                self.write(
                    EventKind::Framing,
                    &name("text.done"),
                    at("text", json!(whole)),
                );
                self.write(
                    EventKind::Framing,
                    &name("part.done"),
                    at("part", part(&whole)),
                );
            }
            Some("message") => {
                let at = |key: &str, value: Value| about(json!({"content_index": 0, key: value}));
                let whole = item.pieces.concat();
                let name = |step: &str| format!("response.{step}");
                let empty = at("part", text_part(""));
                self.write(EventKind::Framing, &name("content_part.added"), empty);
                for piece in &item.pieces {
                    let delta = at("delta", json!(piece));
                    self.write(EventKind::Content, &name("output_text.delta"), delta);
                }
                let done = at("text", json!(whole));
                self.write(EventKind::Framing, &name("output_text.done"), done);
                let part = at("part", text_part(&whole));
                self.write(EventKind::Framing, &name("content_part.done"), part);
            }
            _ => {
                let name = |step: &str| format!("response.function_call_arguments.{step}");
                for piece in &item.pieces {
                    let delta = about(json!({"delta": piece}));
                    self.write(EventKind::Content, &name("delta"), delta);
                }
                let done = about(json!({"arguments": item.whole["arguments"]}));
                self.write(EventKind::Framing, &name("done"), done);
            }
        }
        self.write(
            EventKind::Framing,
            "response.output_item.done",
            edge(&item.whole),
        );
    }
}
