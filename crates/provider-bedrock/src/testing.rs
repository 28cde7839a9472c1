//! What this crate's tests share: messages as bytes, and a connection to a prepared answer.

use std::sync::Arc;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};

use interline_testkit::ReplayTransport;

use crate::{Bedrock, EventMessage};

/// A message with these headers and no payload.
pub(crate) fn headed(headers: &[(&'static str, &str)]) -> Vec<u8> {
    let mut message = Message::new(Vec::new());
    for (name, value) in headers {
        let value = HeaderValue::String((*value).to_owned().into());
        message = message.add_header(Header::new(*name, value));
    }
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).expect("a short message");
    bytes
}

/// The messages, one behind the other.
pub(crate) fn encoded(messages: &[EventMessage]) -> Vec<u8> {
    let one = |message: &EventMessage| message.to_bytes().expect("a short message");
    messages.iter().flat_map(one).collect()
}

/// A transport that gives one answer.
pub(crate) fn answering(status: u16, body: &'static str) -> Arc<ReplayTransport> {
    ReplayTransport::new(status, [("x-amzn-requestid", "req_1")], body, usize::MAX)
}

/// A connection called `mine` over a transport.
pub(crate) fn bedrock(transport: &Arc<ReplayTransport>) -> Bedrock {
    Bedrock::builder()
        .id("mine")
        .region("us-east-1")
        .api_key("key-of-mine")
        .transport(Arc::<ReplayTransport>::clone(transport))
        .build()
        .expect("good settings")
}
