//! Rules of writing a request that show only in the whole body.

use interline_core::{
    CacheControl, Effort, Extra, FormatId, FunctionTool, JsonSchemaFormat, Message, Origin, Part,
    Reasoning, ReasoningConfig, Role, ToolChoice,
};

use super::*;

fn hello(model: &str) -> ChatRequest {
    ChatRequest::new(model, [Message::user("hi")])
}

fn sent(request: &ChatRequest) -> Value {
    let body = encode_request(request, Mode::Unary, &Quirks::default()).expect("encodable");
    serde_json::from_slice(&body).expect("JSON")
}

#[track_caller]
fn refused(request: &ChatRequest, param: &str) {
    let error = encode_request(request, Mode::Unary, &Quirks::default()).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.param(), Some(param));
}

/// A hand-written request body with odd spacing, order and unknown fields.
const ORIGIN: &str = r#"{"new_field": {"b":1.0e2, "a":2}, "model":"chat","max_tokens":16,
    "messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}],"stream":true}"#;

fn with_origin(request: ChatRequest) -> ChatRequest {
    request.with_origin(Origin::new(FORMAT, Bytes::from_static(ORIGIN.as_bytes())))
}

#[test]
fn a_request_of_this_format_goes_out_as_it_came() {
    let body = encode_request(
        &with_origin(hello("claude-haiku-4-5")),
        Mode::Unary,
        &Quirks::default(),
    )
    .expect("encodable");
    let text = std::str::from_utf8(&body).expect("UTF-8");
    assert!(
        text.starts_with(
            r#"{"new_field":{"b":1.0e2, "a":2},"model":"claude-haiku-4-5","max_tokens""#
        ),
        "{text}"
    );
    assert!(!text.contains("stream"), "{text}");
}

#[test]
fn bytes_that_hold_a_sealed_proof_are_written_anew() {
    let body = r#"{"model":"chat","max_tokens":16,"messages":[{"role":"user","content":"hi"},
        {"role":"assistant","content":[{"type":"thinking","thinking":"hm",
         "signature":"interline.signature.1:a.format:p"}]}]}"#;
    let origin = Origin::new(FORMAT, Bytes::from_static(body.as_bytes()));
    // As a client hands it over that has taken the foreign thought out.
    let sent = sent(&hello("claude-haiku-4-5").with_origin(origin));
    assert_eq!(sent["messages"].as_array().map(Vec::len), Some(1), "{sent}");
}

#[test]
fn a_history_with_foreign_thinking_is_written_anew() {
    let request = ChatRequest::new(
        "claude-haiku-4-5",
        [
            Message::user("hi"),
            Message::new(
                Role::Assistant,
                [Part::reasoning(Reasoning::new("hm")), Part::text("yes")],
            ),
            Message::user("why"),
        ],
    );
    let sent = sent(&with_origin(request));
    assert_eq!(
        sent["messages"][1]["content"],
        json!([{"type": "text", "text": "yes"}])
    );
}

#[test]
fn a_plain_request_gets_the_bound_that_the_format_demands() {
    let request = hello("claude-haiku-4-5");
    let quirks = Quirks::default().with_default_max_tokens(77);
    let body = encode_request(&request, Mode::Stream, &quirks).expect("encodable");
    let sent: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(
        sent,
        json!({"model": "claude-haiku-4-5", "max_tokens": 77, "stream": true, "messages":
            [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]})
    );
}

#[test]
fn what_would_change_the_answer_is_unsupported() {
    let mut many = hello("m");
    many.edit(|body| body.params.n = Some(2));
    refused(&many, "n");
    refused(
        &hello("m").with_response_format(ResponseFormat::JsonObject),
        "response_format",
    );
    refused(&hello("m").with_stop("\n"), "stop");
}

#[test]
fn sampling_follows_the_models_generation() {
    let mut request = hello("claude-3-5-sonnet-20241022").with_temperature(1.7);
    request.edit(|body| {
        body.params.top_p = Some(0.9);
        body.params.top_k = Some(5);
        body.params.seed = Some(1);
    });
    let sampling = |model: &str| {
        let sent = sent(&request.for_model(model));
        json!([
            sent["temperature"],
            sent["top_p"],
            sent["top_k"],
            sent["seed"]
        ])
    };
    assert_eq!(
        sampling("claude-3-5-sonnet-20241022"),
        json!([1.0, 0.9, 5, null])
    );
    assert_eq!(sampling("claude-haiku-4-5"), json!([1.0, null, 5, null]));
    assert_eq!(sampling("claude-opus-4-8"), json!([null, null, null, null]));
}

