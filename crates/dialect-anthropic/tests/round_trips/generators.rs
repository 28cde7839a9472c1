//! Makes parts, conversations and tools that the format can carry.

use interline_core::{
    CacheControl, Extra, FunctionTool, Media, MediaSource, Message, Part, PartKind, Reasoning,
    Role, Signature, Tool, ToolCall, ToolChoice,
};
use interline_dialect_anthropic::FORMAT;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use serde_json::{Map, json};

/// Text that says something; the end of an answer's prescribed beginning may not be white space.
pub(crate) fn words() -> impl Strategy<Value = String> {
    "[a-zA-Zé🦀\" \\\\]{0,10}[a-z]"
}

pub(crate) fn id() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_-]{1,12}"
}

pub(crate) fn extra() -> impl Strategy<Value = Extra> {
    prop_oneof![
        3 => Just(Extra::none()),
        1 => Just(Extra::new(FORMAT, Map::from_iter([("x_new".to_owned(), json!({"a": 1}))]))),
    ]
}

fn dressed(part: impl Strategy<Value = Part>) -> impl Strategy<Value = Part> {
    let mark = prop_oneof![
        Just(CacheControl::ephemeral()),
        Just(CacheControl::ephemeral().with_ttl("1h")),
    ];
    (part, option::of(mark), extra())
        .prop_map(|(part, mark, extra)| part.with_cache_control(mark).with_extra(extra))
}

fn picture() -> impl Strategy<Value = Part> {
    prop_oneof![
        Just(Part::image(Media::inline("image/png", "AAAA"))),
        Just(Part::image(Media::from_url("https://a.example/b.png"))),
        Just(Part::image(Media::new(MediaSource::FileId(
            "file_1".into()
        )))),
    ]
}

pub(crate) fn said_by_user() -> impl Strategy<Value = Part> {
    let document = Part::new(PartKind::File(
        Media::new(MediaSource::Text("long".into()))
            .with_mime("text/plain")
            .with_name("a.txt"),
    ));
    dressed(prop_oneof![
        3 => words().prop_map(Part::text),
        1 => picture(),
        1 => Just(document),
    ])
}

fn tool_result() -> impl Strategy<Value = Part> {
    let content = prop_oneof![words().prop_map(Part::text), picture()];
    dressed(
        (id(), vec(content, 0..3), option::of(any::<bool>())).prop_map(|(id, content, failed)| {
            Part::tool_result(id, content).with_tool_error(failed)
        }),
    )
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

pub(crate) fn server_block() -> Part {
    Part::other(
        FORMAT,
        json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": 1}}),
    )
}

pub(crate) fn signed(text: String) -> Part {
    Part::reasoning(Reasoning::new(text).with_signature(Signature::new(FORMAT, "sig")))
}

pub(crate) fn hidden() -> Part {
    Part::reasoning(Reasoning::redacted(Signature::new(FORMAT, "data")))
}

fn said_by_model() -> impl Strategy<Value = Part> {
    prop_oneof![
        words().prop_map(Part::text),
        words().prop_map(signed),
        Just(hidden()),
        tool_call().prop_map(Part::tool_call),
        Just(server_block()),
    ]
}

/// Instructions, then turns that alternate and end with the user's.
pub(crate) fn conversation() -> impl Strategy<Value = Vec<Message>> {
    let system = vec(dressed(words().prop_map(Part::text)), 0..3);
    let results = vec(tool_result(), 0..3);
    let question = vec(said_by_user(), 1..3);
    let answer = vec(said_by_model(), 1..4);
    let last = vec(said_by_user(), 1..3);
    (system, vec((results, question, answer), 0..3), last).prop_map(|(system, rounds, last)| {
        let mut messages = Vec::new();
        if !system.is_empty() {
            messages.push(Message::new(Role::System, system));
        }
        for (results, question, answer) in rounds {
            if !results.is_empty() {
                messages.push(Message::new(Role::Tool, results));
            }
            messages.push(Message::new(Role::User, question));
            messages.push(Message::new(Role::Assistant, answer));
        }
        messages.push(Message::new(Role::User, last));
        messages
    })
}

pub(crate) fn tools() -> impl Strategy<Value = Vec<Tool>> {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}});
    let function = (id(), option::of(words()), option::of(Just(false)), extra()).prop_map(
        move |(name, description, strict, extra)| {
            let mut tool = FunctionTool::new(name, schema.clone());
            tool.description = description;
            tool.strict = strict;
            tool.extra = extra;
            Tool::Function(tool)
        },
    );
    let own = Just(Tool::Provider {
        format: FORMAT,
        value: json!({"type": "web_search_20250305", "name": "web_search"}),
    });
    vec(prop_oneof![3 => function, 1 => own], 1..4)
}

pub(crate) fn choice() -> impl Strategy<Value = (ToolChoice, Option<bool>)> {
    let parallel = option::of(any::<bool>());
    prop_oneof![
        (Just(ToolChoice::Auto), parallel.clone()),
        (Just(ToolChoice::Required), parallel.clone()),
        (id().prop_map(ToolChoice::Function), parallel),
        (Just(ToolChoice::None), Just(None)),
    ]
}
