//! Wire parts to core's parts.
//!
//! - A signature belongs to thinking in core, so one that stands on a call or on text becomes a
//!   wordless reasoning part: before the call, behind the text. `part_encode` puts it back.
//! - Parts of the vendor's own tools (`executableCode`, `toolCall`, …), pictures among thoughts and
//!   every part this code has never heard of become [`PartKind::Other`], whole: they are never
//!   mistaken for calls that the caller should run.
//! - Fields no type knows become the part's extra. Thoughts keep `thought` there, which tells thoughts
//!   of this format from another vendor's.

use interline_core::{Part, PartKind, Reasoning, Signature, ToolCall};
use serde_json::{Map, Value};

use crate::media::{self, FILE_KEYS, INLINE_KEYS};
use crate::{FORMAT, format};
use interline_transport::json::{Fields, Flaw};

/// The key of thoughts, on the wire and in the extra of their parts.
pub(crate) const THOUGHT: &str = "thought";

/// The key of signatures.
pub(crate) const SIGNATURE: &str = "thoughtSignature";

/// Reads one part, which becomes one part or two.
///
/// `arguments` is the text of a call's `args` as the vendor wrote it, where that is known. A call or
/// result without an id gets an empty one.
pub(crate) fn parts(value: &Value, arguments: Option<&str>) -> Result<Vec<Part>, Flaw> {
    let fields = Fields::of(value)?;
    let signature = fields
        .str(SIGNATURE)?
        .filter(|signature| !signature.is_empty())
        .map(|signature| Signature::new(FORMAT, signature));
    let is_thought = fields.bool(THOUGHT)?.unwrap_or(false);
    if is_thought {
        return Ok(vec![match is_only_text(fields) {
            true => thought(fields, signature)?,
            false => whole(value),
        }]);
    }
    if let Some(call) = fields.object("functionCall")? {
        let Some(call) = function_call(call, arguments).map_err(within("functionCall"))? else {
            return Ok(vec![whole(value)]);
        };
        let call = with_extra(call, fields, "functionCall", &["id", "name", "args"])?;
        return Ok(signature.map(signed).into_iter().chain([call]).collect());
    }
    let part = if let Some(result) = fields.object("functionResponse")? {
        let part = function_response(result).map_err(within("functionResponse"))?;
        with_extra(
            part,
            fields,
            "functionResponse",
            &["id", "name", "response"],
        )?
    } else if let Some(data) = fields.object("inlineData")? {
        let kind = media::decode_inline(data).map_err(within("inlineData"))?;
        with_extra(Part::new(kind), fields, "inlineData", &INLINE_KEYS)?
    } else if let Some(file) = fields.object("fileData")? {
        let kind = media::decode_file(file).map_err(within("fileData"))?;
        with_extra(Part::new(kind), fields, "fileData", &FILE_KEYS)?
    } else if let Some(text) = fields.str("text")? {
        if text.is_empty()
            && let Some(signature) = signature
        {
            return Ok(vec![signed(signature)]);
        }
        let rest = fields.rest_without_nulls(&["text", THOUGHT, SIGNATURE]);
        Part::text(text).with_extra(format::extra(rest))
    } else {
        return Ok(vec![whole(value)]);
    };
    Ok([part].into_iter().chain(signature.map(signed)).collect())
}

fn within(key: &'static str) -> impl Fn(Flaw) -> Flaw {
    move |flaw| flaw.within(key)
}

fn whole(value: &Value) -> Part {
    Part::other(FORMAT, value.clone())
}

/// A signature whose thoughts are not shown.
fn signed(signature: Signature) -> Part {
    Part::reasoning(Reasoning::new("").with_signature(signature))
}

fn is_only_text(fields: Fields<'_>) -> bool {
    let rest = fields.rest_without_nulls(&["text", THOUGHT, SIGNATURE]);
    rest.is_empty()
}

fn thought(fields: Fields<'_>, signature: Option<Signature>) -> Result<Part, Flaw> {
    let mut reasoning = Reasoning::new(fields.str("text")?.unwrap_or_default());
    reasoning.signature = signature;
    let mark = Map::from_iter([(THOUGHT.to_owned(), Value::Bool(true))]);
    Ok(Part::reasoning(reasoning).with_extra(format::extra(mark)))
}

/// `None` for a call without a name: a piece of one that comes in several.
fn function_call(call: Fields<'_>, arguments: Option<&str>) -> Result<Option<Part>, Flaw> {
    let Some(name) = call.str("name")? else {
        return Ok(None);
    };
    let arguments = match (arguments, call.get("args")) {
        (_, None) => "{}".to_owned(),
        (Some(text), Some(_)) => text.to_owned(),
        (None, Some(args)) => args.to_string(),
    };
    let id = call.str("id")?.unwrap_or_default();
    Ok(Some(Part::tool_call(ToolCall::new(id, name, arguments))))
}

