//! Properties: what is written and read again is the same, streams do not depend on how they are cut,
//! and no input makes anything panic.

#[path = "support/transcript.rs"]
mod transcript;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::HeaderMap;
use interline_core::{
    CacheControl, ChatBody, ChatRequest, Extra, FinishReason, Frame, FunctionTool,
    JsonSchemaFormat, Media, MediaSource, Message, Part, Reasoning, ReasoningConfig,
    ResponseFormat, Role, Signature, StreamEvent, Tool, ToolCall, ToolChoice, Usage,
};
use interline_dialect_anthropic::{
    FORMAT, Mode, Quirks, StreamDecoder, StreamEncoder, StreamOptions, decode_error,
    decode_request, decode_response, encode_request,
};
use interline_transport::{HttpResponse, SseEvent, SseLimits};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Map, Value, json};

use transcript::Transcript;

/// Text that says something; the end of an answer's prescribed beginning may not be white space.
fn words() -> impl Strategy<Value = String> {
    "[a-zA-Zé🦀\" \\\\]{0,10}[a-z]"
}

fn id() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_-]{1,12}"
}

fn extra() -> impl Strategy<Value = Extra> {
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

fn said_by_user() -> impl Strategy<Value = Part> {
    let document = Part::new(interline_core::PartKind::File(
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

fn tool_call() -> impl Strategy<Value = ToolCall> {
    (id(), id(), arguments()).prop_map(|(id, name, arguments)| ToolCall::new(id, name, arguments))
}

fn server_block() -> Part {
    Part::other(
        FORMAT,
        json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": 1}}),
    )
}

fn signed(text: String) -> Part {
    Part::reasoning(Reasoning::new(text).with_signature(Signature::new(FORMAT, "sig")))
}

fn hidden() -> Part {
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
fn conversation() -> impl Strategy<Value = Vec<Message>> {
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

fn tools() -> impl Strategy<Value = Vec<Tool>> {
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

fn choice() -> impl Strategy<Value = (ToolChoice, Option<bool>)> {
    let parallel = option::of(any::<bool>());
    prop_oneof![
        (Just(ToolChoice::Auto), parallel.clone()),
        (Just(ToolChoice::Required), parallel.clone()),
        (id().prop_map(ToolChoice::Function), parallel),
        (Just(ToolChoice::None), Just(None)),
    ]
}

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

/// A piece of an answer as another vendor would stream it.
fn piece() -> impl Strategy<Value = Vec<Step>> {
    let pieces = || vec(words(), 1..3);
    prop_oneof![
        pieces().prop_map(|texts| texts.into_iter().map(Step::Text).collect()),
        (pieces(), any::<bool>()).prop_map(|(texts, signed)| {
            let thoughts = texts.into_iter().map(Step::Thought);
            thoughts.chain(signed.then_some(Step::Sign)).collect()
        }),
        (tool_call(), 0usize..9).prop_map(|(call, cut)| vec![Step::Call(call, cut)]),
        Just(vec![Step::Whole(hidden())]),
        Just(vec![Step::Whole(server_block())]),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Text(String),
    Thought(String),
    Sign,
    /// A call whose arguments are cut in two near this byte.
    Call(ToolCall, usize),
    Whole(Part),
}

fn stream_of(pieces: Vec<Vec<Step>>, stop_sequence: Option<String>) -> Vec<StreamEvent> {
    let mut events = vec![StreamEvent::Started {
        id: Some("id".into()),
        model: Some("m".into()),
        created: None,
    }];
    let mut calls = 0;
    for step in pieces.into_iter().flatten() {
        match step {
            Step::Text(text) => events.push(StreamEvent::Text { choice: 0, text }),
            Step::Thought(text) => events.push(StreamEvent::Reasoning { choice: 0, text }),
            Step::Sign => events.push(StreamEvent::ReasoningSignature {
                choice: 0,
                signature: Signature::new(FORMAT, "sig"),
            }),
            Step::Whole(part) => events.push(StreamEvent::Part { choice: 0, part }),
            Step::Call(call, cut) => {
                let index = calls;
                calls += 1;
                events.push(StreamEvent::ToolCallStart {
                    choice: 0,
                    index,
                    id: call.id,
                    name: call.name,
                });
                let mut cut = cut.min(call.arguments.len());
                while !call.arguments.is_char_boundary(cut) {
                    cut -= 1;
                }
                let (first, second) = call.arguments.split_at(cut);
                for arguments in [first, second] {
                    events.push(StreamEvent::ToolCallDelta {
                        choice: 0,
                        index,
                        arguments: arguments.to_owned(),
                    });
                }
            }
        }
    }
    let reason = if calls > 0 {
        FinishReason::ToolCalls
    } else {
        FinishReason::Stop
    };
    events.push(StreamEvent::Finished {
        choice: 0,
        stop_sequence: stop_sequence.filter(|_| calls == 0),
        reason,
    });
    let mut usage = Usage::new(30, 7);
    usage.cached_input_tokens = Some(20);
    usage.cache_write_tokens = Some(3);
    usage.reasoning_tokens = Some(2);
    events.push(StreamEvent::Usage(usage));
    events.push(StreamEvent::End);
    events
}

fn encoded(events: &[StreamEvent]) -> Vec<SseEvent> {
    let mut encoder = StreamEncoder::new(StreamOptions::default());
    events
        .iter()
        .flat_map(|event| encoder.encode(&Frame::of([event.clone()])))
        .map(|raw| SseEvent::new(raw.event, raw.data))
        .collect()
}

fn decoded(events: impl IntoIterator<Item = SseEvent>) -> Vec<StreamEvent> {
    let mut decoder = StreamDecoder::new();
    let decoded = events
        .into_iter()
        .flat_map(|event| decoder.push(event).expect("a good event").events)
        .collect();
    decoder.finish().expect("complete");
    decoded
}

fn as_body(events: &[SseEvent]) -> Vec<u8> {
    let mut body = Vec::new();
    for event in events {
        let name = event.event.as_deref().expect("a name");
        body.extend_from_slice(format!("event: {name}\ndata: ").as_bytes());
        body.extend_from_slice(&event.data);
        body.extend_from_slice(b"\n\n");
    }
    body
}

async fn read_in_pieces(body: Vec<u8>, mut cuts: Vec<usize>) -> Vec<SseEvent> {
    cuts.iter_mut().for_each(|cut| *cut %= body.len() + 1);
    cuts.extend([0, body.len()]);
    cuts.sort_unstable();
    let pieces: Vec<_> = cuts
        .windows(2)
        .map(|cut| Ok(Bytes::copy_from_slice(&body[cut[0]..cut[1]])))
        .collect();
    let response = HttpResponse::new(200, HeaderMap::new(), stream::iter(pieces));
    let events = response.sse(SseLimits::default());
    events
        .map(|event| event.expect("a good event"))
        .collect()
        .await
}

proptest! {
    #[test]
    fn a_stream_survives_being_written_and_read(
        pieces in vec(piece(), 0..6),
        stop in option::of(words()),
    ) {
        let before = stream_of(pieces, stop);
        let after = decoded(encoded(&before));
        prop_assert_eq!(Transcript::of(&after), Transcript::of(&before));
    }

    #[test]
    fn a_stream_reads_the_same_however_it_is_cut(
        pieces in vec(piece(), 0..4),
        cuts in vec(any::<usize>(), 0..20),
    ) {
        let events = encoded(&stream_of(pieces, None));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let read = runtime.block_on(read_in_pieces(as_body(&events), cuts));
        prop_assert_eq!(decoded(read), decoded(events));
    }
}

/// JSON made of the words of the format in the wrong places.
fn confused_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("type"),
        Just("content"),
        Just("messages"),
        Just("role"),
        Just("text"),
        Just("input"),
        Just("delta"),
        Just("index"),
        Just("content_block"),
        Just("usage"),
        Just("model"),
        Just("max_tokens"),
        Just("error"),
        Just("message"),
        Just("id"),
        Just("name"),
        Just("source"),
    ];
    let word = prop_oneof![
        Just("text"),
        Just("tool_use"),
        Just("tool_result"),
        Just("thinking"),
        Just("image"),
        Just("content_block_start"),
        Just("content_block_delta"),
        Just("content_block_stop"),
        Just("message_start"),
        Just("message_delta"),
        Just("input_json_delta"),
        Just("user"),
        Just("error"),
        Just("server_tool_use"),
        Just("text_delta"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0u64..3).prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key.clone(), inner), 0..7).prop_map(|fields| {
                let fields = fields
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value));
                Value::Object(fields.collect())
            }),
        ]
    })
}

fn read_everywhere(data: &Bytes, decoder: &mut StreamDecoder) {
    let _ = decode_request(data.clone(), Vec::new());
    let _ = decode_response(data.clone(), Default::default());
    let _ = decode_error(500, &HeaderMap::new(), data.clone());
    let _ = decoder.push(SseEvent::new(None, data.clone()));
}

proptest! {
    #[test]
    fn no_json_makes_anything_panic(values in vec(confused_json(), 1..6)) {
        let mut decoder = StreamDecoder::new();
        for value in values {
            read_everywhere(&Bytes::from(value.to_string()), &mut decoder);
        }
        let _ = decoder.finish();
    }

    #[test]
    fn no_bytes_make_anything_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_everywhere(&Bytes::from(bytes), &mut StreamDecoder::new());
    }
}
