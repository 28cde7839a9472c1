//! The OpenAI Chat Completions format, as a vendor writes it; Responses has a file of its own.

use std::time::Duration;

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
use crate::openai_responses;
use crate::quota::{BucketStanding, Standing};
use crate::reply::{Finish, Reply, TokenUsage, argument_pieces, tokens};

/// The time that answers carry; fixed, so that the same script gives the same bytes.
pub(crate) const CREATED: u64 = 1_760_000_000;
/// Alternative answers that a request may ask for; chosen, not measured.
const MAX_CHOICES: u64 = 8;

#[derive(Debug)]
pub(crate) struct OpenAi;

impl WireFormat for OpenAi {
    fn route(&self, method: &str, path: &str) -> Route {
        match (method, path) {
            ("POST", "/chat/completions" | openai_responses::PATH) => Route::ModelCall,
            ("POST", "/embeddings") => Route::Embeddings,
            ("GET", "/models") => Route::ListModels,
            ("GET", path) => match path.strip_prefix("/models/") {
                Some(id) => Route::OneModel(id.to_owned()),
                None => Route::Unknown,
            },
            _ => Route::Unknown,
        }
    }

    fn presented_key<'a>(&self, request: &'a Request) -> Option<&'a str> {
        // Azure's header is accepted as well, because it hosts the same format.
        request
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
            .or_else(|| request.header("api-key"))
    }

    fn read(&self, request: &Request, body: &Value) -> Result<Ask, VendorError> {
        if request.path.ends_with(openai_responses::PATH) {
            return openai_responses::read(body);
        }
        let missing = |name: &str| {
            let message = format!("Missing required parameter: '{name}'.");
            VendorError::new(ErrorCase::InvalidRequest, message).with_param(name)
        };
        let model = body.get("model").and_then(Value::as_str);
        let model = model.ok_or_else(|| missing("model"))?;
        let messages = body.get("messages").and_then(Value::as_array);
        let messages = messages.ok_or_else(|| missing("messages"))?;
        let Some(last) = messages.last() else {
            let message = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
            return Err(VendorError::new(ErrorCase::InvalidRequest, message).with_param("messages"));
        };
        let text = text_of(last.get("content").unwrap_or(&Value::Null));
        let answers_tool = last.get("role").and_then(Value::as_str) == Some("tool");
        let count = |name: &str| body.get(name).and_then(Value::as_u64);
        Ok(Ask {
            model: model.to_owned(),
            api: Api::Main,
            delivery: if is_true(body, "/stream") {
                Delivery::Stream
            } else {
                Delivery::Whole
            },
            usage_chunk: if is_true(body, "/stream_options/include_usage") {
                UsageChunk::Wanted
            } else {
                UsageChunk::Unwanted
            },
            messages: messages.len(),
            last: if answers_tool {
                LastMessage::ToolResult(text)
            } else {
                LastMessage::Text(text)
            },
            tools: read_tools(body),
            tool_choice: read_tool_choice(body),
            format: read_format(body),
            reasoning: if body.get("reasoning_effort").is_some_and(Value::is_string) {
                Reasoning::Shown
            } else {
                Reasoning::Off
            },
            max_tokens: count("max_completion_tokens").or_else(|| count("max_tokens")),
            choices: usize::try_from(count("n").unwrap_or(1).clamp(1, MAX_CHOICES)).unwrap_or(1),
            input_tokens: estimate_tokens(&body["messages"]),
        })
    }

    fn whole(&self, exchanged: &Exchanged<'_>, reply: &Reply) -> Value {
        if exchanged.ask.api == Api::Responses {
            return openai_responses::whole(exchanged, reply);
        }
        let calls: Vec<Value> = (0..)
            .zip(&reply.tool_calls)
            .map(|(index, call)| {
                json!({
                    "id": call_id(exchanged, index),
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments.to_string()}
                })
            })
            .collect();
        let content = if reply.text.is_empty() && !calls.is_empty() {
            Value::Null
        } else {
            json!(reply.text)
        };
        let mut message =
            json!({"role": "assistant", "content": content, "refusal": null, "annotations": []});
        if let Some(reasoning) = &reply.reasoning {
            message[exchanged.reasoning_field] = json!(reasoning);
        }
        if !calls.is_empty() {
            message["tool_calls"] = json!(calls);
        }
        let choices: Vec<Value> = (0..exchanged.ask.choices)
            .map(|index| {
                json!({
                    "index": index,
                    "message": message,
                    "logprobs": null,
                    "finish_reason": finish_reason(reply.finish())
                })
            })
            .collect();
        json!({
            "id": completion_id(exchanged),
            "object": "chat.completion",
            "created": CREATED,
            "model": exchanged.ask.model,
            "choices": choices,
            "usage": usage(exchanged.usage),
            "service_tier": "default",
            "system_fingerprint": "fp_simulated"
        })
    }

    fn events(&self, exchanged: &Exchanged<'_>, reply: &Reply) -> Vec<Event> {
        if exchanged.ask.api == Api::Responses {
            return openai_responses::events(exchanged, reply);
        }
        let writer = ChunkWriter { exchanged };
        let mut events = Vec::new();
        let choices = 0..exchanged.ask.choices;
        for index in choices.clone() {
            let role = json!({"role": "assistant", "content": "", "refusal": null});
            events.push(writer.delta(EventKind::Framing, index, &role, None));
        }
        for delta in content_deltas(exchanged, reply) {
            for index in choices.clone() {
                events.push(writer.delta(EventKind::Content, index, &delta, None));
            }
        }
        for index in choices {
            let reason = Some(finish_reason(reply.finish()));
            events.push(writer.delta(EventKind::Framing, index, &json!({}), reason));
        }
        if exchanged.ask.usage_chunk == UsageChunk::Wanted {
            events.push(writer.chunk(EventKind::Framing, &json!([]), &usage(exchanged.usage)));
        }
        events.push(Event {
            kind: EventKind::Framing,
            bytes: Bytes::from_static(b"data: [DONE]\n\n"),
        });
        events
    }

    fn status(&self, case: ErrorCase) -> u16 {
        match case {
            ErrorCase::InvalidRequest | ErrorCase::ContextLength | ErrorCase::ContentPolicy => 400,
            ErrorCase::Authentication => 401,
            ErrorCase::Billing => 402,
            ErrorCase::Permission => 403,
            ErrorCase::UnknownPath | ErrorCase::UnknownModel => 404,
            ErrorCase::Timeout => 408,
            ErrorCase::TooLarge => 413,
            ErrorCase::RateLimited | ErrorCase::QuotaExhausted => 429,
            ErrorCase::ServerError => 500,
            ErrorCase::Unavailable | ErrorCase::Overloaded => 503,
        }
    }

    fn stock_message(&self, case: ErrorCase) -> &'static str {
        match case {
            ErrorCase::InvalidRequest => "The request is invalid.",
            ErrorCase::Authentication => "Incorrect API key provided.",
            ErrorCase::Billing => "The account balance is used up.",
            ErrorCase::Permission => "The API key has no access to this resource.",
            ErrorCase::UnknownPath => "Invalid URL.",
            ErrorCase::UnknownModel => "The model does not exist or you do not have access to it.",
            ErrorCase::Timeout => "The request timed out.",
            ErrorCase::TooLarge => "The request body is too large.",
            ErrorCase::ContextLength => {
                "This model's maximum context length is 128000 tokens. However, your messages resulted in 190000 tokens. Please reduce the length of the messages."
            }
            ErrorCase::ContentPolicy => {
                "The request was rejected by the safety system because it may violate the usage policies."
            }
            ErrorCase::RateLimited => "Rate limit reached for requests. Please try again later.",
            ErrorCase::QuotaExhausted => {
                "You exceeded your current quota, please check your plan and billing details."
            }
            ErrorCase::ServerError => {
                "The server had an error while processing your request. Sorry about that!"
            }
            ErrorCase::Unavailable => "The service is temporarily unavailable.",
            ErrorCase::Overloaded => "The engine is currently overloaded, please try again later.",
        }
    }

    fn unknown_model(&self, model: &str) -> String {
        format!("The model `{model}` does not exist or you do not have access to it.")
    }

    fn error_body(&self, error: &VendorError, _: &str) -> Value {
        let (kind, code) = match error.case {
            ErrorCase::InvalidRequest | ErrorCase::UnknownPath | ErrorCase::TooLarge => {
                ("invalid_request_error", None)
            }
            ErrorCase::Authentication => ("invalid_request_error", Some("invalid_api_key")),
            ErrorCase::Billing => ("billing_error", Some("insufficient_balance")),
            ErrorCase::Permission => ("permission_error", Some("permission_denied")),
            ErrorCase::UnknownModel => ("invalid_request_error", Some("model_not_found")),
            ErrorCase::Timeout => ("timeout", Some("request_timeout")),
            ErrorCase::ContextLength => ("invalid_request_error", Some("context_length_exceeded")),
            ErrorCase::ContentPolicy => ("invalid_request_error", Some("content_policy_violation")),
            ErrorCase::RateLimited => ("requests", Some("rate_limit_exceeded")),
            ErrorCase::QuotaExhausted => ("insufficient_quota", Some("insufficient_quota")),
            ErrorCase::ServerError => ("server_error", None),
            ErrorCase::Unavailable => ("server_error", Some("service_unavailable")),
            ErrorCase::Overloaded => ("server_error", Some("server_overloaded")),
        };
        let param = match (error.case, &error.param) {
            (_, Some(param)) => json!(param),
            (ErrorCase::ContextLength, None) => json!("messages"),
            (_, None) => Value::Null,
        };
        json!({"error": {"message": error.message, "type": kind, "param": param, "code": code}})
    }

    fn error_event(&self, error: &VendorError, request_id: &str) -> Bytes {
        Bytes::from(format!("data: {}\n\n", self.error_body(error, request_id)))
    }

    fn ping(&self) -> &'static [u8] {
        b": keep-alive\n\n"
    }

    fn model_list(&self, models: &[String]) -> Value {
        let data: Vec<Value> = models.iter().map(|id| self.model(id)).collect();
        json!({"object": "list", "data": data})
    }

    fn model(&self, id: &str) -> Value {
        json!({"id": id, "object": "model", "created": CREATED, "owned_by": "simulator"})
    }

    fn headers(&self, request_id: &str) -> Vec<(String, String)> {
        vec![
            header("x-request-id", request_id),
            header("openai-version", "2020-10-01"),
            header("x-content-type-options", "nosniff"),
        ]
    }

    fn limit_headers(&self, standing: &Standing) -> Vec<(String, String)> {
        let reset = |bucket: BucketStanding| format!("{}ms", bucket.full_in.as_millis());
        let Standing { requests, tokens } = *standing;
        let name = |fact: &str, of: &str| format!("x-ratelimit-{fact}-{of}");
        vec![
            (name("limit", "requests"), requests.limit.to_string()),
            (name("limit", "tokens"), tokens.limit.to_string()),
            (name("remaining", "requests"), requests.left.to_string()),
            (name("remaining", "tokens"), tokens.left.to_string()),
            (name("reset", "requests"), reset(requests)),
            (name("reset", "tokens"), reset(tokens)),
        ]
    }

    fn announced(&self, wait: Duration) -> RetryAfter {
        RetryAfter::Milliseconds(whole_units(wait, Duration::from_millis(1)))
    }

    fn request_id(&self, salt: u64, number: u64) -> String {
        format!("req_{}", digits(salt, number))
    }
}

