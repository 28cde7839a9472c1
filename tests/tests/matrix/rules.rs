//! The rules by which something said need not be heard: it is said in other words, or has no place.
//!
//! A loss that the client tells about (`left_out`) needs no rule here; [`told`] finds its note.

use crate::caller::Caller;
use crate::case::Case;
use crate::check::Cell;
use crate::leaves::Leaf;
use crate::vendor::Vendor;

/// Which way something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the caller to the vendor.
    There,
    /// From the vendor to the caller.
    Back,
}

/// What becomes of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stands at this path as this value.
    Becomes(&'static str, &'static str),
    /// It stands there once where it was said several times, for this reason.
    Once(&'static str),
    /// It has no place, for this reason.
    Lost(&'static str),
}

/// One rule: at these paths, for these formats, in these cases. Empty lists hold for everything.
#[derive(Debug)]
struct Rule {
    way: Way,
    paths: &'static [&'static str],
    callers: &'static [Caller],
    vendors: &'static [Vendor],
    when: When,
    fate: Fate,
}

/// When a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Always,
    /// Only for this value.
    Is(&'static str),
    /// Only where the conversation has an earlier turn with thoughts.
    AfterThoughts,
}

const fn there(paths: &'static [&'static str], vendors: &'static [Vendor], fate: Fate) -> Rule {
    Rule {
        way: Way::There,
        paths,
        callers: &[],
        vendors,
        when: When::Always,
        fate,
    }
}

const fn back(paths: &'static [&'static str], callers: &'static [Caller], fate: Fate) -> Rule {
    Rule {
        way: Way::Back,
        paths,
        callers,
        vendors: &[],
        when: When::Always,
        fate,
    }
}

impl Rule {
    const fn by(mut self, callers: &'static [Caller]) -> Self {
        self.callers = callers;
        self
    }

    const fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    fn holds(&self, cell: Cell, way: Way, path: &str, value: &str) -> bool {
        let after_thoughts = cell.turn > 0 || cell.case == Case::ForeignReasoning;
        self.way == way
            && (self.callers.is_empty() || self.callers.contains(&cell.caller))
            && (self.vendors.is_empty() || self.vendors.contains(&cell.vendor))
            && self.paths.contains(&path)
            && match self.when {
                When::Always => true,
                When::Is(only) => only == value,
                When::AfterThoughts => after_thoughts,
            }
    }
}

use Caller::{Chat as FromChat, Messages, Responses as FromResponses};
use Fate::{Becomes, Lost, Once};
use Vendor::{Anthropic, Bedrock, Chat, Cohere, Gemini, Responses};

