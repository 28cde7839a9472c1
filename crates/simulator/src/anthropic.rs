//! The Anthropic Messages format, as a vendor writes it.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::ask::{
    AnswerFormat, Api, Ask, Delivery, LastMessage, Reasoning, Tool, ToolChoice, UsageChunk,
    estimate_tokens,
};
use crate::dialect::{
    Event, EventKind, Exchanged, Route, VendorError, WireFormat, digits, header, is_true, text_of,
    whole_units,
};
use crate::fault::{ErrorCase, RetryAfter};
use crate::http1::Request;
use crate::quota::{BucketStanding, Standing};
use crate::reply::{Finish, Reply, TokenUsage, argument_pieces, tokens};

#[derive(Debug)]
pub(crate) struct Anthropic;

impl WireFormat for Anthropic {
    fn route(&self, method: &str, path: &str) -> Route {
        match (method, path) {
            ("POST", "/v1/messages") => Route::ModelCall,
            ("POST", "/v1/messages/count_tokens") => Route::CountTokens,
            ("GET", "/v1/models") => Route::ListModels,
            ("GET", path) => match path.strip_prefix("/v1/models/") {
                Some(id) => Route::OneModel(id.to_owned()),
                None => Route::Unknown,
            },
            _ => Route::Unknown,
        }
    }

