//! One place of a vendor's API below its base URL.

use std::borrow::Cow;
use std::fmt::Write as _;

use interline_core::ModelId;
use interline_transport::join_url;

/// What stands for the model in a path.
const MODEL: &str = "{model}";

/// One place of a vendor's API below its base URL.
///
/// ```
/// use interline_dialect_openai::Endpoint;
///
/// let endpoint = Endpoint::new("deployments/{model}/embeddings").with_query("api-version=2024-10-21");
/// assert_eq!(
///     endpoint.url_for("https://llm.example/base", &"ada 2".into()),
///     "https://llm.example/base/deployments/ada%202/embeddings?api-version=2024-10-21"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    path: Cow<'static, str>,
    query: Option<String>,
}

impl Endpoint {
    /// The place at `path`, in which `{model}` stands for the model.
    pub fn new(path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: path.into(),
            query: None,
        }
    }

    /// Adds a query, without its question mark.
    #[must_use]
    pub fn with_query(mut self, query: impl Into<String>) -> Self {
        self.query = Some(query.into());
        self
    }

    /// The URL of calls that concern no model.
    #[must_use]
    pub fn url(&self, base_url: &str) -> String {
        url(base_url, &self.path, self.query.as_deref())
    }

    /// The URL of calls for `model`.
    #[must_use]
    pub fn url_for(&self, base_url: &str, model: &ModelId) -> String {
        let path = with_model(&self.path, model);
        url(base_url, &path, self.query.as_deref())
    }
}

/// The path with the model in its place.
pub(crate) fn with_model<'a>(path: &'a str, model: &ModelId) -> Cow<'a, str> {
    if path.contains(MODEL) {
        Cow::from(path.replace(MODEL, &path_segment(model.as_str())))
    } else {
        Cow::from(path)
    }
}

/// The path below the base URL, with its query.
pub(crate) fn url(base_url: &str, path: &str, query: Option<&str>) -> String {
    let url = join_url(base_url, path);
    match query {
        Some(query) => format!("{url}?{query}"),
        None => url,
    }
}

/// A name as one segment of a path: what is not unreserved there is percent-encoded.
fn path_segment(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
