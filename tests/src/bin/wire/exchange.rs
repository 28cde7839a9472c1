//! One exchange: serve the recorded answer, make the recorded call, note what was sent and read.

use bytes::Bytes;
use interline::{ChatRequest, EmbedRequest, Error, ErrorKind, Message, ProviderSet, Result};
use interline_simulator::{Canned, CannedServer};
use interline_testkit::{Outcome, RecordedCase};
use serde_json::Value;

use crate::api::{Api, Call};

/// How the request reaches the adapter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As the bytes that were recorded, with the types beside them.
    AsArrived,
    /// As types only, as a request that a program makes or that came in another format.
    FromTypes,
}

/// What came of a call.
pub(crate) struct Exchange {
    pub(crate) outcome: Outcome,
    /// The recorded body, as it was given to the adapter; `None` where there is none to compare.
    pub(crate) recorded: Option<Value>,
    /// What reached the server; `None` where nothing did.
    pub(crate) sent: Option<Sent>,
    /// The path that was recorded.
    pub(crate) path: String,
}

/// What reached the server.
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// Serves `body`, cut at `offsets`, and makes the recorded call.
pub(crate) async fn run(
    case: &RecordedCase,
    api: &Api,
    form: Form,
    body: &Bytes,
    offsets: Vec<usize>,
) -> Result<Exchange> {
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
    let (outcome, is_recorded) = call(case, &api.call, form, &set, &recorded).await?;
    let sent = server.ledger().last().map(|sent| Sent {
        method: sent.method,
        path: sent.path,
        body: sent.body,
    });
    Ok(Exchange {
        outcome,
        recorded: is_recorded.then_some(recorded),
        sent,
        path,
    })
}

/// Makes the call, and tells whether it was made with the recorded request.
async fn call(
    case: &RecordedCase,
    call: &Call,
    form: Form,
    set: &ProviderSet,
    recorded: &Value,
) -> Result<(Outcome, bool)> {
    match call {
        Call::Chat(chat) => {
            let decoded = (chat.decode_request)(recorded.to_string().into());
            let decoded = unless_nonsense(case, decoded)?;
            let is_recorded = decoded.is_some();
            let mut request = decoded.unwrap_or_else(|| any_chat(case));
            if form == Form::FromTypes {
                request.edit(|_| {});
            }
            let outcome = if case.is_stream() {
                Outcome::of_stream(set.chat.as_ref(), &request).await
            } else {
                Outcome::of_complete(set.chat.as_ref(), &request).await
            };
            Ok((outcome, is_recorded))
        }
        Call::Embeddings(embeddings) => {
            let Some(embed) = &set.embed else {
                return Err(not_offered("embeddings"));
            };
            let decoded = (embeddings.decode_request)(recorded.to_string().into());
            let decoded = unless_nonsense(case, decoded)?;
            let is_recorded = decoded.is_some();
            let mut request = decoded.unwrap_or_else(|| any_embeddings(case));
            if form == Form::FromTypes {
                request = request.edited(|_| {});
            }
            let outcome = Outcome::of_embeddings(embed.as_ref(), &request).await;
            Ok((outcome, is_recorded))
        }
        Call::Models => {
            let Some(models) = &set.models else {
                return Err(not_offered("a list of models"));
            };
            Ok((Outcome::of_models(models.as_ref()).await, false))
        }
    }
}

fn not_offered(what: &str) -> Error {
    Error::invalid_request(format!("the connection does not offer {what}"))
}

/// The recorded request; `None` where the recorded client sent nonsense to see the vendor's answer,
/// which is still worth reading.
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
