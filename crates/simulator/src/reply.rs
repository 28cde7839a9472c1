//! Reply: what a vendor answers, before a wire format writes it.

use serde_json::Value;

/// The content of one answer.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Reply {
    /// The answer's text; may be empty when there are tool calls.
    pub text: String,
    /// Reasoning that is shown before the text.
    pub reasoning: Option<String>,
    /// Tool calls, in order; more than one are parallel calls.
    pub tool_calls: Vec<ToolCall>,
    /// Why the answer ends; unset means tool calls if there are any, else a natural stop.
    pub finish: Option<Finish>,
    /// Tokens that are reported; unset means counted from the request and the answer.
    pub usage: Option<TokenUsage>,
}

impl Reply {
    /// A text answer.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// An answer of one tool call; `arguments` is a JSON object.
    #[must_use]
    pub fn tool_call(name: impl Into<String>, arguments: Value) -> Self {
        Self::default().with_tool_call(name, arguments)
    }

    /// Adds reasoning before the text.
    #[must_use]
    pub fn with_reasoning(mut self, reasoning: impl Into<String>) -> Self {
        self.reasoning = Some(reasoning.into());
        self
    }

    /// Adds a tool call; `arguments` is a JSON object.
    #[must_use]
    pub fn with_tool_call(mut self, name: impl Into<String>, arguments: Value) -> Self {
        self.tool_calls.push(ToolCall {
            name: name.into(),
            arguments,
        });
        self
    }

    /// Sets why the answer ends.
    #[must_use]
    pub fn with_finish(mut self, finish: Finish) -> Self {
        self.finish = Some(finish);
        self
    }

    /// Sets the tokens that are reported.
    #[must_use]
    pub fn with_usage(mut self, usage: TokenUsage) -> Self {
        self.usage = Some(usage);
        self
    }

    pub(crate) fn finish(&self) -> Finish {
        self.finish.unwrap_or(if self.tool_calls.is_empty() {
            Finish::Stop
        } else {
            Finish::ToolCalls
        })
    }
}

/// One tool call of an answer. Its id on the wire is made from the request's id and its place.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// Name of the tool.
    pub name: String,
    /// Arguments, a JSON object.
    pub arguments: Value,
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finish {
    /// The model was done.
    Stop,
    /// The token limit was reached.
    Length,
    /// The model waits for tool results.
    ToolCalls,
    /// A filter stopped the answer.
    ContentFilter,
}

/// Tokens of one exchange, with one inclusion rule; the wire formats convert it to theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TokenUsage {
    /// All input tokens, cached ones and cache writes included.
    pub input: u64,
    /// Input tokens that a cache served.
    pub cached_input: u64,
    /// Input tokens that were written to a cache.
    pub cache_write: u64,
    /// All output tokens, reasoning included.
    pub output: u64,
    /// Output tokens of reasoning.
    pub reasoning: u64,
}

impl TokenUsage {
    /// Input and output tokens, nothing cached, no reasoning.
    #[must_use]
    pub fn new(input: u64, output: u64) -> Self {
        Self {
            input,
            output,
            ..Self::default()
        }
    }

    /// Sets how many of the input tokens a cache served.
    #[must_use]
    pub fn with_cached_input(mut self, tokens: u64) -> Self {
        self.cached_input = tokens;
        self
    }

    /// Sets how many of the input tokens were written to a cache.
    #[must_use]
    pub fn with_cache_write(mut self, tokens: u64) -> Self {
        self.cache_write = tokens;
        self
    }

    /// Sets how many of the output tokens were reasoning.
    #[must_use]
    pub fn with_reasoning(mut self, tokens: u64) -> Self {
        self.reasoning = tokens;
        self
    }
}

/// Cuts a text into the pieces that a stream carries: words with the blanks after them.
///
/// A run without blanks stays whole, however long: that is how an event gets its size.
pub(crate) fn tokens(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut after_blank = false;
    for (at, letter) in text.char_indices() {
        if after_blank && !letter.is_whitespace() {
            pieces.extend(text.get(start..at));
            start = at;
        }
        after_blank = letter.is_whitespace();
    }
    if start < text.len() {
        pieces.extend(text.get(start..));
    }
    pieces
}

/// Cuts tool arguments into pieces of a few characters, since streams cut them anywhere.
pub(crate) fn argument_pieces(arguments: &str) -> Vec<String> {
    // Eight characters are chosen, not measured: short enough that every call is cut several times.
    let letters: Vec<char> = arguments.chars().collect();
    letters
        .chunks(8)
        .map(|piece| piece.iter().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{argument_pieces, tokens};
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    #[test]
    fn tokens_are_words_with_the_blanks_after_them() {
        assert_eq!(tokens("To be,  or\nnot"), ["To ", "be,  ", "or\n", "not"]);
        assert!(tokens("").is_empty());
        assert_eq!(tokens("  x"), ["  ", "x"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn pieces_join_to_the_whole(text in ".*") {
            prop_assert_eq!(tokens(&text).concat(), text.clone());
            prop_assert_eq!(argument_pieces(&text).concat(), text);
        }
    }
}
