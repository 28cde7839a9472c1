//! Makes a failing input small: values and ever smaller pieces are left out while it still fails.

use serde_json::Value;

/// The most inputs that are tried (chosen: a few seconds).
const MAX_TRIES: u32 = 20_000;

/// The smallest input found for which `fails` holds; `input` is one of them.
///
/// JSON loses values first, then anything loses bytes: bytes alone rarely leave JSON whole.
pub(crate) fn minimise(input: Vec<u8>, fails: impl FnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut minimiser = Minimiser { fails, tries: 0 };
    let without_values = minimiser.values(input);
    minimiser.bytes(without_values)
}

struct Minimiser<F> {
    fails: F,
    tries: u32,
}

impl<F: FnMut(&[u8]) -> bool> Minimiser<F> {
    fn still_fails(&mut self, input: &[u8]) -> bool {
        self.tries += 1;
        self.tries <= MAX_TRIES && (self.fails)(input)
    }

    /// Leaves out fields and items of a JSON document, one after the other, until none can go.
    fn values(&mut self, input: Vec<u8>) -> Vec<u8> {
        let Ok(mut smallest) = serde_json::from_slice::<Value>(&input) else {
            return input;
        };
        if !self.still_fails(smallest.to_string().as_bytes()) {
            return input;
        }
        let mut place = 0;
        loop {
            let mut smaller = smallest.clone();
            if !remove(&mut smaller, &mut place.clone()) {
                return smallest.to_string().into_bytes();
            }
            if self.still_fails(smaller.to_string().as_bytes()) {
                smallest = smaller;
            } else {
                place += 1;
            }
        }
    }

    /// Leaves out ever smaller pieces.
    fn bytes(&mut self, input: Vec<u8>) -> Vec<u8> {
        let mut smallest = input;
        let mut piece = smallest.len().div_ceil(2);
        while piece > 0 && self.tries < MAX_TRIES {
            let before = smallest.len();
            let mut place = 0;
            while place < smallest.len() {
                let end = (place + piece).min(smallest.len());
                let mut smaller = smallest.clone();
                smaller.drain(place..end);
                if self.still_fails(&smaller) {
                    smallest = smaller;
                } else {
                    place = end;
                }
            }
            if piece > 1 || smallest.len() == before {
                piece /= 2;
            }
        }
        smallest
    }
}

/// Removes the field or item that is `place` values below; tells whether there is one.
fn remove(value: &mut Value, place: &mut usize) -> bool {
    match value {
        Value::Array(items) => {
            for index in 0..items.len() {
                if *place == 0 {
                    items.remove(index);
                    return true;
                }
                *place -= 1;
                if remove(&mut items[index], place) {
                    return true;
                }
            }
            false
        }
        Value::Object(fields) => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            for key in keys {
                if *place == 0 {
                    fields.remove(&key);
                    return true;
                }
                *place -= 1;
                if fields
                    .get_mut(&key)
                    .is_some_and(|field| remove(field, place))
                {
                    return true;
                }
            }
            false
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_matters_is_left() {
        let contains = |input: &[u8]| input.windows(2).any(|pair| pair == b"xy");
        let input = b"a long text with xy somewhere in the middle".to_vec();
        assert_eq!(minimise(input, contains), b"xy");
        assert_eq!(minimise(b"x".to_vec(), |_| true), b"");
    }

    #[test]
    fn json_stays_json_on_its_way() {
        let fails = |input: &[u8]| {
            let value = serde_json::from_slice::<Value>(input);
            value.is_ok_and(|value| value["a"][0]["b"] == 7)
        };
        let input = br#"{"x":{"y":[1,2]},"a":[{"z":null,"b":7},8]}"#.to_vec();
        assert_eq!(minimise(input, fails), br#"{"a":[{"b":7}]}"#);
    }
}
