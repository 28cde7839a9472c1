//! What a client of the gateway saw of one request, read from the wire as an SDK would.

use std::time::Duration;

use serde_json::Value;

/// What a client saw of one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    pub(crate) status: u16,
    pub(crate) provider: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) attempts: u32,
    pub(crate) fell_back: bool,
    pub(crate) cost_usd: Option<String>,
    /// The task that the router took it for, where it chose.
    pub(crate) task: Option<String>,
    pub(crate) tier: Option<String>,
    pub(crate) text: String,
    pub(crate) tools: Vec<String>,
    /// The code of the typed error, in the reply or as the last event of a stream.
    pub(crate) error_code: Option<String>,
    /// Whether the format's own end came: a finish reason and, in a stream, the terminal event.
    pub(crate) is_complete: bool,
    /// The decision trace.
    pub(crate) trace: Value,
    pub(crate) duration: Duration,
}

impl Observed {
    /// Reads a whole OpenAI answer, or one chunk of a stream.
    pub(crate) fn read_openai(&mut self, body: &Value) {
        self.read_common(body);
        let choice = &body["choices"][0];
        for message in [&choice["message"], &choice["delta"]] {
            self.text += message["content"].as_str().unwrap_or_default();
            for call in message["tool_calls"].as_array().into_iter().flatten() {
                let name = call["function"]["name"].as_str();
                self.tools
                    .extend(name.filter(|name| !name.is_empty()).map(str::to_owned));
            }
        }
        // Unary answers are complete with their finish reason; streams only with `[DONE]`.
        if choice["message"].is_object() && choice["finish_reason"].is_string() {
            self.is_complete = true;
        }
    }

    /// Reads a whole Anthropic answer, or one event of a stream.
    pub(crate) fn read_anthropic(&mut self, body: &Value) {
        self.read_common(body);
        let blocks = body["content"].as_array().into_iter().flatten();
        for block in blocks.chain([&body["content_block"]]) {
            self.text += block["text"].as_str().unwrap_or_default();
            if block["type"] == "tool_use" {
                self.tools.extend(block["name"].as_str().map(str::to_owned));
            }
        }
        self.text += body["delta"]["text"].as_str().unwrap_or_default();
        if body["type"] == "message_stop" || body["stop_reason"].is_string() {
            self.is_complete = true;
        }
    }

    fn read_common(&mut self, body: &Value) {
        let error = &body["error"];
        if error.is_object() {
            let code = [&error["code"], &error["type"]]
                .into_iter()
                .find_map(Value::as_str);
            self.error_code = Some(code.unwrap_or("unknown").to_owned());
        }
        let trace = &body["interline"];
        if trace.is_object() {
            self.trace = trace.clone();
            self.cost_usd = trace["cost_usd"]
                .as_str()
                .map(str::to_owned)
                .or(self.cost_usd.take());
        }
    }

    /// Who answered, as `provider/model`.
    pub(crate) fn answered_by(&self) -> Option<String> {
        Some(format!(
            "{}/{}",
            self.provider.as_ref()?,
            self.model.as_ref()?
        ))
    }

    /// Whether an answer came whole.
    pub(crate) fn is_answered(&self) -> bool {
        self.status == 200
            && self.is_complete
            && self.error_code.is_none()
            && !(self.text.is_empty() && self.tools.is_empty())
    }

    /// Whether content came and then a typed error, with nothing that looks like an end.
    pub(crate) fn is_broken_off_with_a_word(&self) -> bool {
        self.status == 200
            && !self.text.is_empty()
            && self.error_code.is_some()
            && !self.is_complete
    }

    /// Whether nobody was asked, and this code said why.
    pub(crate) fn is_refused_with(&self, code: &str) -> bool {
        self.status >= 400 && self.attempts == 0 && self.error_code.as_deref() == Some(code)
    }

    /// How the router decided, where it did: task, tier, and what the budget pays for.
    pub(crate) fn routing(&self) -> Option<String> {
        let task = self.task.as_ref()?;
        let tier = self.tier.as_deref().unwrap_or("?");
        let budget = self.trace["budget"].as_str().unwrap_or("unbounded");
        Some(format!("{task}, {tier}, budget {budget}"))
    }

    /// What went wrong before the answer, told from the trace.
    pub(crate) fn story(&self) -> String {
        let list = |name: &str| self.trace[name].as_array().cloned().unwrap_or_default();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let skipped = list("skipped").into_iter().map(|skip| {
            let target = word(&skip["target"]);
            let provider = target.split('/').next().unwrap_or_default().to_owned();
            format!("{provider} skipped ({})", word(&skip["reason"]))
        });
        let failed = list("attempt_list")
            .into_iter()
            .filter(|attempt| attempt["code"].is_string())
            .map(|attempt| {
                let status = attempt["status"].as_u64().filter(|status| *status >= 400);
                let how =
                    status.map_or_else(|| word(&attempt["code"]), |status| status.to_string());
                format!("{}: {how}", word(&attempt["provider"]))
            });
        skipped.chain(failed).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stream_without_its_terminal_event_is_not_answered() {
        let mut seen = Observed {
            status: 200,
            ..Observed::default()
        };
        seen.read_openai(
            &json!({"choices": [{"delta": {"content": "hi"}, "finish_reason": null}]}),
        );
        assert!(!seen.is_answered());
        seen.is_complete = true;
        assert!(seen.is_answered());
    }

    #[test]
    fn an_error_after_content_is_seen_in_both_formats() {
        let mut openai = Observed {
            status: 200,
            ..Observed::default()
        };
        openai.read_openai(&json!({"choices": [{"delta": {"content": "hi"}}]}));
        openai.read_openai(&json!({"error": {"code": "protocol"}, "choices": [{"delta": {}, "finish_reason": "error"}]}));
        assert!(openai.is_broken_off_with_a_word());
        let mut anthropic = Observed {
            status: 200,
            ..Observed::default()
        };
        anthropic.read_anthropic(
            &json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "hi"}}),
        );
        anthropic.read_anthropic(
            &json!({"type": "error", "error": {"type": "api_error", "message": "cut"}}),
        );
        assert!(anthropic.is_broken_off_with_a_word());
        assert_eq!(anthropic.error_code.as_deref(), Some("api_error"));
    }
}
