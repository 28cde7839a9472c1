//! Who may call: the configured inbound keys, compared in constant time.
//!
//! Without keys everybody may call, which is why [`crate::Gateway`] then listens on loopback only
//! unless it is told otherwise.

use http::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// The keys that callers may present.
#[derive(Debug, Default)]
pub(crate) struct InboundKeys(Vec<SecretString>);

impl InboundKeys {
    pub(crate) fn new(keys: Vec<SecretString>) -> Self {
        Self(keys)
    }

    /// Whether no key is asked for.
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a request with these headers may pass: `authorization: Bearer KEY` as OpenAI's SDKs
    /// send it, or `x-api-key: KEY` as Anthropic's do.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> bool {
        self.is_open()
            || presented(headers).any(|candidate| {
                // No early exit: how many keys there are before the right one must not show.
                self.0.iter().fold(false, |found, key| {
                    found | bool::from(key.expose_secret().as_bytes().ct_eq(candidate))
                })
            })
    }
}

fn presented(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .map(http::HeaderValue::as_bytes)
        .and_then(|value| {
            let (scheme, key) = value.split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then_some(key)
        });
    let own = headers.get("x-api-key").map(http::HeaderValue::as_bytes);
    bearer.into_iter().chain(own).map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn keys() -> InboundKeys {
        InboundKeys::new(vec!["first".to_owned().into(), "second".to_owned().into()])
    }

    #[track_caller]
    fn check(name: &'static str, value: &'static str, admitted: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        assert_eq!(keys().admit(&headers), admitted, "{name}: {value}");
    }

    #[test]
    fn both_header_forms_carry_a_key() {
        check("authorization", "Bearer second", true);
        check("authorization", "bearer first", true);
        check("x-api-key", "first", true);
    }

    #[test]
    fn anything_else_is_turned_away() {
        check("authorization", "Bearer third", false);
        check("authorization", "Basic first", false);
        check("authorization", "first", false);
        check("x-api-key", "", false);
        check("x-api-key", "firs", false);
        assert!(!keys().admit(&HeaderMap::new()));
    }

    #[test]
    fn without_keys_everybody_passes() {
        assert!(InboundKeys::default().admit(&HeaderMap::new()));
    }
}
