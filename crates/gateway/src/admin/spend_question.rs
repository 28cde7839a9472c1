//! What `/admin/stats` is asked about spend, from the query of its address.

use std::time::{Duration, SystemTime};

use interline::ledger::{Dimension, SpendQuery};

use crate::failure::Failure;

/// Longest stretch that may be asked for: what the ledger remembers at most, in hours.
const MOST_HOURS: u64 = 840;

/// What is asked.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) query: SpendQuery,
    pub(super) by: Vec<Dimension>,
    pub(super) hours: u64,
}

/// The word for a dimension.
pub(super) const fn word(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Hour => "hour",
        Dimension::Provider => "provider",
        Dimension::Model => "model",
        Dimension::Key => "key",
        Dimension::Tag => "tag",
        _ => "other",
    }
}

const DIMENSIONS: [Dimension; 5] = [
    Dimension::Hour,
    Dimension::Provider,
    Dimension::Model,
    Dimension::Key,
    Dimension::Tag,
];

/// Reads `by=provider,model&hours=24&key=alice`.
pub(super) fn read(query: &str) -> Result<Question, Failure> {
    let mut by = vec![Dimension::Provider, Dimension::Model];
    let mut hours = 24;
    let mut spend = SpendQuery::default();
    for (name, value) in pairs(query) {
        match name.as_str() {
            "by" => by = dimensions(&value)?,
            "hours" => hours = read_hours(&value)?,
            "provider" => spend.provider = Some(value),
            "model" => spend.model = Some(value),
            "key" => spend.key = Some(value),
            "tag" => spend.tag = Some(value),
            other => {
                return Err(wrong(other, "by, hours, provider, model, key or tag"));
            }
        }
    }
    spend.by.clone_from(&by);
    let now = SystemTime::now();
    // The current hour is one of them.
    let back = Duration::from_secs(3600 * (hours - 1));
    spend.from = now.checked_sub(back);
    Ok(Question {
        query: spend,
        by,
        hours,
    })
}

fn dimensions(list: &str) -> Result<Vec<Dimension>, Failure> {
    let words = list.split(',').map(str::trim).filter(|one| !one.is_empty());
    words
        .map(|one| {
            let known = DIMENSIONS.into_iter().find(|known| word(*known) == one);
            known.ok_or_else(|| wrong(one, "by=hour, provider, model, key or tag"))
        })
        .collect()
}

fn read_hours(text: &str) -> Result<u64, Failure> {
    let hours = text.parse().ok();
    hours
        .filter(|hours| (1..=MOST_HOURS).contains(hours))
        .ok_or_else(|| wrong(text, &format!("hours from 1 to {MOST_HOURS}")))
}

fn wrong(value: &str, expected: &str) -> Failure {
    let value: String = value.chars().take(64).collect();
    let message = format!("`{value}` is not understood here; expected {expected}");
    Failure::new(400, "invalid_request", message)
}

fn pairs(query: &str) -> impl Iterator<Item = (String, String)> + '_ {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

/// Undoes `%2F` and `+`; what is no such code stays as it is.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let code = match (first, after) {
            (b'+', _) => Some(b' '),
            (b'%', [high, low, behind @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                let byte = digit(high)
                    .zip(digit(low))
                    .and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
                if byte.is_some() {
                    rest = behind;
                }
                byte
            }
            _ => None,
        };
        out.push(code.unwrap_or(*first));
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read_and_nonsense_is_refused_by_name() {
        let question = read("by=hour,tag&hours=2&tag=team%3Dx&model=a%2Fb").expect("a good one");
        assert_eq!(question.by, [Dimension::Hour, Dimension::Tag]);
        assert_eq!(question.query.tag.as_deref(), Some("team=x"));
        assert_eq!(question.query.model.as_deref(), Some("a/b"));
        assert_eq!(read("").expect("the default").hours, 24);
        for (bad, named) in [
            ("by=colour", "colour"),
            ("hours=0", "`0`"),
            ("hours=soon", "soon"),
            ("hours=841", "841"),
            ("since=now", "since"),
        ] {
            let failure = read(bad).expect_err(bad);
            assert_eq!(failure.status(), 400, "{bad}");
            assert!(failure.message().contains(named), "{}", failure.message());
        }
    }
}
