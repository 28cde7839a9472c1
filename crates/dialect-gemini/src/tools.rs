//! Tool declarations and the choice among them, both ways.
//!
//! A wire tool is an object with one key per kind: `functionDeclarations` hold the caller's functions,
//! every other key is a tool that the vendor runs itself; it stays whole and goes nowhere but to
//! vendors of this format.
//! Parameters go out as JSON Schema, because Google's older notation refuses much of it. The format
//! knows neither strict parameters nor a switch for parallel calls; both are left out.

use interline_core::{ChatBody, Error, ErrorKind, FunctionTool, Tool, ToolChoice};
use serde_json::{Map, Value, json};

use crate::{FORMAT, format, schema};
use interline_transport::json::{Fields, Flaw};

const FUNCTIONS: &str = "functionDeclarations";
const CALLING: &str = "functionCallingConfig";

/// The key of the choice, in requests and in the extra of bodies.
pub(crate) const CONFIG_KEY: &str = "toolConfig";

/// Fields of a declaration that become typed and nothing else.
const KNOWN: [&str; 4] = ["name", "description", "parameters", "parametersJsonSchema"];

/// Reads one wire tool, which may hold several tools.
pub(crate) fn decode(value: &Value) -> Result<Vec<Tool>, Flaw> {
    let fields = Fields::of(value)?;
    let mut tools = Vec::new();
    for (index, declaration) in fields.list_or_one(FUNCTIONS).iter().enumerate() {
        let tool = function(declaration).map_err(|flaw| flaw.within(index).within(FUNCTIONS))?;
        tools.push(Tool::Function(tool));
    }
    let own = fields.rest_without_nulls(&[FUNCTIONS]).into_iter();
    tools.extend(own.map(|(key, value)| Tool::Provider {
        format: FORMAT,
        value: Value::Object(Map::from_iter([(key, value)])),
    }));
    Ok(tools)
}

fn function(value: &Value) -> Result<FunctionTool, Flaw> {
    let fields = Fields::of(value)?;
    let mut tool = FunctionTool::new(fields.required_str("name")?, Value::Null);
    tool.description = fields.str("description")?.map(str::to_owned);
    tool.parameters = fields
        .get("parametersJsonSchema")
        .cloned()
        .or_else(|| fields.get("parameters").map(schema::to_json_schema));
    tool.extra = format::extra(fields.rest_without_nulls(&KNOWN));
    Ok(tool)
}

/// Writes all tools: the vendor's own one by one, the functions together.
///
/// # Errors
/// `Unsupported` for another vendor's own tool.
pub(crate) fn encode(tools: &[Tool]) -> Result<Vec<Value>, Error> {
    let mut wire = Vec::new();
    let mut functions = Vec::new();
    for tool in tools {
        match tool {
            Tool::Function(tool) => functions.push(declaration(tool)),
            Tool::Provider { format, value } if *format == FORMAT => wire.push(value.clone()),
            Tool::Provider { format, .. } => {
                return Err(unsupported(
                    "tools",
                    format!("gemini.generate_content cannot carry a tool that only {format} knows"),
                ));
            }
            _ => {
                return Err(unsupported(
                    "tools",
                    "gemini.generate_content cannot carry this kind of tool".to_owned(),
                ));
            }
        }
    }
    if !functions.is_empty() {
        wire.push(json!({FUNCTIONS: functions}));
    }
    Ok(wire)
}

fn declaration(tool: &FunctionTool) -> Value {
    let mut wire = Map::new();
    wire.insert("name".into(), json!(tool.name));
    if let Some(description) = &tool.description {
        wire.insert("description".into(), json!(description));
    }
    if let Some(parameters) = &tool.parameters {
        let mut parameters = parameters.clone();
        // The root must be an object, and must say so.
        if let Value::Object(schema) = &mut parameters {
            schema.entry("type").or_insert_with(|| json!("object"));
        }
        wire.insert("parametersJsonSchema".into(), parameters);
    }
    format::merge_extra(&mut wire, &tool.extra);
    Value::Object(wire)
}

/// Reads `toolConfig` into `body`; gives back the fields that no type knows.
pub(crate) fn decode_config(
    config: Fields<'_>,
    body: &mut ChatBody,
) -> Result<Map<String, Value>, Flaw> {
    if let Some(calling) = config.object(CALLING)? {
        let choice = choice(calling).map_err(|flaw| flaw.within(CALLING))?;
        body.tool_choice = Some(choice.unwrap_or_else(|| ToolChoice::Other {
            format: FORMAT,
            value: Value::Object(calling.rest_without_nulls(&[])),
        }));
    }
    Ok(config.rest_without_nulls(&[CALLING]))
}

/// `None` for a rule that core has no word for.
fn choice(calling: Fields<'_>) -> Result<Option<ToolChoice>, Flaw> {
    let names = calling.list_or_one("allowedFunctionNames");
    let knows_all = calling
        .rest_without_nulls(&["mode", "allowedFunctionNames"])
        .is_empty();
    Ok(match (calling.str("mode")?, names) {
        _ if !knows_all => None,
        (Some("AUTO"), []) => Some(ToolChoice::Auto),
        (Some("NONE"), []) => Some(ToolChoice::None),
        (Some("ANY"), []) => Some(ToolChoice::Required),
        (Some("ANY"), [Value::String(name)]) => Some(ToolChoice::Function(name.clone())),
        _ => None,
    })
}

