//! One configured connection to a vendor, with what the catalogue calls its kind.

use std::sync::Arc;

use interline_catalog::Catalog;
use interline_core::{DynProvider, ProviderId, ProviderSet};

/// One configured connection to a vendor.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Connection {
    /// What the client calls it: the part of a target before the slash.
    pub name: ProviderId,
    /// The kind of vendor, where it is known: the catalogue's facts are found by it.
    pub kind: Option<String>,
    /// Who answers.
    pub provider: DynProvider,
    /// What it fails together with, where that is known.
    pub failure_domain: Option<Arc<str>>,
}

impl Connection {
    /// A connection whose kind is told, or guessed: a provider that calls itself, or is called, what
    /// the catalogue calls a kind is taken to be of that kind.
    pub(crate) fn new(
        name: ProviderId,
        kind: Option<String>,
        set: ProviderSet,
        catalog: &Catalog,
    ) -> Self {
        let (provider, failure_domain) = (set.chat, set.failure_domain);
        let kind = kind.or_else(|| {
            [provider.id().as_str(), name.as_str()]
                .into_iter()
                .find(|word| catalog.knows_kind(word))
                .map(str::to_owned)
        });
        Self {
            name,
            kind,
            provider,
            failure_domain,
        }
    }
}
