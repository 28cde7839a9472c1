//! Tools, the choice among them, and the shape of an answer.
//!
//! Cohere's `strict_tools` counts for all tools at once: it is set where any tool wishes to be strict,
//! because the others lose nothing by it. A tool that must be used is offered alone, and some tool is
//! required: there is no word for one tool.

use interline_core::{
    ChatBody, ChatRequest, Error, ErrorKind, FunctionTool, JsonSchemaFormat, ResponseFormat,
    Result, Tool, ToolChoice,
};
use serde_json::{Map, Value, json};

use crate::FORMAT;
use crate::fields::{Fields, Flaw};
use crate::format::{extra, merge_extra, object, set};

const STRICT: &str = "strict_tools";

/// Takes tools, choice and shape out of a request.
pub(crate) fn take(fields: &mut Fields, body: &mut ChatBody) -> Result<(), Flaw> {
    let tools = fields.array("tools")?.unwrap_or_default();
    let strict = fields.flag(STRICT)?;
    for (position, tool) in tools.into_iter().enumerate() {
        body.tools.push(tool_of(tool, position, strict)?);
    }
    if let Some(strict) = strict
        && !body
            .tools
            .iter()
            .any(|tool| matches!(tool, Tool::Function(_)))
    {
        fields.keep(STRICT, strict.into());
    }
    body.tool_choice = match fields.take("tool_choice") {
        None => None,
        Some(Value::String(word)) if word == "REQUIRED" => Some(ToolChoice::Required),
        Some(Value::String(word)) if word == "NONE" => Some(ToolChoice::None),
        Some(value) => Some(ToolChoice::Other {
            format: FORMAT,
            value,
        }),
    };
    body.response_format = take_shape(fields)?;
    Ok(())
}

fn tool_of(value: Value, position: usize, strict: Option<bool>) -> Result<Tool, Flaw> {
    if value.get("function").is_none_or(Value::is_null) {
        return Ok(Tool::Provider {
            format: FORMAT,
            value,
        });
    }
    let mut fields = Fields::of(value, format!("tools[{position}]"))?;
    fields.take("type");
    let path = fields.path_of("function");
    let mut function = fields
        .object("function")?
        .ok_or_else(|| Flaw::new(path, "is required"))?;
    let mut tool = FunctionTool::new(function.required_string("name")?, Value::Null);
    tool.description = function.string("description")?;
    tool.parameters = function.take("parameters");
    tool.strict = strict;
    let unknown = function.into_rest();
    if !unknown.is_empty() {
        fields.keep("function", unknown.into());
    }
    tool.extra = extra(fields.into_rest());
    Ok(Tool::Function(tool))
}

fn take_shape(fields: &mut Fields) -> Result<Option<ResponseFormat>, Flaw> {
    let Some(mut shape) = fields.object("response_format")? else {
        return Ok(None);
    };
    Ok(Some(match shape.required_string("type")?.as_str() {
        "text" => ResponseFormat::Text,
        "json_object" => {
            let schema = shape.take("json_schema").or_else(|| shape.take("schema"));
            match schema {
                Some(schema) => ResponseFormat::JsonSchema(JsonSchemaFormat::new(schema)),
                None => ResponseFormat::JsonObject,
            }
        }
        _ => {
            return Err(Flaw::new(
                "response_format.type",
                "must be `text` or `json_object`",
            ));
        }
    }))
}

/// Writes tools, choice and shape.
///
/// # Errors
/// `Unsupported` for what only another vendor knows, and for JSON answers beside tools, which Cohere
/// refuses; `InvalidRequest` where the tool that must be used is not among the tools.
pub(crate) fn put(out: &mut Map<String, Value>, request: &ChatRequest) -> Result<()> {
    let mut tools: Vec<&Tool> = request.tools.iter().collect();
    let choice: Option<Value> = match &request.tool_choice {
        None | Some(ToolChoice::Auto) => None,
        Some(ToolChoice::None) => Some("NONE".into()),
        Some(ToolChoice::Required) => Some("REQUIRED".into()),
        Some(ToolChoice::Function(name)) => {
            tools.retain(|tool| matches!(tool, Tool::Function(tool) if tool.name == *name));
            if tools.is_empty() {
                let message = format!("`tool_choice` names `{name}`, which is not among the tools");
                return Err(Error::invalid_request(message).with_param("tool_choice"));
            }
            Some("REQUIRED".into())
        }
        Some(ToolChoice::Other { format, value }) if *format == FORMAT => Some(value.clone()),
        Some(_) => {
            return Err(unsupported(
                "tool_choice",
                "is a rule that only another vendor knows",
            ));
        }
    };
    let wishes: Vec<bool> = tools.iter().filter_map(|tool| strictness(tool)).collect();
    let mut written = Vec::with_capacity(tools.len());
    for tool in tools {
        written.push(written_tool(tool)?);
    }
    if !written.is_empty() {
        if let Some(shape @ ("json_object" | "json_schema")) = shape_name(request) {
            return Err(unsupported(
                "response_format",
                &format!("cannot be `{shape}` beside tools: Cohere gives one or the other"),
            ));
        }
        out.insert("tools".into(), written.into());
        set(out, "tool_choice", choice);
        if !wishes.is_empty() {
            out.insert(STRICT.into(), wishes.contains(&true).into());
        }
    }
    match &request.response_format {
        Some(ResponseFormat::Text) => {
            out.insert("response_format".into(), json!({"type": "text"}));
        }
        Some(ResponseFormat::JsonObject) => {
            out.insert("response_format".into(), json!({"type": "json_object"}));
        }
        Some(ResponseFormat::JsonSchema(shape)) => {
            let value = json!({"type": "json_object", "json_schema": shape.schema});
            out.insert("response_format".into(), value);
        }
        _ => {}
    }
    Ok(())
}

