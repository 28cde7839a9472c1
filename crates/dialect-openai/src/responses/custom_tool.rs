//! Custom tools: functions whose one argument is plain text instead of JSON.
//!
//! Only this format's vendors have them, but nothing in them needs the vendor, so for every other one
//! a custom tool becomes a function with one string, [`INPUT`], and its calls are turned back for the
//! caller. What is lost is the vendor's guarantee that the text follows a grammar; the grammar is
//! told to the model in words, and the caller's program has to check the text in any case.

use interline_core::{ChatRequest, Extra, FunctionTool, Part, PartKind, Result, Tool, ToolCall};
use serde_json::{Map, Value, json};

use super::FORMAT;
use super::item::{type_of, was_of_type};
use crate::chat::fields::Fields;

/// The type of the tool.
pub(crate) const TOOL: &str = "custom";
/// The type of the item that calls it.
pub(crate) const CALL: &str = "custom_tool_call";
/// The type of the item that answers a call.
pub(crate) const RESULT: &str = "custom_tool_call_output";

/// The one argument of the function.
const INPUT: &str = "input";

/// Reads a declaration; all of it but the name stays in `extra`.
pub(crate) fn decode_tool(mut fields: Fields) -> Result<Tool> {
    let name = fields.required_string("name")?;
    let rest = fields.into_map();
    let schema = json!({
        "type": "object",
        "properties": {INPUT: {"type": "string", "description": "The whole input, as plain text."}},
        "required": [INPUT],
        "additionalProperties": false,
    });
    let mut tool = FunctionTool::new(name, schema);
    tool.description = description(&rest);
    tool.extra = Extra::new(FORMAT, rest);
    Ok(tool.into())
}

/// What the tool does, and what its input must look like.
fn description(tool: &Map<String, Value>) -> Option<String> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let own = text(tool.get("description"));
    let rule = tool
        .get("format")
        .filter(|format| type_of(format) == "grammar");
    let grammar = rule.and_then(|rule| {
        let definition = text(rule.get("definition"))?;
        let syntax = text(rule.get("syntax")).unwrap_or_default();
        Some(format!(
            "`{INPUT}` must follow this {syntax} grammar:\n{definition}"
        ))
    });
    let both: Vec<String> = own.into_iter().chain(grammar).collect();
    (!both.is_empty()).then(|| both.join("\n\n"))
}

/// Reads an earlier call; its type stays in `extra`, which tells it from a function's.
pub(crate) fn decode_call(mut fields: Fields) -> Result<Part> {
    let id = fields.required_string("call_id")?;
    let name = fields.required_string("name")?;
    let input = fields.string("input")?.unwrap_or_default();
    let call = ToolCall::new(id, name, json!({ INPUT: input }).to_string());
    Ok(Part::new(PartKind::ToolCall(call)).with_extra(Extra::new(FORMAT, fields.into_map())))
}

/// The names of a request's custom tools.
pub(crate) fn names(request: &ChatRequest) -> Vec<String> {
    let custom = |tool: &Tool| match tool {
        Tool::Function(tool) if is_custom(&tool.extra) => Some(tool.name.clone()),
        _ => None,
    };
    request.tools.iter().filter_map(custom).collect()
}

/// Whether a function with this `extra` was declared as a custom tool.
pub(crate) fn is_custom(extra: &Extra) -> bool {
    was_of_type(extra, TOOL)
}

/// Whether an earlier call was a custom tool's.
pub(crate) fn is_call(part: &Part) -> bool {
    was_of_type(&part.extra, CALL)
}

/// The text in a call's arguments; arguments of any other shape are the text themselves.
pub(crate) fn input_of(arguments: &str) -> String {
    let whole: Option<Value> = serde_json::from_str(arguments).ok();
    let input = whole.as_ref().and_then(|whole| whole.get(INPUT)?.as_str());
    input.unwrap_or(arguments).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(value: Value) -> Fields {
        Fields::of(value, "tools[0]").expect("an object")
    }

    #[test]
    fn a_custom_tool_is_a_function_of_one_text_that_is_told_the_grammar() {
        let patch = json!({"type": "custom", "name": "apply_patch", "description": "Edits files.",
            "format": {"type": "grammar", "syntax": "lark", "definition": "start: /x/"}});
        let Tool::Function(tool) = decode_tool(fields(patch.clone())).expect("a tool") else {
            panic!("a function");
        };
        assert_eq!(
            tool.description.as_deref(),
            Some("Edits files.\n\n`input` must follow this lark grammar:\nstart: /x/")
        );
        assert_eq!(tool.extra.get(&FORMAT, "format"), Some(&patch["format"]));
        let request = ChatRequest::new("m", []).with_tool(tool);
        assert_eq!(names(&request), ["apply_patch"]);
        assert_eq!(request.native_needs(), []);
    }

    #[test]
    fn a_call_is_read_and_its_text_found_again() {
        let part = decode_call(fields(
            json!({"type": CALL, "call_id": "c1", "name": "apply_patch",
            "input": "*** Begin\n\"x\""}),
        ))
        .expect("a call");
        let PartKind::ToolCall(call) = &part.kind else {
            panic!("a call");
        };
        assert_eq!(input_of(&call.arguments), "*** Begin\n\"x\"");
        assert_eq!(part.extra.get(&FORMAT, "type"), Some(&json!(CALL)));
    }

    #[test]
    fn arguments_of_another_shape_are_the_text() {
        assert_eq!(input_of("*** Begin"), "*** Begin");
        assert_eq!(input_of(r#"{"patch":"x"}"#), r#"{"patch":"x"}"#);
    }
}