const RULES: &[Rule] = &[
    // Choice of tools.
    there(
        &["tool_choice"],
        &[Anthropic],
        Becomes("tool_choice.type", "any"),
    )
    .when(When::Is("required")),
    there(
        &["tool_choice"],
        &[Cohere],
        Becomes("tool_choice", "REQUIRED"),
    )
    .when(When::Is("required")),
    there(
        &["tool_choice"],
        &[Bedrock],
        Becomes("toolConfig.toolChoice.any", "{}"),
    )
    .when(When::Is("required")),
    there(
        &["tool_choice"],
        &[Gemini],
        Becomes("toolConfig.functionCallingConfig.mode", "ANY"),
    )
    .when(When::Is("required")),
    there(
        &["parallel_tool_calls"],
        &[Anthropic],
        Becomes("tool_choice.disable_parallel_tool_use", "true"),
    ),
    there(
        &["tool_choice.disable_parallel_tool_use"],
        &[Chat, Responses],
        Becomes("parallel_tool_calls", "false"),
    ),
    // Strict tools and shapes.
    there(STRICT, &[], Lost("what this format means by silence")).when(When::Is("false")),
    there(STRICT, &[Cohere], Becomes("strict_tools", "true")).when(When::Is("true")),
    there(
        STRICT_SHAPE,
        &[],
        Lost("the format's shapes are always strict"),
    )
    .when(When::Is("true")),
    there(
        SHAPE_NAME,
        &[Anthropic, Gemini, Cohere],
        Lost("the format's shapes have no names"),
    ),
    // Thinking.
    there(
        EFFORT,
        &[Anthropic],
        Becomes("thinking.budget_tokens", "3200"),
    ),
    there(
        EFFORT,
        &[Bedrock],
        Becomes(
            "additionalModelRequestFields.thinking.budget_tokens",
            "3200",
        ),
    ),
    there(EFFORT, &[Cohere], Becomes("thinking.token_budget", "8192")),
    there(
        &["thinking.budget_tokens"],
        &[Responses],
        Becomes("reasoning.effort", "low"),
    ),
    there(
        &["thinking.budget_tokens"],
        &[Gemini],
        Becomes("generationConfig.thinkingConfig.thinkingLevel", "medium"),
    ),
    // Thoughts of earlier turns.
    there(
        &["input[].encrypted_content.format"],
        &[],
        Lost("tells whose proof was sealed for the caller"),
    ),
    there(
        &["input[].encrypted_content.redacted"],
        &[],
        Lost("the thought was shown in words"),
    ),
    there(
        TWICE,
        &[],
        Once("the proof and what stands beside it hold the same words, which are sent once"),
    )
    .when(When::AfterThoughts),
    // Ids that mean something only where they were given.
    there(
        &["input[].id", "input[].status"],
        &[],
        Lost("items of other formats have neither"),
    )
    .by(&[FromResponses]),
    there(
        MADE_CALL_ID,
        &[Gemini],
        Lost("the id was made here; the vendor told none and takes calls in their order"),
    )
    .when(When::Is("gcall_resp77_0")),
    // Words about messages and parts.
    there(
        &["messages[].content[].is_error"],
        &[Bedrock],
        Becomes("messages[].content[].toolResult.status", "error"),
    ),
    there(
        &["messages[].content[].is_error"],
        &[Gemini],
        Becomes(
            "contents[].parts[].functionResponse.response.error",
            "the gauge is frozen",
        ),
    ),
    there(
        PICTURE_TYPE,
        &[Bedrock],
        Becomes("messages[].content[].image.format", "png"),
    )
    .when(When::Is("image/png")),
    // Parameters.
    there(
        &["metadata"],
        &[Chat, Responses],
        Becomes("user", "keeper-17"),
    )
    .when(When::Is("user_id")),
    there(
        &["logprobs"],
        &[Responses],
        Becomes("include[]", "message.output_text.logprobs"),
    ),
    // What the vendor tells about itself and its answer.
    back(
        &["system_fingerprint", "service_tier", "metrics.latencyMs"],
        &[],
        Lost(OWN_FORMAT),
    ),
    back(
        &["temperature", "top_p", "tool_choice", "parallel_tool_calls"],
        &[FromChat, Messages],
        Lost("the vendor's echo of the request"),
    ),
    back(
        &["incomplete_details.reason"],
        &[FromChat],
        Becomes("choices[].finish_reason", "length"),
    ),
    back(
        &["incomplete_details.reason"],
        &[Messages],
        Becomes("stop_reason", "max_tokens"),
    ),
    back(
        &["created", "created_at"],
        &[Messages],
        Lost("the format tells no time"),
    ),
    back(
        &["id", "responseId"],
        &[FromResponses],
        Lost("ids of the format are made here"),
    ),
    back(
        &["output[].id"],
        &[FromChat, Messages],
        Lost("the format has no ids of items"),
    ),
    back(
        &["candidates[].content.parts[].thought"],
        &[],
        Lost("thoughts have a place of their own"),
    ),
    // Proofs of thoughts.
    back(SIGNED, &[FromChat, Messages], Lost(NO_PLACE)),
];

