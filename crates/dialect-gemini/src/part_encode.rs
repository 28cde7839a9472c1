//! Core's parts to wire parts.
//!
//! What has no place here follows who speaks: a user's part that cannot be carried is `Unsupported`,
//! because the question would be another one; in the model's own turns it is left out, because only
//! its maker understands it. Thinking goes back only where this format issued it.

use interline_core::{Error, ErrorKind, Part, PartKind, Reasoning, ToolCall, ToolResult};
use serde_json::{Map, Value, json};

use crate::call_ids::{self, CallNames};
use crate::format::{merge_extra, own_signature};
use crate::part_decode::{SIGNATURE, THOUGHT};
use crate::{CallIds, FORMAT, media};

/// What the parts of one conversation are written with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartWriter<'a> {
    pub(crate) names: &'a CallNames<'a>,
    pub(crate) call_ids: CallIds,
}

impl PartWriter<'_> {
    /// Writes what the user, the application or a tool says.
    ///
    /// # Errors
    /// `Unsupported` for a part the format cannot carry; `InvalidRequest` for the result of a call
    /// that is not in the conversation and for a picture of unknown type.
    pub(crate) fn said_by_user(&self, part: &Part) -> Result<Vec<Value>, Error> {
        let wire = match &part.kind {
            PartKind::ToolResult(result) => return self.result(part, result),
            PartKind::Reasoning(_) => return Ok(Vec::new()),
            PartKind::Other { format, .. } if *format != FORMAT => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!("gemini.generate_content cannot carry a part that only {format} knows"),
                ));
            }
            _ => self.plain(part)?,
        };
        Ok(wire.into_iter().collect())
    }

    /// Writes what the model said, in order.
    ///
    /// A signature without words goes onto the call behind it, else onto the text before it, else
    /// stands alone: where Google had put it.
    ///
    /// # Errors
    /// `InvalidRequest` for a picture of unknown type.
    pub(crate) fn turn_of_model(&self, parts: &[Part]) -> Result<Vec<Value>, Error> {
        let mut out: Vec<Value> = Vec::new();
        let mut floating: Option<&str> = None;
        for part in parts {
            match &part.kind {
                PartKind::Reasoning(reasoning) => {
                    settle(&mut floating, &mut out);
                    let is_own = part.extra.get(&FORMAT, THOUGHT).is_some();
                    match own_signature(reasoning.signature.as_ref()) {
                        signature if is_own => {
                            out.push(dressed(thought(reasoning, signature), part));
                        }
                        Some(signature) => {
                            if !reasoning.text.is_empty() {
                                out.push(thought(reasoning, None));
                            }
                            floating = Some(signature);
                        }
                        None => {}
                    }
                }
                PartKind::ToolCall(call) => {
                    let mut wire = dressed(self.call(call), part);
                    if let Some(signature) = floating.take() {
                        wire[SIGNATURE] = json!(signature);
                    }
                    out.push(wire);
                }
                _ => {
                    settle(&mut floating, &mut out);
                    out.extend(self.said_by_model(part)?);
                }
            }
        }
        settle(&mut floating, &mut out);
        Ok(out)
    }

    /// Another vendor's pieces are left out; so is a file that only its vendor can open.
    fn said_by_model(&self, part: &Part) -> Result<Option<Value>, Error> {
        match self.plain(part) {
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
            result => result,
        }
    }

    fn plain(&self, part: &Part) -> Result<Option<Value>, Error> {
        let wire = match &part.kind {
            PartKind::Text(text) | PartKind::Refusal(text) if text.is_empty() => None,
            PartKind::Text(text) | PartKind::Refusal(text) => Some(json!({"text": text})),
            PartKind::ToolCall(call) => Some(self.call(call)),
            PartKind::Other { format, value } if *format == FORMAT => {
                return Ok(Some(value.clone()));
            }
            _ => media::encode(part)?,
        };
        Ok(wire.map(|wire| dressed(wire, part)))
    }

    fn call(&self, call: &ToolCall) -> Value {
        let mut wire = json!({"name": call.name, "args": call.arguments_object()});
        if let Some(id) = self.sent_id(&call.id) {
            wire["id"] = json!(id);
        }
        json!({"functionCall": wire})
    }

    fn sent_id<'i>(&self, id: &'i str) -> Option<&'i str> {
        let is_sent = self.call_ids == CallIds::Sent && !id.is_empty() && !call_ids::is_made(id);
        is_sent.then_some(id)
    }

    /// A result, and behind it the pictures and files that its object cannot hold.
    fn result(&self, part: &Part, result: &ToolResult) -> Result<Vec<Value>, Error> {
        let kept = part.extra.get(&FORMAT, "functionResponse");
        let kept_name = || kept?.get("name")?.as_str();
        let name = self.names.get(&result.call_id).or_else(kept_name);
        let name = name.ok_or_else(|| {
            Error::invalid_request(format!(
                "the tool result answers the call `{}`, which is not in the conversation: send \
                 the call before its result",
                result.call_id
            ))
        })?;
        let mut wire = json!({"name": name, "response": response(result)});
        if let Some(id) = self.sent_id(&result.call_id) {
            wire["id"] = json!(id);
        }
        let mut out = vec![dressed(json!({"functionResponse": wire}), part)];
        for inner in &result.content {
            if !matches!(inner.kind, PartKind::Text(_)) {
                out.extend(self.said_by_user(inner)?);
            }
        }
        Ok(out)
    }
}

