//! What connections share: the host behind them, and the credential.
//!
//! Found in the settings that most kinds have alike. Where a kind's own default leads somewhere, nothing
//! is known, and the connection shares nothing: two health states too many do no harm, one too few would.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::provider_check::SECRETS;
use crate::connection::Shared;

/// What a connection of a kind with these settings shares; `keys` makes hashes that nobody can undo.
pub(super) fn of_connection(
    kind: &str,
    settings: &Map<String, Value>,
    keys: &RandomState,
) -> Shared {
    let base_url = settings.get("base_url").and_then(Value::as_str);
    let host = base_url.and_then(host_and_port);
    let secrets: Vec<_> = SECRETS
        .iter()
        .filter_map(|name| settings.get(*name)?.as_str())
        .collect();
    // One key at two places is two credentials: a place that does not know it says nothing of the other.
    let credential =
        (!secrets.is_empty()).then(|| keys.hash_one((kind, host.as_deref(), &secrets)));
    Shared { host, credential }
}

/// `host:port` of a URL.
fn host_and_port(url: &str) -> Option<Arc<str>> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = host.to_ascii_lowercase();
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    if host.is_empty() {
        return None;
    }
    let port = if scheme.eq_ignore_ascii_case("http") {
        80
    } else {
        443
    };
    Some(if has_port {
        host.into()
    } else {
        format!("{host}:{port}").into()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shared(kind: &str, settings: &Value, keys: &RandomState) -> Shared {
        of_connection(kind, settings.as_object().expect("an object"), keys)
    }

    #[test]
    fn the_host_is_told_with_its_port() {
        for (url, expected) in [
            ("https://API.example.com/v1", Some("api.example.com:443")),
            ("http://127.0.0.1:11434/v1", Some("127.0.0.1:11434")),
            ("http://user:word@h/x", Some("h:80")),
            ("http://[::1]:8080", Some("[::1]:8080")),
            ("nonsense", None),
        ] {
            assert_eq!(host_and_port(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn the_same_key_is_one_credential_only_at_the_same_place() {
        let keys = RandomState::new();
        let hash = |kind, settings: Value| shared(kind, &settings, &keys).credential;
        let one = hash("openai", json!({ "api_key": "k" }));
        assert!(one.is_some());
        assert_eq!(
            hash("openai", json!({ "api_key": "k", "region": "eu" })),
            one
        );
        assert_ne!(hash("openai", json!({ "api_key": "other" })), one);
        assert_ne!(hash("groq", json!({ "api_key": "k" })), one);
        let elsewhere = json!({ "api_key": "k", "base_url": "https://h" });
        assert_ne!(hash("openai", elsewhere), one);
        assert_eq!(hash("local", json!({})), None);
    }
}
