//! What messages become; the conversations are hand-written.

use interline_core::{FormatId, Media, Signature};

use super::*;

fn extra(fields: Value) -> Extra {
    let Value::Object(fields) = fields else {
        panic!("{fields} is no object");
    };
    Extra::new(FORMAT, fields)
}

#[track_caller]
fn check(messages: Vec<Message>, instructions: Option<&str>, items: Value) {
    check_with(messages, &Quirks::new(), instructions, items);
}

#[track_caller]
fn check_with(messages: Vec<Message>, quirks: &Quirks, instructions: Option<&str>, items: Value) {
    let input = encode_input(&ChatRequest::new("m", messages), quirks).expect("carried");
    assert_eq!(input.instructions.as_deref(), instructions);
    let Value::Array(items) = items else {
        panic!("{items} is no list");
    };
    assert_eq!(input.items, items);
}

#[test]
fn a_leading_system_message_is_the_instructions() {
    check(
        vec![Message::system("Be brief."), Message::user("Hi")],
        Some("Be brief."),
        json!([{"role": "user", "content": "Hi"}]),
    );
    let parts = [Part::text("Be brief."), Part::text("Be kind.")];
    check(
        vec![Message::new(Role::System, parts), Message::user("Hi")],
        Some("Be brief.\n\nBe kind."),
        json!([{"role": "user", "content": "Hi"}]),
    );
}

#[test]
fn system_messages_elsewhere_are_items() {
    let item = Message::system("Be brief.").with_extra(extra(json!({"type": "message"})));
    check(
        vec![item, Message::user("Hi"), Message::system("Be kind.")],
        None,
        json!([
            {"type": "message", "role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "system", "content": "Be kind."},
        ]),
    );
    check(
        vec![Message::system("Alone.")],
        None,
        json!([{"role": "system", "content": "Alone."}]),
    );
}

#[test]
fn the_developer_role_follows_the_vendor() {
    let messages = || vec![Message::new(Role::Developer, [Part::text("Be brief.")])];
    check(
        messages(),
        None,
        json!([{"role": "developer", "content": "Be brief."}]),
    );
    let quirks = Quirks::new().with_developer_role(DeveloperRole::AsSystem);
    check_with(
        messages(),
        &quirks,
        None,
        json!([{"role": "system", "content": "Be brief."}]),
    );
}

#[test]
fn a_turn_of_the_model_becomes_its_items_in_order() {
    let item = json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "g"});
    let thought = Reasoning::new("").with_signature(Signature::new(FORMAT, item.to_string()));
    let search = json!({"type": "web_search_call", "id": "ws_1", "status": "completed"});
    let turn = Message::new(
        Role::Assistant,
        [
            Part::reasoning(thought),
            Part::other(FORMAT, search.clone()),
            Part::text("Let me see.").with_extra(extra(
                json!({"item": {"id": "msg_1", "phase": "commentary"}}),
            )),
            Part::tool_call(ToolCall::new("call_1", "f", ""))
                .with_extra(extra(json!({"id": "fc_1"}))),
        ],
    );
    let result = Message::new(
        Role::Tool,
        [
            Part::tool_result("call_1", [Part::text("4")]),
            Part::tool_result("call_2", [Part::image(Media::inline("image/png", "QUJD"))]),
        ],
    );
    check(
        vec![turn, result],
        None,
        json!([
            item,
            search,
            {"type": "message", "id": "msg_1", "phase": "commentary", "role": "assistant",
             "content": [{"type": "output_text", "text": "Let me see.", "annotations": []}]},
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "4"},
            {"type": "function_call_output", "call_id": "call_2",
             "output": [{"type": "input_image", "image_url": "data:image/png;base64,QUJD"}]},
        ]),
    );
}

#[test]
fn parts_of_different_items_stay_apart() {
    let said = |text: &str, id: &str| {
        Part::text(text).with_extra(extra(json!({"item": {"id": id, "type": "message"}})))
    };
    let parts = [said("a", "msg_1"), said("b", "msg_1"), said("c", "msg_2")];
    let text = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
    check(
        vec![Message::new(Role::Assistant, parts)],
        None,
        json!([
            {"type": "message", "id": "msg_1", "role": "assistant", "content": [text("a"), text("b")]},
            {"type": "message", "id": "msg_2", "role": "assistant", "content": [text("c")]},
        ]),
    );
}

#[test]
fn thinking_goes_to_its_own_format_only() {
    const OTHER: FormatId = FormatId::from_static("anthropic.messages");
    let foreign = Reasoning::new("hm").with_signature(Signature::new(OTHER, "sig"));
    let messages = || {
        let parts = [
            Part::reasoning(foreign.clone()),
            Part::reasoning(Reasoning::new("unsigned")),
            Part::text("Hi"),
        ];
        vec![Message::new(Role::Assistant, parts)]
    };
    let said = json!({"role": "assistant", "content": "Hi"});
    check(messages(), None, json!([said]));
    let quirks = Quirks::new().with_earlier_reasoning(EarlierReasoning::ReasoningContent);
    let thought = json!({"type": "reasoning", "id": "rs_0", "summary": [],
                         "content": [{"type": "reasoning_text", "text": "unsigned"}]});
    check_with(messages(), &quirks, None, json!([thought, said]));
}

#[test]
fn unknown_content_stays_in_its_message_and_unknown_items_stay_items() {
    let input = json!([
        {"type": "message", "role": "user", "content": [{"type": "hologram", "url": "u"}]},
        {"type": "mind_reading_call", "id": "x"},
        {"type": "input_mood", "mood": "good"},
    ]);
    let body = json!({"model": "m", "input": input}).to_string();
    let inbound = crate::responses::decode_request(body.into(), Vec::new());
    let mut request = inbound.expect("a good request").request;
    request.edit(|_| {});
    let written = encode_input(&request, &Quirks::new()).expect("carried");
    assert_eq!(Value::from(written.items), input);
}
