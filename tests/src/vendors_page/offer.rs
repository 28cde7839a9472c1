//! What one kind of provider offers, found out by making connections of it.

use interline::{Capabilities, Catalog, ModelMode, ProviderFactory, ProviderSet, ProviderSettings};
use serde_json::{Map, Value, json};

/// Values for settings that a connection may need; each kind takes those that it knows.
fn examples() -> Value {
    json!({
        "api_key": "example",
        "access_token": "example",
        "region": "us-east-1",
        "project": "example",
    })
}

/// A place for kinds that have none of their own.
const BASE_URL: &str = "https://vendor.example";

/// What one kind of provider offers.
#[derive(Debug)]
pub(super) struct Offer<'a> {
    pub(super) factory: &'a dyn ProviderFactory,
    pub(super) schema: Value,
    /// A connection with nothing but what it needs.
    pub(super) plain: ProviderSet,
    /// What its adapters can carry; the first is that of a plain connection's first model.
    pub(super) abilities: Vec<Ability>,
}

/// What a connection can carry for some models, with the settings that it takes.
#[derive(Debug)]
pub(super) struct Ability {
    /// Settings beside those that are needed.
    pub(super) settings: Vec<String>,
    /// The models that it holds for; empty for all.
    pub(super) models: Vec<String>,
    pub(super) able: Capabilities,
}

impl Ability {
    fn is_like(&self, able: &Capabilities) -> bool {
        let one = &self.able;
        one.features == able.features
            && one.leaves_out == able.leaves_out
            && one.formats == able.formats
    }
}

impl<'a> Offer<'a> {
    /// What a kind offers.
    ///
    /// # Panics
    /// Where its factory wants a setting that is not among the examples, or no model of it is known.
    pub(super) fn of(factory: &'a dyn ProviderFactory) -> Self {
        let schema = factory.settings_schema();
        let plain = connect(factory, &schema, None);
        let mut abilities = abilities(factory.kind(), &plain, &[]);
        for (setting, value) in choices(&schema) {
            let set = connect(factory, &schema, Some((&setting, &value)));
            let said = vec![format!("`{setting}: {value}`")];
            for ability in self::abilities(factory.kind(), &set, &said) {
                if !abilities.iter().any(|known| known.is_like(&ability.able)) {
                    abilities.push(ability);
                }
            }
        }
        Self {
            factory,
            schema,
            plain,
            abilities,
        }
    }
}

fn connect(
    factory: &dyn ProviderFactory,
    schema: &Value,
    choice: Option<(&str, &str)>,
) -> ProviderSet {
    let known = schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let mut values: Map<String, Value> = examples().as_object().cloned().unwrap_or_default();
    values.retain(|setting, _| known.contains_key(setting));
    if required.contains(&"base_url".into()) {
        values.insert("base_url".into(), BASE_URL.into());
    }
    if let Some((setting, value)) = choice {
        values.insert(setting.into(), value.into());
    }
    let kind = factory.kind();
    let made = factory.build(ProviderSettings::new(kind, Value::Object(values)));
    made.unwrap_or_else(|error| panic!("kind `{kind}` wants more than the examples: {error}"))
}

/// Every value of a setting that is one of few words and not the default.
fn choices(schema: &Value) -> Vec<(String, String)> {
    let settings = schema["properties"].as_object().into_iter().flatten();
    settings
        .flat_map(|(setting, rule)| {
            let words = rule["enum"].as_array().into_iter().flatten();
            let chosen = words.filter(|word| **word != rule["default"]);
            let words = chosen.filter_map(Value::as_str);
            words.map(|word| (setting.clone(), word.to_owned()))
        })
        .collect()
}

/// What a connection can carry, models that are alike together.
fn abilities(kind: &str, set: &ProviderSet, settings: &[String]) -> Vec<Ability> {
    let mut found: Vec<Ability> = Vec::new();
    for model in models(kind) {
        let able = set.chat.capabilities(&model.as_str().into());
        match found.iter_mut().find(|one| one.is_like(&able)) {
            Some(one) => one.models.push(model),
            None => found.push(Ability {
                settings: settings.to_vec(),
                models: vec![model],
                able,
            }),
        }
    }
    if let [only] = found.as_mut_slice() {
        only.models.clear();
    }
    found
}

/// Names of models of vendors whose models the catalogue does not know, or not all kinds of them.
const FURTHER_MODELS: [(&str, &str); 5] = [
    ("cohere", "command-a-reasoning-08-2025"),
    ("openrouter", "anthropic/claude-sonnet-4.5"),
    ("vertex", "gemini-2.5-flash"),
    ("vertex", "claude-sonnet-4-5"),
    ("vertex", "meta/llama-3.3-70b-instruct-maas"),
];

/// The chat models of a kind.
fn models(kind: &str) -> Vec<String> {
    let catalog = Catalog::embedded();
    let known = catalog
        .models()
        .filter(|model| model.kind == kind && model.mode == ModelMode::Chat)
        .map(|model| model.id.clone());
    let further = FURTHER_MODELS.iter().filter(|(of, _)| *of == kind);
    let models: Vec<String> = known
        .chain(further.map(|(_, model)| (*model).to_owned()))
        .collect();
    assert!(
        !models.is_empty(),
        "the catalogue has no model of `{kind}`: add one to FURTHER_MODELS"
    );
    models
}
