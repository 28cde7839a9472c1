//! Reads tools, the choice among them, and the shape of the answer.

use interline_core::{
    Extra, FunctionTool, JsonSchemaFormat, ResponseFormat, Result, Tool, ToolChoice,
};
use serde_json::Value;

use super::{FORMAT, custom_tool};
use crate::chat::fields::{Fields, invalid};

/// Takes `tools`.
pub(crate) fn take_tools(fields: &mut Fields) -> Result<Vec<Tool>> {
    let tools = fields.array("tools")?.unwrap_or_default();
    tools
        .into_iter()
        .enumerate()
        .map(|(position, tool)| decode_tool(Fields::of(tool, format!("tools[{position}]"))?))
        .collect()
}

fn decode_tool(mut fields: Fields) -> Result<Tool> {
    let word = fields.required_string("type")?;
    fields.keep("type", word.as_str().into());
    match word.as_str() {
        "function" => {
            let mut tool = FunctionTool::new(fields.required_string("name")?, Value::Null);
            tool.description = fields.string("description")?;
            tool.parameters = fields.take("parameters");
            tool.strict = fields.flag("strict")?;
            tool.extra = Extra::new(FORMAT, fields.into_map());
            Ok(tool.into())
        }
        custom_tool::TOOL => custom_tool::decode_tool(fields),
        // Web search, local shell and the like: the vendor's model was made for them.
        _ => Ok(Tool::Provider {
            format: FORMAT,
            value: Value::Object(fields.into_map()),
        }),
    }
}

/// Takes `tool_choice`.
pub(crate) fn take_tool_choice(fields: &mut Fields) -> Result<Option<ToolChoice>> {
    let Some(choice) = fields.take("tool_choice") else {
        return Ok(None);
    };
    let text = |key: &str| choice.get(key).and_then(Value::as_str);
    let choice = match (choice.as_str(), text("type"), text("name")) {
        (Some("auto"), ..) => ToolChoice::Auto,
        (Some("none"), ..) => ToolChoice::None,
        (Some("required"), ..) => ToolChoice::Required,
        (None, Some("function" | custom_tool::TOOL), Some(name)) => {
            ToolChoice::Function(name.to_owned())
        }
        _ if choice.is_string() || choice.is_object() => ToolChoice::Other {
            format: FORMAT,
            value: choice,
        },
        _ => return Err(invalid("tool_choice", "must be a string or an object")),
    };
    Ok(Some(choice))
}

/// Takes `format` out of `text`; a shape that no type knows stays.
pub(crate) fn take_format(text: &mut Fields) -> Result<Option<ResponseFormat>> {
    let Some(mut format) = text.object("format")? else {
        return Ok(None);
    };
    let word = format.required_string("type")?;
    match word.as_str() {
        "text" => Ok(Some(ResponseFormat::Text)),
        "json_object" => Ok(Some(ResponseFormat::JsonObject)),
        "json_schema" => {
            let path = format.path_of("schema");
            let schema = format.take("schema");
            let schema = schema.ok_or_else(|| invalid(&path, "is required"))?;
            let mut read = JsonSchemaFormat::new(schema)
                .with_description(format.string("description")?)
                .with_strict(format.flag("strict")?);
            read.name = format.string("name")?;
            Ok(Some(ResponseFormat::JsonSchema(read)))
        }
        _ => {
            format.keep("type", word.into());
            text.keep_rest("format", format);
            Ok(None)
        }
    }
}
