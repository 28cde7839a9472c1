//! CountTokens: how much of a conversation the model would read. It costs nothing.

use interline_core::{CallContext, ChatRequest, Error, Result, TokenCounter, async_trait};
use interline_transport::{Accept, HttpRequest};
use serde_json::{Map, Value, json};

use crate::encode_request::from_types;
use crate::{Bedrock, FORMAT};

/// The longest answer, in bytes (chosen, not measured; one number is expected).
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// What of a request counts, by the reference of `ConverseTokensRequest`.
const COUNTED: [&str; 4] = [
    "messages",
    "system",
    "toolConfig",
    "additionalModelRequestFields",
];

/// Where cross-region profiles begin; counting knows only the models behind them.
const GEOGRAPHIES: [&str; 9] = [
    "us.", "us-gov.", "eu.", "apac.", "jp.", "au.", "ca.", "amer.", "global.",
];

#[async_trait]
impl TokenCounter for Bedrock {
    async fn count_tokens(&self, cx: &CallContext, req: &ChatRequest) -> Result<u64> {
        let count = self.try_count(cx, req).await;
        count.map_err(|error| error.with_target(&self.id, &req.model))
    }
}

impl Bedrock {
    async fn try_count(&self, cx: &CallContext, req: &ChatRequest) -> Result<u64> {
        let model = model_behind(req.model.as_str());
        let url = self.address.of_model(model, "count-tokens")?;
        let body = json!({"input": {"converse": counted(req)?}}).to_string();
        let request = HttpRequest::post_json(url, body, Accept::Json);
        let response = self.exchange(cx, request).await?;
        let body = response.bytes(MAX_RESPONSE_BYTES).await?;
        let answer: Value = serde_json::from_slice(&body)
            .map_err(|source| Error::protocol("the count is not JSON").with_source(source))?;
        let count = answer.get("inputTokens").and_then(Value::as_u64);
        count.ok_or_else(|| Error::protocol("the count has no `inputTokens`"))
    }
}

fn counted(req: &ChatRequest) -> Result<Map<String, Value>> {
    let body = match req.origin_in(&FORMAT) {
        Some(origin) => serde_json::from_slice(&origin.body).map_err(|source| {
            Error::invalid_request(format!("request body is not a JSON object: {source}"))
        })?,
        None => from_types(req)?,
    };
    let is_counted = |key: &String| COUNTED.contains(&key.as_str());
    Ok(body
        .into_iter()
        .filter(|(key, _)| is_counted(key))
        .collect())
}

fn model_behind(model: &str) -> &str {
    GEOGRAPHIES
        .iter()
        .find_map(|geography| model.strip_prefix(geography))
        .unwrap_or(model)
}

#[cfg(test)]
mod tests {
    use interline_core::{CallContext, ErrorKind, Message};

    use super::*;
    use crate::testing::{answering, bedrock};

    fn hi() -> ChatRequest {
        let model = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
        ChatRequest::new(model, [Message::user("hi")]).with_max_output_tokens(5)
    }

    #[tokio::test]
    async fn only_what_counts_is_sent_to_the_model_behind_the_profile() {
        let transport = answering(200, r#"{"inputTokens": 8}"#);
        let count = bedrock(&transport)
            .count_tokens(&CallContext::new("c"), &hi())
            .await;
        assert_eq!(count.expect("a count"), 8);
        let sent = transport.last();
        let path = "/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/count-tokens";
        assert!(sent.url.ends_with(path), "{}", sent.url);
        let body: Value = serde_json::from_slice(&sent.body).expect("JSON");
        let converse = json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]});
        assert_eq!(body, json!({"input": {"converse": converse}}));
    }

    #[tokio::test]
    async fn an_answer_without_a_count_is_refused() {
        let transport = answering(200, "{}");
        let count = bedrock(&transport)
            .count_tokens(&CallContext::new("c"), &hi())
            .await;
        let error = count.expect_err("no count");
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert_eq!(error.provider(), Some(&"mine".into()));
    }
}
