//! The request headers of ours: `x-interline-timeout-ms`, `-priority`, `-explain`, `-tags`, `-cache`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use interline::{CallOptions, Priority};
use interline_core::CallId;

use crate::failure::Failure;
use crate::inbound_keys::Caller;

/// Longest text of `x-interline-tags` and most tags in it; chosen, not measured.
const MAX_TAGS_BYTES: usize = 1024;
const MAX_TAGS: usize = 16;

/// What a caller asks of the gateway beside the request itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestOptions {
    /// When the caller stops waiting.
    pub(crate) timeout: Option<Duration>,
    /// How urgent the call is where rate limits leave no room for all.
    pub(crate) priority: Priority,
    /// Whether the reply carries the decision trace.
    pub(crate) explain: Explain,
    /// The name of the caller's key, where one is asked for.
    pub(crate) key: Option<Arc<str>>,
    /// The caller's labels for logs, traces, budgets and spend: `name` or `name=value`, separated by commas.
    pub(crate) tags: BTreeMap<String, String>,
}

/// Whether a reply carries the decision trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Explain {
    #[default]
    No,
    Yes,
}

impl RequestOptions {
    /// What the client is to know of them, for the call named `id`.
    pub(crate) fn of_call(&self, id: &CallId) -> CallOptions {
        let mut options = CallOptions::new()
            .with_call_id(id.clone())
            .with_timeout(self.timeout)
            .with_priority(self.priority);
        options.tags.clone_from(&self.tags);
        options.key.clone_from(&self.key);
        options
    }

    /// Reads the headers.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Failure> {
        let timeout = value(headers, "x-interline-timeout-ms")?
            .map(parse_timeout)
            .transpose()?;
        let priority = match value(headers, "x-interline-priority")? {
            None => Priority::default(),
            Some(name) => Priority::from_name(name).ok_or_else(|| {
                let expected = "`critical`, `standard` or `low`";
                wrong("x-interline-priority", name, expected)
            })?,
        };
        let explain = match value(headers, "x-interline-explain")? {
            None | Some("0" | "false") => Explain::No,
            Some("1" | "true") => Explain::Yes,
            Some(other) => return Err(wrong("x-interline-explain", other, "`1` or `0`")),
        };
        let tags = value(headers, "x-interline-tags")?
            .map(parse_tags)
            .transpose()?
            .unwrap_or_default();
        // There is no cache yet, so its absence can be asked for but nothing else.
        if let Some(other) = value(headers, "x-interline-cache")?.filter(|value| *value != "off") {
            return Err(wrong("x-interline-cache", other, "`off`"));
        }
        Ok(Self {
            timeout,
            priority,
            explain,
            key: None,
            tags,
        })
    }

    /// Says who calls.
    pub(crate) fn by(mut self, caller: Option<&Caller>) -> Self {
        if let Some(Caller::Named(name)) = caller {
            self.key = Some(Arc::clone(name));
        }
        self
    }
}

fn value<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Failure> {
    headers
        .get(name)
        .map(|value| {
            value
                .to_str()
                .map(str::trim)
                .map_err(|_| wrong(name, "", "visible ASCII text"))
        })
        .transpose()
}

fn parse_timeout(text: &str) -> Result<Duration, Failure> {
    match text.parse::<u64>() {
        Ok(millis) if millis > 0 => Ok(Duration::from_millis(millis)),
        _ => Err(wrong(
            "x-interline-timeout-ms",
            text,
            "a whole number of milliseconds above 0",
        )),
    }
}

fn parse_tags(text: &str) -> Result<BTreeMap<String, String>, Failure> {
    let tags = text.split(',').map(str::trim);
    let is_word = |word: &str| {
        word.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'/')
        })
    };
    let pairs: Option<BTreeMap<_, _>> = tags
        .clone()
        .map(|tag| {
            let (name, value) = tag.split_once('=').unwrap_or((tag, ""));
            let good = !name.is_empty() && is_word(name) && is_word(value);
            good.then(|| (name.to_owned(), value.to_owned()))
        })
        .collect();
    pairs
        .filter(|_| text.len() <= MAX_TAGS_BYTES && tags.count() <= MAX_TAGS)
        .ok_or_else(|| {
            Failure::new(
                400,
                "invalid_request",
                format!(
                    "header `x-interline-tags` must hold at most {MAX_TAGS} comma-separated tags `name` or \
                     `name=value` of letters, digits and `-_.:/`, at most {MAX_TAGS_BYTES} bytes in all"
                ),
            )
            .with_param("x-interline-tags")
        })
}

fn wrong(name: &'static str, value: &str, expected: &str) -> Failure {
    let value: String = value.chars().take(64).collect();
    Failure::new(
        400,
        "invalid_request",
        format!("header `{name}` is `{value}`; expected {expected}"),
    )
    .with_param(name)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(name: &'static str, value: &'static str) -> Result<RequestOptions, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        RequestOptions::read(&headers)
    }

    #[test]
    fn good_values_are_taken_over() {
        let timeout = read("x-interline-timeout-ms", "1500").expect("a good value");
        assert_eq!(timeout.timeout, Some(Duration::from_millis(1500)));
        let priority = read("x-interline-priority", "low").expect("a good value");
        assert_eq!(priority.priority, Priority::Low);
        let explain = read("x-interline-explain", "1").expect("a good value");
        assert_eq!(explain.explain, Explain::Yes);
        let tags = read("x-interline-tags", "team=search, prod").expect("a good value");
        let expected = [("team", "search"), ("prod", "")];
        assert!(
            expected.into_iter().eq(tags
                .tags
                .iter()
                .rev()
                .map(|(name, value)| (name.as_str(), value.as_str())))
        );
        let cache = read("x-interline-cache", "off").expect("a good value");
        assert_eq!(cache, RequestOptions::default());
    }

    #[test]
    fn bad_values_are_refused_by_name() {
        for (name, value) in [
            ("x-interline-timeout-ms", "0"),
            ("x-interline-timeout-ms", "-5"),
            ("x-interline-timeout-ms", "soon"),
            ("x-interline-priority", "urgent"),
            ("x-interline-explain", "maybe"),
            ("x-interline-tags", "a b"),
            ("x-interline-tags", ","),
            ("x-interline-tags", "=search"),
            ("x-interline-cache", "hit"),
        ] {
            let failure = read(name, value).expect_err(value);
            assert_eq!(failure.status(), 400, "{name}: {value}");
            assert!(failure.message().contains(name), "{}", failure.message());
        }
    }

    #[test]
    fn headers_of_others_do_not_matter() {
        assert_eq!(
            read("x-stainless-lang", "python").expect("ignored"),
            RequestOptions::default()
        );
    }
}
