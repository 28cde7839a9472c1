//! Writes tools, the choice among them, and the shape of the answer; here all of them stand flat.

use interline_core::{
    ChatRequest, FunctionTool, JsonSchemaFormat, ResponseFormat, Result, Tool, ToolChoice,
};
use serde_json::{Map, Value, json};

use super::{FORMAT, custom_tool};
use crate::chat::encode_part::unsupported;
use crate::chat::merge::{merge_missing, object, set};

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
    if custom_tool::is_custom(&tool.extra) {
        let mut fields = object([("name", tool.name.as_str().into())]);
        // Description and grammar are there as they were.
        fields.extend(tool.extra.for_format(&FORMAT).cloned().unwrap_or_default());
        return fields.into();
    }
    let mut fields = object([
        ("type", "function".into()),
        ("name", tool.name.as_str().into()),
    ]);
    set(&mut fields, "description", tool.description.as_deref());
    set(&mut fields, "parameters", tool.parameters.clone());
    set(&mut fields, "strict", tool.strict);
    match tool.extra.for_format(&FORMAT) {
        Some(extra) => merge_missing(&mut fields, extra),
        None => {
            // Other formats mean "not strict" by silence, and a function without arguments; this one
            // would tighten the schema, and demands that there is one.
            fields.entry("strict").or_insert(Value::Bool(false));
            fields
                .entry("parameters")
                .or_insert_with(|| json!({"type": "object", "properties": {}}));
        }
    }
    fields.into()
}

/// Writes the choice among the tools of `request`.
pub(crate) fn encode_tool_choice(choice: &ToolChoice, request: &ChatRequest) -> Result<Value> {
    Ok(match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Function(name) if custom_tool::names(request).contains(name) => {
            json!({"type": custom_tool::TOOL, "name": name})
        }
        ToolChoice::Function(name) => json!({"type": "function", "name": name}),
        ToolChoice::Other { format, value } if *format == FORMAT => value.clone(),
        _ => {
            return Err(unsupported(
                "tool_choice",
                "is a rule that only another vendor knows",
            ));
        }
    })
}

/// The `format` of the field `text`.
pub(crate) fn encode_text_format(format: &ResponseFormat) -> Value {
    match format {
        ResponseFormat::JsonObject => json!({"type": "json_object"}),
        ResponseFormat::JsonSchema(schema) => encode_schema(schema).into(),
        _ => json!({"type": "text"}),
    }
}

fn encode_schema(format: &JsonSchemaFormat) -> Map<String, Value> {
    let name = format.name.as_deref().unwrap_or(UNNAMED_SCHEMA);
    let mut fields = object([
        ("type", "json_schema".into()),
        ("name", name.into()),
        ("schema", format.schema.clone()),
    ]);
    set(&mut fields, "description", format.description.as_deref());
    set(&mut fields, "strict", format.strict);
    fields
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, Extra, FormatId};

    use super::*;
    use crate::chat::fields::Fields;

    const OTHER: FormatId = FormatId::from_static("openai.chat");

    fn bare() -> ChatRequest {
        ChatRequest::new("m", [])
    }

    #[test]
    fn a_custom_tool_and_its_choice_return_as_they_were() {
        let tool = json!({"type": "custom", "name": "apply_patch", "description": "Edits.",
                          "format": {"type": "grammar", "syntax": "lark", "definition": "start: /x/"}});
        let fields = Fields::of(tool.clone(), "tools[0]").expect("an object");
        let request = bare().with_tool(custom_tool::decode_tool(fields).expect("a tool"));
        assert_eq!(encode_tools(&request.tools).expect("carried"), [tool]);
        let choice = ToolChoice::Function("apply_patch".into());
        assert_eq!(
            encode_tool_choice(&choice, &request).expect("carried"),
            json!({"type": "custom", "name": "apply_patch"})
        );
    }

    #[test]
    fn a_silent_function_of_another_format_is_not_strict() {
        let schema = json!({"type": "object"});
        let tool = FunctionTool::new("f", schema.clone()).with_description("d");
        let expected = json!({"type": "function", "name": "f", "description": "d",
                              "parameters": schema, "strict": false});
        assert_eq!(encode_function(&tool), expected);
        let mut bare = FunctionTool::new("f", schema);
        bare.parameters = None;
        let written = encode_function(&bare);
        assert_eq!(written["parameters"]["type"], "object");
    }

    #[test]
    fn a_function_of_this_format_returns_as_it_was() {
        let extra = json!({"type": "function", "defer_loading": true});
        let mut tool = FunctionTool::new("f", json!({"type": "object"}));
        tool.extra = Extra::new(FORMAT, extra.as_object().expect("an object").clone());
        let expected = json!({"type": "function", "name": "f",
                              "parameters": {"type": "object"}, "defer_loading": true});
        assert_eq!(encode_function(&tool), expected);
    }

    #[test]
    fn tools_and_rules_of_others_are_refused() {
        let value = json!({"type": "web_search"});
        let own = Tool::Provider {
            format: FORMAT,
            value: value.clone(),
        };
        assert_eq!(
            encode_tools(&[own]).expect("own"),
            [json!({"type": "web_search"})]
        );
        let foreign = Tool::Provider {
            format: OTHER,
            value: value.clone(),
        };
        let error = encode_tools(&[foreign]).expect_err("foreign");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.param(), Some("tools[0]"));
        let rule = ToolChoice::Other {
            format: OTHER,
            value,
        };
        let error = encode_tool_choice(&rule, &bare()).expect_err("foreign");
        assert_eq!(error.param(), Some("tool_choice"));
    }

    #[test]
    fn the_choice_and_the_shape_stand_flat() {
        let choice = ToolChoice::Function("f".into());
        let choice = encode_tool_choice(&choice, &bare()).expect("carried");
        assert_eq!(choice, json!({"type": "function", "name": "f"}));
        let shape = JsonSchemaFormat::new(json!({"type": "object"})).with_strict(true);
        assert_eq!(
            encode_text_format(&ResponseFormat::JsonSchema(shape)),
            json!({"type": "json_schema", "name": "response", "strict": true,
                   "schema": {"type": "object"}})
        );
    }
}
