//! Takes the connection's own secrets out of what a vendor sends.
//!
//! Vendors echo keys when they complain, with an error status or inside a 200, and complaints travel
//! on to callers. Patterns cannot know every key; the request that was just sent does.

use bytes::Bytes;
use http::HeaderMap;

/// What stands where a secret stood.
const REMOVED: &[u8] = b"[redacted]";

/// Shorter values are no secrets, and would turn up in bodies by chance.
const SHORTEST: usize = 6;

/// The secrets of one request: the values of its sensitive headers, without a scheme such as `Bearer`.
#[derive(Default)]
pub(crate) struct EchoedSecrets(Vec<Vec<u8>>);

impl EchoedSecrets {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let bare = |value: &[u8]| {
            let start = value
                .iter()
                .position(|byte| *byte == b' ')
                .map_or(0, |space| space + 1);
            value.get(start..).unwrap_or_default().to_vec()
        };
        let values = headers.values().filter(|value| value.is_sensitive());
        let secrets = values.map(|value| bare(value.as_bytes()));
        Self(secrets.filter(|secret| secret.len() >= SHORTEST).collect())
    }

    /// The body without them; the very same bytes where there are none.
    pub(crate) fn removed_from(&self, body: Bytes) -> Bytes {
        self.0.iter().fold(body, |body, secret| {
            if find(&body, secret).is_none() {
                return body;
            }
            let mut out = Vec::with_capacity(body.len());
            let mut rest: &[u8] = &body;
            while let Some(at) = find(rest, secret) {
                let (before, from) = rest.split_at(at);
                out.extend_from_slice(before);
                out.extend_from_slice(REMOVED);
                rest = from.get(secret.len()..).unwrap_or_default();
            }
            out.extend_from_slice(rest);
            Bytes::from(out)
        })
    }
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    let first = word.first()?;
    let mut windows = text.windows(word.len());
    windows.position(|window| window.first() == Some(first) && window == word)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::{bearer_header, secret_header};

    fn secrets() -> EchoedSecrets {
        let mut headers = HeaderMap::new();
        let key = bearer_header(&SecretString::from("plain-key-1")).expect("a header");
        headers.insert("authorization", key);
        let other = secret_header(&SecretString::from("other-key-2")).expect("a header");
        headers.insert("x-api-key", other);
        headers.insert("accept", "application/json".parse().expect("a header"));
        EchoedSecrets::of(&headers)
    }

    #[test]
    fn every_echo_is_removed_and_nothing_else() {
        let body =
            Bytes::from_static(b"plain-key-1 and other-key-2, plain-key-1; application/json");
        let clean = secrets().removed_from(body);
        assert_eq!(
            clean,
            "[redacted] and [redacted], [redacted]; application/json"
        );
    }

    #[test]
    fn a_body_without_echoes_is_the_same_bytes() {
        let body = Bytes::from_static(b"{\"error\": {}}");
        assert_eq!(secrets().removed_from(body.clone()).as_ptr(), body.as_ptr());
    }
}
