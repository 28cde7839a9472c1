//! A vendor's defaults.

use std::fmt;

use crate::Quirks;
use crate::embeddings::EmbeddingQuirks;

/// A vendor's defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VendorProfile {
    /// The kind's name in configuration files, and the default name of a connection.
    pub kind: &'static str,
    /// Where the API lives, up to and with its version path.
    pub base_url: &'static str,
    /// The path below the base URL that answers a free GET request which needs the key.
    pub health_path: &'static str,
    /// Whether a key is needed.
    pub key: KeyRule,
    /// What the vendor does differently.
    pub quirks: Quirks,
    /// Whether the vendor has the Responses API, and where.
    pub responses: ResponsesRule,
    /// How the vendor makes embeddings; `None` where it makes none.
    pub embeddings: Option<VendorEmbeddings>,
    /// The path below the base URL that lists the models; `None` where no list is told.
    pub models_path: Option<&'static str>,
    /// What the vendor's own address fails together with; another address is somebody else's.
    pub failure_domain: Option<&'static str>,
}

/// How a vendor makes embeddings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VendorEmbeddings {
    /// The path below the base URL.
    pub path: &'static str,
    /// What the vendor does differently.
    pub quirks: EmbeddingQuirks,
}

/// Whether a vendor has the Responses API; paths are below the base URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponsesRule {
    /// It has none: what arrives as Responses is translated.
    None,
    /// It has one: what arrives as Responses goes there.
    Has {
        /// The path.
        path: &'static str,
    },
    /// Some servers of this kind have one: it is called only where the setting `api` says so.
    IfChosen {
        /// The path.
        path: &'static str,
    },
}

/// Whether a vendor needs a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRule {
    /// Every call needs one, which usually stands in this environment variable.
    Required {
        /// The environment variable.
        variable: &'static str,
    },
    /// Servers may want one.
    Optional,
}

impl VendorProfile {
    /// The defaults of the vendor that configuration files call `kind`. It lists its models, of which
    /// its health is asked, makes no embeddings, and has no Responses API.
    #[must_use]
    pub const fn new(
        kind: &'static str,
        base_url: &'static str,
        key: KeyRule,
        quirks: Quirks,
    ) -> Self {
        Self {
            kind,
            base_url,
            health_path: "models",
            key,
            quirks,
            responses: ResponsesRule::None,
            embeddings: None,
            models_path: Some("models"),
            failure_domain: None,
        }
    }

    /// Says what the vendor's own address fails together with.
    #[must_use]
    pub const fn with_failure_domain(mut self, domain: &'static str) -> Self {
        self.failure_domain = Some(domain);
        self
    }

    /// Says where below the base URL the vendor's Responses API is.
    #[must_use]
    pub const fn with_responses(mut self, path: &'static str) -> Self {
        self.responses = ResponsesRule::Has { path };
        self
    }

    /// Says where below the base URL the Responses API is of those servers of this kind that have one.
    #[must_use]
    pub const fn with_responses_if_chosen(mut self, path: &'static str) -> Self {
        self.responses = ResponsesRule::IfChosen { path };
        self
    }

    /// Says where below the base URL, and how, the vendor makes embeddings.
    #[must_use]
    pub const fn with_embeddings(mut self, path: &'static str, quirks: EmbeddingQuirks) -> Self {
        self.embeddings = Some(VendorEmbeddings { path, quirks });
        self
    }

    /// Says that the vendor does not list its models.
    #[must_use]
    pub const fn without_models(mut self) -> Self {
        self.models_path = None;
        self
    }

    /// Asks the vendor's health elsewhere, because it has no list of models or shows it to anybody.
    #[must_use]
    pub const fn with_health_path(mut self, health_path: &'static str) -> Self {
        self.health_path = health_path;
        self
    }

    /// The environment variable that usually holds the key.
    #[must_use]
    pub const fn key_variable(&self) -> Option<&'static str> {
        match self.key {
            KeyRule::Required { variable } => Some(variable),
            KeyRule::Optional => None,
        }
    }
}

/// A vendor of this format, as a type that tells providers of different vendors apart.
pub trait Vendor: fmt::Debug + Send + Sync + 'static {
    /// The vendor's defaults.
    const PROFILE: VendorProfile;
}
