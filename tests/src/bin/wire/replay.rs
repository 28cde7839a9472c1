//! Replays one recorded case: serve the answer, call the adapter, compare both directions.

use bytes::Bytes;
use interline::{ChatRequest, EmbedRequest, Error, ErrorKind, Message, Phase, ProviderSet, Result};
use interline_simulator::{Canned, CannedServer};
use interline_testkit::{Outcome, RecordedCase, UsageRule, differences};
use serde_json::Value;

use crate::api::{Api, Call, ChatCall, EmbeddingsCall};
use crate::cuts;

/// What was wrong, one sentence each; empty where the case passed in every cut.
pub(crate) async fn run(case: &RecordedCase, api: &Api, seed: u64) -> Vec<String> {
    let body = match case.response_body() {
        Ok(body) => body,
        Err(error) => return vec![error.to_string()],
    };
    let mut found = Vec::new();
    for cut in cuts::of(body.len(), seed, &case.id) {
        let wrong = match replay(case, api, &body, cut.offsets).await {
            Ok(wrong) => wrong,
            Err(error) => vec![format!("could not be replayed: {error}")],
        };
        found.extend(
            wrong
                .into_iter()
                .map(|what| format!("{}: {what}", cut.name)),
        );
        if !found.is_empty() {
            // The other cuts would say the same again.
            break;
        }
    }
    found
}

async fn replay(
    case: &RecordedCase,
    api: &Api,
    body: &Bytes,
    offsets: Vec<usize>,
) -> Result<Vec<String>> {
    let canned = Canned::new(case.response.status, body.clone())
        .with_headers(case.response.headers.clone())
        .with_cuts(offsets);
    let server = CannedServer::start(canned)
        .await
        .map_err(|error| Error::invalid_request(format!("no server: {error}")))?;
    let path = case.request.path.split('?').next().unwrap_or_default();
    // A base URL that ended with a slash.
    let path = path.replace("//", "/");
    let prefix = match &api.call_path {
        Some(call_path) => path.strip_suffix(&**call_path).unwrap_or_default(),
        None => "",
    };
    let set = (api.connect)(&format!("{}{prefix}", server.base_url()))?;
    let recorded = with_whole_ids(&case.request.body);
    let Called { outcome, unread } = call(case, &api.call, &set, &recorded).await?;
    if refused_before_the_vendor_could(case, &outcome) {
        return Ok(Vec::new());
    }
    let usage = match &api.call {
        Call::Chat(chat) => chat.usage,
        Call::Embeddings(_) | Call::Models => UsageRule::InputIncludesCache,
    };
    let mut found = differences(&case.expected, &outcome, usage);
    match server.ledger().last() {
        Some(sent) => {
            if api.call_path.is_some() && sent.path != path {
                found.push(format!("called {}, not {path}", sent.path));
            }
            if sent.method != case.request.method {
                found.push(format!("called with {}", sent.method));
            }
            if let Some(unread) = unread {
                found.extend(request_differences(&recorded, &sent.body, unread));
            }
        }
        None => found.push("sent nothing".to_owned()),
    }
    Ok(found)
}

/// What a call came to.
struct Called {
    outcome: Outcome,
    /// Keys of the request's body that are not compared; `None` where there is no body to compare.
    unread: Option<&'static [&'static str]>,
}

async fn call(
    case: &RecordedCase,
    call: &Call,
    set: &ProviderSet,
    recorded: &Value,
) -> Result<Called> {
    Ok(match call {
        Call::Chat(chat) => {
            let decoded = decoded_chat(case, chat, recorded)?;
            let request = decoded.clone().unwrap_or_else(|| any_chat(case));
            let outcome = if case.is_stream() {
                Outcome::of_stream(set.chat.as_ref(), &request).await
            } else {
                Outcome::of_complete(set.chat.as_ref(), &request).await
            };
            let unread = decoded.map(|_| chat.unread_keys);
            Called { outcome, unread }
        }
        Call::Embeddings(embeddings) => {
            let Some(embed) = &set.embed else {
                return Err(not_offered("embeddings"));
            };
            let decoded = decoded_embeddings(case, embeddings, recorded)?;
            let request = decoded.clone().unwrap_or_else(|| any_embeddings(case));
            Called {
                outcome: Outcome::of_embeddings(embed.as_ref(), &request).await,
                unread: decoded.map(|_| embeddings.unread_keys),
            }
        }
        Call::Models => {
            let Some(models) = &set.models else {
                return Err(not_offered("a list of models"));
            };
            Called {
                outcome: Outcome::of_models(models.as_ref()).await,
                unread: None,
            }
        }
    })
}

