//! Tests of the gate: what each check finds, and what becomes of it.

use interline_core::{
    Choice, FinishReason, JsonSchemaFormat, Message, Part, ResponseFormat, ToolCall,
};
use serde_json::json;

use super::*;

fn asked() -> ChatRequest {
    ChatRequest::new("chat", [Message::user("hi")])
}

fn asked_for_schema() -> ChatRequest {
    let schema = json!({
        "type": "object",
        "properties": {"age": {"type": "integer"}},
        "required": ["age"],
    });
    let format = JsonSchemaFormat::new(schema);
    asked().with_response_format(ResponseFormat::JsonSchema(format))
}

fn said(text: &str) -> ChatResponse {
    ChatResponse::new("m", [Choice::new(0, [Part::text(text)])])
}

fn tool_call() -> ChatResponse {
    let call = Part::tool_call(ToolCall::new("1", "weather", "{}"));
    ChatResponse::new("m", [Choice::new(0, [call])])
}

#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "checks and findings are written down where they are used"
)]
fn check(check: Check, request: &ChatRequest, answer: &ChatResponse, expected: Option<Finding>) {
    let found = match Gate::new()
        .with_check(check.clone())
        .look_at(request, answer)
    {
        GateVerdict::Fail(findings) => findings,
        GateVerdict::Pass => Vec::new(),
        GateVerdict::NeedsCall(_) => panic!("no judge was named"),
    };
    assert_eq!(found.first(), expected.as_ref(), "{check:?}");
    assert!(found.len() <= 1);
}

#[test]
fn answers_that_say_nothing_are_found() {
    check(
        Check::NotEmpty,
        &asked(),
        &said(" \n"),
        Some(Finding::Empty),
    );
    let nothing = ChatResponse::new("m", []);
    check(Check::NotEmpty, &asked(), &nothing, Some(Finding::Empty));
    check(Check::NotEmpty, &asked(), &said("x"), None);
    check(Check::NotEmpty, &asked(), &tool_call(), None);
}

#[test]
fn answers_that_were_cut_are_found() {
    let cut = Choice::new(0, [Part::text("and then")]).with_finish_reason(FinishReason::Length);
    let answer = ChatResponse::new("m", [cut]);
    check(Check::Complete, &asked(), &answer, Some(Finding::Cut));
    check(Check::Complete, &asked(), &said("done"), None);
}

#[test]
fn json_is_checked_only_where_it_was_asked_for() {
    let schema = asked_for_schema();
    check(Check::Json, &schema, &said(r#"{"age": 7}"#), None);
    let broken = Some(Finding::BreaksSchema("/age".to_owned()));
    check(Check::Json, &schema, &said(r#"{"age": "old"}"#), broken);
    check(Check::Json, &schema, &said("seven"), Some(Finding::NotJson));
    check(Check::Json, &schema, &tool_call(), None);
    check(Check::Json, &asked(), &said("seven"), None);
    let object = asked().with_response_format(ResponseFormat::JsonObject);
    check(Check::Json, &object, &said("{}"), None);
    check(Check::Json, &object, &said("[]"), Some(Finding::NotJson));
    let nonsense = JsonSchemaFormat::new(json!({"type": "nonsense"}));
    let nonsense = asked().with_response_format(ResponseFormat::JsonSchema(nonsense));
    check(Check::Json, &nonsense, &said("{}"), None);
}

#[test]
fn lengths_count_characters_and_not_bytes() {
    check(
        Check::MinChars(3),
        &asked(),
        &said("äö"),
        Some(Finding::TooShort(2)),
    );
    check(Check::MinChars(2), &asked(), &said("äö"), None);
    check(
        Check::MaxChars(1),
        &asked(),
        &said("äö"),
        Some(Finding::TooLong(2)),
    );
    check(Check::MaxChars(2), &asked(), &said("äö"), None);
    check(Check::MinChars(3), &asked(), &tool_call(), None);
}

#[test]
fn refusals_are_found_in_words_and_in_the_vendors_form() {
    let words = said("I'm sorry, but I can't help with that.");
    check(Check::NotRefused, &asked(), &words, Some(Finding::Refused));
    let declined = Part::new(PartKind::Refusal("no".to_owned()));
    let form = ChatResponse::new("m", [Choice::new(0, [declined])]);
    check(Check::NotRefused, &asked(), &form, Some(Finding::Refused));
    check(Check::NotEmpty, &asked(), &form, None);
    check(Check::NotRefused, &asked(), &said("Sure."), None);
}

#[test]
fn patterns_are_looked_for() {
    let has = Check::matches("(?i)summary").expect("a pattern");
    check(has.clone(), &asked(), &said("SUMMARY: x"), None);
    let lacks = Some(Finding::LacksPattern("(?i)summary".to_owned()));
    check(has, &asked(), &said("x"), lacks);
    let never = Check::matches_not("TODO").expect("a pattern");
    let found = Some(Finding::HasPattern("TODO".to_owned()));
    check(never, &asked(), &said("TODO"), found);
    let error = Check::matches("(").expect_err("malformed");
    assert_eq!(error.message(), "`(` is no pattern: unclosed group");
    assert!(Check::matches(r"\w{9999}{99}").is_err(), "too large");
}

#[test]
fn every_choice_must_pass() {
    let choices = [Choice::new(0, [Part::text("x")]), Choice::new(1, [])];
    let answer = ChatResponse::new("m", choices);
    check(Check::NotEmpty, &asked(), &answer, Some(Finding::Empty));
}

#[test]
fn a_judge_is_asked_only_about_answers_that_pass_the_checks() {
    let gate = Gate::basic().with_judge(Judge::new("mini"));
    assert!(matches!(
        gate.look_at(&asked(), &said("")),
        GateVerdict::Fail(_)
    ));
    let GateVerdict::NeedsCall(question) = gate.look_at(&asked(), &said("x")) else {
        panic!("a judge was named");
    };
    assert_eq!(question.request.model.as_str(), "mini");
}

#[test]
fn an_answer_escalates_only_where_somebody_better_is_left() {
    let escalates = Gate::basic();
    let found = || vec![Finding::Empty];
    let outcome = escalates.outcome(found(), BetterTarget::Left);
    assert_eq!(outcome, Outcome::Escalate(found()));
    assert_eq!(
        escalates.outcome(found(), BetterTarget::None),
        Outcome::Mark(found())
    );
    let marks = Gate::basic().with_on_failure(OnFailure::Mark);
    assert_eq!(
        marks.outcome(found(), BetterTarget::Left),
        Outcome::Mark(found())
    );
    assert_eq!(marks.outcome(Vec::new(), BetterTarget::Left), Outcome::Pass);
}
