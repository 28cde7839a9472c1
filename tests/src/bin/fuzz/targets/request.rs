//! Requests: read in one format, written in every format.

use bytes::Bytes;
use interline::{ChatRequest, ErrorKind, Message, PartKind, Result, Role};

use crate::dialect::{ALL, Dialect, Way, is_too_deep, object};
use crate::target::{Behaviour, Target};

pub(crate) fn target(dialect: &'static Dialect) -> Target {
    Target {
        name: format!("{}-request", dialect.name),
        promise: "what was read can be written in any format or is refused by name, and reads alike again",
        seeds: Box::new(|recordings| {
            let mut seeds = recordings.requests(dialect.apis);
            seeds.push(dialect.seeds[0].as_bytes().to_vec());
            seeds
        }),
        run: Box::new(|input, behaviour| run(dialect, input, behaviour)),
    }
}

fn run(dialect: &Dialect, input: &[u8], behaviour: &mut Behaviour) {
    let mut request = match (dialect.decode_request)(Bytes::copy_from_slice(input)) {
        Ok(request) => request,
        Err(error) => {
            assert!(
                is_refusal(error.kind()),
                "a bad request is a refusal: {error}"
            );
            return behaviour.note_message(error.message());
        }
    };
    behaviour.note((request.messages.len().min(4), request.tools.len().min(2)));
    behaviour.note(format!("{:?}", request.features()));
    for way in [Way::Whole, Way::Streamed] {
        note(&written(dialect, &request, way), behaviour);
    }
    request.edit(|_| {});
    for other in ALL {
        for way in [Way::Whole, Way::Streamed] {
            note(&written(other, &request, way), behaviour);
        }
    }
    // A conversation without a word is not asked of anybody twice; instructions alone are none.
    let turns = request.messages.iter();
    let mut turns = turns.filter(|message| message.role != Role::System);
    let says_something =
        |message: &Message| message.any_part(|part| *part != PartKind::Text(String::new()));
    if turns.any(says_something) {
        reads_alike(dialect, &request);
    }
}

/// What was written from the types reads again as the same: once it was read and written, reading
/// and writing it again changes nothing. The first time may drop what means nothing, such as an empty
/// text.
fn reads_alike(dialect: &Dialect, request: &ChatRequest) {
    let Ok(first) = written(dialect, request, Way::Whole) else {
        return;
    };
    let second = rewritten(dialect, &first);
    let third = rewritten(dialect, &second);
    assert_eq!(
        object(&second),
        object(&third),
        "a request that was read is written as it was"
    );
}

fn rewritten(dialect: &Dialect, body: &Bytes) -> Bytes {
    let mut read = match (dialect.decode_request)(body.clone()) {
        Ok(read) => read,
        Err(_) if is_too_deep(body) => return body.clone(),
        Err(error) => panic!("what was written cannot be read: {error}: {}", shown(body)),
    };
    read.edit(|_| {});
    match written(dialect, &read, Way::Whole) {
        Ok(again) => again,
        Err(error) => panic!("what was written is refused: {error}: {}", shown(body)),
    }
}

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(300).collect()
}

fn written(dialect: &Dialect, request: &ChatRequest, way: Way) -> Result<Bytes> {
    let body = (dialect.encode_request)(request, way);
    match &body {
        Ok(body) => {
            object(body);
        }
        Err(error) => assert!(
            is_refusal(error.kind()),
            "{} refuses what it cannot carry: {error}",
            dialect.name
        ),
    }
    body
}

fn note(body: &Result<Bytes>, behaviour: &mut Behaviour) {
    match body {
        Ok(_) => behaviour.note(true),
        Err(error) => behaviour.note_message(error.message()),
    }
}

fn is_refusal(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidRequest | ErrorKind::Unsupported)
}
