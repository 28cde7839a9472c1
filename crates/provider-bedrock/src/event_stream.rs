//! Amazon's binary event stream: messages with headers, a payload and two checksums.
//!
//! `aws-smithy-eventstream` reads the messages and checks both sums; this only finds where one ends, so
//! that its length is refused before it is kept.

use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::{Bytes, BytesMut};
use interline_core::{Error, Result};
use interline_transport::Framing;

/// The longest message, in bytes, as for one server-sent event (chosen, not measured).
const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// The shortest message: lengths, no header, no payload, two checksums.
const MIN_MESSAGE_BYTES: usize = 16;

/// One message.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventMessage {
    /// What it is.
    pub kind: MessageKind,
    /// The event's or exception's name; of an unmodelled error its code.
    pub name: String,
    /// What it says: JSON, as a rule.
    pub payload: Bytes,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageKind {
    /// A step of the answer.
    Event,
    /// An error; nothing follows it.
    Exception,
}

impl EventMessage {
    /// A step of the answer.
    pub fn event(name: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self {
            kind: MessageKind::Event,
            name: name.into(),
            payload: payload.into(),
        }
    }

    /// An error.
    pub fn exception(name: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self {
            kind: MessageKind::Exception,
            name: name.into(),
            payload: payload.into(),
        }
    }

    /// The message as it stands in a body, for tests and tools that play Bedrock.
    ///
    /// # Errors
    /// `InvalidRequest` where the name or the payload is too long for the framing.
    pub fn to_bytes(&self) -> Result<Bytes> {
        let (kind, name) = match self.kind {
            MessageKind::Event => ("event", ":event-type"),
            MessageKind::Exception => ("exception", ":exception-type"),
        };
        let text = |text: &str| HeaderValue::String(text.to_owned().into());
        let message = Message::new(self.payload.clone())
            .add_header(Header::new(name, text(&self.name)))
            .add_header(Header::new(":content-type", text("application/json")))
            .add_header(Header::new(":message-type", text(kind)));
        let mut bytes = Vec::new();
        write_message_to(&message, &mut bytes).map_err(|source| {
            Error::invalid_request("the message is too long for the framing").with_source(source)
        })?;
        Ok(bytes.into())
    }

    fn read(message: &Message) -> Result<Self> {
        let header = |name: &str| {
            let found = message
                .headers()
                .iter()
                .find(|header| header.name().as_str() == name);
            let text = found.and_then(|header| header.value().as_string().ok());
            text.map(|text| text.as_str().to_owned())
        };
        let payload = message.payload().clone();
        let named = |name: &str| {
            header(name).ok_or_else(|| {
                Error::protocol(format!("a message of the stream has no header `{name}`"))
            })
        };
        match header(":message-type").as_deref() {
            None | Some("event") => Ok(Self::event(named(":event-type")?, payload)),
            Some("exception") => Ok(Self::exception(named(":exception-type")?, payload)),
            // An error outside the service's model says all in its headers.
            Some("error") => {
                let told = header(":error-message").unwrap_or_default();
                let payload = serde_json::json!({"message": told}).to_string();
                Ok(Self::exception(named(":error-code")?, payload))
            }
            Some(other) => Err(Error::protocol(format!(
                "a message of the stream is of the unknown type `{other}`"
            ))),
        }
    }
}

impl std::fmt::Debug for EventMessage {
    /// Shows the length of the payload instead of the answer in it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventMessage")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .field("payload_bytes", &self.payload.len())
            .finish()
    }
}

/// Cuts a body into messages.
#[derive(Debug, Default)]
pub struct EventStreamFraming {
    buffer: BytesMut,
}

impl EventStreamFraming {
    /// A framing at the beginning of a body.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The length that the message at the front announces, once it is there.
    fn announced(&self) -> Result<Option<usize>> {
        let Some(length) = self.buffer.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        match length {
            0..MIN_MESSAGE_BYTES => Err(Error::protocol(format!(
                "a message of the stream announces {length} bytes, too few for one"
            ))),
            MIN_MESSAGE_BYTES..=MAX_MESSAGE_BYTES => Ok(Some(length)),
            _ => Err(Error::protocol(format!(
                "a message of the stream announces {length} bytes, more than the limit of \
                 {MAX_MESSAGE_BYTES}"
            ))),
        }
    }
}

