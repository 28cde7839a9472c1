//! `toolConfig`: the tools, and how free the model is to use them.
//!
//! - "No tool" has no word in the format, so the tools are left out, which says the same; and because
//!   Bedrock refuses tool calls and results in the conversation without tools beside them, that is
//!   `Unsupported` there, as is such a conversation without tools at all.
//! - `strict` goes only to models that enforce it; elsewhere it is a hint.

use interline_core::{ChatBody, Error, ErrorKind, FunctionTool, PartKind, Tool, ToolChoice};
use serde_json::{Map, Value, json};

use crate::block_decode::cache_mark;
use crate::block_encode::cache_point;
use crate::model_family::ModelFamily;
use crate::{FORMAT, format};
use interline_transport::json::{Fields, Flaw};

/// The object's key, on the wire and in the extra of a request.
pub(crate) const KEY: &str = "toolConfig";

/// The key of a function's declaration, on the wire and in the extra of its tool.
const SPEC: &str = "toolSpec";

/// Reads the object into `body`; gives the fields no type knows.
pub(crate) fn decode(config: Fields<'_>, body: &mut ChatBody) -> Result<Map<String, Value>, Flaw> {
    for (index, tool) in config.list("tools")?.iter().enumerate() {
        if let Some(mark) = cache_mark(tool)
            && let Some(Tool::Function(last)) = body.tools.last_mut()
            && last.cache_control.is_none()
        {
            last.cache_control = Some(mark);
            continue;
        }
        let tool = decode_tool(tool).map_err(|flaw| flaw.within(index).within("tools"))?;
        body.tools.push(tool);
    }
    if let Some(choice) = config.get("toolChoice") {
        let choice = decode_choice(choice).map_err(|flaw| flaw.within("toolChoice"))?;
        body.tool_choice = Some(choice);
    }
    Ok(config.rest(&["tools", "toolChoice"]))
}

fn decode_tool(value: &Value) -> Result<Tool, Flaw> {
    let fields = Fields::of(value)?;
    let Some(spec) = fields.object(SPEC)? else {
        return Ok(Tool::Provider {
            format: FORMAT,
            value: value.clone(),
        });
    };
    decode_spec(spec)
        .map(Tool::from)
        .map_err(|flaw| flaw.within(SPEC))
}

fn decode_spec(spec: Fields<'_>) -> Result<FunctionTool, Flaw> {
    let mut tool = FunctionTool::new(spec.required_str("name")?, Value::Null);
    tool.description = spec.str("description")?.map(str::to_owned);
    tool.strict = spec.bool("strict")?;
    let schema = spec.object("inputSchema")?;
    tool.parameters = schema.and_then(|schema| schema.get("json")).cloned();
    let rest = spec.rest(&["name", "description", "strict", "inputSchema"]);
    if !rest.is_empty() {
        tool.extra = format::mark(SPEC, Value::Object(rest));
    }
    Ok(tool)
}

fn decode_choice(choice: &Value) -> Result<ToolChoice, Flaw> {
    let fields = Fields::of(choice)?;
    Ok(match fields.only_key() {
        Some("auto") => ToolChoice::Auto,
        Some("any") => ToolChoice::Required,
        Some("tool") => {
            let tool = fields.required_object("tool")?;
            let name = tool
                .required_str("name")
                .map_err(|flaw| flaw.within("tool"))?;
            ToolChoice::Function(name.to_owned())
        }
        _ => ToolChoice::Other {
            format: FORMAT,
            value: choice.clone(),
        },
    })
}

/// Whether the conversation holds calls or results of the caller's tools.
fn speaks_of_tools(body: &ChatBody) -> bool {
    let is_tool = |part: &PartKind| matches!(part, PartKind::ToolCall(_) | PartKind::ToolResult(_));
    body.messages
        .iter()
        .any(|message| message.any_part(is_tool))
}

/// Writes the object; `None` where no tool is offered.
///
/// # Errors
/// `Unsupported` as the module says, and for tools and rules of another format.
pub(crate) fn encode(body: &ChatBody, family: ModelFamily) -> Result<Option<Value>, Error> {
    let forbids = body.tool_choice == Some(ToolChoice::None);
    if body.tools.is_empty() || forbids {
        if !speaks_of_tools(body) {
            return Ok(None);
        }
        let (param, told) = if forbids {
            (
                "tool_choice",
                "a conversation with tool calls cannot forbid tools",
            )
        } else {
            (
                "tools",
                "tool calls in the conversation need tools beside them",
            )
        };
        return Err(unsupported(format!("bedrock.converse: {told}")).with_param(param));
    }
    let mut tools = Vec::new();
    for tool in &body.tools {
        match tool {
            Tool::Function(function) => {
                tools.push(encode_function(function, family));
                let mark = function.cache_control.as_ref();
                tools.extend(mark.filter(|_| family.caches_tools()).map(cache_point));
            }
            Tool::Provider { format, value } if *format == FORMAT => tools.push(value.clone()),
            Tool::Provider { format, .. } => {
                let message = format!("bedrock.converse has no tool of {format}");
                return Err(unsupported(message).with_param("tools"));
            }
            _ => return Err(unsupported("bedrock.converse has no such tool").with_param("tools")),
        }
    }
    let mut config = Map::new();
    config.insert("tools".into(), Value::Array(tools));
    if let Some(choice) = &body.tool_choice {
        config.insert("toolChoice".into(), encode_choice(choice)?);
    }
    let rest = body.extra.get(&FORMAT, KEY).and_then(Value::as_object);
    for (key, value) in rest.into_iter().flatten() {
        config.entry(key.as_str()).or_insert_with(|| value.clone());
    }
    Ok(Some(Value::Object(config)))
}

