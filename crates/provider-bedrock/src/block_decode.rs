//! Wire blocks to core's parts.
//!
//! - `cachePoint` marks the part before it; one without a part before it stays whole.
//! - Text that Bedrock wraps (`guardContent`, `citationsContent`) is text to core; the wrapping is kept
//!   in the part's extra and put back while it still says the same.
//! - Blocks of tools that the vendor runs itself, and every block this code has never heard of, become
//!   [`PartKind::Other`], whole: they are never mistaken for calls that the caller should run.
//! - Thinking without a signature keeps a mark that tells it from another vendor's.

use interline_core::{CacheControl, Part, PartKind, Reasoning, Signature, ToolCall, ToolResult};
use serde_json::{Value, json};

use crate::media::{self, MediaKind};
use crate::{FORMAT, format};
use interline_transport::json::{Fields, Flaw};

/// The keys of wrapped text, on the wire and in the extra of its part.
pub(crate) const GUARDED: &str = "guardContent";
pub(crate) const CITED: &str = "citationsContent";
/// The key of thinking, on the wire and in the extra of unsigned thinking.
pub(crate) const REASONING: &str = "reasoningContent";
/// The key of a tool's result that is JSON, on the wire and in the extra of its part.
pub(crate) const JSON: &str = "json";
/// The key of cache points.
pub(crate) const CACHE_POINT: &str = "cachePoint";

/// Reads a list of blocks. `arguments` gives the text of the `input` of the block at a place as the
/// vendor wrote it, where that is known.
pub(crate) fn parts<'a>(
    blocks: &[Value],
    arguments: impl Fn(usize) -> Option<&'a str>,
) -> Result<Vec<Part>, Flaw> {
    let mut parts: Vec<Part> = Vec::with_capacity(blocks.len());
    for (index, block) in blocks.iter().enumerate() {
        if let Some(mark) = cache_mark(block)
            && let Some(last) = parts.last_mut().filter(|last| last.cache_control.is_none())
        {
            last.cache_control = Some(mark);
            continue;
        }
        parts.push(part(block, arguments(index)).map_err(|flaw| flaw.within(index))?);
    }
    Ok(parts)
}

/// The mark that a block is, where it is a `cachePoint` of the known kind.
pub(crate) fn cache_mark(block: &Value) -> Option<CacheControl> {
    let point = Fields::of(block.get(CACHE_POINT)?).ok()?;
    let is_known = point.rest(&["type", "ttl"]).is_empty();
    let of_kind = point.str("type").ok()? == Some("default");
    let ttl = point.str("ttl").ok()?.map(str::to_owned);
    let mut mark = CacheControl::ephemeral();
    mark.ttl = ttl;
    (is_known && of_kind).then_some(mark)
}

/// Reads one block.
fn part(block: &Value, arguments: Option<&str>) -> Result<Part, Flaw> {
    let fields = Fields::of(block)?;
    let Some(key) = fields.only_key() else {
        return Ok(whole(block));
    };
    let read = match key {
        "text" => return Ok(Part::text(fields.required_str(key)?)),
        GUARDED => guarded(fields.required_object(key)?),
        CITED => cited(fields.required_object(key)?),
        REASONING => reasoning(fields.required_object(key)?),
        "toolUse" => tool_use(fields.required_object(key)?, arguments),
        "toolResult" => tool_result(fields.required_object(key)?),
        _ => match MediaKind::of_key(key) {
            Some(kind) => media::decode(kind, fields.required_object(key)?),
            None => Ok(None),
        },
    };
    let read = read.map_err(|flaw| flaw.within(key))?;
    Ok(read.unwrap_or_else(|| whole(block)))
}

fn whole(block: &Value) -> Part {
    Part::other(FORMAT, block.clone())
}

fn guarded(content: Fields<'_>) -> Result<Option<Part>, Flaw> {
    let Some(text) = content.object("text")? else {
        return Ok(None);
    };
    let said = text
        .required_str("text")
        .map_err(|flaw| flaw.within("text"))?;
    let wrapping = Value::Object(content.rest(&[]));
    Ok(Some(
        Part::text(said).with_extra(format::mark(GUARDED, wrapping)),
    ))
}

/// The text that a block of citations holds.
pub(crate) fn cited_text(content: Fields<'_>) -> Result<String, Flaw> {
    let texts = content.list("content")?.iter();
    Ok(texts
        .filter_map(|piece| piece.get("text").and_then(Value::as_str))
        .collect())
}

fn cited(content: Fields<'_>) -> Result<Option<Part>, Flaw> {
    let wrapping = Value::Object(content.rest(&[]));
    let part = Part::text(cited_text(content)?);
    Ok(Some(part.with_extra(format::mark(CITED, wrapping))))
}

fn reasoning(content: Fields<'_>) -> Result<Option<Part>, Flaw> {
    if let Some(hidden) = content.str("redactedContent")? {
        let signature = Signature::new(FORMAT, hidden);
        return Ok(Some(Part::reasoning(Reasoning::redacted(signature))));
    }
    let Some(said) = content.object("reasoningText")? else {
        return Ok(None);
    };
    let read = |key| said.str(key).map_err(|flaw| flaw.within("reasoningText"));
    let mut reasoning = Reasoning::new(read("text")?.unwrap_or_default());
    Ok(Some(match read("signature")? {
        Some(signature) => {
            reasoning.signature = Some(Signature::new(FORMAT, signature));
            Part::reasoning(reasoning)
        }
        None => Part::reasoning(reasoning).with_extra(format::mark(REASONING, json!({}))),
    }))
}

