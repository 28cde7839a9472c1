//! Tests of reading requests: what becomes what, what is native, what is refused.

use interline_core::{
    ErrorKind, FormatId, Part, PartKind, Reasoning, Role, Signature, Tool, ToolChoice,
};
use serde_json::json;

use super::*;

const OTHER: FormatId = FormatId::from_static("anthropic.messages");

fn decode(body: &Value) -> Result<InboundRequest> {
    decode_request(Bytes::from(body.to_string()), Vec::new())
}

#[track_caller]
fn good(body: &Value) -> ChatRequest {
    decode(body).expect("a good request").request
}

fn asking(input: &Value) -> Value {
    json!({"model": "m", "input": input})
}

#[track_caller]
fn check_refused(body: &Value, param: &str, message: &str) {
    let error = decode(body).expect_err("a wrong request");
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.param(), Some(param), "{error}");
    assert_eq!(error.message(), message);
}

#[test]
fn wrong_fields_are_named_by_their_path() {
    check_refused(
        &json!({"input": "x"}),
        "model",
        "`model` is required and must be a string",
    );
    check_refused(
        &json!({"model": "m"}),
        "input",
        "`input` is required: a string or an array of items",
    );
    check_refused(
        &asking(&json!([])),
        "input",
        "`input` is empty: send at least one item",
    );
    check_refused(
        &asking(&json!([{"role": "user", "content": [{"type": "input_text"}]}])),
        "input[0].content[0].text",
        "`input[0].content[0].text` is required and must be a string",
    );
    check_refused(
        &asking(&json!([{"type": "function_call", "name": "f", "arguments": "{}"}])),
        "input[0].call_id",
        "`input[0].call_id` is required and must be a string",
    );
    check_refused(
        &asking(&json!([{"content": "x"}])),
        "input[0].type",
        "`input[0].type` is required for anything but a message, and a message needs a `role`",
    );
    check_refused(
        &json!({"model": "m", "input": "x", "tools": [{"name": "f"}]}),
        "tools[0].type",
        "`tools[0].type` is required and must be a string",
    );
    check_refused(
        &json!({"model": "m", "input": "x", "text": {"format": {"type": "json_schema"}}}),
        "text.format.schema",
        "`text.format.schema` is required",
    );
}

#[test]
fn broken_json_is_refused_with_line_and_column() {
    let error =
        decode_request(Bytes::from_static(b"{\n  \"model\": }"), Vec::new()).expect_err("no JSON");
    assert!(error.message().contains("line 2 column"), "{error}");
}

#[test]
fn a_text_is_a_users_message_and_instructions_come_first() {
    let request = good(&json!({"model": "m", "instructions": "Be brief.", "input": "Hi"}));
    assert_eq!(
        request.messages,
        [Message::system("Be brief."), Message::user("Hi")]
    );
    assert!(request.origin_in(&FORMAT).is_some());
}

#[test]
fn one_turn_of_the_model_is_one_message() {
    let call = |id: &str| json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{}", "id": "fc_1"});
    let output =
        |id: &str| json!({"type": "function_call_output", "call_id": id, "output": "done"});
    let request = good(&asking(&json!([
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": "Go"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
        {"type": "message", "role": "assistant", "id": "msg_1", "phase": "commentary",
            "content": [{"type": "output_text", "text": "I go", "annotations": []}]},
        call("a"),
        call("b"),
        output("a"),
        output("b"),
    ])));
    let roles: Vec<&Role> = request
        .messages
        .iter()
        .map(|message| &message.role)
        .collect();
    assert_eq!(
        roles,
        [
            &Role::Developer,
            &Role::User,
            &Role::Assistant,
            &Role::Tool,
            &Role::Tool
        ]
    );
    let turn = &request.messages[2].parts;
    let PartKind::Reasoning(thought) = &turn[0].kind else {
        panic!("a thought: {turn:?}");
    };
    assert_eq!(
        thought
            .signature
            .as_ref()
            .map(|signature| &signature.format),
        Some(&FORMAT)
    );
    assert_eq!(turn[1].as_text(), Some("I go"));
    assert_eq!(
        turn[1].extra.get(&FORMAT, "item"),
        Some(&json!({"id": "msg_1", "phase": "commentary"}))
    );
    let PartKind::ToolCall(second) = &turn[3].kind else {
        panic!("a call: {turn:?}");
    };
    assert_eq!((second.id.as_str(), second.name.as_str()), ("b", "f"));
    assert_eq!(turn[3].extra.get(&FORMAT, "id"), Some(&json!("fc_1")));
    assert_eq!(
        request.messages[4].parts,
        [Part::tool_result("b", [Part::text("done")])]
    );
    assert_eq!(request.native_needs(), []);
}

