//! Embeddings: requests and answers of every format that has them.

use bytes::Bytes;
use interline::{EmbedRequest, EmbedResponse, ErrorKind, Result, cohere};
use interline_dialect_gemini as gemini;
use interline_dialect_openai::embeddings::{self, EmbeddingQuirks, Encoding};

use crate::dialect::object;
use crate::seeds;
use crate::target::{Behaviour, Target};

/// A format's readers and writers.
struct Format {
    name: &'static str,
    apis: &'static [&'static str],
    decode_request: fn(Bytes) -> Result<EmbedRequest>,
    encode_request: fn(&EmbedRequest) -> Result<Bytes>,
    decode_response: fn(Bytes) -> Result<EmbedResponse>,
    /// Hand-written inputs: a request, an answer.
    seeds: [&'static str; 2],
}

const FORMATS: &[Format] = &[
    Format {
        name: "openai-embeddings",
        apis: &["*.embeddings", "*.openai-embeddings"],
        decode_request: |body| Ok(embeddings::decode_request(body)?.request),
        encode_request: |request| embeddings::encode_request(request, &EmbeddingQuirks::new()),
        decode_response: |body| embeddings::decode_response(body, &EmbeddingQuirks::new()),
        seeds: seeds::OPENAI_EMBEDDINGS,
    },
    Format {
        name: "cohere-embeddings",
        apis: &["cohere.v2.embed"],
        decode_request: cohere::decode_embed_request,
        encode_request: cohere::encode_embed_request,
        decode_response: |body| cohere::decode_embed_response("m", body),
        seeds: seeds::COHERE_EMBEDDINGS,
    },
    Format {
        name: "gemini-embeddings",
        apis: &["*.batchEmbedContents", "*.embedContent"],
        decode_request: |body| gemini::decode_embed_request("gemini-embedding-001", body),
        encode_request: gemini::encode_embed_request,
        decode_response: |body| gemini::decode_embed_response("m", body),
        seeds: seeds::GEMINI_EMBEDDINGS,
    },
];

pub(crate) fn targets() -> Vec<Target> {
    let pairs = FORMATS
        .iter()
        .map(|format| [request(format), answer(format)]);
    pairs.flatten().collect()
}

fn request(format: &'static Format) -> Target {
    Target {
        name: format!("{}-request", format.name),
        promise: "what was read can be written in any format or is refused by name",
        seeds: Box::new(|recordings| {
            let mut seeds = recordings.requests(format.apis);
            seeds.push(format.seeds[0].as_bytes().to_vec());
            seeds
        }),
        run: Box::new(|input, behaviour| run_request(format, input, behaviour)),
    }
}

fn run_request(format: &Format, input: &[u8], behaviour: &mut Behaviour) {
    let request = match (format.decode_request)(Bytes::copy_from_slice(input)) {
        Ok(request) => request,
        Err(error) => {
            assert!(
                is_refusal(error.kind()),
                "a bad request is a refusal: {error}"
            );
            return behaviour.note_message(error.message());
        }
    };
    behaviour.note((request.inputs.len().min(3), request.dimensions.is_some()));
    let from_types = request.clone().edited(|_| {});
    for request in [&request, &from_types] {
        for other in FORMATS {
            match (other.encode_request)(request) {
                Ok(body) => {
                    object(&body);
                    behaviour.note(true);
                }
                Err(error) => {
                    assert!(is_refusal(error.kind()), "{error}");
                    behaviour.note_message(error.message());
                }
            }
        }
    }
}

fn answer(format: &'static Format) -> Target {
    Target {
        name: format!("{}-answer", format.name),
        promise: "vectors of finite numbers or an error of the vendor's",
        seeds: Box::new(|recordings| {
            let mut seeds = recordings.answers(format.apis);
            seeds.push(format.seeds[1].as_bytes().to_vec());
            seeds
        }),
        run: Box::new(|input, behaviour| run_answer(format, input, behaviour)),
    }
}

fn run_answer(format: &Format, input: &[u8], behaviour: &mut Behaviour) {
    let mut response = match (format.decode_response)(Bytes::copy_from_slice(input)) {
        Ok(response) => response,
        Err(error) => {
            assert!(
                !matches!(
                    error.kind(),
                    ErrorKind::Internal | ErrorKind::InvalidRequest
                ) || error.wire().is_some(),
                "a bad answer is the vendor's failure: {error}"
            );
            return behaviour.note_message(error.message());
        }
    };
    let mut numbers = response.embeddings.iter().flatten();
    assert!(
        numbers.all(|number| number.is_finite()),
        "numbers are finite"
    );
    behaviour.note((
        response.embeddings.len().min(4),
        response.usage.is_unknown(),
    ));
    for _ in 0..2 {
        for encoding in [Encoding::Float, Encoding::Base64] {
            object(&embeddings::encode_response(&response, encoding, "m"));
        }
        response.raw = None;
    }
}

fn is_refusal(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidRequest | ErrorKind::Unsupported)
}
