//! Who may call: the configured inbound keys, compared in constant time.
//!
//! Without keys everybody may call, which is why [`crate::Gateway`] then listens on loopback only
//! unless it is told otherwise.

use std::sync::Arc;

use http::{HeaderMap, header};
use interline::config::InboundKey;
use secrecy::{ExposeSecret, SecretString};
use subtle::{ConditionallySelectable, ConstantTimeEq};

/// The keys that callers may present, and the names by which spend tells them apart.
#[derive(Debug, Default)]
pub(crate) struct InboundKeys(Vec<(Arc<str>, SecretString)>);

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Nobody is asked for a key.
    Anybody,
    /// Who has the key of this name.
    Named(Arc<str>),
}

impl InboundKeys {
    pub(crate) fn new(keys: Vec<InboundKey>) -> Self {
        let named = |key: InboundKey| (key.name.into(), key.secret);
        Self(keys.into_iter().map(named).collect())
    }

    /// Whether no key is asked for.
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_empty()
    }

    /// Who calls with these headers, where he may pass: `authorization: Bearer KEY` as OpenAI's SDKs
    /// send it, or `x-api-key: KEY` as Anthropic's do.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Option<Caller> {
        if self.is_open() {
            return Some(Caller::Anybody);
        }
        presented(headers).find_map(|candidate| {
            // No early exit: how many keys there are before the right one must not show.
            let found = (0_u64..)
                .zip(&self.0)
                .fold(u64::MAX, |found, (place, (_, key))| {
                    let is_it = key.expose_secret().as_bytes().ct_eq(candidate);
                    u64::conditional_select(&found, &place, is_it)
                });
            let (name, _) = self.0.get(usize::try_from(found).ok()?)?;
            Some(Caller::Named(Arc::clone(name)))
        })
    }
}

/// Whether a request presents that secret, in either form.
pub(crate) fn presents(headers: &HeaderMap, secret: &SecretString) -> bool {
    let is_it = |candidate: &[u8]| secret.expose_secret().as_bytes().ct_eq(candidate).into();
    presented(headers).any(is_it)
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
        let key = |name: &str, key: &str| InboundKey::new(name, key.to_owned().into());
        InboundKeys::new(vec![key("one", "first"), key("two", "second")])
    }

    #[track_caller]
    fn check(name: &'static str, value: &'static str, admitted: Option<&str>) {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        let caller = admitted.map(|name| Caller::Named(name.into()));
        assert_eq!(keys().admit(&headers), caller, "{name}: {value}");
    }

    #[test]
    fn both_header_forms_carry_a_key() {
        check("authorization", "Bearer second", Some("two"));
        check("authorization", "bearer first", Some("one"));
        check("x-api-key", "first", Some("one"));
    }

    #[test]
    fn anything_else_is_turned_away() {
        check("authorization", "Bearer third", None);
        check("authorization", "Basic first", None);
        check("authorization", "first", None);
        check("x-api-key", "", None);
        check("x-api-key", "firs", None);
        assert_eq!(keys().admit(&HeaderMap::new()), None);
    }

    #[test]
    fn without_keys_everybody_passes() {
        let caller = InboundKeys::default().admit(&HeaderMap::new());
        assert_eq!(caller, Some(Caller::Anybody));
    }
}