    fn presented_key<'a>(&self, request: &'a Request) -> Option<&'a str> {
        request.header("x-api-key").or_else(|| {
            request
                .header("authorization")
                .and_then(|value| value.strip_prefix("Bearer "))
        })
    }

    fn read(&self, request: &Request, body: &Value) -> Result<Ask, VendorError> {
        let invalid = |message: &str| VendorError::new(ErrorCase::InvalidRequest, message);
        if request.header("anthropic-version").is_none() {
            return Err(invalid("anthropic-version: header is required"));
        }
        let model = body.get("model").and_then(Value::as_str);
        let model = model.ok_or_else(|| invalid("model: Field required"))?;
        let messages = body.get("messages").and_then(Value::as_array);
        let messages = messages.ok_or_else(|| invalid("messages: Field required"))?;
        let last = messages.last();
        let last = last.ok_or_else(|| invalid("messages: at least one message is required"))?;
        let roles = ["user", "assistant"];
        let known = |message: &Value| {
            let role = message.get("role").and_then(Value::as_str);
            role.is_some_and(|role| roles.contains(&role))
        };
        if !messages.iter().all(known) {
            return Err(invalid(
                "messages: Unexpected role. The Messages API accepts a top-level `system` parameter, not \"system\" as an input message role.",
            ));
        }
        let max_tokens = body.get("max_tokens").and_then(Value::as_u64);
        if max_tokens.is_none() && !request.path.ends_with("/count_tokens") {
            return Err(invalid("max_tokens: Field required"));
        }
        Ok(Ask {
            model: model.to_owned(),
            api: Api::Main,
            delivery: if is_true(body, "/stream") {
                Delivery::Stream
            } else {
                Delivery::Whole
            },
            usage_chunk: UsageChunk::Unwanted,
            messages: messages.len(),
            last: read_last(last.get("content").unwrap_or(&Value::Null)),
            tools: read_tools(body),
            tool_choice: read_tool_choice(body),
            format: read_format(body),
            reasoning: match body.pointer("/thinking/type").and_then(Value::as_str) {
                Some("enabled" | "adaptive") => Reasoning::Shown,
                _ => Reasoning::Off,
            },
            max_tokens,
            choices: 1,
            input_tokens: estimate_tokens(&json!([body.get("system"), body["messages"]])),
        })
    }

    fn whole(&self, exchanged: &Exchanged<'_>, reply: &Reply) -> Value {
        let content: Vec<Value> = blocks(exchanged, reply)
            .into_iter()
            .map(Block::whole)
            .collect();
        json!({
            "model": exchanged.ask.model,
            "id": message_id(exchanged),
            "type": "message",
            "role": "assistant",
            "content": content,
            "stop_reason": stop_reason(reply.finish()),
            "stop_sequence": null,
            "usage": usage(exchanged.usage, exchanged.usage.output)
        })
    }

    fn events(&self, exchanged: &Exchanged<'_>, reply: &Reply) -> Vec<Event> {
        let start = json!({
            "model": exchanged.ask.model,
            "id": message_id(exchanged),
            "type": "message",
            "role": "assistant",
            "content": [],
            "stop_reason": null,
            "stop_sequence": null,
            // The output count of the start is a placeholder of 1, as vendors send it.
            "usage": usage(exchanged.usage, 1)
        });
        let mut events = vec![event(
            EventKind::Framing,
            &json!({"type": "message_start", "message": start}),
        )];
        for (index, block) in blocks(exchanged, reply).iter().enumerate() {
            events.push(event(
                EventKind::Framing,
                &json!({"type": "content_block_start", "index": index, "content_block": block.start()}),
            ));
            if index == 0 {
                events.push(event(EventKind::Framing, &json!({"type": "ping"})));
            }
            for (kind, delta) in block.deltas() {
                events.push(event(
                    kind,
                    &json!({"type": "content_block_delta", "index": index, "delta": delta}),
                ));
            }
            events.push(event(
                EventKind::Framing,
                &json!({"type": "content_block_stop", "index": index}),
            ));
        }
        events.push(event(
            EventKind::Framing,
            &json!({
                "type": "message_delta",
                "delta": {"stop_reason": stop_reason(reply.finish()), "stop_sequence": null},
                "usage": usage(exchanged.usage, exchanged.usage.output)
            }),
        ));
        events.push(event(EventKind::Framing, &json!({"type": "message_stop"})));
        events
    }

    fn status(&self, case: ErrorCase) -> u16 {
        match case {
            ErrorCase::InvalidRequest | ErrorCase::ContextLength | ErrorCase::ContentPolicy => 400,
            ErrorCase::Authentication => 401,
            ErrorCase::Billing => 402,
            ErrorCase::Permission => 403,
            ErrorCase::UnknownPath | ErrorCase::UnknownModel => 404,
            ErrorCase::TooLarge => 413,
            ErrorCase::RateLimited | ErrorCase::QuotaExhausted => 429,
            ErrorCase::ServerError => 500,
            ErrorCase::Unavailable => 503,
            ErrorCase::Timeout => 504,
            ErrorCase::Overloaded => 529,
        }
    }

    fn stock_message(&self, case: ErrorCase) -> &'static str {
        match case {
            ErrorCase::InvalidRequest => "messages.0: Input does not match the expected shape.",
            ErrorCase::Authentication => "invalid x-api-key",
            ErrorCase::Billing => "There is an issue with your billing or payment information.",
            ErrorCase::Permission => {
                "Your API key does not have permission to use the specified resource."
            }
            ErrorCase::UnknownPath => "Not Found",
            ErrorCase::UnknownModel => "model: not found",
            ErrorCase::Timeout => "Request timed out",
            ErrorCase::TooLarge => "Request exceeds the maximum size",
            ErrorCase::ContextLength => "prompt is too long: 219000 tokens > 200000 maximum",
            ErrorCase::ContentPolicy => "Output blocked by content filtering policy",
            ErrorCase::RateLimited => {
                "This request would exceed your organization's rate limit. Please try again later."
            }
            ErrorCase::QuotaExhausted => {
                "Your credit balance is too low to access the API. Please go to Plans & Billing to upgrade or purchase credits."
            }
            ErrorCase::ServerError | ErrorCase::Unavailable => "Internal server error",
            ErrorCase::Overloaded => "Overloaded",
        }
    }

    fn unknown_model(&self, model: &str) -> String {
        format!("model: {model}")
    }

    fn error_body(&self, error: &VendorError, request_id: &str) -> Value {
        let kind = match error.case {
            ErrorCase::InvalidRequest | ErrorCase::ContextLength | ErrorCase::ContentPolicy => {
                "invalid_request_error"
            }
            ErrorCase::Authentication => "authentication_error",
            ErrorCase::Billing => "billing_error",
            ErrorCase::Permission => "permission_error",
            ErrorCase::UnknownPath | ErrorCase::UnknownModel => "not_found_error",
            ErrorCase::Timeout => "timeout_error",
            ErrorCase::TooLarge => "request_too_large",
            ErrorCase::RateLimited | ErrorCase::QuotaExhausted => "rate_limit_error",
            ErrorCase::ServerError | ErrorCase::Unavailable => "api_error",
            ErrorCase::Overloaded => "overloaded_error",
        };
        json!({
            "type": "error",
            "error": {"type": kind, "message": error.message},
            "request_id": request_id
        })
    }

    fn error_event(&self, error: &VendorError, request_id: &str) -> Bytes {
        event(EventKind::Framing, &self.error_body(error, request_id)).bytes
    }

    fn ping(&self) -> &'static [u8] {
        b"event: ping\ndata: {\"type\": \"ping\"}\n\n"
    }

    fn model_list(&self, models: &[String]) -> Value {
        let data: Vec<Value> = models.iter().map(|id| self.model(id)).collect();
        json!({
            "data": data,
            "has_more": false,
            "first_id": models.first(),
            "last_id": models.last()
        })
    }

    fn model(&self, id: &str) -> Value {
        json!({
            "type": "model",
            "id": id,
            "display_name": id,
            "created_at": "2025-10-09T00:00:00Z"
        })
    }

    fn headers(&self, request_id: &str) -> Vec<(String, String)> {
        vec![
            header("request-id", request_id),
            header("strict-transport-security", "max-age=31536000"),
        ]
    }

    fn limit_headers(&self, standing: &Standing) -> Vec<(String, String)> {
        let now = SystemTime::now();
        let reset = |bucket: BucketStanding| rfc3339(now + bucket.full_in);
        let Standing { requests, tokens } = *standing;
        let name = |of: &str, fact: &str| format!("anthropic-ratelimit-{of}-{fact}");
        vec![
            (name("requests", "limit"), requests.limit.to_string()),
            (name("requests", "remaining"), requests.left.to_string()),
            (name("requests", "reset"), reset(requests)),
            (name("tokens", "limit"), tokens.limit.to_string()),
            (name("tokens", "remaining"), tokens.left.to_string()),
            (name("tokens", "reset"), reset(tokens)),
        ]
    }

    fn announced(&self, wait: Duration) -> RetryAfter {
        RetryAfter::Seconds(whole_units(wait, Duration::from_secs(1)))
    }

    fn request_id(&self, salt: u64, number: u64) -> String {
        let mut id = format!("req_011C{}", digits(salt, number));
        // Real ids have 24 characters after the underscore.
        id.truncate(28);
        id
    }
}

