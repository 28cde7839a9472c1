//! Amazon's event stream: the same messages however the body is cut, and what is written is read again.

use bytes::Bytes;
use interline::bedrock::{EventMessage, EventStreamFraming, MessageKind};
use interline_transport::Framing as _;

use super::sse;
use crate::seeds;
use crate::target::{Behaviour, Target};

pub(crate) fn target() -> Target {
    Target {
        name: "event-stream".to_owned(),
        promise: "any cut gives the same messages; a message that is written is read again",
        seeds: Box::new(|recordings| {
            let mut all = recordings.streams(&["bedrock.converse-stream"]);
            let text = seeds::BEDROCK[2].as_bytes();
            all.extend([text.to_vec(), body(text)]);
            all
        }),
        run: Box::new(run),
    }
}

/// The body of a stream whose messages are written as text, such as `event: NAME` or
/// `exception: NAME` and `data: PAYLOAD`, with an empty line behind each.
pub(crate) fn body(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    text.split("\n\n").filter_map(message).flatten().collect()
}

/// The message of one block of lines; `None` where nothing names it or its name is too long.
fn message(block: &str) -> Option<Bytes> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
    let payload = field("data: ").unwrap_or_default().to_owned();
    let message = match (field("event: "), field("exception: ")) {
        (Some(name), _) => EventMessage::event(name, payload),
        (None, Some(name)) => EventMessage::exception(name, payload),
        (None, None) => return None,
    };
    message.to_bytes().ok()
}

fn run(input: &[u8], behaviour: &mut Behaviour) {
    let whole = read(vec![Bytes::copy_from_slice(input)]);
    let in_pieces = read(sse::cut(input));
    assert_eq!(whole, in_pieces, "cuts make no difference");
    for message in &whole.0 {
        behaviour.note((
            message.kind == MessageKind::Event,
            message.payload.is_empty(),
        ));
    }
    behaviour.note_message(whole.1.as_deref().unwrap_or_default());
    // Damage is found by checksums, so most inputs are read no further than that; as a payload every
    // one of them is.
    let name: String = String::from_utf8_lossy(input).chars().take(40).collect();
    let message = EventMessage::exception(name, Bytes::copy_from_slice(input));
    let body = message.to_bytes().expect("a name of few letters");
    assert_eq!(
        read(vec![body]),
        (vec![message], None),
        "what is written is read"
    );
}

/// The messages of a body, and an error's words.
fn read(pieces: Vec<Bytes>) -> (Vec<EventMessage>, Option<String>) {
    let mut framing = EventStreamFraming::new();
    let mut messages = Vec::new();
    for piece in pieces {
        framing.push(piece);
        loop {
            match framing.next_message() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Some(error.to_string())),
            }
        }
    }
    let error = framing.finish().err();
    (messages, error.map(|error| error.to_string()))
}
