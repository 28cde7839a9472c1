//! One golden file: everything that one caller's format and one vendor's format make of each other.

use std::fmt::Write as _;

use serde_json::Value;

use crate::caller::Caller;
use crate::canned::{Event, Shown};
use crate::case::Case;
use crate::exchange::Exchange;
use crate::vendor::Vendor;

/// Lines of JSON are about this long, in characters.
const WIDTH: usize = 110;

/// What is found out about an exchange beside what it shows.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// What is said in other words, one line each.
    pub(crate) translated: Vec<String>,
    /// What does not arrive, with the rule that allows it, one line each.
    pub(crate) lost: Vec<String>,
}

pub(crate) fn begin(caller: Caller, vendor: Vendor) -> String {
    format!(
        "# {} → {}\n\n\
         Written by `INTERLINE_BLESS=1 cargo test -p interline-tests --test matrix`; reviewed by people.\n\
         Vendors' answers are hand-written from their public references.\n",
        caller.name(),
        vendor.name()
    )
}

pub(crate) fn add(page: &mut String, case: Case, exchanges: &[(Exchange, Notes)]) {
    write!(page, "\n## {}\n", case.title()).expect("text grows");
    if exchanges.is_empty() {
        page.push_str("\nThe caller's format has no such wish.\n");
    }
    for (exchange, notes) in exchanges {
        add_exchange(page, exchange, notes);
    }
}

fn add_exchange(page: &mut String, exchange: &Exchange, notes: &Notes) {
    heading(page, "the caller asks");
    json_block(page, &exchange.asked);
    match (&exchange.sent, &exchange.answered) {
        (Some(sent), Some(answered)) => {
            heading(page, "the vendor receives");
            write!(page, "```http\n{}\n```\n", sent.line).expect("text grows");
            json_block(page, &sent.body);
            heading(page, &format!("the vendor answers {}", answered.status));
            shown(page, &answered.shown);
        }
        _ => heading(page, "nothing is sent"),
    }
    heading(page, &format!("the caller gets {}", exchange.told.status));
    shown(page, &exchange.told.shown);
    list(page, "left out, and told so", &exchange.left_out);
    list(page, "said in other words", &notes.translated);
    list(page, "lost", &notes.lost);
}

fn heading(page: &mut String, text: &str) {
    write!(page, "\n### {text}\n\n").expect("text grows");
}

fn list(page: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    heading(page, title);
    for line in lines {
        writeln!(page, "- {line}").expect("text grows");
    }
}

fn shown(page: &mut String, shown: &Shown) {
    match shown {
        Shown::Whole(value) => json_block(page, value),
        Shown::Events(events) => {
            page.push_str("```text\n");
            for Event { name, data } in events {
                let name = name.as_deref().unwrap_or("-");
                let data = match data {
                    Value::String(text) => text.clone(),
                    json => sorted(json).to_string(),
                };
                writeln!(page, "{name} {data}").expect("text grows");
            }
            page.push_str("```\n");
        }
    }
}

fn json_block(page: &mut String, value: &Value) {
    page.push_str("```json\n");
    put(page, &sorted(value), 0, 0);
    page.push_str("\n```\n");
}

/// The value with the keys of every object in alphabetical order, whatever the map's own order is.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            let field = |key: &String| (key.clone(), sorted(&fields[key]));
            Value::Object(keys.into_iter().map(field).collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        scalar => scalar.clone(),
    }
}

/// Writes a value; members that fit stand on one line together.
fn put(page: &mut String, value: &Value, indent: usize, column: usize) -> usize {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            let key = |key: &String| format!("{}: ", Value::from(key.as_str()));
            fields
                .iter()
                .map(|(name, field)| (key(name), field))
                .collect()
        }
        Value::Array(items) => items.iter().map(|item| (String::new(), item)).collect(),
        _ => Vec::new(),
    };
    let line = line(value);
    if members.is_empty() || column + line.chars().count() <= WIDTH {
        page.push_str(&line);
        return column + line.chars().count();
    }
    let (open, close) = if value.is_object() {
        ("{", "}")
    } else {
        ("[", "]")
    };
    page.push_str(open);
    let indent = indent + 2;
    let mut at = usize::MAX;
    let mut was_long = true;
    for (place, (key, member)) in members.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let length = key.chars().count() + self::line(member).chars().count();
        let is_long = indent + length > WIDTH;
        if was_long || is_long || at.saturating_add(length + 2) > WIDTH {
            write!(page, "{comma}\n{:indent$}", "").expect("text grows");
            at = indent;
        } else {
            page.push_str(", ");
            at += 2;
        }
        page.push_str(key);
        at = put(page, member, indent, at + key.chars().count());
        was_long = is_long;
    }
    write!(page, "\n{:1$}{close}", "", indent - 2).expect("text grows");
    indent - 1
}

/// A value as one line.
fn line(value: &Value) -> String {
    let joined = |members: Vec<String>| members.join(", ");
    match value {
        Value::Object(fields) => {
            let field = |(key, field): (&String, &Value)| {
                format!("{}: {}", Value::from(key.as_str()), line(field))
            };
            format!("{{{}}}", joined(fields.iter().map(field).collect()))
        }
        Value::Array(items) => format!("[{}]", joined(items.iter().map(line).collect())),
        scalar => scalar.to_string(),
    }
}
