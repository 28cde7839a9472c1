//! Bedrock: the model stands in the path, and every operation has a body of its own.

use interline::bedrock::{decode_embed_request, decode_request};
use interline_testkit::{RecordedCase, UsageRule};

use super::{Api, Call, ChatCall, EmbeddingsCall, kind};

/// The case's protocol, if it is Converse, or InvokeModel for embeddings.
pub(super) fn of(case: &RecordedCase) -> Option<Api> {
    let path = case.request.path.split('?').next().unwrap_or_default();
    let call_path = path.find("/model/").map_or("", |start| &path[start..]);
    let model = model_in(call_path);
    let call = match case.api.as_str() {
        "bedrock.converse" | "bedrock.converse-stream" => Call::Chat(ChatCall {
            unread_keys: &[],
            usage: UsageRule::InputExcludesCache,
            decode_request: Box::new(move |body| decode_request(model.as_str(), body)),
        }),
        "bedrock.invoke" if case.kind == "embeddings" => Call::Embeddings(EmbeddingsCall {
            unread_keys: &[],
            decode_request: Box::new(move |body| decode_embed_request(model.as_str(), &body)),
        }),
        _ => return None,
    };
    Some(Api {
        call_path: Some(call_path.to_owned().into()),
        connect: kind("bedrock"),
        call,
    })
}

/// The model of `/model/{model}/{operation}`, with its colons and slashes.
fn model_in(path: &str) -> String {
    let segment = path.split('/').nth(2).unwrap_or_default();
    segment.replace("%3A", ":").replace("%2F", "/")
}
