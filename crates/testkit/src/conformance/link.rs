//! Where a provider under test finds its vendor.

/// Where a provider under test finds its vendor: the kit's own server, and a key to show it.
#[derive(Clone, Debug)]
pub struct Link {
    base_url: String,
    api_key: String,
}

/// No vendor's pattern, so that nothing but the provider's own care keeps it out of errors.
const KEY: &str = "conformance-key-4f1b7c9e02d8";

impl Link {
    pub(crate) fn new(base_url: String) -> Self {
        Self {
            base_url,
            api_key: KEY.to_owned(),
        }
    }

    /// The server's address without a path; it answers every path.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The key to configure. The kit plants it in answers and looks for it in errors.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.api_key
    }
}