const STRICT: &[&str] = &["tools[].strict", "tools[].function.strict"];
const STRICT_SHAPE: &[&str] = &["text.format.strict", "response_format.json_schema.strict"];
const SHAPE_NAME: &[&str] = &["text.format.name", "response_format.json_schema.name"];
const EFFORT: &[&str] = &["reasoning_effort", "reasoning.effort"];
const UNSIGNED: &[&str] = &[
    "messages[].reasoning",
    "messages[].reasoning_content",
    "messages[].content[].thinking",
    "input[].summary[].text",
];
const TWICE: &[&str] = &[
    "input[].encrypted_content.text",
    "input[].summary[].text",
    "messages[].content[].thinking",
    "messages[].reasoning_details[].text",
];
const MADE_CALL_ID: &[&str] = &[
    "messages[].tool_calls[].id",
    "messages[].tool_call_id",
    "messages[].content[].id",
    "messages[].content[].tool_use_id",
    "input[].call_id",
];
const PICTURE_TYPE: &[&str] = &[
    "messages[].content[].image_url.url",
    "messages[].content[].source.media_type",
    "input[].content[].image_url",
];
const SIGNED: &[&str] = &[
    "proof",
    "content[].signature",
    "output[].encrypted_content",
    "output.message.content[].reasoningContent.reasoningText.signature",
    "candidates[].content.parts[].thoughtSignature",
    "choices[].message.reasoning_details[].signature",
    "choices[].message.reasoning_details[].format",
    "choices[].message.reasoning_details[].text",
];

const OWN_FORMAT: &str = "a field that no type knows stays in its own format";
const NO_PLACE: &str = "the caller's format has no place for another format's proof";

/// The rules for something that was said and not heard, with their places; the first that fits counts.
pub(crate) fn of(cell: Cell, way: Way, path: &str, value: &str) -> Vec<(usize, Fate)> {
    let holds = |(_, rule): &(usize, &Rule)| rule.holds(cell, way, path, value);
    let rules = RULES.iter().enumerate().filter(holds);
    rules.map(|(place, rule)| (place, rule.fate)).collect()
}

/// The rules that are not among the `used` ones: nothing is lost by them any more.
pub(crate) fn idle(used: &[usize]) -> Vec<String> {
    let rules = RULES.iter().enumerate();
    let idle = rules.filter(|(place, _)| !used.contains(place));
    idle.map(|(_, rule)| format!("no cell needs {rule:?}"))
        .collect()
}

/// The note by which the client told that it left something out.
pub(crate) fn told<'a>(leaf: &Leaf, left_out: &'a [String]) -> Option<&'a str> {
    let first = leaf.path.split(['.', '[']).next().unwrap_or_default();
    let last = leaf.path.rsplit('.').next().unwrap_or_default();
    let tells = |note: &&String| match note.as_str() {
        "name" => leaf.path == "messages[].name",
        "strict" => STRICT.contains(&leaf.path.as_str()),
        "detail" | "is_error" => last == note.as_str(),
        "cache_control" => leaf.path.contains("cache_control"),
        "top_p_beside_temperature" => first == "top_p",
        "logprobs" => ["logprobs", "top_logprobs"].contains(&first),
        "unsigned_reasoning" => UNSIGNED.contains(&leaf.path.as_str()),
        "user" => first == "user" || is_of_the_user(leaf),
        "parallel_tool_calls" => leaf.path.contains("parallel_tool"),
        "reasoning" => ["reasoning_effort", "reasoning", "thinking"].contains(&first),
        note if note.starts_with("signed reasoning of") => is_of_a_thought(&leaf.path),
        note if note.starts_with("messages[].") => {
            let field = note.split(' ').next().unwrap_or_default();
            leaf.path.starts_with(field)
        }
        note => note.split(' ').next() == Some(first),
    };
    left_out.iter().find(tells).map(String::as_str)
}

/// Anthropic's labels hold the user and nothing else.
fn is_of_the_user(leaf: &Leaf) -> bool {
    leaf.path == "metadata.user_id" || (leaf.path == "metadata" && leaf.what.word() == "user_id")
}

fn is_of_a_thought(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or_default();
    let is_summary = path == "input[].summary[].text";
    is_summary || ["thinking", "signature", "encrypted_content"].contains(&last)
}
