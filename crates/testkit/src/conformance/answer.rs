//! One answer of a vendor, and what a right provider reads in it.

use bytes::Bytes;
use interline_core::{FinishReason, Usage};
use interline_simulator::Canned;
use serde_json::Value;

/// One answer of a vendor as bytes, recorded or written by hand, and what it [`Said`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers; those that frame the body are the kit's own.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// What a right provider reads in it.
    pub said: Said,
    /// Text with which a stream's terminal event begins; see [`Answer::with_terminal`].
    pub terminal: Option<String>,
}

impl Answer {
    /// An answer of any kind.
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
            said: Said::default(),
            terminal: None,
        }
    }

    /// A success whose body is one JSON document.
    #[must_use]
    pub fn json(body: &Value) -> Self {
        Self::new(200, "application/json", body.to_string())
    }

    /// A success whose body is server-sent events, written out.
    pub fn event_stream(body: impl Into<Bytes>) -> Self {
        Self::new(200, "text/event-stream", body)
    }

    /// A success whose body is server-sent events, each one JSON document without a name.
    #[must_use]
    pub fn events(events: &[Value]) -> Self {
        let body: String = events
            .iter()
            .map(|event| format!("data: {event}\n\n"))
            .collect();
        Self::event_stream(body)
    }

    /// Another status.
    #[must_use]
    pub const fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Says what a right provider reads in it.
    #[must_use]
    pub fn says(mut self, said: Said) -> Self {
        self.said = said;
        self
    }

    /// Names a text in the stream's terminal event, such as `[DONE]`. A stream that is cut before it
    /// must not end as if it were complete. Without it the kit can only ask for the whole content.
    #[must_use]
    pub fn with_terminal(mut self, terminal: impl Into<String>) -> Self {
        self.terminal = Some(terminal.into());
        self
    }

    /// Where the terminal event's text ends, in bytes; `None` where none was named or it is missing.
    pub(crate) fn terminal_end(&self) -> Option<usize> {
        let text = self.terminal.as_deref()?.as_bytes();
        let mut windows = self.body.windows(text.len().max(1));
        Some(windows.rposition(|window| window == text)? + text.len())
    }

    pub(crate) fn canned(&self) -> Canned {
        Canned::new(self.status, self.body.clone()).with_headers(self.headers.clone())
    }

    /// The same answer with only the first `bytes` of its body.
    pub(crate) fn cut_at(&self, bytes: usize) -> Self {
        Self {
            body: self.body.slice(..bytes.min(self.body.len())),
            ..self.clone()
        }
    }

    /// The same answer with another body.
    pub(crate) fn with_body(&self, body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            ..self.clone()
        }
    }
}

/// What a right provider reads in an [`Answer`], in core's words. What is absent is not compared,
/// except texts and tool calls: none said means none may be heard.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Said {
    /// The text of each choice.
    pub texts: Vec<String>,
    /// The thinking of the first choice.
    pub reasoning: Option<String>,
    /// A text in the vendor's proof of that thinking, which goes back to it unchanged.
    pub signature: Option<String>,
    /// The tool calls of the first choice: name and arguments.
    pub tool_calls: Vec<(String, Value)>,
    /// Why the first choice ended.
    pub finish: Option<FinishReason>,
    /// Tokens by core's rule of inclusion, not the vendor's.
    pub usage: Option<Usage>,
    /// The vectors of an embedding answer.
    pub embeddings: Vec<Vec<f32>>,
    /// The ids of a list of models.
    pub models: Vec<String>,
    /// A count of tokens.
    pub tokens: Option<u64>,
}

impl Said {
    /// An answer of this text.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            texts: vec![text.into()],
            ..Self::default()
        }
    }

    /// An answer that only calls a tool.
    pub fn tool_call(name: impl Into<String>, arguments: Value) -> Self {
        Self::default().with_tool_call(name, arguments)
    }

    /// Vectors.
    #[must_use]
    pub fn embeddings(embeddings: Vec<Vec<f32>>) -> Self {
        Self {
            embeddings,
            ..Self::default()
        }
    }

    /// A list of models.
    pub fn models<M: Into<String>>(models: impl IntoIterator<Item = M>) -> Self {
        Self {
            models: models.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// A count of tokens.
    #[must_use]
    pub fn tokens(tokens: u64) -> Self {
        Self {
            tokens: Some(tokens),
            ..Self::default()
        }
    }

    /// Adds another choice with its text.
    #[must_use]
    pub fn with_choice(mut self, text: impl Into<String>) -> Self {
        self.texts.push(text.into());
        self
    }

    /// Adds thinking.
    #[must_use]
    pub fn with_reasoning(mut self, reasoning: impl Into<String>) -> Self {
        self.reasoning = Some(reasoning.into());
        self
    }

    /// Adds a text that stands in the vendor's proof of its thinking.
    #[must_use]
    pub fn with_signature(mut self, signature: impl Into<String>) -> Self {
        self.signature = Some(signature.into());
        self
    }

    /// Adds a tool call.
    #[must_use]
    pub fn with_tool_call(mut self, name: impl Into<String>, arguments: Value) -> Self {
        self.tool_calls.push((name.into(), arguments));
        self
    }

    /// Says why the answer ended.
    #[must_use]
    pub fn with_finish(mut self, finish: FinishReason) -> Self {
        self.finish = Some(finish);
        self
    }

    /// Says how many tokens were used, by core's rule of inclusion.
    #[must_use]
    pub const fn with_usage(mut self, usage: Usage) -> Self {
        self.usage = Some(usage);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_event_is_found_from_behind() {
        let answer =
            Answer::event_stream("data: [DONE]x\n\ndata: [DONE]\n\n").with_terminal("[DONE]");
        assert_eq!(answer.terminal_end(), Some(27));
        assert_eq!(
            Answer::event_stream("a").with_terminal("b").terminal_end(),
            None
        );
        assert_eq!(Answer::event_stream("a").terminal_end(), None);
    }
}
