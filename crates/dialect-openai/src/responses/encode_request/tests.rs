//! What requests become; the requests are hand-written.

use interline_core::{
    Effort, Extra, FormatId, FunctionTool, Message, NativeNeed, ReasoningConfig, ResponseFormat,
};

use super::*;

fn written(request: &ChatRequest, mode: Mode) -> Value {
    let body = encode_request(request, mode, &Quirks::new()).expect("carried");
    serde_json::from_slice(&body).expect("JSON")
}

fn arrived(body: &Value) -> ChatRequest {
    let origin = Origin::new(FORMAT, Bytes::from(body.to_string()));
    ChatRequest::new("vendor-model", [Message::user("Hi")]).with_origin(origin)
}

#[test]
fn every_typed_field_has_its_place() {
    let mut request = ChatRequest::new("m", [Message::system("Be brief."), Message::user("Hi")])
        .with_tool(FunctionTool::new("f", json!({"type": "object"})))
        .with_response_format(ResponseFormat::JsonObject)
        .with_reasoning(ReasoningConfig::effort(Effort::Low))
        .with_temperature(0.5)
        .with_max_output_tokens(64);
    request.edit(|body| {
        body.params.top_p = Some(0.9);
        body.params.logprobs = Some(true);
        body.params.top_logprobs = Some(2);
        body.params.seed = Some(7);
        body.parallel_tool_calls = Some(false);
        body.user = Some("u".into());
        body.metadata.insert("team".into(), "blue".into());
    });
    assert_eq!(
        written(&request, Mode::Stream),
        json!({
            "model": "m", "stream": true,
            "instructions": "Be brief.",
            "input": [{"role": "user", "content": "Hi"}],
            "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": false}],
            "text": {"format": {"type": "json_object"}},
            "reasoning": {"effort": "low"},
            "temperature": 0.5, "top_p": 0.9, "max_output_tokens": 64,
            "top_logprobs": 2, "include": ["message.output_text.logprobs"],
            "parallel_tool_calls": false, "user": "u", "metadata": {"team": "blue"},
        })
    );
}

#[test]
fn unknown_fields_of_this_format_return_beside_typed_ones() {
    let extra = json!({
        "store": false, "include": ["reasoning.encrypted_content"],
        "reasoning": {"summary": "auto"}, "text": {"verbosity": "low"},
        "stream_options": {"include_obfuscation": false},
    });
    let mut request = ChatRequest::new("m", [Message::user("Hi")])
        .with_response_format(ResponseFormat::Text)
        .with_reasoning(ReasoningConfig::budget(100));
    request.edit(|body| {
        body.params.logprobs = Some(true);
        body.extra = Extra::new(FORMAT, extra.as_object().expect("an object").clone());
    });
    assert_eq!(
        written(&request, Mode::Unary),
        json!({
            "model": "m", "input": [{"role": "user", "content": "Hi"}], "store": false,
            "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
            "reasoning": {"effort": "low", "summary": "auto"},
            "text": {"format": {"type": "text"}, "verbosity": "low"},
        })
    );
}

#[test]
fn bytes_that_arrived_leave_with_model_and_stream_replaced() {
    let body = json!({"zebra": 1, "model": "route", "stream": true, "input": "Hi",
                      "previous_response_id": "resp_1"});
    let sent = encode_request(&arrived(&body), Mode::Unary, &Quirks::new()).expect("carried");
    assert!(sent.starts_with(b"{"), "{sent:?}");
    let sent: Value = serde_json::from_slice(&sent).expect("JSON");
    assert_eq!(
        sent,
        json!({"zebra": 1, "model": "vendor-model", "input": "Hi", "previous_response_id": "resp_1"})
    );
}

#[test]
fn what_the_format_cannot_carry_is_refused_before_it_is_sent() {
    let request = ChatRequest::new("m", [Message::user("Hi")]).with_stop("END");
    let error = encode_request(&request, Mode::Unary, &Quirks::new()).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.param(), Some("stop"));

    let mut request = ChatRequest::new("m", [Message::user("Hi")]);
    let need = NativeNeed::new(FormatId::from_static("gemini"), "cachedContent");
    request.edit(|body| body.native.push(need));
    let error = encode_request(&request, Mode::Unary, &Quirks::new()).expect_err("refused");
    assert_eq!(error.param(), Some("cachedContent"));
}

#[test]
fn a_vendor_that_is_not_to_keep_the_answer_is_asked_for_proofs_of_its_thinking() {
    let asked = |store: bool, include: Value| {
        let mut request = ChatRequest::new("m", [Message::user("Hi")])
            .with_reasoning(ReasoningConfig::effort(Effort::Low));
        let fields = json!({"store": store, "include": include});
        let fields = fields.as_object().expect("an object").clone();
        request.edit(|body| body.extra = Extra::new(FORMAT, fields));
        written(&request, Mode::Unary)["include"].clone()
    };
    assert_eq!(
        asked(false, json!(["x"])),
        json!(["x", "reasoning.encrypted_content"])
    );
    let twice = json!(["reasoning.encrypted_content"]);
    assert_eq!(asked(false, twice.clone()), twice);
    assert_eq!(asked(true, json!([])), json!([]));
}
