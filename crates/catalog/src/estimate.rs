//! How many tokens a request is, without the vendor's tokenizer: an estimate, one pass over its bytes.
//!
//! Each byte adds a fraction of a token that its class decides, and the sum is scaled by the model's
//! family; messages, tools and media add fixed figures. No tokenizer is carried along, because the
//! vendors that publish none are those whose counts matter most here.
//!
//! # How far it is off
//! Measured against the input tokens that vendors reported for the recorded requests of this
//! project's test data, those without media, cached input and tools that the vendor runs itself
//! (`tests/estimate_error.rs` measures again and fails where it grows worse):
//!
//! | requests | number | half are off by at most | nine of ten by at most |
//! |---|---|---|---|
//! | Anthropic's Messages | 36 | 17 % | 30 % |
//! | Chat Completions of all vendors | 180 | 18 % | 65 % |
//!
//! They are short: most are under 500 tokens, where a vendor's template weighs much, and the worst are
//! open models whose servers add a system prompt of their own. Long prose, code, other scripts than
//! English ones and Gemini's own format were not measured. A picture counts a fixed figure for a large one,
//! so a thumbnail is overestimated. Never bill by this figure.

use interline_core::{ChatRequest, MediaSource, Part, PartKind, ResponseFormat, Tool, ToolChoice};
use serde_json::Value;

/// What one byte adds to the count, in thousandths of a token, by its class.
///
/// Fitted to the recorded requests and rounded; the last two are chosen, because the recordings are
/// English: an accented letter takes two bytes and about half a token, a Chinese one three and about one.
mod weight {
    /// Letters of ASCII: four make a token.
    pub(super) const LETTER: u64 = 250;
    pub(super) const DIGIT: u64 = 700;
    /// Most tokenizers join a space with the word behind it.
    pub(super) const SPACE: u64 = 50;
    pub(super) const PUNCTUATION: u64 = 700;
    pub(super) const TWO_BYTE_LETTER: u64 = 250;
    pub(super) const LONGER_LETTER: u64 = 330;
}

/// A family of models that share a tokenizer and a template, roughly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Family {
    /// What the text's weight is multiplied with, in percent.
    text: u64,
    /// The same for declarations of tools, which vendors rewrite in their own form.
    tools: u64,
    /// Tokens around the whole conversation.
    conversation: u64,
    /// Tokens around each message.
    message: u64,
    /// Tokens of the instructions that come with any tool.
    with_tools: u64,
    /// Tokens around each tool.
    tool: u64,
    /// Tokens of the instructions that come with a JSON Schema; `None` where it is not part of the
    /// prompt, since the vendor constrains the sampling instead.
    schema: Option<u64>,
    /// Tokens of a picture of unknown size.
    picture: u64,
}

/// 1568 is the most that Anthropic's documentation says a picture takes (1.15 megapixels). Its
/// instructions on tools take 346 tokens by the documentation of Claude 4, and about 500 by the
/// counts of the models that followed.
const CLAUDE: Family = Family {
    text: 102,
    tools: 75,
    conversation: 3,
    message: 5,
    with_tools: 400,
    tool: 12,
    schema: Some(110),
    picture: 1568,
};
/// 765 is OpenAI's own example of a square picture in high detail.
const GPT: Family = Family {
    text: 88,
    tools: 42,
    conversation: 4,
    message: 3,
    with_tools: 12,
    tool: 4,
    schema: Some(15),
    picture: 765,
};
/// 258 is Google's figure for a picture, or for one tile of a large one.
const GEMINI: Family = Family {
    text: 88,
    tools: 43,
    conversation: 1,
    message: 1,
    with_tools: 0,
    tool: 4,
    schema: None,
    picture: 258,
};
/// Open models: 1024 is chosen, their picture encoders differ by a factor of ten.
const OTHER: Family = Family {
    text: 85,
    tools: 85,
    conversation: 5,
    message: 4,
    with_tools: 70,
    tool: 9,
    schema: None,
    picture: 1024,
};

