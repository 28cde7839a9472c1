//! The rules of event streams, and that the cuts between the bytes never matter.

use proptest::prelude::*;

use super::*;
use crate::SseForm;

/// What a stream says, in a form that is easy to write down.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    Event(Option<String>, String),
    Json(String),
    Ping,
    Error(String),
}

fn event(data: &str) -> Said {
    Said::Event(None, data.to_owned())
}

fn named(name: &str, data: &str) -> Said {
    Said::Event(Some(name.to_owned()), data.to_owned())
}

fn json(data: &str) -> Said {
    Said::Json(data.to_owned())
}

fn parse<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, limits: SseLimits) -> Vec<Said> {
    let mut parser = SseParser::new(limits);
    let mut said = Vec::new();
    let mut drain = |parser: &mut SseParser| {
        while let Some(item) = parser.next() {
            said.push(match item {
                Ok(SseItem::Ping) => Said::Ping,
                Ok(SseItem::Event(event)) => {
                    let data = String::from_utf8(event.data.to_vec()).unwrap();
                    match event.form {
                        SseForm::Event => Said::Event(event.event, data),
                        SseForm::BareJson => Said::Json(data),
                    }
                }
                Err(error) => {
                    assert_eq!(error.kind(), interline_core::ErrorKind::Protocol);
                    Said::Error(error.message().to_owned())
                }
            });
        }
    };
    for chunk in chunks {
        parser.push(Bytes::copy_from_slice(chunk));
        drain(&mut parser);
    }
    parser.finish();
    drain(&mut parser);
    said
}

/// Checks a body whole, byte by byte, and cut in two at every place.
#[track_caller]
fn check(body: impl AsRef<[u8]>, expected: &[Said]) {
    let body = body.as_ref();
    let limits = SseLimits::default().with_event_bytes(64);
    assert_eq!(parse([body], limits), expected, "whole");
    assert_eq!(parse(body.chunks(1), limits), expected, "byte by byte");
    for cut in 0..=body.len() {
        let (first, second) = body.split_at(cut);
        assert_eq!(parse([first, second], limits), expected, "cut at {cut}");
    }
}

#[test]
fn all_line_ends_and_a_byte_order_mark_are_read() {
    check("data: a\n\ndata: b\n\n", &[event("a"), event("b")]);
    check("data: a\r\n\r\ndata: b\r\n\r\n", &[event("a"), event("b")]);
    check("data: a\r\rdata: b\r\r", &[event("a"), event("b")]);
    check("\u{feff}data: a\n\n", &[event("a")]);
}

#[test]
fn names_and_several_lines_are_kept() {
    check("event: ping\ndata: {}\n\n", &[named("ping", "{}")]);
    check("event: message\ndata: x\n\n", &[named("message", "x")]);
    check("id: 7\nretry: 5\ndata:x\ndata:  y\n\n", &[event("x\n y")]);
    check("data: ü😀\n\n", &[event("ü😀")]);
    check("unknown: 1\nevents: 2\nerro: 3\ndata: x\n\n", &[event("x")]);
}

#[test]
fn comments_are_pings() {
    check(
        ": hi\n\n:\n: x\ndata: a\n\n",
        &[Said::Ping, Said::Ping, Said::Ping, event("a")],
    );
}

#[test]
fn an_event_cut_short_is_not_delivered() {
    check("data: a\n\ndata: b\n", &[event("a")]);
    check("data: a\n\ndata: [DONE]", &[event("a")]);
    check("", &[]);
    check("\n\n", &[]);
}

#[test]
fn a_bare_json_document_is_delivered_as_such() {
    let pretty = "{\n  \"error\": {\n    \"code\": 404\n  }\n}";
    check(pretty, &[json(pretty)]);
    check(format!("{pretty}\n"), &[json(pretty)]);
    check("[{\"error\":1}]\r\n", &[json("[{\"error\":1}]")]);
    check(
        "data: a\n\n{\"error\":\"}\"}",
        &[event("a"), json("{\"error\":\"}\"}")],
    );
    check(
        "{\"error\":1}\n\ndata: [DONE]\n\n",
        &[json("{\"error\":1}"), event("[DONE]")],
    );
}

#[test]
fn a_bare_json_document_cut_short_is_an_error() {
    let cut = Said::Error("the event stream ends inside a bare JSON document".to_owned());
    check("{\"error\": {", std::slice::from_ref(&cut));
    check("data: a\n\n{\"error\": \"x}", &[event("a"), cut]);
}

#[test]
fn an_error_field_is_an_event_named_error() {
    check(
        "error: {\"code\":500}\n\n",
        &[named("error", "{\"code\":500}")],
    );
    check(
        "data: a\n\nerror:x\r\n\r\n",
        &[event("a"), named("error", "x")],
    );
    for end in ["\n", "\r\n", "\r"] {
        check(
            format!("data: a{end}error: ignored{end}{end}"),
            &[event("a")],
        );
    }
}

