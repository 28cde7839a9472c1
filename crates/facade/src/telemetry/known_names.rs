//! The names that may become labels: configured ones, and models that the catalogue knows.

use std::collections::{BTreeMap, HashMap, HashSet};

use interline_catalog::Catalog;
use interline_core::{ProviderId, Target};
use interline_routing::Route;

use crate::{Connection, RouteOptions};

/// The names that may become labels.
#[derive(Debug)]
pub(crate) struct KnownNames {
    routes: HashSet<String>,
    targets: HashSet<Target>,
    vendors: HashMap<ProviderId, &'static str>,
    models: HashSet<String>,
}

impl KnownNames {
    pub(crate) fn new(
        connections: &BTreeMap<ProviderId, Connection>,
        routes: &[(String, Route, Option<RouteOptions>)],
        catalog: &Catalog,
    ) -> Self {
        let mut targets = HashSet::new();
        for (_, route, _) in routes {
            let members = route.targets().into_iter().flatten();
            targets.extend(members.map(|member| member.target.clone()));
        }
        let vendors = connections
            .iter()
            .filter_map(|(name, connection)| {
                let kind = connection.kind.as_deref()?;
                Some((name.clone(), conventional_name(kind)?))
            })
            .collect();
        Self {
            routes: routes.iter().map(|(name, ..)| name.clone()).collect(),
            targets,
            vendors,
            models: catalog.models().map(|model| model.id.clone()).collect(),
        }
    }

    /// A route's name; `direct` where the caller named a target or a model.
    pub(super) fn route(&self, name: &str) -> String {
        match name {
            "none" => "none".to_owned(),
            name if self.routes.contains(name) => name.to_owned(),
            _ => "direct".to_owned(),
        }
    }

    /// A model's name; `other` where nobody configured it and the catalogue does not know it.
    pub(super) fn model(&self, target: &Target) -> String {
        let model = target.model.as_str();
        if self.targets.contains(target) || self.models.contains(model) {
            model.to_owned()
        } else {
            "other".to_owned()
        }
    }

    /// The vendor as OpenTelemetry's conventions call it; the connection's own name where they do not.
    pub(super) fn vendor(&self, provider: &ProviderId) -> String {
        self.vendors
            .get(provider)
            .map_or_else(|| provider.as_str().to_owned(), |name| (*name).to_owned())
    }
}

/// What OpenTelemetry's GenAI conventions (read in November 2026) call a kind.
fn conventional_name(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "anthropic" => "anthropic",
        "azure-openai" => "azure.ai.openai",
        "deepseek" => "deepseek",
        "google" => "gcp.gemini",
        "groq" => "groq",
        "mistral" => "mistral_ai",
        "openai" => "openai",
        "perplexity" => "perplexity",
        "together" => "together_ai",
        "xai" => "x_ai",
        _ => return None,
    })
}