#[test]
fn sealed_thinking_is_opened_and_kept_from_vendors_of_this_format() {
    let thought = Reasoning::new("hm").with_signature(Signature::new(OTHER, "sig"));
    let sealed = Value::Object(reasoning_item::write(&thought, "rs_x"));
    let native =
        json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"});
    let request = good(&json!({"model": "m", "temperature": 1.50, "input": [
        {"role": "user", "content": "Go"}, sealed, native,
        {"role": "assistant", "content": "I go"}, {"role": "user", "content": "On"},
    ]}));
    assert_eq!(request.messages[1].parts[0], Part::reasoning(thought));
    let origin = request.origin_in(&FORMAT).expect("kept");
    let sent: Value = serde_json::from_slice(&origin.body).expect("JSON");
    assert_eq!(sent["input"].as_array().map(Vec::len), Some(4), "{sent}");
    assert_eq!(sent["input"][1], native);
}

#[test]
fn what_only_the_vendor_can_do_is_a_native_need() {
    for (field, value) in [
        ("previous_response_id", json!("resp_1")),
        ("conversation", json!({"id": "conv_1"})),
        ("prompt", json!({"id": "pmpt_1"})),
        ("background", json!(true)),
    ] {
        let mut body = asking(&json!("x"));
        body[field] = value.clone();
        let request = good(&body);
        assert_eq!(request.native_needs(), [NativeNeed::new(FORMAT, field)]);
        assert_eq!(request.extra.get(&FORMAT, field), Some(&value));
    }
    let mut body = asking(&json!("x"));
    body["background"] = json!(false);
    assert_eq!(good(&body).native_needs(), []);
    let prompt_alone = json!({"model": "m", "prompt": {"id": "pmpt_1"}});
    assert!(good(&prompt_alone).messages.is_empty());
    for item in ["item_reference", "compaction"] {
        let item = json!({"type": item, "id": "x", "encrypted_content": "gAAA"});
        let request = good(&asking(&json!([item, item])));
        let word = item["type"].as_str().expect("a word");
        assert_eq!(request.native_needs(), [NativeNeed::new(FORMAT, word)]);
    }
}

#[test]
fn functions_and_custom_tools_are_ours_and_hosted_tools_the_vendors() {
    let search = json!({"type": "web_search", "external_web_access": false});
    let request = good(
        &json!({"model": "m", "input": "x", "parallel_tool_calls": false, "tools": [
            {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": false},
            {"type": "custom", "name": "apply_patch", "format": {"type": "text"}},
            search,
        ], "tool_choice": {"type": "custom", "name": "apply_patch"}}),
    );
    let Tool::Function(function) = &request.tools[0] else {
        panic!("a function");
    };
    assert_eq!(
        (function.name.as_str(), function.strict),
        ("f", Some(false))
    );
    assert_eq!(
        function.extra.get(&FORMAT, "type"),
        Some(&json!("function"))
    );
    assert!(matches!(&request.tools[1], Tool::Function(tool) if tool.name == "apply_patch"));
    let hosted = Tool::Provider {
        format: FORMAT,
        value: search,
    };
    assert_eq!(request.tools[2], hosted);
    assert_eq!(
        request.tool_choice,
        Some(ToolChoice::Function("apply_patch".into()))
    );
    assert_eq!(request.parallel_tool_calls, Some(false));
    assert_eq!(request.native_needs(), [NativeNeed::new(FORMAT, "tools")]);
    let rule = json!({"type": "allowed_tools", "mode": "auto", "tools": []});
    let request = good(&json!({"model": "m", "input": "x", "tool_choice": rule}));
    assert_eq!(
        request.native_needs(),
        [NativeNeed::new(FORMAT, "tool_choice")]
    );
}

#[test]
fn settings_are_read_and_hints_stay() {
    let inbound = decode(&json!({"model": "m", "input": "x", "stream": true,
        "max_output_tokens": 64, "temperature": 0.5, "top_p": 0.9, "top_logprobs": 2,
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": true},
            "verbosity": "low"},
        "reasoning": {"effort": "high", "summary": "auto"},
        "metadata": {"a": "b"}, "safety_identifier": "someone", "store": false,
        "include": ["reasoning.encrypted_content"], "prompt_cache_key": "k", "truncation": "auto"}))
    .expect("a good request");
    assert!(inbound.stream);
    let request = inbound.request;
    assert_eq!(request.params.max_output_tokens, Some(64));
    assert_eq!(
        (request.params.logprobs, request.params.top_logprobs),
        (Some(true), Some(2))
    );
    let Some(ResponseFormat::JsonSchema(schema)) = &request.response_format else {
        panic!("a schema: {:?}", request.response_format);
    };
    assert_eq!(
        (schema.name.as_deref(), schema.strict),
        (Some("n"), Some(true))
    );
    assert_eq!(
        request.reasoning,
        Some(ReasoningConfig::effort(Effort::High))
    );
    assert_eq!(request.user.as_deref(), Some("someone"));
    for (key, value) in [
        ("text", json!({"verbosity": "low"})),
        ("reasoning", json!({"summary": "auto"})),
        ("store", json!(false)),
        ("include", json!(["reasoning.encrypted_content"])),
        ("prompt_cache_key", json!("k")),
        ("truncation", json!("auto")),
    ] {
        assert_eq!(request.extra.get(&FORMAT, key), Some(&value), "{key}");
    }
    assert_eq!(request.native_needs(), []);
}
