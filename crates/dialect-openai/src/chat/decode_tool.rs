//! Reads tools, the choice among them, and the shape of the answer, the older spellings included.

use interline_core::{FunctionTool, JsonSchemaFormat, ResponseFormat, Result, Tool, ToolChoice};
use serde_json::{Value, json};

use super::FORMAT;
use super::fields::{Fields, invalid};

/// Takes `tools`, or the older `functions`.
pub(crate) fn take_tools(fields: &mut Fields) -> Result<Vec<Tool>> {
    let mut tools = Vec::new();
    for (position, tool) in fields
        .array("tools")?
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        tools.push(decode_tool(tool, format!("tools[{position}]"))?);
    }
    let functions = fields.array("functions")?.unwrap_or_default();
    for (position, function) in functions.into_iter().enumerate() {
        let function = Fields::of(function, format!("functions[{position}]"))?;
        let (tool, _) = decode_function(function)?;
        tools.push(tool.into());
    }
    Ok(tools)
}

fn decode_tool(tool: Value, path: String) -> Result<Tool> {
    let mut fields = Fields::of(tool, path)?;
    let word = fields.peek("type").and_then(Value::as_str);
    // Some vendors' own clients leave the type of functions out.
    let untyped = fields.peek("type").is_none() && fields.peek("function").is_some();
    if word != Some("function") && !untyped {
        let word = fields.required_string("type")?;
        fields.keep("type", word.into());
        return Ok(Tool::Provider {
            format: FORMAT,
            value: Value::Object(fields.into_map()),
        });
    }
    fields.take("type");
    let function = fields.object("function")?.ok_or_else(|| {
        invalid(
            &fields.path_of("function"),
            "is required and must be an object",
        )
    })?;
    let (mut tool, rest) = decode_function(function)?;
    tool.cache_control = fields.cache_control()?;
    fields.keep_rest("function", rest);
    tool.extra = fields.into_extra();
    Ok(tool.into())
}

/// The function, and what is unknown about it.
fn decode_function(mut fields: Fields) -> Result<(FunctionTool, Fields)> {
    let name = fields.required_string("name")?;
    let mut tool = FunctionTool::new(name, Value::Null);
    tool.description = fields.string("description")?;
    tool.parameters = fields.take("parameters");
    tool.strict = fields.flag("strict")?;
    Ok((tool, fields))
}

/// Takes `tool_choice`, or the older `function_call`.
pub(crate) fn take_tool_choice(fields: &mut Fields) -> Result<Option<ToolChoice>> {
    let (choice, name) = match (fields.take("tool_choice"), fields.take("function_call")) {
        (Some(choice), _) => {
            let name = choice.pointer("/function/name");
            let name = name.and_then(Value::as_str).map(str::to_owned);
            (choice, name)
        }
        (None, Some(call)) => {
            let name = call.get("name").and_then(Value::as_str).map(str::to_owned);
            (call, name)
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(match (choice.as_str(), name) {
        (Some("auto"), _) => ToolChoice::Auto,
        (Some("none"), _) => ToolChoice::None,
        (Some("required"), _) => ToolChoice::Required,
        (None, Some(name)) => ToolChoice::Function(name),
        _ if choice.is_string() || choice.is_object() => ToolChoice::Other {
            format: FORMAT,
            value: choice,
        },
        _ => {
            return Err(invalid("tool_choice", "must be a string or an object"));
        }
    }))
}

/// Takes `response_format`; a shape that no type knows stays unread.
pub(crate) fn take_response_format(fields: &mut Fields) -> Result<Option<ResponseFormat>> {
    let Some(mut format) = fields.object("response_format")? else {
        return Ok(None);
    };
    let word = format.required_string("type")?;
    match word.as_str() {
        "text" => Ok(Some(ResponseFormat::Text)),
        "json_object" if format.peek("schema").is_none() => Ok(Some(ResponseFormat::JsonObject)),
        "json_schema" if format.peek("json_schema").is_some() => {
            let inner = format
                .object("json_schema")?
                .ok_or_else(|| invalid("response_format.json_schema", "is required"))?;
            decode_schema(inner).map(Some)
        }
        // Some servers take the schema right here, for either word.
        "json_object" | "json_schema" => decode_schema(format).map(Some),
        _ => {
            format.keep("type", json!(word));
            fields.keep_rest("response_format", format);
            Ok(None)
        }
    }
}

fn decode_schema(mut fields: Fields) -> Result<ResponseFormat> {
    let schema = fields
        .take("schema")
        .ok_or_else(|| invalid(&fields.path_of("schema"), "is required"))?;
    let mut format = JsonSchemaFormat::new(schema)
        .with_description(fields.string("description")?)
        .with_strict(fields.flag("strict")?);
    format.name = fields.string("name")?;
    Ok(ResponseFormat::JsonSchema(format))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(value: Value) -> Fields {
        Fields::of(value, "").expect("an object")
    }

    #[test]
    fn functions_of_both_ages_are_the_same_tool() {
        let function = json!({"name": "f", "parameters": {"type": "object"}});
        let new = take_tools(&mut fields(
            json!({"tools": [{"type": "function", "function": function}]}),
        ));
        let old = take_tools(&mut fields(json!({"functions": [function]})));
        let untyped = take_tools(&mut fields(json!({"tools": [{"function": function}]})));
        let new = new.expect("new");
        assert_eq!(new, old.expect("old"));
        assert_eq!(new, untyped.expect("untyped"));
    }

    #[test]
    fn tools_of_the_vendor_stay_whole() {
        let search = json!({"type": "web_search", "depth": 2});
        let tools = take_tools(&mut fields(json!({"tools": [search]}))).expect("tools");
        assert_eq!(
            tools,
            [Tool::Provider {
                format: FORMAT,
                value: search
            }]
        );
    }

    #[test]
    fn choices_are_read_and_unknown_ones_kept() {
        let choice = |value: Value| {
            take_tool_choice(&mut fields(json!({"tool_choice": value}))).expect("a choice")
        };
        assert_eq!(choice(json!("required")), Some(ToolChoice::Required));
        assert_eq!(
            choice(json!({"type": "function", "function": {"name": "f"}})),
            Some(ToolChoice::Function("f".into()))
        );
        assert_eq!(
            choice(json!("any")),
            Some(ToolChoice::Other {
                format: FORMAT,
                value: json!("any")
            })
        );
    }

    #[test]
    fn shapes_are_read_in_every_spelling_and_unknown_ones_kept() {
        let schema = json!({"type": "object"});
        let read = |value: Value| {
            let mut fields = fields(json!({"response_format": value}));
            let format = take_response_format(&mut fields).expect("a shape");
            (format, fields.into_extra())
        };
        let expected = Some(ResponseFormat::JsonSchema(JsonSchemaFormat::new(
            schema.clone(),
        )));
        let nested = json!({"type": "json_schema", "json_schema": {"schema": schema}});
        assert_eq!(read(nested).0, expected);
        assert_eq!(
            read(json!({"type": "json_object", "schema": schema})).0,
            expected
        );
        let grammar = json!({"type": "grammar", "rule": "x"});
        let (format, extra) = read(grammar.clone());
        assert_eq!(format, None);
        assert_eq!(extra.get(&FORMAT, "response_format"), Some(&grammar));
    }
}
