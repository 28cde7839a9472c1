//! Nothing is lost silently: what one side says the other side hears, or a rule says why not.

use serde_json::Value;

use crate::caller::Caller;
use crate::callers;
use crate::canned::{Event, Shown};
use crate::case::Case;
use crate::exchange::Exchange;
use crate::leaves::{Haystack, Leaf, What, leaves};
use crate::page::Notes;
use crate::rules::{self, Fate, Way};
use crate::said::{CALLS, Piece, Said, arguments};
use crate::vendor::Vendor;

/// One cell's formats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) caller: Caller,
    pub(crate) vendor: Vendor,
    pub(crate) case: Case,
    /// Which of the caller's requests, from 0.
    pub(crate) turn: usize,
}

/// What was found out about an exchange.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) notes: Notes,
    /// What is lost without a rule, and everything else that is wrong.
    pub(crate) wrong: Vec<String>,
    /// Which rules were needed.
    pub(crate) used: Vec<usize>,
}

/// Checks one exchange.
pub(crate) fn exchange(cell: Cell, exchange: &Exchange) -> Findings {
    let mut findings = Findings::default();
    let Some(sent) = &exchange.sent else {
        refusal(exchange, &mut findings);
        return findings;
    };
    let haystack = Haystack::of(&sent.body);
    let asked = leaves(&exchange.asked);
    let asked = asked.iter().filter(|leaf| !is_about_the_call(leaf));
    compare(
        cell,
        Way::There,
        asked,
        &haystack,
        &exchange.left_out,
        &mut findings,
    );
    foreign_proofs(cell, &haystack, &mut findings);
    if let (Some(said), Some(answered)) = (&exchange.said, &exchange.answered) {
        answer(cell, exchange, said, &answered.shown, &mut findings);
    }
    findings
}

/// Which model, and whether step by step: the client's and the adapter's affair.
fn is_about_the_call(leaf: &Leaf) -> bool {
    ["model", "stream", "stream_options.include_usage"].contains(&leaf.path.as_str())
}

/// Where nothing is sent, the caller is told which field is at fault.
fn refusal(exchange: &Exchange, findings: &mut Findings) {
    let Shown::Whole(body) = &exchange.told.shown else {
        findings
            .wrong
            .push("nothing was sent, and no failure was told".into());
        return;
    };
    let error = &body["error"];
    if error["code"] != "unsupported" || error["param"].is_null() {
        findings
            .wrong
            .push(format!("nothing was sent, and the caller is told {error}"));
    }
}

/// Signed thoughts go to who issued them, and to nobody else. Claude's are Claude's wherever it runs,
/// so that Anthropic and Bedrock see each other's.
fn foreign_proofs(cell: Cell, sent: &Haystack, findings: &mut Findings) {
    let runs_claude = [Vendor::Anthropic, Vendor::Bedrock].contains(&cell.vendor);
    let is_own = match cell.caller {
        Caller::Messages => runs_claude,
        _ => cell.caller.name() == cell.vendor.name(),
    };
    let others = Vendor::ALL
        .into_iter()
        .filter(|vendor| *vendor != cell.vendor);
    let foreign = others.filter_map(Vendor::signature);
    let foreign = foreign.chain((!is_own).then_some(callers::FOREIGN_SIGNATURE));
    for proof in foreign.filter(|proof| sent.contains(proof)) {
        let line = format!("the proof `{proof}` of another format's vendor was sent");
        findings.wrong.push(line);
    }
}

/// Looks for everything that was said in what arrived.
fn compare<'a>(
    cell: Cell,
    way: Way,
    said: impl Iterator<Item = &'a Leaf>,
    heard: &Haystack,
    left_out: &[String],
    findings: &mut Findings,
) {
    let said: Vec<&Leaf> = said.collect();
    for (place, leaf) in said.iter().enumerate() {
        // The nth time that it is said, it must be heard n times.
        let times = said[..=place]
            .iter()
            .filter(|one| one.what == leaf.what)
            .count();
        if heard.says(&leaf.what, &leaf.path, times) {
            continue;
        }
        if let Some(note) = rules::told(leaf, left_out) {
            push(
                &mut findings.notes.lost,
                format!("{leaf}: left out, and told so as `{note}`"),
            );
            continue;
        }
        let fates = rules::of(cell, way, &leaf.path, &leaf.what.word());
        let holds = |(_, fate): &&(usize, Fate)| match fate {
            Fate::Becomes(path, value) => heard.has(path, value),
            Fate::Once(_) => heard.says(&leaf.what, &leaf.path, 1),
            Fate::Lost(_) => true,
        };
        let fate = fates.iter().find(holds);
        findings.used.extend(fate.map(|(rule, _)| *rule));
        match fate.map(|(_, fate)| fate) {
            Some(Fate::Becomes(path, value)) => {
                let line = format!("{leaf} is `{path}`: `{value}`");
                push(&mut findings.notes.translated, line);
            }
            Some(Fate::Once(reason) | Fate::Lost(reason)) => {
                push(&mut findings.notes.lost, format!("{leaf}: {reason}"));
            }
            None => {
                let line = format!("{way:?}: {leaf} is lost, and no rule allows it {fates:?}");
                findings.wrong.push(line);
            }
        }
    }
}

fn push(lines: &mut Vec<String>, line: String) {
    if !lines.contains(&line) {
        lines.push(line);
    }
}

