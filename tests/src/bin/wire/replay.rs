//! Replays one recorded case: serve the answer, call the adapter, compare both directions.

use interline::{ChatRequest, ErrorKind, Message, Phase, Result};
use interline_simulator::{Canned, CannedServer};
use interline_testkit::{Outcome, RecordedCase, differences};
use serde_json::Value;

use crate::api::Api;
use crate::cuts;

/// What was wrong, one sentence each; empty where the case passed in every cut.
pub(crate) async fn run(case: &RecordedCase, api: &Api, seed: u64) -> Vec<String> {
    let mut found = Vec::new();
    for cut in cuts::of(case.response_body().len(), seed, &case.id) {
        let wrong = match replay(case, api, cut.offsets).await {
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

async fn replay(case: &RecordedCase, api: &Api, offsets: Vec<usize>) -> Result<Vec<String>> {
    let canned = Canned::new(case.response.status, case.response_body())
        .with_headers(case.response.headers.clone())
        .with_cuts(offsets);
    let server = CannedServer::start(canned)
        .await
        .map_err(|error| interline::Error::invalid_request(format!("no server: {error}")))?;
    let path = case.request.path.split('?').next().unwrap_or_default();
    // A base URL that ended with a slash.
    let path = path.replace("//", "/");
    let prefix = match &api.call_path {
        Some(call_path) => path.strip_suffix(&**call_path).unwrap_or_default(),
        None => "",
    };
    let provider = (api.provider)(&format!("{}{prefix}", server.base_url()))?;
    let recorded = with_whole_ids(&case.request.body);
    let decoded = (api.decode_request)(recorded.to_string().into());
    let request = match &decoded {
        Ok(request) => request.clone(),
        // The recorded client sent nonsense to see the vendor's answer; the answer is still worth reading.
        Err(error) if error.kind() == ErrorKind::InvalidRequest && case.kind == "error" => {
            ChatRequest::new(
                case.model.as_deref().unwrap_or("any"),
                [Message::user("Hello")],
            )
        }
        Err(error) => return Err(error.clone()),
    };
    let outcome = if case.is_stream() {
        Outcome::of_stream(provider.as_ref(), &request).await
    } else {
        Outcome::of_complete(provider.as_ref(), &request).await
    };
    if refused_before_the_vendor_could(case, &outcome) {
        return Ok(Vec::new());
    }
    let mut found = differences(&case.expected, &outcome, api.usage);
    match server.ledger().last() {
        Some(sent) => {
            if api.call_path.is_some() && sent.path != path {
                found.push(format!("called {}, not {path}", sent.path));
            }
            if decoded.is_ok() {
                found.extend(request_differences(&recorded, &sent.body, api.unread_keys));
            }
        }
        None => found.push("sent nothing".to_owned()),
    }
    Ok(found)
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