/// Writes chunks that share the facts of one exchange.
struct ChunkWriter<'a> {
    exchanged: &'a Exchanged<'a>,
}

impl ChunkWriter<'_> {
    fn delta(&self, kind: EventKind, index: usize, delta: &Value, finish: Option<&str>) -> Event {
        let choice =
            json!([{"index": index, "delta": delta, "logprobs": null, "finish_reason": finish}]);
        self.chunk(kind, &choice, &Value::Null)
    }

    fn chunk(&self, kind: EventKind, choices: &Value, usage: &Value) -> Event {
        let mut chunk = json!({
            "id": completion_id(self.exchanged),
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": self.exchanged.ask.model,
            "service_tier": "default",
            "system_fingerprint": "fp_simulated",
            "choices": choices
        });
        // Without `include_usage` the member is not there at all.
        if self.exchanged.ask.usage_chunk == UsageChunk::Wanted {
            chunk["usage"] = usage.clone();
        }
        Event {
            kind,
            bytes: Bytes::from(format!("data: {chunk}\n\n")),
        }
    }
}

fn content_deltas(exchanged: &Exchanged<'_>, reply: &Reply) -> Vec<Value> {
    let mut deltas = Vec::new();
    for piece in tokens(reply.reasoning.as_deref().unwrap_or("")) {
        deltas.push(json!({exchanged.reasoning_field: piece}));
    }
    for piece in tokens(&reply.text) {
        deltas.push(json!({"content": piece}));
    }
    for (index, call) in (0..).zip(&reply.tool_calls) {
        deltas.push(json!({"tool_calls": [{
            "index": index,
            "id": call_id(exchanged, index),
            "type": "function",
            "function": {"name": call.name, "arguments": ""}
        }]}));
        for piece in argument_pieces(&call.arguments.to_string()) {
            deltas
                .push(json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}));
        }
    }
    deltas
}

