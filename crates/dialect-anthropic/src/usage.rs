//! Token counts: Anthropic leaves cached tokens out of `input_tokens`, core counts them in.

use interline_core::Usage;
use serde_json::{Map, Value, json};

use interline_transport::json::{Fields, Flaw};

/// The counts as they are on the wire.
///
/// A stream gives them in several cumulative snapshots, each of which may leave some out; core's sum
/// needs all parts, so the wire counts are kept and summed anew each time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WireUsage {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_creation: Option<u64>,
    cache_creation_1h: Option<u64>,
    output: Option<u64>,
    thinking: Option<u64>,
}

/// The keys of a `usage` object that [`WireUsage`] knows.
pub(crate) const KNOWN: [&str; 6] = [
    "input_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation",
    "output_tokens",
    "output_tokens_details",
];

impl WireUsage {
    /// Takes over the counts that `usage` gives.
    pub(crate) fn update(&mut self, usage: Fields<'_>) -> Result<(), Flaw> {
        let thinking = match usage.object("output_tokens_details")? {
            Some(details) => details
                .u64("thinking_tokens")
                .map_err(|flaw| flaw.within("output_tokens_details"))?,
            None => None,
        };
        let for_an_hour = match usage.object("cache_creation")? {
            Some(creation) => creation
                .u64("ephemeral_1h_input_tokens")
                .map_err(|flaw| flaw.within("cache_creation"))?,
            None => None,
        };
        self.input = usage.u64("input_tokens")?.or(self.input);
        self.cache_read = usage.u64("cache_read_input_tokens")?.or(self.cache_read);
        self.cache_creation = usage
            .u64("cache_creation_input_tokens")?
            .or(self.cache_creation);
        self.cache_creation_1h = for_an_hour.or(self.cache_creation_1h);
        self.output = usage.u64("output_tokens")?.or(self.output);
        self.thinking = thinking.or(self.thinking);
        Ok(())
    }

    /// The counts by core's rule: input with everything read from and written to the cache.
    pub(crate) fn to_core(self) -> Usage {
        let mut usage = Usage::default();
        usage.input_tokens = self.input.map(|input| {
            input
                .saturating_add(self.cache_read.unwrap_or(0))
                .saturating_add(self.cache_creation.unwrap_or(0))
        });
        usage.cached_input_tokens = self.cache_read;
        usage.cache_write_tokens = self.cache_creation;
        usage.cache_write_1h_tokens = self.cache_creation_1h;
        usage.output_tokens = self.output;
        usage.reasoning_tokens = self.thinking;
        usage
    }
}

/// A `usage` object by Anthropic's rule: input without the cache. Unknown counts that the format
/// demands are 0.
pub(crate) fn to_wire(usage: &Usage) -> Map<String, Value> {
    let mut wire = Map::new();
    wire.insert(
        "input_tokens".into(),
        json!(usage.uncached_input_tokens().unwrap_or(0)),
    );
    wire.insert(
        "output_tokens".into(),
        json!(usage.output_tokens.unwrap_or(0)),
    );
    wire.insert(
        "cache_read_input_tokens".into(),
        json!(usage.cached_input_tokens.unwrap_or(0)),
    );
    wire.insert(
        "cache_creation_input_tokens".into(),
        json!(usage.cache_write_tokens.unwrap_or(0)),
    );
    if let Some(for_an_hour) = usage.cache_write_1h_tokens {
        let written = usage.cache_write_tokens.unwrap_or(0);
        wire.insert(
            "cache_creation".into(),
            json!({
                "ephemeral_5m_input_tokens": written.saturating_sub(for_an_hour),
                "ephemeral_1h_input_tokens": for_an_hour,
            }),
        );
    }
    if let Some(thinking) = usage.reasoning_tokens {
        wire.insert(
            "output_tokens_details".into(),
            json!({"thinking_tokens": thinking}),
        );
    }
    wire
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(snapshots: &[Value]) -> Usage {
        let mut wire = WireUsage::default();
        for snapshot in snapshots {
            wire.update(Fields::of(snapshot).expect("an object"))
                .expect("good counts");
        }
        wire.to_core()
    }

    #[test]
    fn input_includes_the_cache() {
        let usage = read(&[json!({
            "input_tokens": 2, "cache_read_input_tokens": 11131,
            "cache_creation_input_tokens": 18, "output_tokens": 88,
        })]);
        assert_eq!(usage.input_tokens, Some(11151));
        assert_eq!(usage.uncached_input_tokens(), Some(2));
        assert_eq!(to_wire(&usage)["input_tokens"], 2);
    }

    #[test]
    fn cache_writes_for_an_hour_are_told_apart_and_come_back() {
        let counts = json!({
            "input_tokens": 2, "cache_creation_input_tokens": 18, "output_tokens": 8,
            "cache_creation": {"ephemeral_5m_input_tokens": 7, "ephemeral_1h_input_tokens": 11},
        });
        let usage = read(std::slice::from_ref(&counts));
        assert_eq!(usage.cache_write_1h_tokens, Some(11));
        assert_eq!(to_wire(&usage)["cache_creation"], counts["cache_creation"]);
    }

    #[test]
    fn a_later_snapshot_without_cache_counts_keeps_the_earlier_ones() {
        let usage = read(&[
            json!({"input_tokens": 2, "cache_read_input_tokens": 10, "output_tokens": 1}),
            json!({"input_tokens": 3, "output_tokens": 7}),
        ]);
        assert_eq!(usage.input_tokens, Some(13));
        assert_eq!(usage.output_tokens, Some(7));
    }

    #[test]
    fn what_the_vendor_did_not_say_stays_unknown() {
        assert!(read(&[json!({})]).is_unknown());
    }
}
