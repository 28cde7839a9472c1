//! What an operator says of models, in place of the catalogue's facts.

use std::collections::BTreeMap;
use std::fmt;

use interline_catalog::{Catalog, ModelInfo};
use interline_core::{Error, ProviderId, Result, Target};

use crate::{Client, Connection, model_facts};

/// The source of what an operator says.
const OPERATOR: &str = "configuration";

/// What becomes of targets whose price is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownPrice {
    /// They are called; what the calls cost is reported as unknown, never as nothing.
    #[default]
    Allow,
    /// They are excluded, as targets are that lack a feature.
    Exclude,
}

/// Changes of facts about models, in the order given.
#[derive(Default)]
pub(crate) struct ModelChanges(Vec<ModelChange>);

struct ModelChange {
    target: Target,
    change: Box<dyn FnOnce(&mut ModelInfo) + Send>,
}

impl ModelChanges {
    pub(crate) fn push(
        &mut self,
        target: Target,
        change: impl FnOnce(&mut ModelInfo) + Send + 'static,
    ) {
        let change = Box::new(change);
        self.0.push(ModelChange { target, change });
    }

    /// The catalogue with all of them.
    ///
    /// What is said of a connection's model holds for that connection only and begins with what is
    /// known of it by its kind; what is said of a kind's model holds for all connections of the kind.
    ///
    /// # Errors
    /// `InvalidRequest` where the part before the slash is neither.
    pub(crate) fn apply(
        self,
        catalog: Catalog,
        connections: &BTreeMap<ProviderId, Connection>,
    ) -> Result<Catalog> {
        self.0.into_iter().try_fold(catalog, |catalog, one| {
            let Target { provider, model } = &one.target;
            let (owner, known) = match connections.get(provider) {
                Some(connection) => (
                    model_facts::own_facts(provider),
                    model_facts::info(&catalog, connection, model).cloned(),
                ),
                None if is_kind(&catalog, connections, provider.as_str()) => {
                    (provider.to_string(), None)
                }
                None => return Err(unknown_owner(&one.target, connections)),
            };
            Ok(catalog.with(&owner, model.as_str(), |info| {
                if let Some(known) = known {
                    let (kind, id) = (info.kind.clone(), info.id.clone());
                    *info = known;
                    (info.kind, info.id) = (kind, id);
                }
                info.sources = vec![OPERATOR.to_owned()];
                (one.change)(info);
            }))
        })
    }
}

impl Client {
    /// The targets of the models that the operator described (`models` of a configuration), by
    /// connection: what was said of a kind stands for each of its connections.
    #[must_use]
    pub fn described_models(&self) -> Vec<Target> {
        let described = |connection: &Connection| -> Vec<Target> {
            let own = model_facts::own_facts(&connection.name);
            self.catalog()
                .models()
                .filter(|model| model.sources == [OPERATOR])
                .filter(|model| model.kind == own || connection.kind.as_ref() == Some(&model.kind))
                .map(|model| Target::new(connection.name.clone(), model.id.as_str()))
                .collect()
        };
        self.providers().flat_map(described).collect()
    }
}

impl fmt::Debug for ModelChanges {
    /// Whom they are about; what they do is code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|one| &one.target))
            .finish()
    }
}

fn is_kind(catalog: &Catalog, connections: &BTreeMap<ProviderId, Connection>, name: &str) -> bool {
    catalog.knows_kind(name)
        || connections
            .values()
            .any(|connection| connection.kind.as_deref() == Some(name))
}

fn unknown_owner(target: &Target, connections: &BTreeMap<ProviderId, Connection>) -> Error {
    let known: Vec<_> = connections.keys().map(|name| format!("`{name}`")).collect();
    Error::invalid_request(format!(
        "model `{target}`: `{}` is neither a configured provider ({}) nor a kind of provider",
        target.provider,
        known.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use interline_core::{NanoUsd, ProviderSet, TokenPrice, Usage};
    use interline_testkit::FakeProvider;

    use super::*;

    fn connections() -> BTreeMap<ProviderId, Connection> {
        let catalog = Catalog::embedded();
        ["openai", "cheap"]
            .into_iter()
            .map(|name| {
                let set = ProviderSet::from(Arc::new(FakeProvider::new(name)));
                let kind = Some("openai".to_owned());
                let name = ProviderId::from(name);
                (name.clone(), Connection::new(name, kind, set, &catalog))
            })
            .collect()
    }

    fn half_price(info: &mut ModelInfo) {
        let half = |price: TokenPrice| TokenPrice::from_pico_usd(price.pico_usd() / 2);
        info.prices = info.prices.map(|prices| prices.map(half));
    }

    fn cost(catalog: &Catalog, connection: &str) -> Option<NanoUsd> {
        let connections = connections();
        let connection = connections.get(&ProviderId::from(connection))?;
        model_facts::info(catalog, connection, &"gpt-4o".into())?.cost(&Usage::new(1_000, 0))
    }

    fn changed(target: &str) -> Catalog {
        let mut changes = ModelChanges::default();
        changes.push(target.parse().expect("a target"), half_price);
        changes
            .apply(Catalog::embedded(), &connections())
            .expect("a known owner")
    }

    #[test]
    fn what_is_said_of_a_connection_holds_for_it_alone() {
        let catalog = changed("cheap/gpt-4o");
        assert_eq!(cost(&catalog, "openai"), Some(NanoUsd::new(2_500_000)));
        assert_eq!(cost(&catalog, "cheap"), Some(NanoUsd::new(1_250_000)));
    }

    #[test]
    fn what_is_said_of_a_kind_holds_for_all_of_it() {
        // `openai` names a connection as well, and that is the narrower meaning.
        let catalog = changed("openai/gpt-4o");
        assert_eq!(cost(&catalog, "openai"), Some(NanoUsd::new(1_250_000)));
        let mut changes = ModelChanges::default();
        changes.push("groq/own".parse().expect("a target"), |info| {
            info.context_window = Some(9);
        });
        let catalog = changes
            .apply(Catalog::embedded(), &connections())
            .expect("a kind of the catalogue");
        let own = catalog.find("groq", "own").expect("added");
        assert_eq!(own.context_window, Some(9));
        assert_eq!(own.sources, ["configuration"]);
    }

    #[test]
    fn nobodys_model_is_a_mistake_that_names_who_there_is() {
        let mut changes = ModelChanges::default();
        changes.push("nobody/m".parse().expect("a target"), half_price);
        let error = changes
            .apply(Catalog::embedded(), &connections())
            .expect_err("nobody");
        assert_eq!(
            error.message(),
            "model `nobody/m`: `nobody` is neither a configured provider (`cheap`, `openai`) nor a \
             kind of provider"
        );
    }
}