/// One content block of an answer.
enum Block<'a> {
    Thinking(&'a str),
    Text(&'a str),
    ToolUse {
        id: String,
        name: &'a str,
        input: &'a Value,
    },
}

impl Block<'_> {
    fn whole(self) -> Value {
        match self {
            Self::Thinking(thinking) => {
                json!({"type": "thinking", "thinking": thinking, "signature": SIGNATURE})
            }
            Self::Text(text) => json!({"type": "text", "text": text}),
            Self::ToolUse { id, name, input } => {
                json!({"type": "tool_use", "id": id, "name": name, "input": input})
            }
        }
    }

    fn start(&self) -> Value {
        match self {
            Self::Thinking(_) => json!({"type": "thinking", "thinking": "", "signature": ""}),
            Self::Text(_) => json!({"type": "text", "text": ""}),
            Self::ToolUse { id, name, .. } => {
                json!({"type": "tool_use", "id": id, "name": name, "input": {}})
            }
        }
    }

    fn deltas(&self) -> Vec<(EventKind, Value)> {
        match self {
            Self::Thinking(thinking) => {
                let pieces = tokens(thinking).into_iter().map(|piece| {
                    let delta = json!({"type": "thinking_delta", "thinking": piece});
                    (EventKind::Content, delta)
                });
                let signature = json!({"type": "signature_delta", "signature": SIGNATURE});
                pieces.chain([(EventKind::Framing, signature)]).collect()
            }
            Self::Text(text) => tokens(text)
                .into_iter()
                .map(|piece| {
                    let delta = json!({"type": "text_delta", "text": piece});
                    (EventKind::Content, delta)
                })
                .collect(),
            Self::ToolUse { input, .. } => std::iter::once(String::new())
                .chain(argument_pieces(&input.to_string()))
                .map(|piece| {
                    let delta = json!({"type": "input_json_delta", "partial_json": piece});
                    (EventKind::Content, delta)
                })
                .collect(),
        }
    }
}