fn encode_function(function: &FunctionTool, family: ModelFamily) -> Value {
    let mut spec = Map::new();
    spec.insert("name".into(), json!(function.name));
    let description = function.description.as_deref();
    if let Some(description) = description.filter(|text| !text.trim().is_empty()) {
        spec.insert("description".into(), json!(description));
    }
    let schema = match &function.parameters {
        Some(schema) => schema.clone(),
        None => json!({"type": "object", "properties": {}}),
    };
    spec.insert("inputSchema".into(), json!({"json": schema}));
    if function.strict == Some(true) && family.enforces_schemas() {
        spec.insert("strict".into(), json!(true));
    }
    let rest = function.extra.get(&FORMAT, SPEC).and_then(Value::as_object);
    for (key, value) in rest.into_iter().flatten() {
        spec.entry(key.as_str()).or_insert_with(|| value.clone());
    }
    json!({SPEC: spec})
}

fn encode_choice(choice: &ToolChoice) -> Result<Value, Error> {
    Ok(match choice {
        ToolChoice::Auto => json!({"auto": {}}),
        ToolChoice::Required => json!({"any": {}}),
        ToolChoice::Function(name) => json!({"tool": {"name": name}}),
        ToolChoice::Other { format, value } if *format == FORMAT => value.clone(),
        other => {
            let message = format!("bedrock.converse has no tool choice {other:?}");
            return Err(unsupported(message).with_param("tool_choice"));
        }
    })
}

fn unsupported(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use interline_core::{FormatId, Message, Part, Role, ToolCall};

    use super::*;

    const CLAUDE: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

    fn decoded(config: &Value) -> ChatBody {
        let mut body = ChatBody::default();
        let rest = decode(Fields::of(config).expect("an object"), &mut body).expect("good");
        body.extra = format::mark(KEY, Value::Object(rest));
        body
    }

    #[test]
    fn the_object_survives() {
        let config = json!({
            "tools": [
                {"toolSpec": {"name": "f", "description": "d", "strict": true, "new": 1,
                    "inputSchema": {"json": {"type": "object"}}}},
                {"cachePoint": {"type": "default"}},
                {"systemTool": {"name": "nova_code_interpreter"}},
            ],
            "toolChoice": {"tool": {"name": "f"}},
            "later": {},
        });
        let body = decoded(&config);
        assert_eq!(body.tools.len(), 2);
        let sent = encode(&body, ModelFamily::of(CLAUDE)).expect("encodable");
        assert_eq!(sent, Some(config));
    }

    #[test]
    fn every_choice_has_its_word() {
        for choice in [json!({"auto": {}}), json!({"any": {}}), json!({"new": {}})] {
            let config = json!({"tools": [{"systemTool": {"name": "n"}}], "toolChoice": choice});
            let sent = encode(&decoded(&config), ModelFamily::of(CLAUDE)).expect("encodable");
            assert_eq!(sent, Some(config));
        }
    }

    #[test]
    fn hints_go_only_to_models_that_take_them() {
        let config = json!({"tools": [
            {"toolSpec": {"name": "f", "inputSchema": {"json": {}}, "strict": true}},
            {"cachePoint": {"type": "default"}},
        ]});
        let sent = encode(&decoded(&config), ModelFamily::of("amazon.nova-pro-v1:0"));
        let spec = json!({"toolSpec": {"name": "f", "inputSchema": {"json": {}}}});
        assert_eq!(sent.expect("encodable"), Some(json!({"tools": [spec]})));
    }

    #[test]
    fn no_tool_is_said_by_offering_none() {
        let config = json!({"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {}}}}]});
        let mut body = decoded(&config);
        body.tool_choice = Some(ToolChoice::None);
        let family = ModelFamily::of(CLAUDE);
        assert_eq!(encode(&body, family).expect("encodable"), None);
        let call = Part::tool_call(ToolCall::new("i", "f", "{}"));
        body.messages = vec![Message::new(Role::Assistant, [call])];
        let error = encode(&body, family).expect_err("a call in the history");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.param(), Some("tool_choice"));
        body.tools.clear();
        body.tool_choice = None;
        let error = encode(&body, family).expect_err("no tools beside it");
        assert_eq!(error.param(), Some("tools"));
    }

    #[test]
    fn tools_of_other_formats_are_refused() {
        let mut body = ChatBody::default();
        body.tools.push(Tool::Provider {
            format: FormatId::from_static("other"),
            value: json!({}),
        });
        let error = encode(&body, ModelFamily::of(CLAUDE)).expect_err("foreign");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}
