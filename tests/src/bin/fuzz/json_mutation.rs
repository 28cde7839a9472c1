//! Changes a JSON document and keeps it one: values of other types, fields renamed, gone or doubled.

use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::corpus::Corpus;

/// How deep an array is nested at most by one change (readers refuse 128 levels).
const MAX_NESTING: u32 = 140;

/// A changed document; `None` where the input is no JSON object or array.
pub(crate) fn mutate_json(input: &[u8], corpus: &Corpus, rng: &mut StdRng) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(input).ok()?;
    if !value.is_object() && !value.is_array() {
        return None;
    }
    let nodes = count(&value);
    let mut place = rng.random_range(0..nodes);
    change(&mut value, &mut place, corpus, rng);
    Some(value.to_string().into_bytes())
}

/// How many values a document has, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Changes the value that is `place` values from here; tells whether it was below.
fn change(value: &mut Value, place: &mut usize, corpus: &Corpus, rng: &mut StdRng) -> bool {
    if *place == 0 {
        change_here(value, corpus, rng);
        return true;
    }
    *place -= 1;
    match value {
        Value::Array(items) => items
            .iter_mut()
            .any(|item| change(item, place, corpus, rng)),
        Value::Object(fields) => fields
            .iter_mut()
            .any(|(_, field)| change(field, place, corpus, rng)),
        _ => false,
    }
}

fn change_here(value: &mut Value, corpus: &Corpus, rng: &mut StdRng) {
    match value {
        Value::Object(fields) if rng.random_bool(0.7) => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            let key = match keys.len() {
                0 => String::new(),
                total => keys[rng.random_range(0..total)].clone(),
            };
            match rng.random_range(0..4_u32) {
                0 => {
                    fields.remove(&key);
                }
                1 => {
                    if let Some(field) = fields.remove(&key) {
                        fields.insert(name(corpus, rng), field);
                    }
                }
                2 => {
                    let field = fields.get(&key).cloned().unwrap_or_default();
                    fields.insert(name(corpus, rng), field);
                }
                _ => {
                    let field = any(corpus, rng);
                    fields.insert(name(corpus, rng), field);
                }
            }
        }
        Value::Array(items) if rng.random_bool(0.7) => {
            let place = rng.random_range(0..=items.len());
            match rng.random_range(0..4_u32) {
                0 if place < items.len() => {
                    items.remove(place);
                }
                1 if place < items.len() => {
                    let item = items[place].clone();
                    items.insert(place, item);
                }
                2 => items.reverse(),
                _ => items.insert(place, any(corpus, rng)),
            }
        }
        Value::String(text) if rng.random_bool(0.5) => match rng.random_range(0..4_u32) {
            0 => text.clear(),
            1 => text.push_str(corpus.word(rng)),
            2 => *text = text.chars().rev().collect(),
            _ => *text = text.repeat(rng.random_range(2..6)),
        },
        other => match rng.random_range(0..8_u32) {
            0 => *other = json!([other.take()]),
            1 => *other = json!({ name(corpus, rng): other.take() }),
            2 => {
                let mut nested = other.take();
                for _ in 0..rng.random_range(1..MAX_NESTING) {
                    nested = json!([nested]);
                }
                *other = nested;
            }
            3 => *other = other.to_string().into(),
            _ => *other = any(corpus, rng),
        },
    }
}

fn name(corpus: &Corpus, rng: &mut StdRng) -> String {
    match serde_json::from_str(corpus.word(rng)) {
        Ok(Value::String(word)) => word,
        _ => "x".to_owned(),
    }
}

fn any(corpus: &Corpus, rng: &mut StdRng) -> Value {
    serde_json::from_str(corpus.word(rng)).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_changed_document_is_still_one() {
        let seed = br#"{"a":[1,{"b":"c"}],"d":null}"#.to_vec();
        let corpus = Corpus::new(std::slice::from_ref(&seed));
        let mut rng = StdRng::seed_from_u64(3);
        let mut changed = 0;
        for _ in 0..500 {
            let made = mutate_json(&seed, &corpus, &mut rng).expect("an object");
            changed += usize::from(made != seed);
            // Deep nesting may be more than a reader takes; everything else is read again.
            let text = String::from_utf8(made).expect("text");
            let read = serde_json::from_str::<Value>(&text);
            assert!(read.is_ok() || text.contains("[[[[[["), "{text}");
        }
        assert!(changed > 400, "{changed}");
        assert_eq!(mutate_json(b"7", &corpus, &mut rng), None);
    }
}
