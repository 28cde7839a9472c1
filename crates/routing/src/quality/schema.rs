//! Whether a JSON value follows a JSON Schema.
//!
//! The schema comes from a caller, so nothing is loaded on its behalf: a reference that leads outside
//! of it makes it a schema that proves nothing.

use std::error::Error as StdError;

use boon::{Compiler, Draft, Schemas, UrlLoader};
use serde_json::Value;

/// Where the compiler believes the schema to be; references inside of it are relative to it.
const PLACE: &str = "interline:///schema.json";

/// Why a value does not follow a schema.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SchemaFault {
    /// It breaks the schema at this place, a JSON pointer.
    Broken(String),
    /// The schema is wrong, or leads outside of itself.
    NoSchema,
}

pub(super) fn check(schema: &Value, value: &Value) -> Result<(), SchemaFault> {
    let mut compiler = Compiler::new();
    compiler.set_default_draft(Draft::V2020_12);
    compiler.use_loader(Box::new(NothingElse));
    let mut schemas = Schemas::new();
    compiler
        .add_resource(PLACE, schema.clone())
        .map_err(|_| SchemaFault::NoSchema)?;
    let compiled = compiler
        .compile(PLACE, &mut schemas)
        .map_err(|_| SchemaFault::NoSchema)?;
    schemas.validate(value, compiled).map_err(|error| {
        // The deepest cause of the first branch says where to look.
        let mut deepest = &error;
        while let Some(cause) = deepest.causes.first() {
            deepest = cause;
        }
        SchemaFault::Broken(deepest.instance_location.to_string())
    })
}

/// Loads nothing, whatever is asked for: by default the library would read files.
struct NothingElse;

impl UrlLoader for NothingElse {
    fn load(&self, _: &str) -> Result<Value, Box<dyn StdError>> {
        Err("references must stay inside of the schema".into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "expectations are written down where they are used"
    )]
    fn checked(schema: &Value, value: &Value, expected: Result<(), SchemaFault>) {
        let seen = check(schema, value);
        assert_eq!(seen, expected, "{schema} {value}");
    }

    fn broken(place: &str) -> Result<(), SchemaFault> {
        Err(SchemaFault::Broken(place.to_owned()))
    }

    #[test]
    fn the_place_that_breaks_the_schema_is_told() {
        let schema = json!({
            "type": "object",
            "properties": {"items": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
            "required": ["items"],
            "additionalProperties": false,
            "$defs": {"item": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}},
        });
        checked(&schema, &json!({"items": [{"n": 1}]}), Ok(()));
        checked(
            &schema,
            &json!({"items": [{"n": 1}, {"n": "x"}]}),
            broken("/items/1/n"),
        );
        checked(&schema, &json!({}), broken(""));
    }

    #[test]
    fn schemas_that_are_wrong_or_lead_outside_prove_nothing() {
        let outside = [
            "file:///etc/passwd",
            "https://example.com/schema.json",
            "other.json",
        ];
        for place in outside {
            checked(
                &json!({"$ref": place}),
                &json!(1),
                Err(SchemaFault::NoSchema),
            );
        }
        checked(
            &json!({"type": "nonsense"}),
            &json!(1),
            Err(SchemaFault::NoSchema),
        );
        checked(&json!(7), &json!(1), Err(SchemaFault::NoSchema));
    }

    #[test]
    fn a_schema_that_refers_to_itself_comes_to_an_end() {
        let tree = json!({"type": "object", "properties": {"next": {"$ref": "#"}}});
        checked(&tree, &json!({"next": {"next": {}}}), Ok(()));
        checked(&tree, &json!({"next": 1}), broken("/next"));
        // Where it never says anything else, some answer comes, and the stack holds.
        let _ = check(&json!({"$ref": "#"}), &json!(1));
        let _ = check(&json!({"allOf": [{"$ref": "#"}]}), &json!(1));
    }
}
