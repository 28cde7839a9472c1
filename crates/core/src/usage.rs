//! Tokens that a call used, counted by one rule for all vendors.

/// Tokens that a call used.
///
/// One inclusion rule holds for every vendor; adapters convert.
/// - `input_tokens` is everything the model read: it **includes** `cached_input_tokens` and
///   `cache_write_tokens`.
/// - `output_tokens` is everything the model wrote: it **includes** `reasoning_tokens`.
///
/// `None` means that the vendor did not say, which is not the same as zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens read, cached ones and cache writes included.
    pub input_tokens: Option<u64>,
    /// The part of the input that came from the vendor's cache.
    pub cached_input_tokens: Option<u64>,
    /// The part of the input that was written to the vendor's cache.
    pub cache_write_tokens: Option<u64>,
    /// The part of the cache writes that is kept for an hour, which costs more than the short time.
    pub cache_write_1h_tokens: Option<u64>,
    /// Tokens written, thinking included.
    pub output_tokens: Option<u64>,
    /// The part of the output that was thinking.
    pub reasoning_tokens: Option<u64>,
    /// Input that the vendor charges for, where it counts that apart from what the model read.
    pub billed_input_tokens: Option<u64>,
    /// Output that the vendor charges for, where it counts that apart from what the model wrote.
    pub billed_output_tokens: Option<u64>,
}

impl Usage {
    /// Tokens read and written.
    #[must_use]
    pub const fn new(input_tokens: u64, output_tokens: u64) -> Self {
        Self {
            input_tokens: Some(input_tokens),
            cached_input_tokens: None,
            cache_write_tokens: None,
            cache_write_1h_tokens: None,
            output_tokens: Some(output_tokens),
            reasoning_tokens: None,
            billed_input_tokens: None,
            billed_output_tokens: None,
        }
    }

    /// Whether the vendor said nothing at all.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// Input plus output, where both are known.
    #[must_use]
    pub fn total_tokens(&self) -> Option<u64> {
        Some(self.input_tokens?.saturating_add(self.output_tokens?))
    }

    /// Input that was neither read from nor written to the cache.
    #[must_use]
    pub fn uncached_input_tokens(&self) -> Option<u64> {
        let cached = self.cached_input_tokens.unwrap_or(0);
        let written = self.cache_write_tokens.unwrap_or(0);
        Some(
            self.input_tokens?
                .saturating_sub(cached)
                .saturating_sub(written),
        )
    }

    /// Takes over every figure that `later` knows; snapshots in a stream are cumulative, not deltas.
    pub fn update(&mut self, later: Self) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.cached_input_tokens = later.cached_input_tokens.or(self.cached_input_tokens);
        self.cache_write_tokens = later.cache_write_tokens.or(self.cache_write_tokens);
        self.cache_write_1h_tokens = later.cache_write_1h_tokens.or(self.cache_write_1h_tokens);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        self.reasoning_tokens = later.reasoning_tokens.or(self.reasoning_tokens);
        self.billed_input_tokens = later.billed_input_tokens.or(self.billed_input_tokens);
        self.billed_output_tokens = later.billed_output_tokens.or(self.billed_output_tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_snapshots_replace_and_never_add() {
        let mut usage = Usage::new(10, 1);
        usage.update(Usage {
            output_tokens: Some(7),
            ..Usage::default()
        });
        assert_eq!(usage, Usage::new(10, 7));
        assert_eq!(usage.total_tokens(), Some(17));
    }

    #[test]
    fn uncached_input_is_what_remains() {
        let usage = Usage {
            cached_input_tokens: Some(60),
            cache_write_tokens: Some(30),
            ..Usage::new(100, 5)
        };
        assert_eq!(usage.uncached_input_tokens(), Some(10));
    }
}
