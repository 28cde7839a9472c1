//! Whole answers: read in one format, written in every inbound format.

use bytes::Bytes;
use interline::{ChatRequest, ChatResponse, ErrorKind, FinishReason, Message};
use interline_dialect_openai::responses::{self, Identity};
use {interline_dialect_anthropic as anthropic, interline_dialect_openai as openai};

use crate::dialect::{Dialect, object};
use crate::target::{Behaviour, Target};

pub(crate) fn target(dialect: &'static Dialect) -> Target {
    Target {
        name: format!("{}-answer", dialect.name),
        promise: "an answer or an error of the vendor's; what was read can be written to any caller",
        seeds: Box::new(|recordings| {
            let mut seeds = recordings.answers(dialect.apis);
            seeds.push(dialect.seeds[1].as_bytes().to_vec());
            seeds.push(dialect.seeds[3].as_bytes().to_vec());
            seeds
        }),
        run: Box::new(|input, behaviour| run(dialect, input, behaviour)),
    }
}

fn run(dialect: &Dialect, input: &[u8], behaviour: &mut Behaviour) {
    let mut response = match (dialect.decode_response)(Bytes::copy_from_slice(input)) {
        Ok(response) => response,
        Err(error) => {
            assert!(
                !matches!(error.kind(), ErrorKind::Internal | ErrorKind::Cancelled),
                "a bad answer is the vendor's failure: {error}"
            );
            behaviour.note(error.kind());
            return behaviour.note_message(error.message());
        }
    };
    for choice in &response.choices {
        behaviour.note(choice.finish_reason.as_ref().map(FinishReason::as_str));
        for part in &choice.parts {
            behaviour.note(std::mem::discriminant(&part.kind));
        }
    }
    behaviour.note(format!("{:?}", response.usage).replace(char::is_numeric, ""));
    write(&response);
    response.raw = None;
    write(&response);
}

/// Writes the answer to callers of every inbound format.
fn write(response: &ChatResponse) {
    object(&openai::encode_response(response, "m"));
    object(&anthropic::encode_response(response, "m"));
    let request = ChatRequest::new("m", [Message::user("Hello")]);
    let identity = Identity::new("fuzz", 0);
    object(&responses::encode_response(response, &request, identity));
}
