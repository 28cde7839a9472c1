//! Google's formats: the model stands in the path, not in the body.

use interline_testkit::{RecordedCase, UsageRule};

use super::{Api, Call, ChatCall, EmbeddingsCall, kind};

/// The protocol `api`, if it is one of the Gemini API's.
pub(super) fn of(api: &str, case: &RecordedCase) -> Option<Api> {
    let model = case.model.clone().unwrap_or_default();
    let call = match api {
        "gemini.generateContent" | "gemini.streamGenerateContent" => generate(case),
        "gemini.embedContent" | "gemini.batchEmbedContents" => Call::Embeddings(EmbeddingsCall {
            unread_keys: &[],
            decode_request: Box::new(move |body| {
                interline_dialect_gemini::decode_embed_request(model.as_str(), body)
            }),
        }),
        "gemini.models" => Call::Models,
        _ => return None,
    };
    let path = case.request.path.split('?').next().unwrap_or_default();
    let call_path = path.rfind("/models").map_or("", |start| &path[start..]);
    Some(Api {
        call_path: Some(call_path.to_owned().into()),
        connect: kind("google"),
        call,
    })
}

/// generateContent, whole and streamed.
pub(super) fn generate(case: &RecordedCase) -> Call {
    let model = case.model.clone().unwrap_or_default();
    Call::Chat(ChatCall {
        unread_keys: &[],
        usage: UsageRule::OutputExcludesThinking,
        decode_request: Box::new(move |body| {
            interline_dialect_gemini::decode_request(model.as_str(), body)
        }),
    })
}