/// Tokens of a document or a recording of unknown length; chosen: about a page, or a minute.
const MEDIUM: u64 = 2000;

impl Family {
    fn of(model: &str) -> Self {
        let name = model.to_ascii_lowercase();
        let last = name.rsplit('/').next().unwrap_or(&name);
        if name.contains("claude") {
            CLAUDE
        } else if name.contains("gemini") {
            GEMINI
        } else if ["gpt-", "chatgpt-", "o1", "o3", "o4", "text-embedding-"]
            .iter()
            .any(|prefix| last.starts_with(prefix) && !last.starts_with("gpt-oss"))
        {
            GPT
        } else {
            OTHER
        }
    }
}

/// Estimates how many tokens `model` would read of `request`; the module says how far it is off.
///
/// Takes time in proportion to the request's size, and no memory to speak of. Never zero.
#[must_use]
pub fn estimate_input_tokens(request: &ChatRequest, model: &str) -> u64 {
    let family = Family::of(model);
    let mut sum = Sum {
        family,
        text: 0,
        tools: 0,
        fixed: family.conversation,
    };
    for message in &request.messages {
        sum.fixed += family.message;
        for part in &message.parts {
            sum.part(part);
        }
    }
    if !request.tools.is_empty() && request.tool_choice != Some(ToolChoice::None) {
        sum.fixed += family.with_tools;
    }
    for tool in &request.tools {
        sum.fixed += family.tool;
        sum.tools = sum.tools.saturating_add(tool_weight(tool));
    }
    if let (Some(ResponseFormat::JsonSchema(schema)), Some(tokens)) =
        (&request.response_format, family.schema)
    {
        sum.fixed += tokens;
        sum.tools = sum.tools.saturating_add(json(&schema.schema));
    }
    sum.total()
}

/// What was found so far, in thousandths of tokens and in tokens.
#[derive(Debug)]
struct Sum {
    family: Family,
    text: u64,
    tools: u64,
    fixed: u64,
}

impl Sum {
    fn part(&mut self, part: &Part) {
        match &part.kind {
            PartKind::Text(words) | PartKind::Refusal(words) => self.words(words),
            PartKind::Reasoning(thought) => self.words(&thought.text),
            PartKind::ToolCall(call) => {
                self.words(&call.name);
                self.words(&call.arguments);
                self.fixed += self.family.tool;
            }
            PartKind::ToolResult(result) => {
                self.fixed += self.family.message;
                for part in &result.content {
                    self.part(part);
                }
            }
            PartKind::Image(_) => self.fixed += self.family.picture,
            PartKind::File(media) => match &media.source {
                MediaSource::Text(words) => self.words(words),
                _ => self.fixed += MEDIUM,
            },
            PartKind::Audio(_) => self.fixed += MEDIUM,
            PartKind::Other { value, .. } => self.text = self.text.saturating_add(json(value)),
            _ => {}
        }
    }

    fn words(&mut self, words: &str) {
        self.text = self.text.saturating_add(weigh(words));
    }

    fn total(&self) -> u64 {
        let text = u128::from(self.text) * u128::from(self.family.text);
        let tools = u128::from(self.tools) * u128::from(self.family.tools);
        // Thousandths of tokens times percents.
        let tokens = (text + tools).div_ceil(100_000);
        u64::try_from(tokens)
            .unwrap_or(u64::MAX)
            .saturating_add(self.fixed)
            .max(1)
    }
}

/// The weight of text, in thousandths of a token.
fn weigh(words: &str) -> u64 {
    words.bytes().map(byte_weight).sum()
}

const fn byte_weight(byte: u8) -> u64 {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' => weight::LETTER,
        b'0'..=b'9' => weight::DIGIT,
        b' ' | b'\t' | b'\r' | b'\n' => weight::SPACE,
        // The first byte of a letter of two bytes; the second one is counted as all that follow are.
        0xc2..=0xdf => weight::TWO_BYTE_LETTER,
        0x80..=0xff => weight::LONGER_LETTER,
        _ => weight::PUNCTUATION,
    }
}