/// A result; its object travels as JSON text, and one that holds nothing but `error` is a failure.
fn function_response(result: Fields<'_>) -> Result<Part, Flaw> {
    let content = match result.get("response") {
        None => Vec::new(),
        Some(response) => vec![Part::text(response.to_string())],
    };
    let failed = result
        .get("response")
        .and_then(Value::as_object)
        .is_some_and(|response| response.len() == 1 && response.contains_key("error"));
    let id = result.str("id")?.unwrap_or_default();
    Ok(Part::tool_result(id, content).with_tool_error(failed.then_some(true)))
}

/// Keeps the fields no type knows: those beside the datum, and those inside it under its own key.
fn with_extra(
    part: Part,
    fields: Fields<'_>,
    datum: &'static str,
    known: &[&str],
) -> Result<Part, Flaw> {
    let mut rest = fields.rest_without_nulls(&[datum, THOUGHT, SIGNATURE]);
    if let Some(inner) = fields.object(datum)? {
        let inner = inner.rest_without_nulls(known);
        if !inner.is_empty() {
            rest.insert(datum.to_owned(), Value::Object(inner));
        }
    }
    Ok(part.with_extra(format::extra(rest)))
}

/// Whether the part says nothing: text without a letter and without a field of its own.
pub(crate) fn is_blank(part: &Part) -> bool {
    matches!(&part.kind, PartKind::Text(text) if text.is_empty()) && part.extra.is_empty()
}

#[cfg(test)]
mod tests {
    use interline_core::Media;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: &Value, expected: &[Part]) {
        assert_eq!(parts(value, None).expect("a good part"), expected);
    }

    fn sig() -> Signature {
        Signature::new(FORMAT, "s")
    }

    fn extra(fields: &Value) -> interline_core::Extra {
        format::extra(fields.as_object().expect("an object").clone())
    }

    #[test]
    fn signatures_become_reasoning_before_calls_and_behind_text() {
        check(
            &json!({"functionCall": {"name": "add", "args": {"a": 1}}, "thoughtSignature": "s"}),
            &[
                signed(sig()),
                Part::tool_call(ToolCall::new("", "add", r#"{"a":1}"#)),
            ],
        );
        check(
            &json!({"text": "hi", "thoughtSignature": "s"}),
            &[Part::text("hi"), signed(sig())],
        );
        check(
            &json!({"text": "", "thoughtSignature": "s"}),
            &[signed(sig())],
        );
        check(
            &json!({"text": "hm", "thought": true, "thoughtSignature": "s"}),
            &[Part::reasoning(Reasoning::new("hm").with_signature(sig()))
                .with_extra(extra(&json!({"thought": true})))],
        );
    }

    #[test]
    fn the_vendors_own_tools_are_never_the_callers_to_run() {
        for value in [
            json!({"executableCode": {"language": "PYTHON", "code": "1"}}),
            json!({"toolCall": {"id": "x", "toolType": "GOOGLE_SEARCH_WEB", "args": {}}}),
            json!({"functionCall": {"partialArgs": [], "willContinue": true}}),
            json!({"inlineData": {"data": "", "mimeType": "image/png"}, "thought": true}),
            json!({"somethingNew": 1}),
            json!({}),
        ] {
            check(&value, &[Part::other(FORMAT, value.clone())]);
        }
    }

    #[test]
    fn arguments_keep_the_vendors_spelling() {
        let value = json!({"functionCall": {"name": "add", "id": "i", "args": {"b": 1.5}}});
        let read = parts(&value, Some(r#"{"b": 1.50}"#)).expect("a call");
        assert_eq!(
            read,
            [Part::tool_call(ToolCall::new("i", "add", r#"{"b": 1.50}"#))]
        );
        check(
            &json!({"functionCall": {"name": "now"}}),
            &[Part::tool_call(ToolCall::new("", "now", "{}"))],
        );
    }

    #[test]
    fn results_tell_failures_and_unknown_fields_are_kept() {
        check(
            &json!({"functionResponse": {"name": "add", "id": "i", "response": {"error": "no"},
                "scheduling": "SILENT"}}),
            &[Part::tool_result("i", [Part::text(r#"{"error":"no"}"#)])
                .with_tool_error(Some(true))
                .with_extra(extra(
                    &json!({"functionResponse": {"scheduling": "SILENT"}}),
                ))],
        );
        check(
            &json!({"fileData": {"fileUri": "gs://b/v.mp4", "mimeType": "video/mp4"},
                "videoMetadata": {"fps": 1}}),
            &[Part::new(PartKind::File(
                Media::from_url("gs://b/v.mp4").with_mime("video/mp4"),
            ))
            .with_extra(extra(&json!({"videoMetadata": {"fps": 1}})))],
        );
    }

    #[test]
    fn a_flaw_names_its_way() {
        let flaw = parts(&json!({"inlineData": {"mimeType": "image/png"}}), None);
        let wanted = Flaw::missing("data").within("inlineData");
        assert_eq!(flaw.expect_err("no data"), wanted);
    }
}
