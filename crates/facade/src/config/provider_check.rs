//! Makes a provider of an entry: kind, references to secrets, and the kind's own settings.

use std::hash::RandomState;
use std::time::Duration;

use interline_core::{Error, ProviderSet, ProviderSettings};
use interline_resilience::LimitConfig;
use interline_transport::parse_duration;
use serde_json::{Map, Value};

use super::located::{Located, Place};
use super::mistakes::Mistakes;
use super::secrets::{NOT_A_REFERENCE, Secrets, is_reference};
use super::shape::ProviderEntry;
use super::shared;
use crate::Registry;
use crate::connection::Shared;

/// Settings whose value must not stand in the file: kinds give these names to their secrets.
pub(super) const SECRETS: [&str; 4] = [
    "access_token",
    "api_key",
    "secret_access_key",
    "session_token",
];

/// A connection, ready to be added.
pub(super) struct Built {
    pub(super) kind: String,
    pub(super) set: ProviderSet,
    pub(super) limits: LimitConfig,
    /// Where it may work on requests.
    pub(super) regions: Vec<String>,
    pub(super) shared: Shared,
    /// How often the vendor is asked how it is, where it is asked.
    pub(super) health_check: Option<Duration>,
}

/// Makes the provider of a written entry, or notes why that cannot be; `keys` makes hashes.
pub(super) fn build(
    name: &str,
    entry: &ProviderEntry,
    registry: &Registry,
    secrets: &Secrets<'_>,
    keys: &RandomState,
    mistakes: &mut Mistakes<'_>,
) -> Option<Built> {
    let path = format!("providers.{name}");
    let before = mistakes.count();
    if name.is_empty() || name.contains('/') {
        mistakes.add(
            &path,
            entry.place,
            "a provider's name must not be empty and must hold no slash, \
             because targets are split at the first one",
        );
    }
    let kind = kind_of(&path, entry, registry, mistakes);
    let mut settings = Map::new();
    let mut domain = None;
    let mut limits = LimitConfig::new();
    let mut regions = Vec::new();
    let mut health_check = None;
    for (key, value) in &entry.value {
        let path = format!("{path}.{key}");
        match key.as_str() {
            "kind" => {}
            "failure_domain" => match value.value.as_str().filter(|text| !text.is_empty()) {
                Some(text) => domain = Some(text),
                None => mistakes.add(&path, value.place, "must be a text that is not empty"),
            },
            "health_check" => health_check = read_interval(&path, value, mistakes),
            "regions" => regions = read_regions(&path, value, mistakes),
            "limits" => limits = super::limits::read(&path, value, mistakes),
            key => {
                if SECRETS.contains(&key) {
                    check_key(&path, value, mistakes);
                }
                let mut complain = |path: &str, message: String| {
                    mistakes.add(path, value.place, message);
                };
                let resolved = secrets.resolve(&path, &value.value, &mut complain);
                settings.insert(key.to_owned(), resolved);
            }
        }
    }
    if mistakes.count() > before {
        return None;
    }
    let kind = kind?;
    let shared = shared::of_connection(kind, &settings, keys);
    let settings = ProviderSettings::new(name, Value::Object(settings));
    match registry.build(kind, settings) {
        Ok(set) => {
            let set = match domain {
                Some(domain) => set.with_failure_domain(domain),
                None => set,
            };
            Some(Built {
                kind: kind.to_owned(),
                set,
                limits,
                regions,
                shared,
                health_check,
            })
        }
        Err(error) => {
            let message = without_name(name, &error);
            mistakes.add(&path, place_of(entry, &error, message), message);
            None
        }
    }
}

fn read_regions(path: &str, value: &Located<Value>, mistakes: &mut Mistakes<'_>) -> Vec<String> {
    let texts = value.value.as_array().map(|list| {
        let texts: Option<Vec<_>> = list
            .iter()
            .map(|one| one.as_str().map(str::to_owned))
            .collect();
        texts
    });
    let Some(Some(regions)) = texts else {
        mistakes.add(path, value.place, "must be a list of regions, such as [eu]");
        return Vec::new();
    };
    for region in &regions {
        let region = Located {
            value: region.clone(),
            place: value.place,
        };
        super::terms_entry::check_region(path, &region, mistakes);
    }
    regions
}

/// Makes the provider that a program added, or notes why that cannot be.
pub(super) fn build_added(
    name: &str,
    settings: &Value,
    registry: &Registry,
    keys: &RandomState,
    mistakes: &mut Mistakes<'_>,
) -> Option<Built> {
    let mut settings = settings.as_object().cloned().unwrap_or_default();
    let kind = settings.remove("kind")?.as_str()?.to_owned();
    let shared = shared::of_connection(&kind, &settings, keys);
    match registry.build(&kind, ProviderSettings::new(name, Value::Object(settings))) {
        Ok(set) => Some(Built {
            kind,
            set,
            limits: LimitConfig::new(),
            regions: Vec::new(),
            shared,
            health_check: None,
        }),
        Err(error) => {
            let message = without_name(name, &error);
            mistakes.add_without_place(&format!("providers.{name}"), message);
            None
        }
    }
}

/// `off`, or how often at most; a check must never be load.
fn read_interval(
    path: &str,
    value: &Located<Value>,
    mistakes: &mut Mistakes<'_>,
) -> Option<Duration> {
    let text = match &value.value {
        Value::Bool(false) => return None,
        Value::String(text) if text == "off" => return None,
        Value::String(text) => text.as_str(),
        _ => "",
    };
    match parse_duration(text) {
        Ok(every) if every >= Duration::from_secs(1) => Some(every),
        _ => {
            let message = "must be `off` or a time of at least `1s`, such as `30s`";
            mistakes.add(path, value.place, message);
            None
        }
    }
}

fn kind_of<'a>(
    path: &str,
    entry: &'a ProviderEntry,
    registry: &Registry,
    mistakes: &mut Mistakes<'_>,
) -> Option<&'a str> {
    let path = format!("{path}.kind");
    let Some(kind) = entry.value.get("kind") else {
        let known: Vec<_> = registry.kinds().collect();
        let message = format!("is missing: write one of {}", known.join(", "));
        mistakes.add(&path, entry.place, message);
        return None;
    };
    let Some(name) = kind.value.as_str() else {
        mistakes.add(&path, kind.place, "must be a text");
        return None;
    };
    if registry.get(name).is_none() {
        mistakes.add(&path, kind.place, registry.unknown(name).message());
        return None;
    }
    Some(name)
}

/// A key in the file would end up in backups and repositories.
fn check_key(path: &str, value: &Located<Value>, mistakes: &mut Mistakes<'_>) {
    match value.value.as_str() {
        Some(text) if is_reference(text) => {}
        _ => mistakes.add(path, value.place, NOT_A_REFERENCE),
    }
}

/// The place of the setting that the error names, else of the whole entry.
fn place_of(entry: &ProviderEntry, error: &Error, message: &str) -> Place {
    let begins_with = |key: &str| {
        let rest = message.strip_prefix(key);
        rest.is_some_and(|rest| rest.starts_with(['.', ':', ' ']))
    };
    let named = entry.value.iter().find(|(key, _)| {
        error.param() == Some(key.as_str())
            || begins_with(key)
            || message.contains(&format!("`{key}`"))
    });
    named.map_or(entry.place, |(_, value)| value.place)
}

/// What the kind says, without the connection's name, which the path tells already.
fn without_name<'a>(name: &str, error: &'a Error) -> &'a str {
    let message = error.message();
    message
        .strip_prefix(&format!("provider `{name}`: "))
        .unwrap_or(message)
}
