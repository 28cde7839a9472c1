//! JSON Schema of configuration files: the file's shape, with the settings of each kind.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::limits;
use super::shape::File;
use crate::Registry;

/// The schema of a file whose providers are of the registry's kinds.
pub(super) fn of_file(registry: &Registry) -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<File>().to_value();
    let kinds: Vec<_> = registry
        .factories()
        .map(|factory| of_kind(factory.kind(), factory.settings_schema()))
        .collect();
    schema["properties"]["providers"] = json!({
        "description": "Connections to vendors, by a name of your own.",
        "type": "object",
        "propertyNames": { "pattern": "^[^/]+$" },
        "additionalProperties": { "oneOf": kinds },
    });
    schema
}

/// The kind's own settings, with the keys that the facade reads itself.
fn of_kind(kind: &str, mut settings: Value) -> Value {
    if !settings.is_object() {
        settings = json!({ "type": "object" });
    }
    settings["title"] = json!(kind);
    settings["properties"]["kind"] = json!({ "const": kind });
    settings["properties"]["failure_domain"] = json!({
        "type": "string",
        "minLength": 1,
        "description": "What the vendor fails together with; others that name it are asked last.",
    });
    settings["properties"]["limits"] = limits::schema();
    settings["properties"]["regions"] = json!({
        "type": "array",
        "items": { "type": "string", "pattern": "^[A-Za-z0-9-]+$" },
        "description": "Where the vendor may work on requests, in words of your own, such as [eu].",
    });
    settings["properties"]["health_check"] = json!({
        "type": "string",
        "description": "`off` (default), or how often the vendor is asked how it is while idle or passed over, such as `30s`.",
    });
    let mut required = settings["required"].as_array().cloned().unwrap_or_default();
    required.push(json!("kind"));
    settings["required"] = Value::Array(required);
    settings
}