/// A signature that nothing verifies; it has the alphabet of a real one.
const SIGNATURE: &str = "U2ltdWxhdGVkIHNpZ25hdHVyZQ==";

fn blocks<'a>(exchanged: &Exchanged<'_>, reply: &'a Reply) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    if let Some(thinking) = &reply.reasoning {
        blocks.push(Block::Thinking(thinking));
    }
    if !reply.text.is_empty() {
        blocks.push(Block::Text(&reply.text));
    }
    for (index, call) in (0..).zip(&reply.tool_calls) {
        let mut id = format!("toolu_01{}", digits(index, exchanged.number));
        // Real ids have 24 characters after the underscore.
        id.truncate(30);
        blocks.push(Block::ToolUse {
            id,
            name: &call.name,
            input: &call.arguments,
        });
    }
    blocks
}

/// An event whose name is the `type` of its data; clients skip events without a name.
fn event(kind: EventKind, data: &Value) -> Event {
    let name = data.get("type").and_then(Value::as_str).unwrap_or_default();
    Event {
        kind,
        bytes: Bytes::from(format!("event: {name}\ndata: {data}\n\n")),
    }
}

fn message_id(exchanged: &Exchanged<'_>) -> String {
    let mut id = format!("msg_01{}", digits(1, exchanged.number));
    // Real ids have 24 characters after the underscore.
    id.truncate(28);
    id
}

fn stop_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::ToolCalls => "tool_use",
        Finish::ContentFilter => "refusal",
    }
}

/// This format's `input_tokens` exclude what a cache read or wrote.
fn usage(usage: TokenUsage, output: u64) -> Value {
    let fresh = usage
        .input
        .saturating_sub(usage.cached_input)
        .saturating_sub(usage.cache_write);
    json!({
        "input_tokens": fresh,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached_input,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write,
            "ephemeral_1h_input_tokens": 0
        },
        "output_tokens": output,
        "service_tier": "standard"
    })
}

fn read_last(content: &Value) -> LastMessage {
    let result = content.as_array().and_then(|parts| {
        parts
            .iter()
            .find(|part| part.get("type").and_then(Value::as_str) == Some("tool_result"))
    });
    match result {
        Some(result) => {
            LastMessage::ToolResult(text_of(result.get("content").unwrap_or(&Value::Null)))
        }
        None => LastMessage::Text(text_of(content)),
    }
}

fn read_tools(body: &Value) -> Vec<Tool> {
    let tools = body.get("tools").and_then(Value::as_array);
    tools
        .into_iter()
        .flatten()
        .filter_map(|tool| {
            Some(Tool {
                name: tool.get("name")?.as_str()?.to_owned(),
                // A tool without a schema is one that the vendor runs itself.
                schema: tool.get("input_schema")?.clone(),
            })
        })
        .collect()
}

fn read_tool_choice(body: &Value) -> ToolChoice {
    let name = body.pointer("/tool_choice/name").and_then(Value::as_str);
    match (
        body.pointer("/tool_choice/type").and_then(Value::as_str),
        name,
    ) {
        (Some("none"), _) => ToolChoice::Never,
        (Some("tool"), Some(name)) => ToolChoice::Named(name.to_owned()),
        _ => ToolChoice::Auto,
    }
}

fn read_format(body: &Value) -> AnswerFormat {
    let schema = body
        .pointer("/output_config/format/schema")
        .or_else(|| body.pointer("/output_format/schema"));
    schema.map_or(AnswerFormat::Text, |schema| {
        AnswerFormat::Schema(schema.clone())
    })
}

/// A wall-clock time as RFC 3339, made from the HTTP date so that no calendar is written here.
fn rfc3339(time: SystemTime) -> String {
    // "Sun, 06 Nov 1994 08:49:37 GMT" always has these six words.
    let date = httpdate::fmt_http_date(time);
    let words: Vec<&str> = date
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .collect();
    let [_, day, month, year, clock, _] = words.as_slice() else {
        return date;
    };
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = 1 + months.iter().take_while(|name| *name != month).count();
    format!("{year}-{month:02}-{day}T{clock}Z")
}

#[cfg(test)]
mod tests {
    use super::rfc3339;
    use std::time::{Duration, SystemTime};

    #[test]
    fn reset_times_are_rfc_3339() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(rfc3339(time), "1994-11-06T08:49:37Z");
    }
}