/// Writes `toolConfig`; empty where there is nothing to say.
///
/// Without functions a rule about them says nothing.
///
/// # Errors
/// `Unsupported` for a rule that only another vendor knows.
pub(crate) fn encode_config(body: &ChatBody) -> Result<Map<String, Value>, Error> {
    let mut config = match body.extra.get(&FORMAT, CONFIG_KEY) {
        Some(Value::Object(rest)) => rest.clone(),
        _ => Map::new(),
    };
    let has_functions = body
        .tools
        .iter()
        .any(|tool| matches!(tool, Tool::Function(_)));
    let calling = match &body.tool_choice {
        None => None,
        Some(ToolChoice::Auto | ToolChoice::None) if !has_functions => None,
        Some(ToolChoice::Auto) => Some(json!({"mode": "AUTO"})),
        Some(ToolChoice::None) => Some(json!({"mode": "NONE"})),
        Some(ToolChoice::Required) => Some(json!({"mode": "ANY"})),
        Some(ToolChoice::Function(name)) => {
            Some(json!({"mode": "ANY", "allowedFunctionNames": [name]}))
        }
        Some(ToolChoice::Other { format, value }) if *format == FORMAT => Some(value.clone()),
        Some(_) => {
            return Err(unsupported(
                "tool_choice",
                "gemini.generate_content cannot carry this tool choice".to_owned(),
            ));
        }
    };
    config.extend(calling.map(|calling| (CALLING.to_owned(), calling)));
    Ok(config)
}

fn unsupported(param: &str, message: String) -> Error {
    Error::new(ErrorKind::Unsupported, message).with_param(param)
}

#[cfg(test)]
mod tests {
    use interline_core::FormatId;

    use super::*;

    #[test]
    fn one_wire_tool_may_hold_several() {
        let tools = decode(&json!({"codeExecution": {}, "googleMaps": null,
        "functionDeclarations": [
            {"name": "add", "description": "Adds.", "parameters": {"type": "OBJECT"}},
            {"name": "now", "behavior": "BLOCKING"},
        ]}))
        .expect("good tools");
        assert_eq!(
            encode(&tools).expect("encodable"),
            [
                json!({"codeExecution": {}}),
                json!({"functionDeclarations": [
                    {"name": "add", "description": "Adds.", "parametersJsonSchema": {"type": "object"}},
                    {"name": "now", "behavior": "BLOCKING"},
                ]}),
            ]
        );
        let flaw = decode(&json!({"functionDeclarations": [{}]})).expect_err("no name");
        assert_eq!(flaw, Flaw::missing("name").within(0).within(FUNCTIONS));
    }

    #[test]
    fn parameters_that_say_nothing_are_an_object() {
        let tool = FunctionTool::new("now", json!({}));
        let wire = encode(&[tool.into()]).expect("encodable");
        let parameters = &wire[0]["functionDeclarations"][0]["parametersJsonSchema"];
        assert_eq!(parameters, &json!({"type": "object"}));
    }

    #[test]
    fn another_vendors_tool_or_rule_is_unsupported() {
        let format = FormatId::from_static("other.format");
        let tool = Tool::Provider {
            format: format.clone(),
            value: json!({}),
        };
        let error = encode(&[tool]).expect_err("foreign");
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Unsupported, Some("tools"))
        );
        let mut body = ChatBody::default();
        body.tool_choice = Some(ToolChoice::Other {
            format,
            value: json!({}),
        });
        let error = encode_config(&body).expect_err("foreign");
        assert_eq!(error.param(), Some("tool_choice"));
    }

    #[test]
    fn every_choice_survives() {
        for calling in [
            json!({"mode": "AUTO"}),
            json!({"mode": "ANY"}),
            json!({"mode": "NONE"}),
            json!({"mode": "ANY", "allowedFunctionNames": ["add"]}),
            json!({"mode": "ANY", "allowedFunctionNames": ["add", "sub"]}),
            json!({"mode": "VALIDATED"}),
        ] {
            let config = json!({"functionCallingConfig": calling, "retrievalConfig": {"x": 1}});
            let mut body = ChatBody::default();
            body.tools = vec![FunctionTool::new("add", json!({})).into()];
            let rest = decode_config(Fields::of(&config).expect("an object"), &mut body);
            let extra = Map::from_iter([(CONFIG_KEY.to_owned(), rest.expect("good").into())]);
            body.extra = format::extra(extra);
            let back = encode_config(&body).expect("encodable");
            assert_eq!(Value::Object(back), config);
        }
    }

    #[test]
    fn a_rule_without_functions_says_nothing() {
        let mut body = ChatBody::default();
        body.tool_choice = Some(ToolChoice::Auto);
        assert!(encode_config(&body).expect("encodable").is_empty());
    }
}