fn tool_weight(tool: &Tool) -> u64 {
    match tool {
        Tool::Function(function) => {
            let about = function.description.as_deref().map_or(0, weigh);
            weigh(&function.name)
                .saturating_add(about)
                .saturating_add(function.parameters.as_ref().map_or(0, json))
        }
        Tool::Provider { value, .. } => json(value),
        _ => 0,
    }
}

/// The weight of a JSON value as text without spaces, without writing it.
fn json(value: &Value) -> u64 {
    match value {
        Value::Null => weigh("null"),
        Value::Bool(_) => weigh("true"),
        Value::Number(number) => weigh(&number.to_string()),
        Value::String(text) => weigh(text).saturating_add(2 * weight::PUNCTUATION),
        Value::Array(items) => items
            .iter()
            .map(|item| json(item).saturating_add(weight::PUNCTUATION))
            .fold(weight::PUNCTUATION, u64::saturating_add),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, item)| {
                weigh(name)
                    .saturating_add(json(item))
                    .saturating_add(4 * weight::PUNCTUATION)
            })
            .fold(weight::PUNCTUATION, u64::saturating_add),
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{FunctionTool, JsonSchemaFormat, Media, Message};
    use serde_json::json;

    use super::*;

    fn tokens(model: &str, request: &ChatRequest) -> u64 {
        estimate_input_tokens(request, model)
    }

    fn asking(words: &str) -> ChatRequest {
        ChatRequest::new("m", [Message::user(words)])
    }

    #[test]
    fn four_letters_make_a_token_and_other_scripts_more() {
        let long = |letter: &str| tokens("llama", &asking(&letter.repeat(4000)));
        let overhead = tokens("llama", &asking(""));
        assert_eq!(long("a") - overhead, 850);
        assert!(long("ä") > long("a"));
        assert!(long("語") > long("ä"));
        assert!(long("7") > long("a"));
    }

    #[test]
    fn everything_that_a_request_holds_adds_to_the_count() {
        let plain = asking("What is the weather?");
        let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        let tool = Tool::Function(FunctionTool::new("weather", parameters.clone()));
        let format = ResponseFormat::JsonSchema(JsonSchemaFormat::new(parameters));
        let mut seeing = plain.clone();
        seeing.edit(|body| {
            let picture = Part::image(Media::inline("image/png", "AAAA"));
            body.messages[0].parts.push(picture);
        });
        for model in ["claude-haiku-4-5", "gpt-5.1"] {
            let least = tokens(model, &plain);
            let more = [
                plain.clone().with_tool(tool.clone()),
                plain.clone().with_response_format(format.clone()),
                seeing.clone(),
            ];
            for request in more {
                assert!(tokens(model, &request) > least, "{model}");
            }
        }
    }

    #[test]
    fn a_picture_counts_the_same_whatever_its_bytes() {
        let picture = |data: &str| {
            let part = Part::image(Media::inline("image/png", data.to_owned()));
            let message = Message::new(interline_core::Role::User, [part]);
            tokens("gpt-4o", &ChatRequest::new("m", [message]))
        };
        assert_eq!(picture("AAAA"), picture(&"A".repeat(1_000_000)));
    }

    #[test]
    fn models_are_known_by_their_family_however_they_are_served() {
        for (model, family) in [
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", CLAUDE),
            ("anthropic/claude-haiku-4.5", CLAUDE),
            ("openai/gpt-5.1", GPT),
            ("o3-mini", GPT),
            ("openai/gpt-oss-120b", OTHER),
            ("google/gemini-2.5-pro", GEMINI),
            ("llama-3.3-70b", OTHER),
        ] {
            assert_eq!(Family::of(model), family, "{model}");
        }
    }
}
