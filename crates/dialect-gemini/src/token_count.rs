//! Counting of tokens: the question and its answer.

use bytes::Bytes;
use interline_core::{ChatRequest, Error, Result};
use interline_transport::body_snippet;
use serde_json::{Map, Value, json};

use crate::{CountBody, Quirks, decode_error, encode_request, model_name};
use interline_transport::json::Fields;

/// Fields of a request that make its prompt, in both spellings.
const PROMPT: [&str; 6] = [
    "contents",
    "systemInstruction",
    "system_instruction",
    "tools",
    "generationConfig",
    "generation_config",
];

/// Writes the question how many tokens `request` has.
///
/// # Errors
/// As [`encode_request()`].
pub fn encode_count_request(request: &ChatRequest, quirks: &Quirks) -> Result<Bytes> {
    let body = encode_request(request, quirks)?;
    let mut body: Map<String, Value> = serde_json::from_slice(&body)
        .map_err(|source| Error::invalid_request(format!("body is not a JSON object: {source}")))?;
    let question = match quirks.count_body {
        CountBody::WholeRequest => {
            let model = model_name::resource(request.model.as_str());
            body.insert("model".into(), json!(model));
            json!({"generateContentRequest": body})
        }
        CountBody::PromptFields => {
            body.retain(|key, _| PROMPT.contains(&key.as_str()));
            Value::Object(body)
        }
    };
    Ok(Bytes::from(question.to_string()))
}

/// Reads the vendor's count.
///
/// # Errors
/// `Protocol` where the body has no count; what the body says where it is an error.
pub fn decode_count_response(body: Bytes) -> Result<u64> {
    let value: Value = serde_json::from_slice(&body).map_err(|source| {
        let start = body_snippet(&body);
        Error::protocol(format!("the count is not JSON: {start}")).with_source(source)
    })?;
    if decode_error::is_error(&value) {
        return Err(decode_error::decode_in_band(&value, body));
    }
    let count = Fields::of(&value).and_then(|fields| fields.u64("totalTokens"));
    match count.map_err(|flaw| flaw.into_protocol("the count"))? {
        Some(count) => Ok(count),
        None => Err(Error::protocol("the count: totalTokens: field required")),
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, FunctionTool, Message, ToolChoice};

    use super::*;

    fn asked(count_body: CountBody) -> Value {
        let request = ChatRequest::new("gemini-x", [Message::system("s"), Message::user("hi")])
            .with_tool(FunctionTool::new("add", json!({"type": "object"})))
            .with_tool_choice(ToolChoice::Required)
            .with_max_output_tokens(5);
        let quirks = Quirks::default().with_count_body(count_body);
        let body = encode_count_request(&request, &quirks).expect("encodable");
        serde_json::from_slice(&body).expect("JSON")
    }

    #[test]
    fn the_question_holds_the_request_or_the_prompt() {
        let whole = asked(CountBody::WholeRequest);
        let inner = &whole["generateContentRequest"];
        assert_eq!(inner["model"], "models/gemini-x");
        assert!(inner.get("toolConfig").is_some());
        let prompt = asked(CountBody::PromptFields);
        let keys: Vec<&String> = prompt.as_object().expect("an object").keys().collect();
        assert_eq!(
            keys,
            ["contents", "generationConfig", "systemInstruction", "tools"]
        );
    }

    #[test]
    fn a_count_is_a_number_or_an_error() {
        let count = |body: &'static str| decode_count_response(Bytes::from(body));
        let good = count(r#"{"totalTokens":31,"promptTokensDetails":[]}"#);
        assert_eq!(good.expect("a count"), 31);
        for body in ["<p>", "[]", "{}", r#"{"totalTokens":-1}"#] {
            let error = count(body).expect_err(body);
            assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
        }
        let error = count(r#"{"error":{"code":404,"message":"x","status":"NOT_FOUND"}}"#);
        assert_eq!(error.expect_err("an error").kind(), ErrorKind::NotFound);
    }
}
