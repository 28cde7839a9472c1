//! One configured connection to a vendor, with what the catalogue calls its kind.

use std::sync::Arc;

use interline_catalog::Catalog;
use interline_core::{FormatId, ModelId, Operation, ProviderId, ProviderSet, Target};
use interline_resilience::{Credential, Endpoint, LimitConfig};
use interline_routing::StateRealm;

/// The format whose signatures Anthropic's models take back wherever they are served.
const ANTHROPIC_MESSAGES: &str = "anthropic.messages";

/// Kinds of which each connection is a vendor of its own: a resource or a server keeps its own keys.
const SEPARATE: [&str; 2] = ["azure-openai", "local"];

/// One configured connection to a vendor.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Connection {
    /// What the client calls it: the part of a target before the slash.
    pub name: ProviderId,
    /// The kind of vendor, where it is known: the catalogue's facts are found by it.
    pub kind: Option<String>,
    /// What it offers: chat, and what else the vendor has.
    pub offers: ProviderSet,
    /// Its configured rate limits.
    pub limits: LimitConfig,
    /// Where it may work on requests, in the operator's own words; empty where nobody said so.
    pub regions: Vec<Arc<str>>,
    pub(crate) shared: Shared,
}

/// What a connection may share with others, where that is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared {
    /// Host and port.
    pub(crate) host: Option<Arc<str>>,
    /// A keyed hash of the credential and of where it is used.
    pub(crate) credential: Option<u64>,
}

impl Connection {
    /// A connection whose kind is told, or guessed: a provider that calls itself, or is called, what
    /// the catalogue calls a kind is taken to be of that kind.
    pub(crate) fn new(
        name: ProviderId,
        kind: Option<String>,
        offers: ProviderSet,
        catalog: &Catalog,
    ) -> Self {
        let kind = kind.or_else(|| {
            [offers.chat.id().as_str(), name.as_str()]
                .into_iter()
                .find(|word| catalog.knows_kind(word))
                .map(str::to_owned)
        });
        Self {
            name,
            kind,
            offers,
            limits: LimitConfig::default(),
            regions: Vec::new(),
            shared: Shared::default(),
        }
    }

    /// How a model of this connection is reached.
    pub(crate) fn endpoint(&self, model: &ModelId) -> Endpoint {
        let endpoint =
            Endpoint::new(Target::new(self.name.clone(), model.clone())).with_limits(self.limits);
        let endpoint = match &self.shared.host {
            Some(host) => endpoint.with_host(Arc::clone(host)),
            None => endpoint,
        };
        match self.shared.credential {
            Some(hash) => endpoint.with_credential(Credential::Hashed(hash)),
            None => endpoint,
        }
    }

    /// The kinds of calls that it serves.
    pub(crate) fn operations(&self) -> impl Iterator<Item = Operation> {
        let embeds = self.offers.embed.is_some();
        let counts = self.offers.count.is_some();
        [
            (Operation::Embeddings, embeds),
            (Operation::CountTokens, counts),
        ]
        .into_iter()
        .filter_map(|(operation, is_offered)| is_offered.then_some(operation))
    }

    /// Who shares signed reasoning of a format with this connection.
    ///
    /// Anthropic's signatures hold on its own API, on Bedrock and on Vertex alike, as its
    /// documentation says. Of no other signature is it documented that a second vendor takes it, so
    /// connections of one kind are one realm, and a connection of unknown kind is one by itself.
    pub(crate) fn realm(&self, format: &FormatId) -> StateRealm {
        let realm: Arc<str> = match self.kind.as_deref() {
            Some("anthropic" | "bedrock" | "vertex") if format.as_str() == ANTHROPIC_MESSAGES => {
                "anthropic".into()
            }
            Some(kind) if !SEPARATE.contains(&kind) => kind.into(),
            _ => format!("connection {}", self.name).into(),
        };
        StateRealm::new(format.clone(), realm)
    }
}
