//! What a vendor says in a case, in no format: every vendor of the matrix says it in its own words.

use interline::Usage;
use serde_json::{Value, json};

/// What a vendor says.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) finish: Finish,
}

/// One piece of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Thinking; vendors that sign add their proof.
    Thought(&'static str),
    Text(&'static str),
    /// The call of a tool of [`CALLS`].
    Call(usize),
}

/// Why an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    Stop,
    Length,
    Calls,
}

/// The tools that vendors call: the last part of the id, the name, and the place that it is asked for.
pub(crate) const CALLS: [(&str, &str, &str); 2] =
    [("a7", "wind_at", "Bergen"), ("b8", "tide_at", "Tromsø")];

/// The arguments of a call.
pub(crate) fn arguments(call: usize) -> Value {
    json!({"harbour": CALLS[call].2})
}

impl Said {
    pub(crate) fn new(pieces: impl Into<Vec<Piece>>, finish: Finish) -> Self {
        Self {
            pieces: pieces.into(),
            finish,
        }
    }

    pub(crate) fn text(text: &'static str) -> Self {
        Self::new([Piece::Text(text)], Finish::Stop)
    }

    pub(crate) fn thinks(&self) -> bool {
        let is_thought = |piece: &Piece| matches!(piece, Piece::Thought(_));
        self.pieces.iter().any(is_thought)
    }
}

/// The tokens of every answer, part by part; no sum of any of them is another one.
pub(crate) struct Tokens;

impl Tokens {
    /// Read, and neither from the cache nor to it.
    pub(crate) const PLAIN: u64 = 3100;
    /// Read from the cache.
    pub(crate) const CACHED: u64 = 870;
    /// Written to the cache, by vendors that count it.
    pub(crate) const CACHE_WRITE: u64 = 452;
    /// Written and not thought.
    pub(crate) const WORDS: u64 = 127;
    /// Thought, where the answer has thoughts.
    pub(crate) const THOUGHT: u64 = 59;

    pub(crate) const fn thought(said_thinks: bool) -> u64 {
        if said_thinks { Self::THOUGHT } else { 0 }
    }

    /// What a vendor that counts all of it should be understood to have used.
    pub(crate) fn usage(writes_cache: bool, thinks: bool, tells_thinking: bool) -> Usage {
        let written = if writes_cache { Self::CACHE_WRITE } else { 0 };
        let mut usage = Usage::new(
            Self::PLAIN + Self::CACHED + written,
            Self::WORDS + Self::thought(thinks),
        );
        usage.cached_input_tokens = Some(Self::CACHED);
        usage.cache_write_tokens = writes_cache.then_some(Self::CACHE_WRITE);
        usage.reasoning_tokens = tells_thinking.then_some(Self::thought(thinks));
        usage
    }
}