#[test]
fn thinking_displaces_sampling_and_gives_way_to_a_forced_tool() {
    let request = hello("claude-haiku-4-5")
        .with_temperature(0.5)
        .with_reasoning(ReasoningConfig::effort(Effort::Low))
        .with_tool(FunctionTool::new("add", json!({"type": "object"})));
    let thinks = sent(&request);
    assert_eq!(thinks["thinking"]["budget_tokens"], 2048);
    assert_eq!(thinks["max_tokens"], 4096 + 2048);
    assert_eq!(thinks["temperature"], Value::Null);
    let default = sent(&request.clone().with_temperature(1.0));
    assert_eq!(default["temperature"], 1.0);
    let forced = sent(&request.with_tool_choice(ToolChoice::Required));
    assert_eq!(forced["thinking"], Value::Null);
    assert_eq!(forced["temperature"], 0.5);
}

#[test]
fn a_schema_and_an_effort_share_the_output_config() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let request = hello("claude-opus-4-7")
        .with_response_format(ResponseFormat::JsonSchema(JsonSchemaFormat::new(schema)))
        .with_reasoning(ReasoningConfig::effort(Effort::Other("xhigh".into())));
    assert_eq!(
        sent(&request)["output_config"],
        json!({"effort": "xhigh", "format": {"type": "json_schema", "schema":
            {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}}})
    );
}

#[test]
fn unknown_fields_come_back_only_to_their_own_format() {
    let fields = Map::from_iter([("service_tier".to_owned(), json!("auto"))]);
    let mut request = hello("m");
    request.edit(|body| {
        body.extra = Extra::new(FORMAT, fields.clone());
        body.user = Some("u1".into());
    });
    assert_eq!(sent(&request)["service_tier"], "auto");
    assert_eq!(sent(&request)["metadata"], json!({"user_id": "u1"}));
    request.edit(|body| body.extra = Extra::new(FormatId::from_static("other"), fields));
    assert_eq!(sent(&request)["service_tier"], Value::Null);
}

#[test]
fn cache_marks_of_other_callers_are_written() {
    let part = Part::text("long").with_cache_control(CacheControl::ephemeral());
    let request = ChatRequest::new(
        "m",
        [Message::new(Role::System, [part]), Message::user("hi")],
    );
    assert_eq!(
        sent(&request)["system"],
        json!([{"type": "text", "text": "long", "cache_control": {"type": "ephemeral"}}])
    );
}

#[test]
fn wishes_that_give_way_to_others_are_told() {
    const BUDGETED: &str = "claude-haiku-4-5";
    let told = |request: &ChatRequest| left_out_of(request).iter().collect::<Vec<_>>();
    let thinking = |request: ChatRequest| request.with_reasoning(ReasoningConfig::budget(2000));
    let mut warm = thinking(hello(BUDGETED)).with_temperature(0.5);
    warm.edit(|body| body.params.top_k = Some(3));
    assert_eq!(told(&warm), [Feature::TopK, Feature::Temperature]);
    assert_eq!(told(&hello(BUDGETED).with_temperature(0.5)), []);
    assert_eq!(told(&thinking(hello(BUDGETED))), []);

    let tool = FunctionTool::new("f", json!({"type": "object"}));
    let forced = hello(BUDGETED)
        .with_tool(tool)
        .with_tool_choice(ToolChoice::Required);
    assert_eq!(told(&thinking(forced)), [Feature::Reasoning]);
    let cramped = hello(BUDGETED).with_max_output_tokens(1000);
    assert_eq!(told(&thinking(cramped)), [Feature::Reasoning]);
    let off = hello(BUDGETED).with_reasoning(ReasoningConfig::effort(Effort::None));
    assert_eq!(told(&off), []);
    assert_eq!(told(&with_origin(warm)), [], "bytes go out as they came");
}
