//! Tool declarations and the choice among them, both ways.
//!
//! A declaration with a `type` other than `custom` is a tool that the vendor runs or defines itself;
//! it stays whole and goes nowhere but to vendors of this format.

use interline_core::{Error, ErrorKind, FunctionTool, Tool, ToolChoice};
use serde_json::{Map, Value, json};

use crate::{FORMAT, block_decode, block_encode, format, schema};
use interline_transport::json::{Fields, Flaw};

/// Reads one declaration.
pub(crate) fn decode(value: &Value) -> Result<Tool, Flaw> {
    let fields = Fields::of(value)?;
    if fields.str("type")?.is_some_and(|kind| kind != "custom") {
        return Ok(Tool::Provider {
            format: FORMAT,
            value: value.clone(),
        });
    }
    let parameters = match fields.get("input_schema") {
        None => return Err(Flaw::missing("input_schema")),
        Some(schema @ Value::Object(_)) => schema.clone(),
        Some(_) => return Err(Flaw::new("must be an object").within("input_schema")),
    };
    let mut tool = FunctionTool::new(fields.required_str("name")?, parameters);
    tool.description = fields.str("description")?.map(str::to_owned);
    tool.strict = fields.bool("strict")?;
    let rest = fields.rest(&["name", "description", "input_schema", "strict"]);
    let (cache_control, rest) = block_decode::cache_control(fields, rest)?;
    tool.cache_control = cache_control;
    tool.extra = format::extra(rest);
    Ok(Tool::Function(tool))
}

/// Writes one declaration.
///
/// # Errors
/// `Unsupported` for another vendor's own tool.
pub(crate) fn encode(tool: &Tool) -> Result<Value, Error> {
    match tool {
        Tool::Function(function) => Ok(function_tool(function)),
        Tool::Provider { format, value } if *format == FORMAT => Ok(value.clone()),
        Tool::Provider { format, .. } => Err(Error::new(
            ErrorKind::Unsupported,
            format!("anthropic.messages cannot carry a tool that only {format} knows"),
        )
        .with_param("tools")),
        _ => Err(Error::new(
            ErrorKind::Unsupported,
            "anthropic.messages cannot carry this kind of tool",
        )
        .with_param("tools")),
    }
}

fn function_tool(tool: &FunctionTool) -> Value {
    let mut parameters = match &tool.parameters {
        Some(Value::Object(schema)) => schema.clone(),
        _ => Map::new(),
    };
    // The root must be an object, and must say so.
    parameters.entry("type").or_insert_with(|| json!("object"));
    let mut parameters = Value::Object(parameters);
    if tool.strict == Some(true) {
        parameters = schema::accepted(&parameters);
    }
    let mut wire = Map::new();
    wire.insert("name".into(), json!(tool.name));
    if let Some(description) = &tool.description {
        wire.insert("description".into(), json!(description));
    }
    wire.insert("input_schema".into(), parameters);
    if let Some(strict) = tool.strict {
        wire.insert("strict".into(), json!(strict));
    }
    format::merge_extra(&mut wire, &tool.extra);
    block_encode::insert_cache_control(&mut wire, tool.cache_control.as_ref());
    Value::Object(wire)
}

/// Reads `tool_choice`: the rule, and whether several tools may be asked for at once.
pub(crate) fn decode_choice(value: &Value) -> Result<(ToolChoice, Option<bool>), Flaw> {
    let fields = Fields::of(value)?;
    let choice = match fields.required_str("type")? {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Function(fields.required_str("name")?.to_owned()),
        _ => ToolChoice::Other {
            format: FORMAT,
            value: value.clone(),
        },
    };
    let parallel = fields
        .bool("disable_parallel_tool_use")?
        .map(|disabled| !disabled);
    Ok((choice, parallel))
}

/// Writes `tool_choice`; `None` where there is nothing to say.
///
/// Without tools, `auto` and `none` say nothing and Anthropic refuses them.
///
/// # Errors
/// `Unsupported` for a rule that only another vendor knows.
pub(crate) fn encode_choice(
    choice: Option<&ToolChoice>,
    parallel: Option<bool>,
    tools: &[Tool],
) -> Result<Option<Value>, Error> {
    let choice = match choice {
        Some(choice) => choice,
        None if parallel.is_some() => &ToolChoice::Auto,
        None => return Ok(None),
    };
    let mut wire = match choice {
        ToolChoice::Auto | ToolChoice::None if tools.is_empty() => return Ok(None),
        ToolChoice::Auto => json!({"type": "auto"}),
        // `none` takes no second field.
        ToolChoice::None => return Ok(Some(json!({"type": "none"}))),
        ToolChoice::Required => json!({"type": "any"}),
        ToolChoice::Function(name) => json!({"type": "tool", "name": name}),
        ToolChoice::Other { format, value } if *format == FORMAT => {
            return Ok(Some(value.clone()));
        }
        _ => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "anthropic.messages cannot carry this tool choice",
            )
            .with_param("tool_choice"));
        }
    };
    if let Some(parallel) = parallel {
        wire["disable_parallel_tool_use"] = json!(!parallel);
    }
    Ok(Some(wire))
}

/// Whether the choice leaves the model no way but a tool.
pub(crate) fn forces_tool(choice: Option<&ToolChoice>) -> bool {
    matches!(choice, Some(ToolChoice::Required | ToolChoice::Function(_)))
}

#[cfg(test)]
mod tests {
    use interline_core::FormatId;

    use super::*;

    #[track_caller]
    fn round_trip(value: &Value) {
        let tool = decode(value).expect("a good tool");
        assert_eq!(&encode(&tool).expect("encodable"), value);
    }

    #[test]
    fn declarations_survive_with_fields_no_type_knows() {
        round_trip(
            &json!({"name": "add", "description": "Adds.", "strict": false,
            "input_schema": {"type": "object", "minProperties": 1}, "defer_loading": true,
            "cache_control": {"type": "ephemeral", "ttl": "1h"}}),
        );
        round_trip(&json!({"type": "custom", "name": "n", "input_schema": {"type": "object"}}));
        round_trip(&json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 3}));
    }

    #[test]
    fn a_tool_without_a_schema_takes_an_empty_object() {
        let mut tool = FunctionTool::new("now", Value::Null);
        tool.parameters = None;
        let wire = encode(&tool.into()).expect("encodable");
        assert_eq!(wire["input_schema"], json!({"type": "object"}));
    }

    #[test]
    fn another_vendors_tool_is_unsupported() {
        let tool = Tool::Provider {
            format: FormatId::from_static("other.format"),
            value: json!({}),
        };
        let error = encode(&tool).expect_err("foreign");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn every_choice_survives() {
        let tools = [FunctionTool::new("add", json!({})).into()];
        for wire in [
            json!({"type": "auto"}),
            json!({"type": "any", "disable_parallel_tool_use": true}),
            json!({"type": "none"}),
            json!({"type": "tool", "name": "add", "disable_parallel_tool_use": false}),
        ] {
            let (choice, parallel) = decode_choice(&wire).expect("a good choice");
            let back = encode_choice(Some(&choice), parallel, &tools).expect("encodable");
            assert_eq!(back, Some(wire));
        }
    }

    #[test]
    fn switching_parallel_calls_off_needs_no_choice() {
        let tools = [FunctionTool::new("add", json!({})).into()];
        let wire = encode_choice(None, Some(false), &tools).expect("encodable");
        assert_eq!(
            wire,
            Some(json!({"type": "auto", "disable_parallel_tool_use": true}))
        );
        assert_eq!(
            encode_choice(None, Some(false), &[]).expect("encodable"),
            None
        );
    }
}