/// Puts a signature that no call followed onto the text before it, or by itself.
fn settle(floating: &mut Option<&str>, out: &mut Vec<Value>) {
    let Some(signature) = floating.take() else {
        return;
    };
    match out.last_mut() {
        Some(last) if last.get("text").is_some() && last.get(SIGNATURE).is_none() => {
            last[SIGNATURE] = json!(signature);
        }
        _ => out.push(json!({"text": "", SIGNATURE: signature})),
    }
}

fn thought(reasoning: &Reasoning, signature: Option<&str>) -> Value {
    let mut wire = json!({"text": reasoning.text, THOUGHT: true});
    if let Some(signature) = signature {
        wire[SIGNATURE] = json!(signature);
    }
    wire
}

/// The object of a result: what the tool said where that is a JSON object, else its text under
/// `result`; a failure's words stand under `error`, where Google's documentation looks for them.
fn response(result: &ToolResult) -> Value {
    let text = Part::joined_text(&result.content);
    let object = serde_json::from_str(&text).ok().filter(Value::is_object);
    match (object, result.is_error) {
        (Some(object), Some(true)) if object.get("error").is_none() => json!({"error": object}),
        (Some(object), _) => object,
        (None, Some(true)) => json!({"error": text}),
        (None, _) => json!({"result": text}),
    }
}

/// Adds the fields that no type knows: beside the datum, and inside it where they stood there.
fn dressed(mut wire: Value, part: &Part) -> Value {
    let Some(fields) = part.extra.for_format(&FORMAT) else {
        return wire;
    };
    let Value::Object(object) = &mut wire else {
        return wire;
    };
    for (key, inner) in fields {
        if let (Some(Value::Object(datum)), Value::Object(inner)) = (object.get_mut(key), inner) {
            merge_missing(datum, inner);
        }
    }
    merge_extra(object, &part.extra);
    wire
}

