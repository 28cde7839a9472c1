//! What callers may put into `model`: routes first, then targets.

use std::collections::BTreeSet;

use http::Uri;
use interline::{Client, ModelStatus};
use serde_json::Value;

use crate::failure::Failure;
use crate::inbound::Inbound;

/// The list in a format's shape, or the page of it that the address asks for.
pub(crate) fn list(client: &Client, format: &dyn Inbound, asked: &Uri) -> Result<Value, Failure> {
    format.model_list(&ids(client, format), asked)
}

/// One member, if a call could name it; bare names of the catalogue are members that the list leaves out.
pub(crate) fn one(client: &Client, format: &dyn Inbound, id: &str) -> Option<Value> {
    client.resolve(id).ok().map(|_| format.model(id))
}

/// Routes and their targets; without any route, what the catalogue knows of each provider. Then the models
/// that the configuration describes, which calls may name as well.
///
/// A program of the format may show only names that begin as its vendor's own do: of such models the
/// bare names follow, where they mean one thing.
fn ids(client: &Client, format: &dyn Inbound) -> Vec<String> {
    let routes = client.routes();
    let mut ids = if routes.is_empty() {
        catalogued(client)
    } else {
        let targets: BTreeSet<String> = routes
            .iter()
            .flat_map(|route| route.targets.iter().map(ToString::to_string))
            .collect();
        let names = routes.into_iter().map(|route| route.name);
        names.chain(targets).collect()
    };
    let described = client.described_models().into_iter();
    let new: BTreeSet<String> = described
        .map(|target| target.to_string())
        .filter(|id| !ids.contains(id))
        .collect();
    ids.extend(new);
    if let Some(prefix) = format.shown_prefix() {
        let bare: BTreeSet<String> = ids
            .iter()
            .filter_map(|id| id.split_once('/'))
            .map(|(_, model)| model)
            .filter(|model| model.starts_with(prefix) && client.resolve(model).is_ok())
            .map(str::to_owned)
            .collect();
        let new: Vec<_> = bare.into_iter().filter(|id| !ids.contains(id)).collect();
        ids.extend(new);
    }
    ids
}

fn catalogued(client: &Client) -> Vec<String> {
    client
        .providers()
        .flat_map(|connection| {
            client
                .catalog()
                .models()
                .filter(|model| connection.kind.as_ref() == Some(&model.kind))
                .filter(|model| matches!(model.status, ModelStatus::Active))
                .map(|model| format!("{}/{}", connection.name, model.id))
        })
        .collect()
}