/// Whether the vendor runs the tool itself.
pub(crate) fn is_own_tool(call: Fields<'_>) -> bool {
    call.get("type").and_then(Value::as_str) == Some("server_tool_use")
}

fn tool_use(call: Fields<'_>, arguments: Option<&str>) -> Result<Option<Part>, Flaw> {
    if is_own_tool(call) {
        return Ok(None);
    }
    let arguments = match (arguments, call.get("input")) {
        (_, None) => "{}".to_owned(),
        (Some(text), Some(_)) => text.to_owned(),
        (None, Some(input)) => input.to_string(),
    };
    let (id, name) = (call.required_str("toolUseId")?, call.required_str("name")?);
    let part = Part::tool_call(ToolCall::new(id, name, arguments));
    Ok(Some(keep(
        part,
        "toolUse",
        call,
        &["toolUseId", "name", "input"],
    )))
}

fn tool_result(result: Fields<'_>) -> Result<Option<Part>, Flaw> {
    // Only results of the vendor's own tools name a type.
    if result.get("type").is_some() {
        return Ok(None);
    }
    let mut content = Vec::new();
    for (index, block) in result.list("content")?.iter().enumerate() {
        let read = result_content(block);
        content.push(read.map_err(|flaw| flaw.within(index).within("content"))?);
    }
    let id = result.required_str("toolUseId")?;
    let (is_error, known) = match result.str("status")? {
        Some("success") => (Some(false), true),
        Some("error") => (Some(true), true),
        None => (None, true),
        Some(_) => (None, false),
    };
    let known: &[&str] = if known {
        &["toolUseId", "content", "status"]
    } else {
        &["toolUseId", "content"]
    };
    let part = Part::tool_result(id, content).with_tool_error(is_error);
    Ok(Some(keep(part, "toolResult", result, known)))
}

fn result_content(block: &Value) -> Result<Part, Flaw> {
    match Fields::of(block)?.only_key() {
        Some(JSON) => {
            let text = block.get(JSON).map(Value::to_string).unwrap_or_default();
            Ok(Part::text(text).with_extra(format::mark(JSON, json!(true))))
        }
        Some("text" | "image" | "document" | "video") => part(block, None),
        _ => Ok(whole(block)),
    }
}

/// Keeps the fields no type knows, under the block's own key.
fn keep(part: Part, key: &str, fields: Fields<'_>, known: &[&str]) -> Part {
    let rest = fields.rest(known);
    if rest.is_empty() {
        return part;
    }
    part.with_extra(format::mark(key, Value::Object(rest)))
}

/// Whether a part is a tool's result, of the caller's tools or the vendor's.
pub(crate) fn is_result(part: &Part) -> bool {
    matches!(part.kind, PartKind::ToolResult(ToolResult { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(blocks: &Value, expected: &[Part]) {
        let blocks = blocks.as_array().expect("a list");
        assert_eq!(parts(blocks, |_| None).expect("good blocks"), expected);
    }

    #[test]
    fn cache_points_mark_what_stands_before_them() {
        check(
            &json!([{"text": "a"}, {"cachePoint": {"type": "default", "ttl": "1h"}}, {"text": "b"}]),
            &[
                Part::text("a").with_cache_control(CacheControl::ephemeral().with_ttl("1h")),
                Part::text("b"),
            ],
        );
        let alone = json!({"cachePoint": {"type": "default"}});
        check(&json!([alone]), &[Part::other(FORMAT, alone.clone())]);
        let other = json!({"cachePoint": {"type": "new"}});
        check(
            &json!([{"text": "a"}, other]),
            &[Part::text("a"), Part::other(FORMAT, other.clone())],
        );
    }

    #[test]
    fn wrapped_text_is_text_with_its_wrapping_kept() {
        let cited =
            json!({"content": [{"text": "a"}, {"text": "b"}], "citations": [{"title": "t"}]});
        check(
            &json!([{"citationsContent": cited}]),
            &[Part::text("ab").with_extra(format::mark(CITED, cited.clone()))],
        );
        let guarded = json!({"text": {"text": "q", "qualifiers": ["query"]}});
        check(
            &json!([{"guardContent": guarded}]),
            &[Part::text("q").with_extra(format::mark(GUARDED, guarded.clone()))],
        );
    }

    #[test]
    fn the_vendors_own_tools_are_never_the_callers_to_run() {
        for block in [
            json!({"toolUse": {"toolUseId": "i", "name": "n", "input": {}, "type": "server_tool_use"}}),
            json!({"toolResult": {"toolUseId": "i", "content": [], "type": "n_result"}}),
            json!({"somethingNew": 1}),
            json!({"text": "a", "more": 1}),
            json!({}),
        ] {
            check(&json!([block]), &[Part::other(FORMAT, block.clone())]);
        }
    }

    #[test]
    fn thinking_is_signed_hidden_or_marked_as_bedrocks() {
        check(
            &json!([
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
                {"reasoningContent": {"redactedContent": "x"}},
                {"reasoningContent": {"reasoningText": {"text": "hm"}}},
            ]),
            &[
                Part::reasoning(Reasoning::new("hm").with_signature(Signature::new(FORMAT, "s"))),
                Part::reasoning(Reasoning::redacted(Signature::new(FORMAT, "x"))),
                Part::reasoning(Reasoning::new("hm"))
                    .with_extra(format::mark(REASONING, json!({}))),
            ],
        );
    }

    #[test]
    fn a_flaw_names_its_way() {
        let blocks = [json!({"toolUse": {"toolUseId": "i"}})];
        let wanted = Flaw::missing("name").within("toolUse").within(0);
        assert_eq!(parts(&blocks, |_| None).expect_err("no name"), wanted);
    }
}