fn merge_missing(object: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (key, value) in more {
        object.entry(key.as_str()).or_insert_with(|| value.clone());
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{FormatId, Media, Signature};

    use super::*;
    use crate::part_decode;

    const FOREIGN: FormatId = FormatId::from_static("other.format");

    fn written(parts: &[Part]) -> Vec<Value> {
        let writer = PartWriter {
            names: &CallNames::default(),
            call_ids: CallIds::Sent,
        };
        writer.turn_of_model(parts).expect("encodable")
    }

    #[track_caller]
    fn round_trip(wire: &[Value]) {
        let parts: Vec<Part> = wire
            .iter()
            .flat_map(|part| part_decode::parts(part, None).expect("a good part"))
            .collect();
        assert_eq!(written(&parts), wire);
    }

    #[test]
    fn signatures_return_to_where_google_had_put_them() {
        let call = |sig: Option<&str>| {
            let mut part = json!({"functionCall": {"name": "f", "args": {}}});
            if let Some(sig) = sig {
                part[SIGNATURE] = json!(sig);
            }
            part
        };
        round_trip(&[
            json!({"text": "hm", "thought": true}),
            call(Some("a")),
            call(None),
        ]);
        round_trip(&[
            json!({"text": "hi", "thoughtSignature": "a"}),
            call(Some("b")),
        ]);
        round_trip(&[
            json!({"text": "hi", "thoughtSignature": "a"}),
            json!({"text": "you"}),
        ]);
        round_trip(&[json!({"text": "", "thoughtSignature": "a"})]);
        round_trip(&[
            json!({"text": "hm", "thought": true, "thoughtSignature": "a"}),
            call(None),
        ]);
    }

    #[test]
    fn thoughts_that_were_streamed_give_their_signature_to_the_call() {
        let thought = Reasoning::new("hm").with_signature(Signature::new(FORMAT, "a"));
        let call = ToolCall::new("gcall_x_0", "f", "{}");
        assert_eq!(
            written(&[Part::reasoning(thought), Part::tool_call(call)]),
            [
                json!({"text": "hm", "thought": true}),
                json!({"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "a"}),
            ]
        );
    }

    #[test]
    fn foreign_thinking_and_foreign_pieces_stay_behind() {
        let signed = Reasoning::new("hm").with_signature(Signature::new(FOREIGN, "a"));
        let parts = [
            Part::reasoning(signed),
            Part::reasoning(Reasoning::new("hm")),
            Part::other(FOREIGN, json!({})),
            Part::text("hi"),
        ];
        assert_eq!(written(&parts), [json!({"text": "hi"})]);
    }

    #[track_caller]
    fn check_result(part: &Part, expected: &[Value]) {
        let call = [interline_core::Message::new(
            interline_core::Role::Assistant,
            [Part::tool_call(ToolCall::new("i", "f", "{}"))],
        )];
        let writer = PartWriter {
            names: &CallNames::of(&call),
            call_ids: CallIds::Sent,
        };
        assert_eq!(writer.said_by_user(part).expect("encodable"), expected);
    }

    #[test]
    fn results_are_objects_under_the_name_of_their_call() {
        let wire = |response: Value| {
            [json!({"functionResponse": {"id": "i", "name": "f", "response": response}})]
        };
        let result = |text: &str| Part::tool_result("i", [Part::text(text)]);
        check_result(&result("12"), &wire(json!({"result": "12"})));
        check_result(&result(r#"{"a":1}"#), &wire(json!({"a": 1})));
        let failed = |text: &str| result(text).with_tool_error(Some(true));
        check_result(&failed("no"), &wire(json!({"error": "no"})));
        check_result(&failed(r#"{"error":1}"#), &wire(json!({"error": 1})));
        check_result(&failed(r#"{"a":1}"#), &wire(json!({"error": {"a": 1}})));
        let picture = Part::image(Media::inline("image/png", "AAAA"));
        check_result(
            &Part::tool_result("i", [Part::text("see"), picture]),
            &[
                wire(json!({"result": "see"}))[0].clone(),
                json!({"inlineData": {"mimeType": "image/png", "data": "AAAA"}}),
            ],
        );
    }

    #[test]
    fn ids_go_out_only_where_somebody_gave_them_and_the_vendor_takes_them() {
        let sent = |id: &str, call_ids: CallIds| {
            let writer = PartWriter {
                names: &CallNames::default(),
                call_ids,
            };
            let call = Part::tool_call(ToolCall::new(id, "f", "{}"));
            let wire = writer.turn_of_model(&[call]).expect("encodable");
            wire[0]["functionCall"].get("id").cloned()
        };
        assert_eq!(sent("x8i00o1q", CallIds::Sent), Some(json!("x8i00o1q")));
        assert_eq!(sent("x8i00o1q", CallIds::LeftOut), None);
        assert_eq!(sent("gcall_r_0", CallIds::Sent), None);
        assert_eq!(sent("", CallIds::Sent), None);
    }

    #[test]
    fn arguments_are_always_an_object() {
        let args = |text: &str| {
            let call = Part::tool_call(ToolCall::new("", "f", text));
            written(&[call])[0]["functionCall"]["args"].clone()
        };
        assert_eq!(args(""), json!({}));
        assert_eq!(args("[1]"), json!({"invalid_arguments": "[1]"}));
    }
}