fn answer(cell: Cell, exchange: &Exchange, said: &Said, answered: &Shown, findings: &mut Findings) {
    let told = match &exchange.told.shown {
        Shown::Whole(body) => body.clone(),
        Shown::Events(events) => assembled(events),
    };
    let heard = Haystack::of(&told);
    let words = match answered {
        Shown::Whole(body) => leaves(body),
        Shown::Events(_) => words(cell.vendor, said),
    };
    let words = words.iter().filter(|leaf| !is_checked_apart(leaf));
    compare(cell, Way::Back, words, &heard, &[], findings);

    let expected = cell.vendor.usage(said);
    if exchange.usage != Some(expected) {
        let got = exchange.usage;
        findings
            .wrong
            .push(format!("usage: expected {expected:?}, got {got:?}"));
    }
    let is_named = |model: &Value| model.as_str().is_some_and(|name| !name.is_empty());
    if !found(&told, "model", &is_named) {
        findings
            .wrong
            .push("the caller is not told which model answered".into());
    }
    let (key, word) = cell.caller.finish(said.finish);
    if !found(&told, key, &|value| value == word) {
        findings
            .wrong
            .push(format!("the caller is not told `{key}`: `{word}`"));
    }
    for (key, value) in cell
        .caller
        .usage(&expected)
        .as_object()
        .into_iter()
        .flatten()
    {
        let has_it = |got: &Value| is_within(value, got);
        let is_zero = |value: &Value| value.as_u64() == Some(0);
        let says_nothing =
            is_zero(value) || value.as_object().is_some_and(|it| it.values().all(is_zero));
        if !says_nothing && !found(&told, key, &has_it) {
            findings.wrong.push(format!(
                "the caller is not told the tokens `{key}`: {value}"
            ));
        }
    }
}

/// Tokens and reasons have inclusion rules and words of their own.
fn is_checked_apart(leaf: &Leaf) -> bool {
    const APART: [&str; 7] = [
        "usage",
        "usageMetadata",
        "finish_reason",
        "finishReason",
        "stop_reason",
        "stopReason",
        "status",
    ];
    leaf.path
        .split(['.', '[', ']'])
        .any(|key| APART.contains(&key))
}

/// Whether all of `part` is in `whole`; zeroes may be left out.
fn is_within(part: &Value, whole: &Value) -> bool {
    match part.as_object() {
        Some(fields) => fields.iter().all(|(key, field)| {
            let got = whole.get(key);
            got.map_or(field.as_u64() == Some(0), |got| is_within(field, got))
        }),
        None => part == whole,
    }
}

/// Whether some field called `key` satisfies `test`.
fn found(document: &Value, key: &str, test: &dyn Fn(&Value) -> bool) -> bool {
    match document {
        Value::Object(fields) => fields
            .iter()
            .any(|(name, field)| (name == key && test(field)) || found(field, key, test)),
        Value::Array(items) => items.iter().any(|item| found(item, key, test)),
        _ => false,
    }
}

/// What a streamed answer says, without the vendor's way of cutting it.
fn words(vendor: Vendor, said: &Said) -> Vec<Leaf> {
    let leaf = |path: &str, text: &str| Leaf {
        path: path.to_owned(),
        what: What::Text(text.to_owned()),
    };
    let mut words = Vec::new();
    for piece in &said.pieces {
        match piece {
            Piece::Thought(thought) => {
                words.push(leaf("thought", thought));
                words.extend(vendor.signature().map(|proof| leaf("proof", proof)));
            }
            Piece::Text(text) => words.push(leaf("text", text)),
            Piece::Call(call) => {
                words.push(leaf("call.name", CALLS[*call].1));
                // Where the vendor gives calls no ids, ours say nothing.
                if vendor != Vendor::Gemini {
                    words.push(leaf("call.id", &vendor.call_id(*call)));
                }
                let arguments = arguments(*call);
                for mut one in leaves(&arguments) {
                    one.path = format!("call.{}", one.path);
                    words.push(one);
                }
            }
        }
    }
    words
}

/// The events of a stream put together: growing texts joined, per kind of event and place.
fn assembled(events: &[Event]) -> Value {
    let mut whole = serde_json::Map::new();
    for event in events {
        let place =
            ["output_index", "index", "content_index"].map(|key| event.data.get(key).cloned());
        // What ends a stream is no JSON.
        let name = event.name.as_deref().unwrap_or("chunk");
        if event.data.is_string() {
            continue;
        }
        let slot = whole
            .entry(format!("{name} {place:?}"))
            .or_insert(Value::Null);
        join(slot, &event.data);
    }
    Value::Object(whole)
}

/// Texts that come in pieces.
const GROWING: [&str; 9] = [
    "content",
    "reasoning",
    "reasoning_content",
    "text",
    "thinking",
    "delta",
    "arguments",
    "partial_json",
    "signature",
];

fn join(whole: &mut Value, piece: &Value) {
    match (whole, piece) {
        (Value::Object(whole), Value::Object(piece)) => {
            for (key, value) in piece {
                match (whole.get_mut(key), value) {
                    (Some(Value::String(text)), Value::String(more))
                        if GROWING.contains(&key.as_str()) =>
                    {
                        text.push_str(more);
                    }
                    (Some(old), value) if !value.is_null() => join(old, value),
                    (Some(_), _) => {}
                    (None, value) => {
                        whole.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(whole), Value::Array(piece)) => {
            for (at, item) in piece.iter().enumerate() {
                let index = item.get("index");
                let same = |old: &Value| index.is_some() && old.get("index") == index;
                match whole.iter().position(same) {
                    Some(place) => join(&mut whole[place], item),
                    None if index.is_none() && at < whole.len() => join(&mut whole[at], item),
                    None => whole.push(item.clone()),
                }
            }
        }
        (whole, piece) => *whole = piece.clone(),
    }
}
