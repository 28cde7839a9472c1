//! Requests survive being written and read again.

use interline_core::{
    ChatBody, ChatRequest, JsonSchemaFormat, Message, ReasoningConfig, ResponseFormat,
};
use interline_dialect_anthropic::{FORMAT, Mode, Quirks, decode_request, encode_request};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, prop_assert_eq, proptest};
use serde_json::json;

use crate::generators::{choice, conversation, extra, tools, words};

/// Every wish that the format has, within what it accepts together.
fn request() -> impl Strategy<Value = ChatRequest> {
    let sampling = (
        option::of(0u32..=100),
        option::of(0u32..=100),
        option::of(1u64..9),
    );
    let shape = option::of(Just(ResponseFormat::JsonSchema(JsonSchemaFormat::new(
        json!({"type": "object", "properties": {}, "additionalProperties": false}),
    ))));
    let texts = (vec(words(), 0..3), option::of(words()), extra());
    (
        conversation(),
        option::of((tools(), choice())),
        sampling,
        shape,
        texts,
    )
        .prop_map(
            |(messages, tools, (temperature, top_p, top_k), shape, (stop, user, extra))| {
                let mut body = ChatBody::default();
                body.messages = messages;
                if let Some((tools, (choice, parallel))) = tools {
                    body.tools = tools;
                    body.tool_choice = Some(choice);
                    body.parallel_tool_calls = parallel;
                }
                body.params.max_output_tokens = Some(9000);
                body.params.temperature = temperature.map(|t| f64::from(t) / 100.0);
                body.params.top_p = top_p.map(|p| f64::from(p) / 100.0);
                body.params.top_k = top_k;
                body.params.stop = stop;
                body.response_format = shape;
                body.user = user;
                body.extra = extra;
                ChatRequest::from_body("claude-3-5-sonnet-20241022", body)
            },
        )
}

fn decoded_again(request: &ChatRequest) -> ChatRequest {
    let body = encode_request(request, Mode::Unary, &Quirks::default()).expect("encodable");
    decode_request(body, Vec::new())
        .expect("our own request")
        .request
}

proptest! {
    #[test]
    fn a_request_survives_being_written_and_read(request in request()) {
        let again = decoded_again(&request);
        prop_assert_eq!(&again.model, &request.model);
        prop_assert_eq!(&again.messages, &request.messages);
        prop_assert_eq!(&again.tools, &request.tools);
        prop_assert_eq!(&again.tool_choice, &request.tool_choice);
        prop_assert_eq!(again.parallel_tool_calls, request.parallel_tool_calls);
        prop_assert_eq!(&again.params, &request.params);
        prop_assert_eq!(&again.response_format, &request.response_format);
        prop_assert_eq!(&again.user, &request.user);
        prop_assert_eq!(again.extra.get(&FORMAT, "x_new"), request.extra.get(&FORMAT, "x_new"));
    }

    #[test]
    fn a_thinking_budget_survives_below_the_bound(budget in 1024u64..8999) {
        let request = ChatRequest::new("claude-haiku-4-5", [Message::user("hi")])
            .with_max_output_tokens(9000)
            .with_reasoning(ReasoningConfig::budget(budget));
        prop_assert_eq!(&decoded_again(&request).reasoning, &request.reasoning);
    }
}
