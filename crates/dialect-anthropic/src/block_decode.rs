//! Content blocks to core's parts.
//!
//! Blocks of the vendor's own tools (`server_tool_use`, `web_search_tool_result`, MCP, compaction …)
//! and every block this code has never heard of become [`interline_core::PartKind::Other`], whole:
//! they are never mistaken for tool calls that the caller should run.
//! Fields no type knows, such as `citations`, become the part's extra.

use interline_core::{CacheControl, Extra, Media, Part, PartKind, Reasoning, ToolCall};
use serde_json::{Map, Value};

use crate::{FORMAT, media, sealed};
use interline_transport::json::{Fields, Flaw};

/// Reads `content`: text, or an array of blocks.
pub(crate) fn content(value: &Value) -> Result<Vec<Part>, Flaw> {
    match value {
        Value::String(text) => Ok(vec![Part::text(text)]),
        Value::Array(blocks) => blocks
            .iter()
            .enumerate()
            .map(|(index, block)| part(block).map_err(|flaw| flaw.within(index)))
            .collect(),
        _ => Err(Flaw::new("must be text or an array of blocks")),
    }
}

/// Reads one content block.
pub(crate) fn part(block: &Value) -> Result<Part, Flaw> {
    let fields = Fields::of(block)?;
    let (kind, known): (PartKind, &[&str]) = match fields.required_str("type")? {
        "text" => (
            PartKind::Text(fields.required_str("text")?.to_owned()),
            &["type", "text"],
        ),
        "image" => match source(fields)? {
            Some(media) => (PartKind::Image(media), &["type", "source"]),
            None => return Ok(whole(block)),
        },
        "document" => match source(fields)? {
            Some(mut media) => {
                media.name = fields.str("title")?.map(str::to_owned);
                (PartKind::File(media), &["type", "source", "title"])
            }
            None => return Ok(whole(block)),
        },
        "tool_use" => (
            PartKind::ToolCall(tool_call(fields)?),
            &["type", "id", "name", "input"],
        ),
        "tool_result" => (
            tool_result(fields)?,
            &["type", "tool_use_id", "content", "is_error"],
        ),
        "thinking" => (
            PartKind::Reasoning(thinking(fields)?),
            &["type", "thinking", "signature"],
        ),
        "redacted_thinking" => (
            PartKind::Reasoning(Reasoning::redacted(sealed::open(
                fields.required_str("data")?,
            ))),
            &["type", "data"],
        ),
        _ => return Ok(whole(block)),
    };
    let (cache_control, mut rest) = cache_control(fields, fields.rest(known))?;
    // An echoed answer holds `citations: null`; it says nothing.
    rest.retain(|_, value| !value.is_null());
    Ok(Part::new(kind)
        .with_cache_control(cache_control)
        .with_extra(Extra::new(FORMAT, rest)))
}

/// Takes a cache mark out of the unknown fields; one with more than a lifetime stays among them whole.
pub(crate) fn cache_control(
    fields: Fields<'_>,
    mut rest: Map<String, Value>,
) -> Result<(Option<CacheControl>, Map<String, Value>), Flaw> {
    let Some(mark) = fields.object("cache_control")? else {
        return Ok((None, rest));
    };
    let ttl = mark
        .str("ttl")
        .map_err(|flaw| flaw.within("cache_control"))?;
    if mark.get("type").and_then(Value::as_str) == Some("ephemeral")
        && mark.rest(&["type", "ttl"]).is_empty()
    {
        rest.remove("cache_control");
    }
    let mark = CacheControl::ephemeral();
    let mark = match ttl {
        Some(ttl) => mark.with_ttl(ttl),
        None => mark,
    };
    Ok((Some(mark), rest))
}

fn whole(block: &Value) -> Part {
    Part::other(FORMAT, block.clone())
}

fn source(fields: Fields<'_>) -> Result<Option<Media>, Flaw> {
    let source = fields
        .object("source")?
        .ok_or_else(|| Flaw::missing("source"))?;
    media::decode(source).map_err(|flaw| flaw.within("source"))
}

fn tool_call(fields: Fields<'_>) -> Result<ToolCall, Flaw> {
    let arguments = match fields.get("input") {
        None => "{}".to_owned(),
        Some(input) => input.to_string(),
    };
    Ok(ToolCall::new(
        fields.required_str("id")?,
        fields.required_str("name")?,
        arguments,
    ))
}

fn tool_result(fields: Fields<'_>) -> Result<PartKind, Flaw> {
    let content = match fields.get("content") {
        None => Vec::new(),
        Some(value) => content(value).map_err(|flaw| flaw.within("content"))?,
    };
    let part = Part::tool_result(fields.required_str("tool_use_id")?, content)
        .with_tool_error(fields.bool("is_error")?);
    Ok(part.kind)
}

fn thinking(fields: Fields<'_>) -> Result<Reasoning, Flaw> {
    let reasoning = Reasoning::new(fields.required_str("thinking")?);
    Ok(match fields.str("signature")? {
        // Gateways blank the signature of thinking that another vendor did.
        None | Some("") => reasoning,
        Some(signature) => reasoning.with_signature(sealed::open(signature)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_server_tool_is_never_the_callers_to_run() {
        for name in ["server_tool_use", "mcp_tool_use", "something_new"] {
            let block = json!({"type": name, "id": "x", "name": "n", "input": {}});
            let part = part(&block).expect("any block");
            assert_eq!(part, Part::other(FORMAT, block));
        }
    }

    #[test]
    fn citations_and_unknown_fields_are_kept() {
        let block = json!({"type": "text", "text": "a", "citations": [{"x": 1}], "y": null});
        let part = part(&block).expect("text");
        assert_eq!(
            part.extra.get(&FORMAT, "citations"),
            Some(&json!([{"x": 1}]))
        );
        assert_eq!(part.extra.get(&FORMAT, "y"), None);
    }

    #[test]
    fn a_cache_mark_keeps_its_lifetime_and_a_richer_one_stays_whole() {
        let read = |mark: Value| {
            part(&json!({"type": "text", "text": "a", "cache_control": mark})).expect("text")
        };
        let plain = read(json!({"type": "ephemeral", "ttl": "1h"}));
        assert_eq!(
            plain.cache_control,
            Some(CacheControl::ephemeral().with_ttl("1h"))
        );
        assert!(plain.extra.is_empty());
        let rich = read(json!({"type": "ephemeral", "scope": "global"}));
        assert!(rich.extra.get(&FORMAT, "cache_control").is_some());
    }

    #[test]
    fn a_flaw_deep_inside_names_its_way() {
        let value =
            json!([{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text"}]}]);
        let flaw = content(&value).expect_err("no text");
        assert_eq!(
            flaw,
            Flaw::missing("text").within(0).within("content").within(0)
        );
    }
}
