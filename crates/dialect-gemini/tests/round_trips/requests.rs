//! Requests survive being written and read again.

use interline_core::{
    ChatBody, ChatRequest, Effort, JsonSchemaFormat, Message, ReasoningConfig, ResponseFormat,
};
use interline_dialect_gemini::{Quirks, decode_request, encode_request};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use serde_json::json;

use crate::generators::{choice, conversation, settings, tools, words};

/// Signatures are wanted here, so calls without one would get a mark: every round has one.
const MODEL: &str = "gemini-3.1-pro-preview";

/// Every wish that the format has.
fn request() -> impl Strategy<Value = ChatRequest> {
    let sampling = (
        option::of(0u32..=200),
        option::of(0u32..=100),
        option::of(1u64..9),
        option::of(any::<i32>()),
    );
    let schema = ResponseFormat::JsonSchema(JsonSchemaFormat::new(
        json!({"type": "object", "properties": {}, "additionalProperties": false}),
    ));
    let shape = option::of(prop_oneof![Just(ResponseFormat::JsonObject), Just(schema)]);
    let limits = (
        vec(words(), 0..3),
        option::of(1u32..5),
        option::of(1u64..99),
    );
    (
        conversation(),
        option::of((tools(), choice())),
        sampling,
        shape,
        limits,
        settings(),
    )
        .prop_map(
            |(messages, tools, (temperature, top_p, top_k, seed), shape, (stop, n, max), extra)| {
                let mut body = ChatBody::default();
                body.messages = messages;
                if let Some((tools, choice)) = tools {
                    body.tools = tools;
                    body.tool_choice = Some(choice);
                }
                body.params.temperature = temperature.map(|t| f64::from(t) / 100.0);
                body.params.top_p = top_p.map(|p| f64::from(p) / 100.0);
                body.params.top_k = top_k;
                body.params.seed = seed.map(i64::from);
                body.params.stop = stop;
                body.params.n = n;
                body.params.max_output_tokens = max;
                body.params.logprobs = n.map(|n| n > 2);
                body.params.top_logprobs = n;
                body.params.presence_penalty = top_p.map(|p| f64::from(p) / 50.0);
                body.response_format = shape;
                body.extra = extra;
                ChatRequest::from_body(MODEL, body)
            },
        )
}

fn decoded_again(request: &ChatRequest) -> ChatRequest {
    let body = encode_request(request, &Quirks::default()).expect("encodable");
    decode_request(request.model.clone(), body).expect("our own request")
}

proptest! {
    #[test]
    fn a_request_survives_being_written_and_read(request in request()) {
        let again = decoded_again(&request);
        prop_assert_eq!(&again.messages, &request.messages);
        prop_assert_eq!(&again.tools, &request.tools);
        prop_assert_eq!(&again.tool_choice, &request.tool_choice);
        prop_assert_eq!(&again.params, &request.params);
        prop_assert_eq!(&again.response_format, &request.response_format);
        prop_assert_eq!(&again.extra, &request.extra);
    }

    #[test]
    fn a_thinking_budget_survives_within_its_bounds(budget in 128u64..=32_768) {
        let request = ChatRequest::new("gemini-2.5-pro", [Message::user("hi")])
            .with_reasoning(ReasoningConfig::budget(budget));
        prop_assert_eq!(&decoded_again(&request).reasoning, &request.reasoning);
    }

    #[test]
    fn a_level_survives(word in prop_oneof![Just("low"), Just("medium"), Just("high")]) {
        let request = ChatRequest::new(MODEL, [Message::user("hi")])
            .with_reasoning(ReasoningConfig::effort(Effort::from(word)));
        let again = decoded_again(&request);
        let effort = again.reasoning.as_ref().and_then(|wish| wish.effort.clone());
        prop_assert_eq!(effort, Some(Effort::from(word)));
    }
}