#[test]
fn invalid_utf8_is_an_error_after_what_came_before() {
    let invalid = Said::Error("the event stream is not valid UTF-8".to_owned());
    check(
        b"data: a\n\ndata: \xff\n\ndata: b\n\n",
        &[event("a"), invalid.clone()],
    );
    check(b": \xc3\x28\n\n", &[Said::Ping, invalid]);
    check(
        b"data: a\n\ndata: \xc3",
        &[
            event("a"),
            Said::Error("the event stream ends inside a UTF-8 character".to_owned()),
        ],
    );
}

#[test]
fn an_event_over_the_limit_is_an_error_that_names_it() {
    let long =
        Said::Error("an event of the stream is longer than the limit of 64 bytes".to_owned());
    let fits = "x".repeat(64);
    let over = "x".repeat(65);
    check(format!("data: {fits}\n\n"), &[event(&fits)]);
    check(
        format!("data: a\n\ndata: {over}\n\ndata: b\n\n"),
        &[event("a"), long.clone()],
    );
    check(format!("data: {over}"), std::slice::from_ref(&long));
    check("data: 0123456789\n".repeat(7), std::slice::from_ref(&long));
    check(format!("{{\"a\":\"{over}"), &[long]);
}

#[test]
fn an_endless_line_that_means_nothing_costs_no_memory() {
    let mut parser = SseParser::new(SseLimits::default().with_event_bytes(64));
    for start in [&b":"[..], b"nonsense", b"id"] {
        parser.push(Bytes::from_static(b"\n"));
        assert!(parser.next().is_none());
        parser.push(Bytes::copy_from_slice(start));
        for _ in 0..1000 {
            while let Some(item) = parser.next() {
                assert_eq!(item.unwrap(), SseItem::Ping);
            }
            parser.push(Bytes::from(vec![b'x'; 1024]));
        }
        assert!(parser.next().is_none());
        assert!(parser.input.is_empty());
    }
}

#[test]
fn a_small_event_after_a_giant_one_is_small_in_memory() {
    let mut parser = SseParser::new(SseLimits::default());
    let giant = format!("data: {}\n\ndata: small\n\n", "x".repeat(1 << 20));
    parser.push(Bytes::from(giant));
    assert!(matches!(parser.next(), Some(Ok(SseItem::Event(_)))));
    let Some(Ok(SseItem::Event(small))) = parser.next() else {
        panic!("the small event is missing");
    };
    // A copy has exactly its own bytes; a shared buffer would give back its capacity.
    let owned: Vec<u8> = small.data.into();
    assert!(owned.capacity() < 1024, "{} bytes", owned.capacity());
}

/// Lines that a vendor, a proxy or an attacker might send.
fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "data: ?[a-z{}\\[\\]\"\\\\é😀 ]{0,12}".prop_map(String::into_bytes),
        1 => "event: [a-z]{0,5}".prop_map(String::into_bytes),
        1 => "(: x|error: \\{1\\}|id: 1|retry: 9|err|\\{\"a\":\\[\"\\}\"\\]\\}|\\{|junk|\u{feff})"
            .prop_map(String::into_bytes),
        1 => Just(Vec::new()),
        1 => proptest::collection::vec(any::<u8>(), 0..6),
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let end = proptest::sample::select(vec!["\n", "\r\n", "\r", "\n\n", ""]);
    proptest::collection::vec((line(), end), 0..12).prop_map(|lines| {
        lines
            .into_iter()
            .flat_map(|(mut line, end)| {
                line.extend_from_slice(end.as_bytes());
                line
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn any_chunking_says_the_same(
        body in body(),
        cuts in proptest::collection::vec(0_usize..200, 0..8),
    ) {
        let limits = SseLimits::default().with_event_bytes(40);
        let whole = parse([&body[..]], limits);
        let mut places: Vec<usize> = cuts.into_iter().map(|cut| cut.min(body.len())).collect();
        places.push(0);
        places.push(body.len());
        places.sort_unstable();
        let chunks = places.windows(2).map(|pair| &body[pair[0]..pair[1]]);
        prop_assert_eq!(parse(chunks, limits), whole.clone());
        prop_assert_eq!(parse(body.chunks(1), limits), whole);
    }

    #[test]
    fn well_formed_events_come_back(
        events in proptest::collection::vec(
            (proptest::option::of("[a-z_]{1,8}"), "[^\r\n\u{0}]{1,40}"), 0..8),
    ) {
        let mut body = String::new();
        let mut expected = Vec::new();
        for (name, data) in events {
            if let Some(name) = &name {
                body.push_str(&format!("event: {name}\n"));
            }
            body.push_str(&format!("data: {data}\n\n"));
            expected.push(Said::Event(name, data));
        }
        prop_assert_eq!(parse([body.as_bytes()], SseLimits::default()), expected);
    }
}
