//! Generated requests and answers of every shape survive the way through the format.

use bytes::Bytes;
use interline_core::{
    ChatBody, ChatRequest, ChatResponse, Choice, Effort, FeatureSet, FinishReason, FunctionTool,
    JsonSchemaFormat, Media, Message, Part, PartKind, Reasoning, ReasoningConfig, ResponseFormat,
    Role, ToolCall, ToolChoice, Usage,
};
use interline_dialect_openai::{
    EarlierReasoning, Mode, Quirks, decode_request, decode_response, encode_request,
    encode_response,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::Config;
use serde_json::json;

/// Any text but none; quotes, escapes, line ends and other scripts are in it.
fn text() -> impl Strategy<Value = String> {
    "[a-z \"\\\\\n{}é字🙂]{1,12}"
}

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9_]{0,8}"
}

fn user_part() -> impl Strategy<Value = Part> {
    prop_oneof![
        text().prop_map(Part::text),
        Just(Part::image(
            Media::inline("image/png", "AAAA").with_detail("high")
        )),
        Just(Part::image(Media::from_url("https://x.example/a.png"))),
        Just(Part::new(PartKind::Audio(Media::inline(
            "audio/mpeg",
            "AAAA"
        )))),
        Just(Part::new(PartKind::File(
            Media::inline("application/pdf", "AAAA").with_name("a.pdf")
        ))),
    ]
}

/// Calls whose arguments are not blank: blank ones become an empty object.
fn call() -> impl Strategy<Value = Part> {
    (word(), word(), text())
        .prop_map(|(id, name, text)| Part::tool_call(ToolCall::new(id, name, format!("{{{text}"))))
}

/// Parts in the order in which the format groups them.
fn assistant() -> impl Strategy<Value = Message> {
    (of(text()), vec(text(), 0..3), of(text()), vec(call(), 0..3)).prop_map(
        |(thought, texts, refusal, calls)| {
            let mut parts: Vec<Part> = thought
                .map(|thought| Part::reasoning(Reasoning::new(thought)))
                .into_iter()
                .collect();
            parts.extend(texts.into_iter().map(Part::text));
            parts.extend(refusal.map(|text| Part::new(PartKind::Refusal(text))));
            parts.extend(calls);
            Message::new(Role::Assistant, parts)
        },
    )
}

fn message() -> impl Strategy<Value = Message> {
    let instruct = prop_oneof![Just(Role::System), Just(Role::Developer)];
    prop_oneof![
        (instruct, vec(text(), 1..3)).prop_map(|(role, texts)| {
            let parts: Vec<_> = texts.into_iter().map(Part::text).collect();
            Message::new(role, parts)
        }),
        (vec(user_part(), 1..4), of(word())).prop_map(|(parts, name)| {
            let message = Message::new(Role::User, parts);
            match name {
                Some(name) => message.with_name(name),
                None => message,
            }
        }),
        assistant(),
        (word(), vec(text(), 1..3)).prop_map(|(id, texts)| {
            let content: Vec<_> = texts.into_iter().map(Part::text).collect();
            Message::new(Role::Tool, [Part::tool_result(id, content)])
        }),
    ]
}