fn not_offered(what: &str) -> Error {
    Error::invalid_request(format!("the connection does not offer {what}"))
}

/// The recorded request; `None` where the recorded client sent nonsense to see the vendor's answer,
/// which is still worth reading.
fn decoded_chat(
    case: &RecordedCase,
    chat: &ChatCall,
    recorded: &Value,
) -> Result<Option<ChatRequest>> {
    unless_nonsense(case, (chat.decode_request)(recorded.to_string().into()))
}

fn decoded_embeddings(
    case: &RecordedCase,
    embeddings: &EmbeddingsCall,
    recorded: &Value,
) -> Result<Option<EmbedRequest>> {
    unless_nonsense(
        case,
        (embeddings.decode_request)(recorded.to_string().into()),
    )
}

fn unless_nonsense<T>(case: &RecordedCase, decoded: Result<T>) -> Result<Option<T>> {
    match decoded {
        Ok(request) => Ok(Some(request)),
        Err(error) if error.kind() == ErrorKind::InvalidRequest && case.kind == "error" => Ok(None),
        Err(error) => Err(error),
    }
}

fn any_chat(case: &RecordedCase) -> ChatRequest {
    let model = case.model.as_deref().unwrap_or("any");
    ChatRequest::new(model, [Message::user("Hello")])
}

fn any_embeddings(case: &RecordedCase) -> EmbedRequest {
    EmbedRequest::new(case.model.as_deref().unwrap_or("any"), ["Hello"])
}

/// Whether the adapter knew beforehand what the recorded vendor answered with a 400: it does not take
/// such a thing. Nothing was sent then.
fn refused_before_the_vendor_could(case: &RecordedCase, outcome: &Outcome) -> bool {
    let knew = outcome.error.as_ref().is_some_and(|error| {
        error.kind() == ErrorKind::Unsupported && error.phase() == Phase::BeforeSend
    });
    let vendor_refused = case.expected.error_class.as_deref() == Some("invalid_request")
        && case.expected.http_status == Some(400);
    knew && vendor_refused
}

/// The request with ids of tool calls that a vendor could have given, in place of those that a
/// recorder scrubbed: vendors check their form.
fn with_whole_ids(body: &Value) -> Value {
    match body {
        Value::String(text) => match text.strip_prefix("call_REDACTED_") {
            Some(number) => format!("call{number:0>5}").into(),
            None => body.clone(),
        },
        Value::Array(values) => values.iter().map(with_whole_ids).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), with_whole_ids(value)))
            .collect(),
        other => other.clone(),
    }
}

/// Keys that the adapter owns: it says itself whether it streams and wants usage.
const OWNED_KEYS: [&str; 2] = ["stream", "stream_options"];

fn request_differences(recorded: &Value, sent: &Value, unread: &[&str]) -> Vec<String> {
    let (Some(recorded), Some(sent)) = (recorded.as_object(), sent.as_object()) else {
        return vec!["the request sent is not a JSON object".to_owned()];
    };
    let keys = recorded
        .keys()
        .chain(sent.keys().filter(|key| !recorded.contains_key(*key)));
    keys.filter(|key| !OWNED_KEYS.contains(&key.as_str()) && !unread.contains(&key.as_str()))
        .filter(|key| recorded.get(*key) != sent.get(*key))
        .map(|key| format!("the request sent differs in `{key}`"))
        .collect()
}
