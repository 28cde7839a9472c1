//! A request as a vendor of this format reads it.
//!
//! A request that was decoded from this format goes out as it came; the model and whether the answer
//! is streamed stand in the address, not in the body. Any other request is written from the types: the
//! rules of the parts stand in `contents`, `part_encode`, `tools`, `generation_config` and `thinking`.
//! Beyond them:
//! - hints that the format does not know (labels, the end user, a switch for parallel calls) are left
//!   out, and so are those that the vendor's quirks refuse;
//! - what would change the answer is `Unsupported`: JSON answers beside tools before Gemini 3, which
//!   refuses the pair;
//! - unknown fields of this format come back, at the top, in parts, tools and settings.

use bytes::Bytes;
use interline_core::{ChatRequest, Error, ErrorKind, ResponseFormat, Result};
use serde_json::{Map, Value, json};

use crate::model_family::ModelFamily;
use crate::{FORMAT, Quirks, contents, format, generation_config, tools};

/// Writes the body for `request.model`.
///
/// # Errors
/// `Unsupported` for what the format cannot carry, so that another target is tried; `InvalidRequest`
/// for a request no vendor could serve, such as one without messages.
pub fn encode_request(request: &ChatRequest, quirks: &Quirks) -> Result<Bytes> {
    if let Some(origin) = request.origin_in(&FORMAT) {
        return origin.with_keys(&[]);
    }
    request.validate()?;
    let family = ModelFamily::of(request.model.as_str());
    refuse_unsupported(request, family)?;
    let body = from_types(request, family, quirks)?;
    Ok(Bytes::from(Value::Object(body).to_string()))
}

fn refuse_unsupported(request: &ChatRequest, family: ModelFamily) -> Result<()> {
    let wants_json = matches!(
        request.response_format,
        Some(ResponseFormat::JsonObject | ResponseFormat::JsonSchema(_))
    );
    if wants_json && !request.tools.is_empty() && !family.joins_tools_and_json {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "this Gemini model gives no JSON answers beside tools: Gemini 3 and later do",
        )
        .with_param("response_format"));
    }
    Ok(())
}

fn from_types(
    request: &ChatRequest,
    family: ModelFamily,
    quirks: &Quirks,
) -> Result<Map<String, Value>> {
    let conversation = contents::encode(&request.messages, family, quirks)?;
    if conversation.contents.is_empty() {
        return Err(
            Error::invalid_request("`messages` says nothing: send at least one text")
                .with_param("messages"),
        );
    }
    let mut body = Map::new();
    body.insert("contents".into(), Value::Array(conversation.contents));
    if !conversation.system.is_empty() {
        let instruction = json!({"parts": conversation.system});
        body.insert("systemInstruction".into(), instruction);
    }
    let tools = tools::encode(&request.tools)?;
    if !tools.is_empty() {
        body.insert("tools".into(), Value::Array(tools));
    }
    let mut put = |key: &str, fields: Map<String, Value>| {
        if !fields.is_empty() {
            body.insert(key.to_owned(), Value::Object(fields));
        }
    };
    put(tools::CONFIG_KEY, tools::encode_config(request)?);
    let config = generation_config::encode(request, family, quirks.features);
    put(generation_config::KEY, config);
    let mut rest = Map::new();
    format::merge_extra(&mut rest, &request.extra);
    for key in [tools::CONFIG_KEY, generation_config::KEY] {
        rest.remove(key);
    }
    for (key, value) in rest {
        body.entry(key).or_insert(value);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use interline_core::{
        FormatId, FunctionTool, JsonSchemaFormat, Message, ReasoningConfig, ToolChoice,
    };

    use super::*;

    fn sent(request: &ChatRequest) -> Value {
        let body = encode_request(request, &Quirks::default()).expect("encodable");
        serde_json::from_slice(&body).expect("JSON")
    }

    fn adding() -> ChatRequest {
        ChatRequest::new("gemini-2.5-flash", [Message::user("1+1?")]).with_tool(
            FunctionTool::new("add", json!({"type": "object"})).with_description("Adds."),
        )
    }

    #[test]
    fn a_request_is_written_from_its_types() {
        let mut request = adding()
            .with_tool_choice(ToolChoice::Required)
            .with_temperature(0.5)
            .with_max_output_tokens(9)
            .with_stop("END")
            .with_reasoning(ReasoningConfig::budget(100));
        request.edit(|body| {
            body.user = Some("u".into());
            body.metadata.insert("a".into(), "b".into());
            body.parallel_tool_calls = Some(false);
            let own =
                json!({"safetySettings": [], "generationConfig": {"responseModalities": ["TEXT"]}});
            body.extra = format::extra(own.as_object().expect("an object").clone());
        });
        assert_eq!(
            sent(&request),
            json!({
                "contents": [{"role": "user", "parts": [{"text": "1+1?"}]}],
                "tools": [{"functionDeclarations": [
                    {"name": "add", "description": "Adds.", "parametersJsonSchema": {"type": "object"}},
                ]}],
                "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
                "generationConfig": {
                    "temperature": 0.5, "maxOutputTokens": 9, "stopSequences": ["END"],
                    "thinkingConfig": {"thinkingBudget": 100, "includeThoughts": true},
                    "responseModalities": ["TEXT"],
                },
                "safetySettings": [],
            })
        );
    }

    #[test]
    fn fields_of_other_formats_never_go_out() {
        let mut request = ChatRequest::new("gemini-2.5-flash", [Message::user("hi")]);
        request.edit(|body| {
            let fields = Map::from_iter([("safetySettings".to_owned(), json!([]))]);
            body.extra = interline_core::Extra::new(FormatId::from_static("other"), fields);
        });
        let contents = json!([{"role": "user", "parts": [{"text": "hi"}]}]);
        assert_eq!(sent(&request), json!({"contents": contents}));
    }

    #[test]
    fn json_beside_tools_waits_for_gemini_3() {
        let shape = ResponseFormat::JsonSchema(JsonSchemaFormat::new(json!({"type": "object"})));
        let request = adding().with_response_format(shape);
        let error = encode_request(&request, &Quirks::default()).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.param(), Some("response_format"));
        let config = &sent(&request.for_model("gemini-3-flash-preview"))["generationConfig"];
        assert_eq!(config["responseMimeType"], "application/json");
        assert_eq!(config["responseJsonSchema"], json!({"type": "object"}));
    }

    #[test]
    fn a_conversation_that_says_nothing_is_refused() {
        for messages in [vec![], vec![Message::user("")]] {
            let request = ChatRequest::new("gemini-2.5-flash", messages);
            let error = encode_request(&request, &Quirks::default()).expect_err("nothing");
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert_eq!(error.param(), Some("messages"));
        }
    }
}
