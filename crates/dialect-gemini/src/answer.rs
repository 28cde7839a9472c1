//! One `GenerateContentResponse`: a whole answer, or one step of a stream.

use interline_core::{Extra, FinishReason, Part, PartKind, Usage};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::{finish_reason, format, part_decode, usage};
use interline_transport::json::{Fields, Flaw};

/// Top-level fields that become typed and nothing else.
const KNOWN: [&str; 4] = ["candidates", "usageMetadata", "modelVersion", "responseId"];

/// Fields of a candidate that become typed and nothing else.
const CANDIDATE_KNOWN: [&str; 4] = ["index", "content", "finishReason", "logprobsResult"];

/// A response as it stands on the wire, in core's words.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Empty where the vendor gives none.
    pub(crate) id: String,
    pub(crate) model: Option<String>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) usage: Option<Usage>,
    /// Whether the prompt was blocked, so that there will be no candidate.
    pub(crate) is_blocked: bool,
    /// Fields that no type knows; unknown counts are among them, under `usageMetadata`.
    pub(crate) extra: Map<String, Value>,
}

/// One of the answers.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) index: u32,
    /// Calls without an id of the vendor's have an empty one.
    pub(crate) parts: Vec<Part>,
    /// A stop says nothing of tool calls yet.
    pub(crate) finish: Option<FinishReason>,
    pub(crate) logprobs: Extra,
    /// Fields that no type knows.
    pub(crate) extra: Map<String, Value>,
}

impl Candidate {
    pub(crate) fn has_calls(&self) -> bool {
        let is_call = |part: &Part| matches!(part.kind, PartKind::ToolCall(_));
        self.parts.iter().any(is_call)
    }
}

/// Reads a response. `body` is the text that `value` was read from.
pub(crate) fn read(value: &Value, body: &[u8]) -> Result<Answer, Flaw> {
    let fields = Fields::of(value)?;
    let spellings = Spellings::of(body);
    let mut answer = Answer {
        id: fields.str("responseId")?.unwrap_or_default().to_owned(),
        model: fields.str("modelVersion")?.map(str::to_owned),
        extra: fields.rest_without_nulls(&KNOWN),
        ..Answer::default()
    };
    for (place, value) in fields.list_or_one("candidates").iter().enumerate() {
        let candidate = candidate(value, place, &spellings);
        let candidate = candidate.map_err(|flaw| flaw.within(place).within("candidates"))?;
        answer.candidates.push(candidate);
    }
    if let Some(counts) = fields.object("usageMetadata")? {
        let known = usage::read(counts).map_err(|flaw| flaw.within("usageMetadata"))?;
        answer.usage = Some(known);
        let unknown = counts.rest_without_nulls(&usage::KNOWN);
        if !unknown.is_empty() {
            let unknown = Value::Object(unknown);
            answer.extra.insert("usageMetadata".to_owned(), unknown);
        }
    }
    if let Some(feedback) = fields.object("promptFeedback")? {
        answer.is_blocked = answer.candidates.is_empty() && feedback.get("blockReason").is_some();
    }
    Ok(answer)
}

fn candidate(value: &Value, place: usize, spellings: &Spellings<'_>) -> Result<Candidate, Flaw> {
    let fields = Fields::of(value)?;
    let index = u32::try_from(fields.u64("index")?.unwrap_or(place as u64))
        .map_err(|_| Flaw::new("is too large").within("index"))?;
    let mut parts = Vec::new();
    if let Some(content) = fields.object("content")? {
        for (number, part) in content.list_or_one("parts").iter().enumerate() {
            let read = part_decode::parts(part, spellings.get(place, number));
            let within = |flaw: Flaw| flaw.within(number).within("parts").within("content");
            parts.extend(read.map_err(within)?);
        }
    }
    parts.retain(|part| !part_decode::is_blank(part));
    let logprobs = match fields.get("logprobsResult") {
        Some(Value::Object(figures)) => format::extra(figures.clone()),
        _ => Extra::none(),
    };
    Ok(Candidate {
        index,
        parts,
        finish: finish_reason::decode(fields.get("finishReason"))?,
        logprobs,
        extra: fields.rest_without_nulls(&CANDIDATE_KNOWN),
    })
}

/// The arguments of calls as the vendor wrote them: a value that was read loses its spelling.
#[derive(Default)]
struct Spellings<'a>(Vec<Vec<Option<&'a str>>>);

impl<'a> Spellings<'a> {
    fn of(body: &'a [u8]) -> Self {
        #[derive(Deserialize)]
        struct Response<'a> {
            #[serde(borrow, default)]
            candidates: Vec<Candidate<'a>>,
        }
        #[derive(Deserialize)]
        struct Candidate<'a> {
            #[serde(borrow, default)]
            content: Option<Content<'a>>,
        }
        #[derive(Deserialize)]
        struct Content<'a> {
            #[serde(borrow, default)]
            parts: Vec<Part<'a>>,
        }
        #[derive(Deserialize)]
        struct Part<'a> {
            #[serde(borrow, default, rename = "functionCall")]
            function_call: Option<Call<'a>>,
        }
        #[derive(Deserialize)]
        struct Call<'a> {
            #[serde(borrow, default)]
            args: Option<&'a RawValue>,
        }
        let Ok(response) = serde_json::from_slice::<Response<'a>>(body) else {
            return Self::default();
        };
        let of_part = |part: &Part<'a>| Some(part.function_call.as_ref()?.args?.get());
        let of_candidate = |candidate: &Candidate<'a>| {
            let parts = candidate.content.iter().flat_map(|content| &content.parts);
            parts.map(of_part).collect()
        };
        Self(response.candidates.iter().map(of_candidate).collect())
    }

    fn get(&self, candidate: usize, part: usize) -> Option<&'a str> {
        *self.0.get(candidate)?.get(part)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_keep_their_spelling_and_blank_parts_vanish() {
        let body = r#"{"candidates":[{"content":{"parts":[{"text":""},
            {"functionCall":{"name":"add","args":{"b": 1.50, "a":2}}}]}}]}"#;
        let value: Value = serde_json::from_str(body).expect("JSON");
        let answer = read(&value, body.as_bytes()).expect("a good answer");
        let parts = &answer.candidates[0].parts;
        assert_eq!(parts.len(), 1);
        match &parts[0].kind {
            PartKind::ToolCall(call) => assert_eq!(call.arguments, r#"{"b": 1.50, "a":2}"#),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn candidates_are_numbered_by_their_place_where_the_vendor_does_not() {
        let body = r#"{"candidates":[{},{"index":5},{}]}"#;
        let value: Value = serde_json::from_str(body).expect("JSON");
        let answer = read(&value, body.as_bytes()).expect("a good answer");
        let indices: Vec<u32> = answer.candidates.iter().map(|c| c.index).collect();
        assert_eq!(indices, [0, 5, 2]);
    }
}
