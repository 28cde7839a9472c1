//! What the `model` of a request means: a route, a target, or a model that one provider has.

use std::collections::BTreeMap;
use std::sync::Arc;

use interline_catalog::Catalog;
use interline_core::{Error, ErrorKind, ProviderId, Result, Target};
use interline_routing::AutoModel;

use crate::auto::AUTO;
use crate::route_table::ReadyRoute;
use crate::{AutoRouting, Connection, UnknownPrice, model_facts};

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resolved {
    /// The route, where the name is one's.
    pub route: Option<String>,
    /// The targets behind the name, in the order of the route; one where it names a target or a model.
    pub targets: Vec<Target>,
}

/// What a name means, before a route is made of a target.
pub(crate) enum Meaning {
    Route(Arc<ReadyRoute>),
    Target(Target),
}

impl Meaning {
    pub(crate) fn summary(&self) -> Resolved {
        match self {
            Self::Route(route) => Resolved {
                route: Some(route.name.to_string()),
                targets: route.targets().cloned().collect(),
            },
            Self::Target(target) => Resolved {
                route: None,
                targets: vec![target.clone()],
            },
        }
    }
}

/// Everything that a name can mean.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) routes: BTreeMap<String, Arc<ReadyRoute>>,
    pub(crate) connections: BTreeMap<ProviderId, Connection>,
    pub(crate) catalog: Catalog,
    pub(crate) unknown_price: UnknownPrice,
    /// What chooses where `model` is `auto`; its targets are those of the route of that name.
    pub(crate) auto: Option<AutoRouting>,
}

impl Names {
    /// Finds out what `name` means: a route's name wins over `provider/model`, and that over a bare
    /// name of the catalogue.
    pub(crate) fn resolve(&self, name: &str) -> Result<Meaning> {
        if let Some(route) = self.routes.get(name) {
            return Ok(Meaning::Route(Arc::clone(route)));
        }
        if AutoModel::parse(name)?.is_some() {
            return match self.routes.get(AUTO) {
                Some(route) => Ok(Meaning::Route(Arc::clone(route))),
                None => Err(self.not_found(name, "automatic routing is not configured")),
            };
        }
        if let Ok(target) = name.parse::<Target>()
            && self.connections.contains_key(&target.provider)
        {
            return Ok(Meaning::Target(target));
        }
        let owners: Vec<_> = self.owners(name).collect();
        match owners.as_slice() {
            [owner] => Ok(Meaning::Target(Target::new(owner.name.clone(), name))),
            [] => Err(self.not_found(name, "it does not exist here")),
            several => {
                let ways: Vec<_> = several
                    .iter()
                    .map(|owner| format!("`{}/{name}`", owner.name))
                    .collect();
                Err(self.not_found(
                    name,
                    &format!("several providers have it: say {}", ways.join(" or ")),
                ))
            }
        }
    }

    /// The connections whose kind has a model of this name.
    fn owners(&self, name: &str) -> impl Iterator<Item = &Connection> {
        self.connections.values().filter(move |connection| {
            model_facts::info(&self.catalog, connection, &name.into()).is_some()
        })
    }

    fn not_found(&self, name: &str, why: &str) -> Error {
        let list = |names: Vec<String>| match names.as_slice() {
            [] => "none".to_owned(),
            _ => names.join(", "),
        };
        let routes = list(self.routes.keys().map(|name| format!("`{name}`")).collect());
        let providers = list(
            self.connections
                .keys()
                .map(|name| format!("`{name}/…`"))
                .collect(),
        );
        Error::new(
            ErrorKind::NotFound,
            format!("model `{name}`: {why} (routes: {routes}; providers: {providers})"),
        )
        .with_param("model")
    }
}
