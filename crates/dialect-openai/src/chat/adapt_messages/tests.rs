//! One message in the reference's form, and what each quirk makes of it.

use serde_json::{Value, json};

use super::adapt;
use crate::{
    CallIds, DeveloperRole, DocumentParts, EarlierReasoning, ParticipantNames, Quirks, SoundParts,
};

#[track_caller]
fn check(quirks: &Quirks, message: &Value, expected: &Value) {
    let mut messages = [message.clone()];
    let changed = adapt(&mut messages, quirks);
    assert_eq!(&messages[0], expected);
    assert_eq!(changed, message != expected, "{message}");
}

#[test]
fn the_reference_stays_as_it_is() {
    let message = json!({"role": "assistant", "name": "a", "content": "hi", "refusal": null,
        "reasoning_content": "hm", "tool_calls": [{"id": "call_1"}]});
    check(&Quirks::default(), &message, &message);
}

#[test]
fn roles_and_names_follow_the_quirks() {
    let quirks = Quirks::default()
        .with_developer_role(DeveloperRole::AsSystem)
        .with_participant_names(ParticipantNames::Dropped);
    check(
        &quirks,
        &json!({"role": "developer", "name": "app", "content": "Be brief."}),
        &json!({"role": "system", "content": "Be brief."}),
    );
}

#[test]
fn refused_fields_go_and_a_refusal_is_what_was_said() {
    let quirks = Quirks::default().with_refused_message_fields(&["refusal", "annotations"]);
    check(
        &quirks,
        &json!({"role": "assistant", "content": null, "refusal": "No.", "annotations": [], "x": 1}),
        &json!({"role": "assistant", "content": "No.", "x": 1}),
    );
    check(
        &quirks,
        &json!({"role": "assistant", "content": "Yes.", "refusal": null}),
        &json!({"role": "assistant", "content": "Yes."}),
    );
}

#[test]
fn ids_of_calls_and_results_stay_together() {
    let quirks = Quirks::default().with_call_ids(CallIds::NineAlphanumeric);
    let mut messages = [
        json!({"role": "assistant", "tool_calls": [{"id": "call_abc"}, {"id": "6SmIVvgTb"}]}),
        json!({"role": "tool", "tool_call_id": "call_abc"}),
    ];
    assert!(adapt(&mut messages, &quirks));
    let id = messages[0]["tool_calls"][0]["id"].clone();
    assert_eq!(messages[1]["tool_call_id"], id);
    assert_ne!(id, "call_abc");
    assert_eq!(messages[0]["tool_calls"][1]["id"], "6SmIVvgTb");
}

#[test]
fn thinking_goes_where_the_vendor_looks_for_it() {
    let beside = json!({"role": "assistant", "reasoning_content": "hm", "content": "Yes."});
    let within = json!({"role": "assistant", "content": [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "closed": true},
        {"type": "text", "text": "Yes."}]});
    let said = json!([{"type": "text", "text": "Yes."}]);
    let with = |earlier| Quirks::default().with_earlier_reasoning(earlier);
    check(&with(EarlierReasoning::ThinkingParts), &beside, &within);
    check(&with(EarlierReasoning::ThinkingParts), &within, &within);
    check(
        &with(EarlierReasoning::Dropped),
        &within,
        &json!({"role": "assistant", "content": said}),
    );
    check(
        &with(EarlierReasoning::ReasoningContent),
        &within,
        &json!({"role": "assistant", "content": said, "reasoning_content": "hm"}),
    );
    check(
        &with(EarlierReasoning::ReasoningDetails),
        &within,
        &json!({"role": "assistant", "content": said, "reasoning": "hm"}),
    );
}

#[test]
fn a_message_of_nothing_but_thinking_keeps_a_content() {
    let quirks = Quirks::default();
    let thinking = json!([{"type": "thinking", "thinking": "hm"}]);
    check(
        &quirks,
        &json!({"role": "assistant", "content": thinking, "tool_calls": []}),
        &json!({"role": "assistant", "content": null, "tool_calls": []}),
    );
    check(
        &quirks,
        &json!({"role": "assistant", "content": thinking}),
        &json!({"role": "assistant", "content": ""}),
    );
}

#[track_caller]
fn check_part(quirks: &Quirks, part: &Value, expected: &Value) {
    check(
        quirks,
        &json!({"role": "user", "content": [part]}),
        &json!({"role": "user", "content": [expected]}),
    );
}

#[test]
fn documents_and_sound_take_the_vendors_form() {
    let pdf = json!({"type": "file", "mark": 1,
        "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}});
    let link = json!({"type": "file", "file": {"file_data": "https://x.example/a.pdf"}});
    let kept = json!({"type": "file", "file": {"file_id": "f"}});
    let url = Quirks::default().with_documents(DocumentParts::DocumentUrl);
    check_part(
        &url,
        &pdf,
        &json!({"type": "document_url", "mark": 1,
            "document_url": "data:application/pdf;base64,AAAA", "document_name": "a.pdf"}),
    );
    check_part(&url, &kept, &json!({"type": "file", "file_id": "f"}));
    let file = Quirks::default().with_documents(DocumentParts::FileUrl);
    check_part(
        &file,
        &pdf,
        &json!({"type": "file_url", "mark": 1, "file_url": {"url": "AAAA"}, "file_name": "a.pdf"}),
    );
    check_part(
        &file,
        &link,
        &json!({"type": "file_url", "file_url": {"url": "https://x.example/a.pdf"}}),
    );
    check_part(&Quirks::default(), &pdf, &pdf);
    let sound = json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}});
    check_part(
        &Quirks::default().with_sound(SoundParts::Data),
        &sound,
        &json!({"type": "input_audio", "input_audio": "AAAA"}),
    );
    check_part(&Quirks::default(), &sound, &sound);
}
