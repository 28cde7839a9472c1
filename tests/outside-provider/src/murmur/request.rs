//! Requests as Murmur reads them, or a refusal before anything is sent.

use bytes::Bytes;
use interline_core::{
    Capabilities, ChatRequest, EmbedInput, EmbedRequest, Error, ErrorKind, Message, Part, PartKind,
    Result, Role, Tool, ToolChoice,
};
use interline_transport::Accept;
use serde_json::{Value, json};

/// Writes the body of a chat request.
pub(super) fn encode(request: &ChatRequest, able: &Capabilities, accept: Accept) -> Result<Bytes> {
    request.validate()?;
    able.admit(request)?;
    if !matches!(request.tool_choice, None | Some(ToolChoice::Auto)) {
        return Err(unsupported("tool_choice"));
    }
    let skills = request.tools.iter().filter_map(|tool| match tool {
        Tool::Function(tool) => Some(json!({
            "skill": tool.name, "about": tool.description, "takes": tool.parameters,
        })),
        _ => None,
    });
    let params = &request.params;
    let body = json!({
        "voice": request.model.as_str(),
        "flow": accept == Accept::EventStream,
        "turns": turns(&request.messages)?,
        "skills": skills.collect::<Vec<_>>(),
        "limit": params.max_output_tokens,
        "heat": params.temperature,
        "spread": params.top_p,
        "stop": params.stop,
    });
    Ok(body.to_string().into())
}

/// Writes the body of a request for embeddings.
pub(super) fn encode_texts(request: &EmbedRequest) -> Result<Bytes> {
    request.validate()?;
    let texts: Option<Vec<_>> = request.inputs.iter().map(EmbedInput::as_text).collect();
    let texts = texts.ok_or_else(|| unsupported("input of tokens"))?;
    let body = json!({"voice": request.model.as_str(), "texts": texts});
    Ok(body.to_string().into())
}

fn unsupported(what: &str) -> Error {
    let message = format!("`{what}` cannot be carried to Murmur");
    Error::new(ErrorKind::Unsupported, message).with_param(what)
}

/// One turn for each part. Thinking, and pieces that only other formats know, stay behind.
fn turns(messages: &[Message]) -> Result<Vec<Value>> {
    let mut turns = Vec::new();
    for message in messages {
        let who = match &message.role {
            Role::System | Role::Developer => "guide",
            Role::User => "person",
            Role::Assistant | Role::Tool => "murmur",
            _ => return Err(unsupported("messages.role")),
        };
        turns.extend(message.parts.iter().filter_map(|part| match &part.kind {
            PartKind::Text(text) => Some(json!({"who": who, "word": text})),
            PartKind::ToolCall(call) => Some(json!({
                "who": who, "ref": call.id, "skill": call.name, "with": call.arguments,
            })),
            PartKind::ToolResult(result) => Some(json!({
                "who": "skill", "ref": result.call_id, "word": Part::joined_text(&result.content),
            })),
            _ => None,
        }));
    }
    Ok(turns)
}
