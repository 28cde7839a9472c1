//! Spellings that mean the same in Anthropic's format, or that declared quirks change.

use serde_json::Value;

use super::Equivalence;

/// The rules.
pub(super) const RULES: &[Equivalence] = &[Equivalence {
    apis: &["anthropic.", "vertex.anthropic", "bedrock.anthropic"],
    reason: "1 is the default temperature, and left out where a model that thinks takes no other",
    apply: |_, value| {
        if let Value::Object(fields) = value {
            fields.retain(|key, number| key != "temperature" || number.as_f64() != Some(1.0));
        }
    },
}];
