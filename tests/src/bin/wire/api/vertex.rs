//! Vertex AI's formats: version, location and model stand in the path, not in the body.

use bytes::Bytes;
use interline::{ChatRequest, Result};
use interline_testkit::{RecordedCase, UsageRule};
use serde_json::{Value, json};

use super::{Api, Call, ChatCall, EmbeddingsCall, KEY, google, kind_with};

/// The protocol `api`, if it is one of Vertex AI's.
pub(super) fn of(api: &str, case: &RecordedCase) -> Option<Api> {
    let model = case.model.clone().unwrap_or_default();
    let call = match api {
        "vertex.generateContent" | "vertex.streamGenerateContent" => google::generate(case),
        "vertex.anthropic-rawPredict" | "vertex.anthropic-streamRawPredict" => {
            Call::Chat(ChatCall {
                unread_keys: &[],
                usage: UsageRule::InputExcludesCache,
                decode_request: Box::new(move |body| messages(&model, &body)),
            })
        }
        "vertex.predict-embeddings" => Call::Embeddings(EmbeddingsCall {
            unread_keys: &[],
            decode_request: Box::new(move |body| {
                interline::vertex::decode_predict_request(model.as_str(), body)
            }),
        }),
        _ => return None,
    };
    let path = case.request.path.split('?').next().unwrap_or_default();
    let part = |index| path.split('/').nth(index).unwrap_or_default();
    let settings = json!({
        "api_key": null,
        "access_token": KEY,
        "api_version": part(1),
        "project": part(3),
        "location": part(5),
    });
    Some(Api {
        call_path: Some(path.to_owned().into()),
        connect: kind_with("vertex", settings),
        call,
    })
}

/// Messages without their model, which the path names.
fn messages(model: &str, body: &Bytes) -> Result<ChatRequest> {
    let mut body: Value = serde_json::from_slice(body)
        .map_err(|error| interline::Error::invalid_request(error.to_string()))?;
    body["model"] = model.into();
    let body = Bytes::from(body.to_string());
    Ok(interline_dialect_anthropic::decode_request(body, Vec::new())?.request)
}
