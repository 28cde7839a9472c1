//! Ask: what a request wants, whatever its wire format, and the reply that a vendor derives from it.

use serde_json::Value;

use crate::reply::{Finish, Reply, TokenUsage, tokens};
use crate::sample::sample;

/// The parts of a model call that shape its answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask {
    pub(crate) model: String,
    pub(crate) api: Api,
    pub(crate) delivery: Delivery,
    /// Whether the stream ends with a usage chunk (OpenAI's `include_usage`).
    pub(crate) usage_chunk: UsageChunk,
    /// How many messages the conversation has.
    pub(crate) messages: usize,
    pub(crate) last: LastMessage,
    pub(crate) tools: Vec<Tool>,
    pub(crate) tool_choice: ToolChoice,
    pub(crate) format: AnswerFormat,
    pub(crate) reasoning: Reasoning,
    pub(crate) max_tokens: Option<u64>,
    /// How many alternative answers.
    pub(crate) choices: usize,
    /// Estimated from the size of the conversation.
    pub(crate) input_tokens: u64,
}

/// Which of a vendor's APIs for model calls was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    /// The one that the vendor's format is named for.
    Main,
    /// OpenAI's Responses.
    Responses,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    Stream,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsageChunk {
    Wanted,
    Unwanted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reasoning {
    Shown,
    Off,
}

/// The newest message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LastMessage {
    Text(String),
    ToolResult(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) schema: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ToolChoice {
    Auto,
    Never,
    Named(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AnswerFormat {
    Text,
    JsonObject,
    Schema(Value),
}

/// Tokens of a conversation: a quarter of its JSON's bytes, the usual rule of thumb.
pub(crate) fn estimate_tokens(conversation: &Value) -> u64 {
    (conversation.to_string().len() as u64).div_ceil(4)
}

/// Letters of the caller's message that an answer repeats; chosen, not measured.
const ECHO_LETTERS: usize = 200;

impl Ask {
    /// The reply of a vendor that was given none: it says who answers and what was asked, and follows the request's wishes.
    ///
    /// It calls the named tool (or the first) unless the newest message is a tool result, answers in JSON where a format asks
    /// for it, reasons where the request says so, and stops at the token limit.
    pub(crate) fn derived_reply(&self, vendor: &str) -> Reply {
        let reply = match (&self.format, self.tool_to_call()) {
            (_, Some(tool)) => Reply::tool_call(&tool.name, sample(&tool.schema)),
            (AnswerFormat::Schema(schema), None) => Reply::text(sample(schema).to_string()),
            (AnswerFormat::JsonObject, None) => {
                let facts = serde_json::json!({"vendor": vendor, "model": self.model, "messages": self.messages});
                Reply::text(facts.to_string())
            }
            (AnswerFormat::Text, None) => Reply::text(self.prose(vendor)),
        };
        let reply = match self.reasoning {
            Reasoning::Shown => {
                reply.with_reasoning("The simulated vendor thinks before it answers.")
            }
            Reasoning::Off => reply,
        };
        self.within_token_limit(reply)
    }

    fn tool_to_call(&self) -> Option<&Tool> {
        if matches!(self.last, LastMessage::ToolResult(_)) {
            return None;
        }
        match &self.tool_choice {
            ToolChoice::Never => None,
            ToolChoice::Auto => self.tools.first(),
            ToolChoice::Named(name) => self.tools.iter().find(|tool| &tool.name == name),
        }
    }

    fn prose(&self, vendor: &str) -> String {
        let model = &self.model;
        let echo = |text: &str| text.chars().take(ECHO_LETTERS).collect::<String>();
        let about = match &self.last {
            LastMessage::Text(text) => format!("You said: \u{201c}{}\u{201d}.", echo(text)),
            LastMessage::ToolResult(text) => {
                format!("The tool returned: \u{201c}{}\u{201d}.", echo(text))
            }
        };
        let messages = self.messages;
        format!(
            "This is {vendor} with {model}. {about} I have read {messages} messages of the conversation."
        )
    }

    fn within_token_limit(&self, mut reply: Reply) -> Reply {
        let limit = usize::try_from(self.max_tokens.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let pieces = tokens(&reply.text);
        if reply.tool_calls.is_empty() && pieces.len() > limit {
            reply.text = pieces.into_iter().take(limit).collect();
            reply.finish = Some(Finish::Length);
        }
        reply
    }

    /// The usage to report for a reply.
    pub(crate) fn usage(&self, reply: &Reply) -> TokenUsage {
        reply.usage.unwrap_or_else(|| {
            let reasoning = reply
                .reasoning
                .as_deref()
                .map_or(0, |text| tokens(text).len());
            let calls: u64 = reply
                .tool_calls
                .iter()
                .map(|call| estimate_tokens(&call.arguments))
                .sum();
            let output = (tokens(&reply.text).len() + reasoning) as u64 + calls;
            TokenUsage::new(self.input_tokens, output).with_reasoning(reasoning as u64)
        })
    }
}
