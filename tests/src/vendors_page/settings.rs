//! The settings of kinds, from their schemas.

use serde_json::{Map, Value};

use super::offer::Offer;

/// The settings that every kind has, alike.
pub(super) fn common(offers: &[Offer<'_>]) -> String {
    let mut page = String::from("\n## Settings of every kind\n\n");
    page.push_str(&table(&shared(offers), &Value::Null));
    page.push_str("\nWhat a kind has beside them, or otherwise, its section tells.\n");
    page
}

/// The settings of one kind that not every kind has alike.
pub(super) fn own(offer: &Offer<'_>, offers_share: &Map<String, Value>) -> String {
    let mut own = properties(&offer.schema);
    own.retain(|name, rule| offers_share.get(name) != Some(rule));
    let missing = offers_share
        .keys()
        .filter(|name| offer.schema["properties"].get(*name).is_none());
    let missing: Vec<String> = missing.map(|name| format!("`{name}`")).collect();
    let mut page = String::new();
    if !own.is_empty() {
        page.push_str(&table(&own, &offer.schema["required"]));
    }
    if !missing.is_empty() {
        page.push_str(&format!("\nThere is no {}.\n", missing.join(", ")));
    }
    page
}

/// The settings that most kinds have alike.
pub(super) fn shared(offers: &[Offer<'_>]) -> Map<String, Value> {
    let mut shared = Map::new();
    for (name, rule) in offers.iter().flat_map(|offer| properties(&offer.schema)) {
        let same = |offer: &&Offer<'_>| offer.schema["properties"].get(&name) == Some(&rule);
        if offers.iter().filter(same).count() * 2 > offers.len() {
            shared.insert(name, rule);
        }
    }
    shared
}

fn properties(schema: &Value) -> Map<String, Value> {
    schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default()
}

fn table(settings: &Map<String, Value>, required: &Value) -> String {
    let mut page = String::from("| setting | meaning | default |\n|---|---|---|\n");
    for (name, rule) in settings {
        row(&mut page, name, rule, required);
    }
    page
}

fn row(page: &mut String, name: &str, rule: &Value, required: &Value) {
    if let Some(inner) = rule["properties"].as_object() {
        for (key, rule) in inner {
            row(page, &format!("{name}.{key}"), rule, &Value::Null);
        }
        return;
    }
    let meaning = rule["description"].as_str().unwrap_or_default();
    let words = rule["enum"].as_array().into_iter().flatten();
    let words: Vec<String> = words
        .filter_map(Value::as_str)
        .map(|word| format!("`{word}`"))
        .collect();
    let words = match words.as_slice() {
        [] => String::new(),
        words => format!(" One of {}.", words.join(", ")),
    };
    let is_required = required
        .as_array()
        .is_some_and(|names| names.contains(&name.into()));
    let default = match &rule["default"] {
        Value::Null if is_required => "required".to_owned(),
        Value::Null => String::new(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    };
    page.push_str(&format!("| `{name}` | {meaning}{words} | {default} |\n"));
}
