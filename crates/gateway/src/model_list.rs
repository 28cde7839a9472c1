//! What callers may put into `model`: routes first, then targets.

use std::collections::BTreeSet;

use interline::{Client, ModelStatus};
use serde_json::Value;

use crate::inbound::Inbound;

/// The whole list in a format's shape.
pub(crate) fn all(client: &Client, format: &dyn Inbound) -> Value {
    format.model_list(&ids(client))
}

/// One member, if a call could name it; bare names of the catalogue are members that the list leaves out.
pub(crate) fn one(client: &Client, format: &dyn Inbound, id: &str) -> Option<Value> {
    client.resolve(id).ok().map(|_| format.model(id))
}

/// Routes and their targets; without any route, what the catalogue knows of each provider.
fn ids(client: &Client) -> Vec<String> {
    let routes = client.routes();
    if routes.is_empty() {
        return catalogued(client);
    }
    let targets: BTreeSet<String> = routes
        .iter()
        .flat_map(|route| route.targets.iter().map(ToString::to_string))
        .collect();
    let names = routes.into_iter().map(|route| route.name);
    names.chain(targets).collect()
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
