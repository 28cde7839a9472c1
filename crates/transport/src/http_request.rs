//! One HTTP request to a vendor, as plain data.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

/// What the caller of a request is ready to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Accept {
    /// One JSON document; it may come compressed.
    Json,
    /// Server-sent events, uncompressed, because a compressor may hold events back.
    EventStream,
}

impl Accept {
    /// The value of the `accept` header.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::EventStream => "text/event-stream",
        }
    }
}

/// One HTTP request to a vendor.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The absolute URL.
    pub url: String,
    /// The headers; secrets among them are marked sensitive.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// What the caller is ready to read.
    pub accept: Accept,
}

impl HttpRequest {
    /// A `POST` of a JSON document.
    pub fn post_json(url: impl Into<String>, body: impl Into<Bytes>, accept: Accept) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        Self {
            method: Method::POST,
            url: url.into(),
            headers,
            body: body.into(),
            accept,
        }
    }

    /// A `GET` that expects JSON.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            url: url.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            accept: Accept::Json,
        }
    }

    /// Sets one header, replacing an earlier value.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets all of `headers`, replacing earlier values of the same names.
    #[must_use]
    pub fn with_headers(mut self, headers: &HeaderMap) -> Self {
        for name in headers.keys() {
            self.headers.remove(name);
        }
        for (name, value) in headers {
            self.headers.append(name.clone(), value.clone());
        }
        self
    }
}

impl fmt::Debug for HttpRequest {
    /// Leaves header values and the body out: keys and prompts are in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &crate::url::without_secrets(&self.url))
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .field("accept", &self.accept)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_headers_replace_earlier_ones_and_keep_their_own_repeats() {
        let name = HeaderName::from_static("x-a");
        let mut more = HeaderMap::new();
        more.append(&name, HeaderValue::from_static("2"));
        more.append(&name, HeaderValue::from_static("3"));
        let request = HttpRequest::get("http://h/")
            .with_header(name.clone(), HeaderValue::from_static("1"))
            .with_headers(&more);
        let values: Vec<_> = request.headers.get_all(&name).iter().collect();
        assert_eq!(values, ["2", "3"]);
    }

    #[test]
    fn debug_shows_neither_keys_nor_prompts() {
        let request =
            HttpRequest::post_json("https://u:hidden@h/v1?key=hidden", "hidden", Accept::Json)
                .with_header(header::AUTHORIZATION, HeaderValue::from_static("hidden"));
        let shown = format!("{request:?}");
        assert!(!shown.contains("hidden"), "{shown}");
        assert!(shown.contains("https://h/v1"), "{shown}");
    }
}