fn body() -> impl Strategy<Value = ChatBody> {
    let tool = (word(), of(text()), of(any::<bool>())).prop_map(|(name, description, strict)| {
        let mut tool = FunctionTool::new(name, json!({"type": "object"}));
        tool.description = description;
        tool.strict = strict;
        tool.into()
    });
    let choice = prop_oneof![
        Just(ToolChoice::Auto),
        Just(ToolChoice::None),
        Just(ToolChoice::Required),
        word().prop_map(ToolChoice::Function),
    ];
    let format = prop_oneof![
        Just(ResponseFormat::Text),
        Just(ResponseFormat::JsonObject),
        word().prop_map(|name| ResponseFormat::JsonSchema(
            JsonSchemaFormat::new(json!({"type": "object"}))
                .with_name(name)
                .with_strict(true)
        )),
    ];
    let numbers = (
        of(any::<u64>()),
        // Few digits, because the JSON reader rounds the seventeenth.
        of((0..200u8).prop_map(|hundredths| f64::from(hundredths) / 100.0)),
        of(any::<i64>()),
        of(1..5u32),
        vec(text(), 0..3),
        of(0..9u64),
    );
    (
        vec(message(), 1..6),
        vec(tool, 0..3),
        of(choice),
        of(format),
        of(any::<bool>()),
        of(word()),
        numbers,
    )
        .prop_map(
            |(messages, tools, choice, format, parallel, word, numbers)| {
                let mut body = ChatBody::default();
                body.messages = messages;
                body.tools = tools;
                body.tool_choice = choice;
                body.response_format = format;
                body.parallel_tool_calls = parallel;
                body.reasoning = word
                    .as_deref()
                    .map(|word| ReasoningConfig::effort(Effort::from(word)));
                body.metadata = word
                    .clone()
                    .map(|word| (word.clone(), word))
                    .into_iter()
                    .collect();
                body.user = word;
                let (limit, temperature, seed, n, stop, top_k) = numbers;
                body.params.max_output_tokens = limit;
                body.params.temperature = temperature;
                body.params.seed = seed;
                body.params.n = n;
                body.params.stop = stop;
                body.params.top_k = top_k;
                body.params.logprobs = parallel;
                body
            },
        )
}

proptest! {
    #![proptest_config(Config::with_cases(300))]

    #[test]
    fn requests_survive(body in body()) {
        let quirks = Quirks::default()
            .with_features(FeatureSet::all())
            .with_earlier_reasoning(EarlierReasoning::ReasoningContent);
        let request = ChatRequest::from_body("m", body);
        let bytes = encode_request(&request, Mode::Unary, &quirks).expect("carried");
        let again = decode_request(bytes, Vec::new()).expect("our own request").request;
        assert_eq!(again.messages, request.messages);
        assert_eq!(again.tools, request.tools);
        assert_eq!(again.tool_choice, request.tool_choice);
        assert_eq!(again.response_format, request.response_format);
        assert_eq!(again.parallel_tool_calls, request.parallel_tool_calls);
        assert_eq!(again.params, request.params);
        assert_eq!(again.reasoning, request.reasoning);
        assert_eq!(again.metadata, request.metadata);
        assert_eq!(again.user, request.user);
        assert!(again.extra.is_empty());
    }

    #[test]
    fn answers_survive(
        messages in vec(assistant(), 1..4),
        input in any::<u32>(),
        output in any::<u32>(),
    ) {
        let choices: Vec<Choice> = messages
            .into_iter()
            .zip(0..)
            .map(|(message, index)| {
                // The format has one text per answer.
                let mut parts = message.parts;
                let text = Part::joined_text(&parts);
                parts.retain(|part| part.as_text().is_none());
                let place = parts
                    .iter()
                    .position(|part| !matches!(part.kind, PartKind::Reasoning(_)))
                    .unwrap_or(parts.len());
                if !text.is_empty() {
                    parts.insert(place, Part::text(text));
                }
                Choice::new(index, parts).with_finish_reason(FinishReason::Stop)
            })
            .collect();
        let mut response = ChatResponse::new("m", choices)
            .with_usage(Usage::new(input.into(), output.into()));
        response.id = "1".into();
        response.created = Some(7);
        let again = decode_response(encode_response(&response, "m")).expect("our own answer");
        assert_eq!(again.id, response.id);
        assert_eq!(again.created, response.created);
        assert_eq!(again.usage, response.usage);
        assert!(again.extra.is_empty());
        for (again, first) in again.choices.iter().zip(&response.choices) {
            assert_eq!(again.index, first.index);
            assert_eq!(again.parts, first.parts);
            assert_eq!(again.finish_reason, first.finish_reason);
            assert!(again.extra.is_empty());
        }
    }

    #[test]
    fn no_bytes_make_the_readers_panic(bytes in vec(any::<u8>(), 0..200)) {
        let bytes = Bytes::from(bytes);
        let _ = decode_request(bytes.clone(), Vec::new());
        let _ = decode_response(bytes);
    }
}
