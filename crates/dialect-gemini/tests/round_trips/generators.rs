//! Makes parts, conversations and tools that the format can carry.

use interline_core::{
    Extra, FunctionTool, Media, Message, Part, PartKind, Reasoning, Role, Signature, Tool,
    ToolCall, ToolChoice,
};
use interline_dialect_gemini::FORMAT;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use serde_json::{Map, Value, json};

pub(crate) fn words() -> impl Strategy<Value = String> {
    "[a-zA-Zé🦀\" \\\\]{0,10}[a-z]"
}

pub(crate) fn id() -> impl Strategy<Value = String> {
    "[a-z][a-zA-Z0-9]{3,12}"
}

pub(crate) fn own(fields: Value) -> Extra {
    match fields {
        Value::Object(fields) => Extra::new(FORMAT, fields),
        _ => Extra::none(),
    }
}

pub(crate) fn extra() -> impl Strategy<Value = Extra> {
    prop_oneof![
        3 => Just(Extra::none()),
        1 => Just(own(json!({"xNew": {"a": 1}}))),
    ]
}

fn dressed(part: impl Strategy<Value = Part>) -> impl Strategy<Value = Part> {
    (part, extra()).prop_map(|(part, extra)| part.with_extra(extra))
}

fn media() -> impl Strategy<Value = Part> {
    let part = |kind: fn(Media) -> PartKind, media: Media| Just(Part::new(kind(media)));
    prop_oneof![
        part(PartKind::Image, Media::inline("image/png", "AAAA")),
        part(
            PartKind::Image,
            Media::from_url("https://a.example/b").with_mime("image/webp")
        ),
        part(PartKind::Audio, Media::inline("audio/wav", "AAAA")),
        part(
            PartKind::File,
            Media::from_url("gs://b/c").with_mime("application/pdf")
        ),
    ]
}

fn said_by_user() -> impl Strategy<Value = Part> {
    dressed(prop_oneof![3 => words().prop_map(Part::text), 1 => media()])
}

fn arguments() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{}".to_owned()),
        words().prop_map(|text| json!({"a": 1, "b": [text]}).to_string()),
    ]
}

pub(crate) fn tool_call() -> impl Strategy<Value = ToolCall> {
    (id(), id(), arguments()).prop_map(|(id, name, arguments)| ToolCall::new(id, name, arguments))
}

pub(crate) fn server_part() -> Part {
    let code = json!({"executableCode": {"language": "PYTHON", "code": "1"}});
    Part::other(FORMAT, code)
}

/// Thoughts of this format, which say so.
fn thought(text: String) -> Part {
    Part::reasoning(Reasoning::new(text)).with_extra(own(json!({"thought": true})))
}

fn signed() -> Part {
    Part::reasoning(Reasoning::new("").with_signature(Signature::new(FORMAT, "sig")))
}

/// What the model says, as it is read from the wire: a signature before its call or behind its text.
fn said_by_model() -> impl Strategy<Value = Vec<Part>> {
    prop_oneof![
        words().prop_map(|text| vec![Part::text(text)]),
        words().prop_map(|text| vec![Part::text(text), signed()]),
        words().prop_map(|text| vec![thought(text)]),
        Just(vec![server_part()]),
    ]
}

/// A round of calls and their results.
fn calls() -> impl Strategy<Value = (Vec<Part>, Vec<Part>)> {
    let result = prop_oneof![
        arguments().prop_map(|object| (object, None)),
        words().prop_map(|text| (json!({"error": text}).to_string(), Some(true))),
    ];
    vec((tool_call(), result), 1..3).prop_map(|round| {
        let mut said = vec![signed()];
        let mut results = Vec::new();
        for (place, (mut call, (text, failed))) in round.into_iter().enumerate() {
            call.id = format!("{}{place}", call.id);
            let result = Part::tool_result(call.id.as_str(), [Part::text(text)]);
            results.push(result.with_tool_error(failed));
            said.push(Part::tool_call(call));
        }
        (said, results)
    })
}

/// Instructions, then rounds of question, answer and perhaps calls, and a last question.
pub(crate) fn conversation() -> impl Strategy<Value = Vec<Message>> {
    let system = option::of(words());
    let answer = vec(said_by_model(), 1..4).prop_map(|parts| parts.concat());
    let round = (vec(said_by_user(), 1..3), answer, option::of(calls()));
    (system, vec(round, 0..3), vec(said_by_user(), 1..3)).prop_map(|(system, rounds, last)| {
        let mut messages: Vec<Message> = system.map(Message::system).into_iter().collect();
        for (number, (question, mut answer, calls)) in rounds.into_iter().enumerate() {
            messages.push(Message::new(Role::User, question));
            let mut results = Vec::new();
            if let Some((calls, given)) = calls {
                answer.push(server_part());
                answer.extend(calls);
                results = given;
            }
            // Ids differ over the whole conversation.
            for part in answer.iter_mut().chain(&mut results) {
                match &mut part.kind {
                    PartKind::ToolCall(call) => call.id.push_str(&format!("r{number}")),
                    PartKind::ToolResult(result) => result.call_id.push_str(&format!("r{number}")),
                    _ => {}
                }
            }
            messages.push(Message::new(Role::Assistant, answer));
            if !results.is_empty() {
                messages.push(Message::new(Role::Tool, results));
            }
        }
        messages.push(Message::new(Role::User, last));
        messages
    })
}

pub(crate) fn tools() -> impl Strategy<Value = Vec<Tool>> {
    let schema = json!({"type": "object", "properties": {"a": {"type": ["integer", "null"]}}});
    let function =
        (id(), option::of(words()), extra()).prop_map(move |(name, description, extra)| {
            let mut tool = FunctionTool::new(name, schema.clone());
            tool.description = description;
            tool.extra = extra;
            Tool::Function(tool)
        });
    let search = Tool::Provider {
        format: FORMAT,
        value: json!({"googleSearch": {}}),
    };
    // The vendor's own tools are written first.
    (any::<bool>(), vec(function, 1..4)).prop_map(move |(searches, functions)| {
        let own = searches.then(|| search.clone());
        own.into_iter().chain(functions).collect()
    })
}

pub(crate) fn choice() -> impl Strategy<Value = ToolChoice> {
    let several = json!({"mode": "ANY", "allowedFunctionNames": ["a", "b"]});
    prop_oneof![
        Just(ToolChoice::Auto),
        Just(ToolChoice::None),
        Just(ToolChoice::Required),
        id().prop_map(ToolChoice::Function),
        Just(ToolChoice::Other {
            format: FORMAT,
            value: several,
        }),
    ]
}

pub(crate) fn settings() -> impl Strategy<Value = Extra> {
    let settings = json!({"safetySettings": [{"category": "C", "threshold": "T"}],
        "generationConfig": {"responseModalities": ["TEXT"]},
        "toolConfig": {"includeServerSideToolInvocations": true}});
    prop_oneof![
        Just(Extra::none()),
        Just(own(settings)),
        Just(Extra::new(FORMAT, Map::new())),
    ]
}
