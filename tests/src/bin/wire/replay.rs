//! Replays one recorded case in every cut: what the adapter reads, and what it sends of bytes that arrived.

use bytes::Bytes;
use interline::{ErrorKind, Phase, Result};
use interline_testkit::{Outcome, RecordedCase, UsageRule, differences};
use serde_json::Value;

use crate::api::{Api, Call};
use crate::cuts;
use crate::exchange::{self, Exchange, Form};

/// What was wrong, one sentence each; empty where the case passed in every cut.
pub(crate) async fn run(case: &RecordedCase, api: &Api, seed: u64) -> Vec<String> {
    let body = match case.response_body() {
        Ok(body) => body,
        Err(error) => return vec![error.to_string()],
    };
    for cut in cuts::of(body.len(), seed, &case.id) {
        let wrong = match replay(case, api, &body, cut.offsets).await {
            Ok(wrong) => wrong,
            Err(error) => vec![format!("could not be replayed: {error}")],
        };
        if !wrong.is_empty() {
            // The other cuts would say the same again.
            let in_cut = |what| format!("{}: {what}", cut.name);
            return wrong.into_iter().map(in_cut).collect();
        }
    }
    Vec::new()
}

async fn replay(
    case: &RecordedCase,
    api: &Api,
    body: &Bytes,
    offsets: Vec<usize>,
) -> Result<Vec<String>> {
    let Exchange {
        outcome,
        recorded,
        sent,
        path,
    } = exchange::run(case, api, Form::AsArrived, body, offsets).await?;
    if refused_before_the_vendor_could(case, &outcome) {
        return Ok(Vec::new());
    }
    let usage = match &api.call {
        Call::Chat(chat) => chat.usage,
        Call::Embeddings(_) | Call::Models => UsageRule::InputIncludesCache,
    };
    let mut found = differences(&case.expected, &outcome, usage);
    let Some(sent) = sent else {
        found.push("sent nothing".to_owned());
        return Ok(found);
    };
    if api.call_path.is_some() && colons(&sent.path) != colons(&path) {
        found.push(format!("called {}, not {path}", sent.path));
    }
    if sent.method != case.request.method {
        found.push(format!("called with {}", sent.method));
    }
    if let Some(recorded) = recorded {
        found.extend(request_differences(&recorded, &sent.body, unread_keys(api)));
    }
    Ok(found)
}

/// Whether the adapter knew beforehand what the recorded vendor answered with a 400: it does not take
/// such a thing. Nothing was sent then.
pub(crate) fn refused_before_the_vendor_could(case: &RecordedCase, outcome: &Outcome) -> bool {
    let knew = outcome.error.as_ref().is_some_and(|error| {
        error.kind() == ErrorKind::Unsupported && error.phase() == Phase::BeforeSend
    });
    let vendor_refused = case.expected.error_class.as_deref() == Some("invalid_request")
        && case.expected.http_status == Some(400);
    knew && vendor_refused
}

/// Keys that the adapter owns: it says itself whether it streams and wants usage.
const OWNED_KEYS: [&str; 2] = ["stream", "stream_options"];

/// Keys of the body that say what the vendor reads elsewhere.
pub(crate) fn unread_keys(api: &Api) -> &'static [&'static str] {
    match &api.call {
        Call::Chat(chat) => chat.unread_keys,
        Call::Embeddings(embeddings) => embeddings.unread_keys,
        Call::Models => &[],
    }
}

/// Whether the adapter decides itself what stands under this key at the top.
pub(crate) fn is_compared(key: &str, unread: &[&str]) -> bool {
    !OWNED_KEYS.contains(&key) && !unread.contains(&key)
}

fn request_differences(recorded: &Value, sent: &Value, unread: &[&str]) -> Vec<String> {
    let (Some(recorded), Some(sent)) = (recorded.as_object(), sent.as_object()) else {
        return vec!["the request sent is not a JSON object".to_owned()];
    };
    let keys = recorded
        .keys()
        .chain(sent.keys().filter(|key| !recorded.contains_key(*key)));
    keys.filter(|key| is_compared(key, unread))
        .filter(|key| recorded.get(*key) != sent.get(*key))
        .map(|key| format!("the request sent differs in `{key}`"))
        .collect()
}

/// The path with its colons as they are: clients encode them or do not, and it is the same address.
fn colons(path: &str) -> String {
    path.replace("%3A", ":")
}
