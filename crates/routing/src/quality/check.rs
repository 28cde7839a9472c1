//! What a gate looks for in an answer, and what it found.

use std::fmt;

use interline_core::{ChatRequest, Error, FinishReason, ResponseFormat, Result};
use regex::Regex;
use serde_json::Value;

use super::refusal::reads_like_a_refusal;
#[cfg(feature = "json-schema")]
use super::schema::{self, SchemaFault};
use super::{Said, pattern};

/// What a gate looks for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Check {
    /// The answer says something, or asks for tools.
    NotEmpty,
    /// The answer was not cut at a token limit.
    Complete,
    /// Where JSON was asked for, the answer is JSON; where a schema was given, it follows the schema.
    /// A schema that is itself wrong proves nothing against an answer. Schemas are looked at with the
    /// feature `json-schema` only, because what reads them is a dozen crates.
    Json,
    /// The text has at least so many characters. Answers that ask for tools pass.
    MinChars(usize),
    /// The text has at most so many characters.
    MaxChars(usize),
    /// The answer does not decline: neither in the vendor's own form, nor in words that usually mean it.
    NotRefused,
    /// The text matches a pattern somewhere. Answers that ask for tools pass.
    Matches(Regex),
    /// The text matches a pattern nowhere.
    MatchesNot(Regex),
}

/// What a check found wrong with an answer. It never holds the answer's words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// It says nothing.
    Empty,
    /// It was cut at a token limit.
    Cut,
    /// It is no JSON.
    NotJson,
    /// It breaks the schema at this place, a JSON pointer.
    BreaksSchema(String),
    /// It is shorter than wished: how many characters it has.
    TooShort(usize),
    /// It is longer than wished: how many characters it has.
    TooLong(usize),
    /// It declines.
    Refused,
    /// It lacks this pattern.
    LacksPattern(String),
    /// It has this pattern.
    HasPattern(String),
    /// A judge gave it fewer points than wished: how many it gave.
    JudgedPoor(u8),
}

impl PartialEq for Check {
    /// Patterns are equal where they are written alike.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::MinChars(one), Self::MinChars(other))
            | (Self::MaxChars(one), Self::MaxChars(other)) => one == other,
            (Self::Matches(one), Self::Matches(other))
            | (Self::MatchesNot(one), Self::MatchesNot(other)) => one.as_str() == other.as_str(),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Check {
    /// A pattern that the text must match somewhere.
    ///
    /// # Errors
    /// `InvalidRequest` where the pattern is malformed or too large.
    pub fn matches(text: &str) -> Result<Self, Error> {
        pattern(text).map(Self::Matches)
    }

    /// A pattern that the text must match nowhere.
    ///
    /// # Errors
    /// `InvalidRequest` where the pattern is malformed or too large.
    pub fn matches_not(text: &str) -> Result<Self, Error> {
        pattern(text).map(Self::MatchesNot)
    }

    /// What is wrong with an answer that has no choice at all.
    pub(super) const fn of_nothing(&self) -> Option<Finding> {
        match self {
            Self::NotEmpty => Some(Finding::Empty),
            _ => None,
        }
    }

    pub(super) fn look_at(&self, request: &ChatRequest, said: &Said<'_>) -> Option<Finding> {
        let text = said.text.as_str();
        match self {
            Self::NotEmpty => {
                let is_silent = text.trim().is_empty() && !said.calls_tools && !said.declines;
                is_silent.then_some(Finding::Empty)
            }
            Self::Complete => {
                let is_cut = said.choice.finish_reason == Some(FinishReason::Length);
                is_cut.then_some(Finding::Cut)
            }
            _ if said.calls_tools => match self {
                Self::MaxChars(most) => too_long(text, *most),
                Self::MatchesNot(pattern) => has(text, pattern),
                _ => None,
            },
            Self::Json => json(request.response_format.as_ref(), text),
            Self::MinChars(least) => {
                let count = text.chars().count();
                (count < *least).then_some(Finding::TooShort(count))
            }
            Self::MaxChars(most) => too_long(text, *most),
            Self::NotRefused => {
                (said.declines || reads_like_a_refusal(text)).then_some(Finding::Refused)
            }
            Self::Matches(pattern) => (!pattern.is_match(text))
                .then(|| Finding::LacksPattern(pattern.as_str().to_owned())),
            Self::MatchesNot(pattern) => has(text, pattern),
        }
    }
}

fn too_long(text: &str, most: usize) -> Option<Finding> {
    let count = text.chars().count();
    (count > most).then_some(Finding::TooLong(count))
}

fn has(text: &str, pattern: &Regex) -> Option<Finding> {
    pattern
        .is_match(text)
        .then(|| Finding::HasPattern(pattern.as_str().to_owned()))
}

fn json(asked: Option<&ResponseFormat>, text: &str) -> Option<Finding> {
    let schema = match asked? {
        ResponseFormat::JsonObject => None,
        ResponseFormat::JsonSchema(format) => Some(&format.schema),
        _ => return None,
    };
    let Ok(value) = serde_json::from_str(text) else {
        return Some(Finding::NotJson);
    };
    let Some(schema) = schema else {
        let is_object = matches!(value, Value::Object(_));
        return (!is_object).then_some(Finding::NotJson);
    };
    breaks_schema(schema, &value)
}

#[cfg(feature = "json-schema")]
fn breaks_schema(schema: &Value, value: &Value) -> Option<Finding> {
    match schema::check(schema, value) {
        Err(SchemaFault::Broken(place)) => Some(Finding::BreaksSchema(place)),
        Err(SchemaFault::NoSchema) | Ok(()) => None,
    }
}

#[cfg(not(feature = "json-schema"))]
const fn breaks_schema(_: &Value, _: &Value) -> Option<Finding> {
    None
}

impl Finding {
    /// One of few stable words, for metrics and headers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Cut => "cut",
            Self::NotJson => "not_json",
            Self::BreaksSchema(_) => "breaks_schema",
            Self::TooShort(_) => "too_short",
            Self::TooLong(_) => "too_long",
            Self::Refused => "refused",
            Self::LacksPattern(_) => "lacks_pattern",
            Self::HasPattern(_) => "has_pattern",
            Self::JudgedPoor(_) => "judged_poor",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::Cut => f.write_str("it was cut at a token limit"),
            Self::NotJson => f.write_str("it is not the JSON that was asked for"),
            Self::BreaksSchema(place) if place.is_empty() => f.write_str("it breaks the schema"),
            Self::BreaksSchema(place) => write!(f, "it breaks the schema at `{place}`"),
            Self::TooShort(count) => write!(f, "it has only {count} characters"),
            Self::TooLong(count) => write!(f, "it has {count} characters"),
            Self::Refused => f.write_str("it declines"),
            Self::LacksPattern(pattern) => write!(f, "it lacks `{pattern}`"),
            Self::HasPattern(pattern) => write!(f, "it has `{pattern}`"),
            Self::JudgedPoor(points) => write!(f, "a judge gave it {points} of 10 points"),
        }
    }
}
