//! The name of this wire format, and the tag on everything that belongs to it alone.

use interline_core::{Extra, FormatId, Reasoning};
use serde_json::{Map, Value};

use crate::model_family::{Maker, ModelFamily};

/// Amazon Bedrock's Converse, whole and streamed.
pub const FORMAT: FormatId = FormatId::from_static("bedrock.converse");

/// Unknown fields of this format.
pub(crate) fn extra(fields: Map<String, Value>) -> Extra {
    Extra::new(FORMAT, fields)
}

/// One field of this format that no type knows.
pub(crate) fn mark(key: &str, value: Value) -> Extra {
    extra(Map::from_iter([(key.to_owned(), value)]))
}

/// Puts fields of this format that no type knows into `object`; a key that is there already stands.
pub(crate) fn merge_extra(object: &mut Map<String, Value>, extra: &Extra) {
    for (key, value) in extra.for_format(&FORMAT).into_iter().flatten() {
        object.entry(key.as_str()).or_insert_with(|| value.clone());
    }
}

/// The format of Claude's signatures, which hold on Anthropic's API, Bedrock and Vertex AI alike
/// (`platform.claude.com/docs/en/build-with-claude/extended-thinking`, read in August 2026). What is
/// redacted is not among them: Bedrock has a form of its own for that.
pub(crate) const ANTHROPIC: FormatId = FormatId::from_static("anthropic.messages");

/// The format of a signature that a model of this family gave.
pub(crate) fn of_signatures(family: ModelFamily) -> FormatId {
    match family.maker {
        Maker::Claude => ANTHROPIC,
        _ => FORMAT,
    }
}

/// The signature's text, if a model of this family takes it back.
pub(crate) fn own_signature(reasoning: &Reasoning, family: ModelFamily) -> Option<&str> {
    let signature = reasoning.signature.as_ref()?;
    let is_shared = !reasoning.redacted && signature.format == of_signatures(family);
    (is_shared || signature.format == FORMAT).then_some(signature.value.as_str())
}