const fn strictness(tool: &Tool) -> Option<bool> {
    match tool {
        Tool::Function(tool) => tool.strict,
        _ => None,
    }
}

fn shape_name(request: &ChatRequest) -> Option<&'static str> {
    match &request.response_format {
        Some(ResponseFormat::JsonObject) => Some("json_object"),
        Some(ResponseFormat::JsonSchema(_)) => Some("json_schema"),
        _ => None,
    }
}

fn written_tool(tool: &Tool) -> Result<Value> {
    match tool {
        Tool::Function(tool) => {
            let empty = || json!({"type": "object", "properties": {}});
            let mut function = object([
                ("name", tool.name.as_str().into()),
                ("parameters", tool.parameters.clone().unwrap_or_else(empty)),
            ]);
            set(&mut function, "description", tool.description.as_deref());
            if let Some(Value::Object(more)) = tool.extra.get(&FORMAT, "function") {
                for (key, value) in more {
                    function
                        .entry(key.as_str())
                        .or_insert_with(|| value.clone());
                }
            }
            let mut fields = object([("type", "function".into()), ("function", function.into())]);
            merge_extra(&mut fields, &tool.extra);
            Ok(fields.into())
        }
        Tool::Provider { format, value } if *format == FORMAT => Ok(value.clone()),
        _ => Err(unsupported(
            "tools",
            "holds a tool that only another vendor runs",
        )),
    }
}

/// What the format cannot carry, so that another target is tried.
pub(crate) fn unsupported(path: &str, what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("`{path}` {what}")).with_param(path)
}

#[cfg(test)]
mod tests {
    use interline_core::Message;

    use super::*;

    fn read(body: Value) -> ChatBody {
        let mut fields = Fields::of(body, "").expect("an object");
        let mut body = ChatBody::default();
        take(&mut fields, &mut body).expect("good tools");
        body.extra = extra(fields.into_rest());
        body
    }

    fn sent(request: &ChatRequest) -> Result<Value> {
        let mut out = Map::new();
        put(&mut out, request)?;
        Ok(out.into())
    }

    fn adding() -> ChatRequest {
        let tool = |name: &str| FunctionTool::new(name, json!({"type": "object"}));
        ChatRequest::new("m", [Message::user("1+1?")])
            .with_tool(tool("add"))
            .with_tool(tool("sub"))
    }

    #[test]
    fn tools_come_back_as_they_were_read() {
        let body = json!({
            "tools": [{"type": "function", "function": {
                "name": "add", "description": "Adds.", "parameters": {"type": "object"}, "new": 1,
            }}],
            "strict_tools": true, "tool_choice": "REQUIRED",
        });
        let read = read(body.clone());
        assert_eq!(read.tool_choice, Some(ToolChoice::Required));
        assert_eq!(
            sent(&ChatRequest::from_body("m", read)).expect("sent"),
            body
        );
    }

    #[test]
    fn shapes_come_back_as_they_were_read() {
        for format in [
            json!({"type": "text"}),
            json!({"type": "json_object"}),
            json!({"type": "json_object", "json_schema": {"type": "object"}}),
        ] {
            let body = json!({"response_format": format});
            let read = read(body.clone());
            assert_eq!(
                sent(&ChatRequest::from_body("m", read)).expect("sent"),
                body
            );
        }
        let older = read(json!({"response_format": {"type": "json_object", "schema": {}}}));
        assert!(matches!(
            older.response_format,
            Some(ResponseFormat::JsonSchema(_))
        ));
    }

    #[test]
    fn a_tool_that_must_be_used_is_offered_alone() {
        let request = adding().with_tool_choice(ToolChoice::Function("sub".into()));
        let sent = sent(&request).expect("sent");
        assert_eq!(sent["tools"].as_array().map(Vec::len), Some(1));
        assert_eq!(sent["tools"][0]["function"]["name"], "sub");
        assert_eq!(sent["tool_choice"], "REQUIRED");
    }

    #[track_caller]
    fn refused(request: &ChatRequest, kind: ErrorKind, param: &str) {
        let error = sent(request).expect_err("refused");
        assert_eq!(
            (error.kind(), error.param()),
            (kind, Some(param)),
            "{error}"
        );
    }

    #[test]
    fn what_cohere_does_not_know_is_refused_by_name() {
        let missing = adding().with_tool_choice(ToolChoice::Function("mul".into()));
        refused(&missing, ErrorKind::InvalidRequest, "tool_choice");
        let json = adding().with_response_format(ResponseFormat::JsonObject);
        refused(&json, ErrorKind::Unsupported, "response_format");
        let foreign = adding().with_tool(Tool::Provider {
            format: interline_core::FormatId::from_static("foreign"),
            value: json!({}),
        });
        refused(&foreign, ErrorKind::Unsupported, "tools");
    }
}