fn completion_id(exchanged: &Exchanged<'_>) -> String {
    format!("chatcmpl-{}", digits(1, exchanged.number))
}

pub(crate) fn call_id(exchanged: &Exchanged<'_>, index: u64) -> String {
    let mut id = format!("call_{}", digits(index + 2, exchanged.number));
    // Real ids have 24 characters after the underscore.
    id.truncate(29);
    id
}

fn finish_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::ContentFilter => "content_filter",
    }
}

fn usage(usage: TokenUsage) -> Value {
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0
        }
    })
}

fn read_tools(body: &Value) -> Vec<Tool> {
    let tools = body.get("tools").and_then(Value::as_array);
    tools
        .into_iter()
        .flatten()
        .filter_map(|tool| {
            let function = tool.get("function")?;
            Some(Tool {
                name: function.get("name")?.as_str()?.to_owned(),
                schema: function.get("parameters").cloned().unwrap_or(json!({})),
            })
        })
        .collect()
}

fn read_tool_choice(body: &Value) -> ToolChoice {
    match body.get("tool_choice") {
        Some(Value::String(choice)) if choice == "none" => ToolChoice::Never,
        Some(choice) => match choice.pointer("/function/name").and_then(Value::as_str) {
            Some(name) => ToolChoice::Named(name.to_owned()),
            None => ToolChoice::Auto,
        },
        None => ToolChoice::Auto,
    }
}

fn read_format(body: &Value) -> AnswerFormat {
    match body
        .pointer("/response_format/type")
        .and_then(Value::as_str)
    {
        Some("json_object") => AnswerFormat::JsonObject,
        Some("json_schema") => {
            let schema = body.pointer("/response_format/json_schema/schema");
            AnswerFormat::Schema(schema.cloned().unwrap_or(json!({})))
        }
        _ => AnswerFormat::Text,
    }
}
