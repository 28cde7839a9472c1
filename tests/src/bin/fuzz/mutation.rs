//! Makes new inputs of known ones: bytes, events, and the JSON in them.

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::corpus::Corpus;
use crate::json_mutation::mutate_json;

/// The most changes to one input.
const MAX_CHANGES: u32 = 6;

/// Bytes that mean something to a reader.
const TELLING: &[u8] = b"\0\n\r\t \"\\{}[]:,-+.eE0919abcdxX\x7f\x80\xbf\xc0\xe2\xef\xf0\xff";

/// A changed input of the corpus.
pub(crate) fn mutate(corpus: &Corpus, rng: &mut StdRng) -> Vec<u8> {
    let mut input = corpus.pick(rng).to_vec();
    for _ in 0..rng.random_range(1..=MAX_CHANGES) {
        match rng.random_range(0..10_u32) {
            0..=4 => change_structure(&mut input, corpus, rng),
            5..=8 => change_bytes(&mut input, corpus, rng),
            _ => splice(&mut input, corpus, rng),
        }
    }
    input
}

/// Changes the JSON of the input or of one of its events, or the order of events.
fn change_structure(input: &mut Vec<u8>, corpus: &Corpus, rng: &mut StdRng) {
    if let Some(changed) = mutate_json(input, corpus, rng) {
        *input = changed;
        return;
    }
    let text = String::from_utf8_lossy(input).into_owned();
    let mut blocks: Vec<String> = text.split_inclusive("\n\n").map(str::to_owned).collect();
    if blocks.is_empty() {
        return change_bytes(input, corpus, rng);
    }
    let place = rng.random_range(0..blocks.len());
    match rng.random_range(0..8_u32) {
        0 => {
            blocks.remove(place);
        }
        1 => blocks.insert(place, blocks[place].clone()),
        2 => {
            let other = rng.random_range(0..blocks.len());
            blocks.swap(place, other);
        }
        3 => blocks.truncate(place),
        _ => blocks[place] = changed_event(&blocks[place], corpus, rng),
    }
    *input = blocks.concat().into_bytes();
}

/// Changes the JSON behind one `data:` of an event.
fn changed_event(event: &str, corpus: &Corpus, rng: &mut StdRng) -> String {
    let Some((head, data)) = event.split_once("data:") else {
        return event.to_owned();
    };
    let rest = data.find('\n').unwrap_or(data.len());
    let (data, rest) = data.split_at(rest);
    match mutate_json(data.trim().as_bytes(), corpus, rng) {
        Some(changed) => format!("{head}data: {}{rest}", String::from_utf8_lossy(&changed)),
        None => event.to_owned(),
    }
}

fn change_bytes(input: &mut Vec<u8>, corpus: &Corpus, rng: &mut StdRng) {
    let place = rng.random_range(0..=input.len());
    let end = (place + rng.random_range(1..=16)).min(input.len());
    match rng.random_range(0..7_u32) {
        0 if place < input.len() => input[place] ^= 1 << rng.random_range(0..8_u32),
        1 if place < input.len() => input[place] = TELLING[rng.random_range(0..TELLING.len())],
        2 => {
            input.drain(place..end);
        }
        3 => {
            let piece = input[place..end].to_vec();
            input.splice(place..place, piece);
        }
        4 => {
            let word = corpus.word(rng).as_bytes().to_vec();
            input.splice(place..place, word);
        }
        5 => input.truncate(place),
        _ => input.insert(place, TELLING[rng.random_range(0..TELLING.len())]),
    }
}

/// The beginning of this input and the end of another one.
fn splice(input: &mut Vec<u8>, corpus: &Corpus, rng: &mut StdRng) {
    let other = corpus.pick(rng);
    let place = rng.random_range(0..=input.len());
    let from = rng.random_range(0..=other.len());
    input.truncate(place);
    input.extend_from_slice(&other[from..]);
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_inputs() {
        let seed = b"event: a\ndata: {\"k\":[1,2]}\n\n".to_vec();
        let made = || {
            let mut corpus = Corpus::new(std::slice::from_ref(&seed));
            corpus.learn(1, seed.clone());
            let mut rng = StdRng::seed_from_u64(7);
            let made: Vec<Vec<u8>> = (0..100).map(|_| mutate(&corpus, &mut rng)).collect();
            made
        };
        assert_eq!(made(), made());
        assert!(made().iter().any(|input| *input != seed));
    }
}
