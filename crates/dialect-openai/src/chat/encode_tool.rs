//! Writes tools, the choice among them, and the shape of the answer.

use interline_core::{FunctionTool, JsonSchemaFormat, ResponseFormat, Result, Tool, ToolChoice};
use serde_json::{Map, Value, json};

use super::FORMAT;
use super::encode_part::unsupported;
use super::merge::{merge_extra, object, set};

/// The name of a shape that came without one; the format demands a name.
const UNNAMED_SCHEMA: &str = "response";

pub(crate) fn encode_tools(tools: &[Tool]) -> Result<Vec<Value>> {
    tools
        .iter()
        .enumerate()
        .map(|(position, tool)| match tool {
            Tool::Function(function) => Ok(encode_function(function)),
            Tool::Provider { format, value } if *format == FORMAT => Ok(value.clone()),
            _ => Err(unsupported(
                &format!("tools[{position}]"),
                "is a tool that only another vendor runs",
            )),
        })
        .collect()
}

fn encode_function(tool: &FunctionTool) -> Value {
    let mut function = object([("name", tool.name.as_str().into())]);
    set(&mut function, "description", tool.description.as_deref());
    set(&mut function, "parameters", tool.parameters.clone());
    set(&mut function, "strict", tool.strict);
    let mut fields = object([("type", "function".into()), ("function", function.into())]);
    merge_extra(&mut fields, &tool.extra);
    fields.into()
}

pub(crate) fn encode_tool_choice(choice: &ToolChoice) -> Result<Value> {
    Ok(match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Function(name) => json!({"type": "function", "function": {"name": name}}),
        ToolChoice::Other { format, value } if *format == FORMAT => value.clone(),
        _ => {
            return Err(unsupported(
                "tool_choice",
                "is a rule that only another vendor knows",
            ));
        }
    })
}

pub(crate) fn encode_response_format(format: &ResponseFormat) -> Value {
    match format {
        ResponseFormat::JsonObject => json!({"type": "json_object"}),
        ResponseFormat::JsonSchema(schema) => {
            json!({"type": "json_schema", "json_schema": encode_schema(schema)})
        }
        _ => json!({"type": "text"}),
    }
}

fn encode_schema(format: &JsonSchemaFormat) -> Map<String, Value> {
    let name = format.name.as_deref().unwrap_or(UNNAMED_SCHEMA);
    let mut fields = object([("name", name.into()), ("schema", format.schema.clone())]);
    set(&mut fields, "description", format.description.as_deref());
    set(&mut fields, "strict", format.strict);
    fields
}