impl Framing for EventStreamFraming {
    type Message = EventMessage;

    fn push(&mut self, bytes: Bytes) {
        self.buffer.extend_from_slice(&bytes);
    }

    fn next_message(&mut self) -> Result<Option<EventMessage>> {
        let Some(length) = self
            .announced()?
            .filter(|length| self.buffer.len() >= *length)
        else {
            return Ok(None);
        };
        let mut bytes = self.buffer.split_to(length).freeze();
        let message = read_message_from(&mut bytes).map_err(|source| {
            Error::protocol("a message of the stream is damaged").with_source(source)
        })?;
        EventMessage::read(&message).map(Some)
    }

    fn finish(&mut self) -> Result<()> {
        match self.buffer.len() {
            0 => Ok(()),
            left => Err(Error::protocol(format!(
                "the stream ended {left} bytes into a message: the answer was cut"
            ))),
        }
    }

    fn payload(message: &mut EventMessage) -> &mut Bytes {
        &mut message.payload
    }
}

#[cfg(test)]
mod tests {
    use interline_core::ErrorKind;
    use proptest::prelude::{any, prop, proptest};

    use super::*;
    use crate::testing::{encoded, headed};

    fn read(body: &[u8]) -> Result<Vec<EventMessage>> {
        let mut framing = EventStreamFraming::new();
        framing.push(Bytes::copy_from_slice(body));
        let mut messages = Vec::new();
        while let Some(message) = framing.next_message()? {
            messages.push(message);
        }
        framing.finish().map(|()| messages)
    }

    #[track_caller]
    fn broken(body: &[u8], told: &str) {
        let error = read(body).expect_err("broken");
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.message().contains(told), "{error}");
    }

    #[test]
    fn events_and_exceptions_are_told_apart() {
        let messages = [
            EventMessage::event("messageStop", "{}"),
            EventMessage::exception("throttlingException", r#"{"message":"m"}"#),
        ];
        let body = encoded(&messages);
        assert_eq!(read(&body).expect("good messages"), messages);
        let error = headed(&[
            (":message-type", "error"),
            (":error-code", "InternalFailure"),
            (":error-message", "lost"),
        ]);
        let expected = EventMessage::exception("InternalFailure", r#"{"message":"lost"}"#);
        assert_eq!(read(&error).expect("a good message"), [expected]);
    }

    #[test]
    fn every_damaged_byte_is_found() {
        let body = encoded(&[EventMessage::event(
            "messageStop",
            r#"{"stopReason":"end_turn"}"#,
        )]);
        for place in 0..body.len() {
            let mut damaged = body.clone();
            damaged[place] ^= 1;
            let error = read(&damaged).expect_err("damaged");
            assert_eq!(error.kind(), ErrorKind::Protocol, "byte {place}");
        }
    }

    #[test]
    fn a_cut_at_any_byte_is_found() {
        let body = encoded(&[EventMessage::event("messageStop", "{}")]);
        for length in 1..body.len() {
            broken(&body[..length], "the answer was cut");
        }
        assert_eq!(read(&[]).expect("an empty body"), []);
    }

    #[test]
    fn lengths_outside_the_bounds_are_refused_before_they_are_kept() {
        broken(&[0, 0, 0, 3], "too few");
        broken(&[0x7f, 0, 0, 0], "more than the limit");
        broken(&headed(&[]), "no header `:event-type`");
        broken(&headed(&[(":message-type", "new")]), "unknown type `new`");
    }

    proptest! {
        #[test]
        fn no_input_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body);
        }

        #[test]
        fn no_frame_of_good_length_panics(mut body in prop::collection::vec(any::<u8>(), 16..200)) {
            let length = u32::try_from(body.len()).expect("short");
            body[..4].copy_from_slice(&length.to_be_bytes());
            let _ = read(&body);
        }
    }
}
