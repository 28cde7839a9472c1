//! One planned call, and the load that a run is planned with.

use std::time::Duration;

/// Who calls, and how often.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Calls in a second on average, arriving at random.
    pub(crate) rate: f64,
    /// Times in which more come.
    pub(crate) bursts: Vec<Burst>,
    /// Which share of calls wants a stream.
    pub(crate) streamed: f64,
    /// How many tokens an answer has.
    pub(crate) tokens: (u32, u32),
    /// How many tokens a prompt has.
    pub(crate) prompt: (u32, u32),
    /// How many tenants call, evenly.
    pub(crate) tenants: u16,
    /// Which share of calls is given up by its caller.
    pub(crate) give_up: f64,
    /// Batch calls for each interactive one, while the faults hold.
    pub(crate) batch: f64,
    /// How long callers wait, where they say so.
    pub(crate) patience: Option<Duration>,
    /// How long a reader pauses after each token.
    pub(crate) reader_pause: Duration,
}

/// A time in which more calls come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burst {
    /// When it begins.
    pub(crate) from: Duration,
    /// When it is over.
    pub(crate) until: Duration,
    /// How many times as many come.
    pub(crate) factor: f64,
}

impl Load {
    /// So many calls in a second, most of them streamed, answers and prompts of common size.
    pub(crate) const fn of(rate: f64) -> Self {
        Self {
            rate,
            bursts: Vec::new(),
            streamed: 0.7,
            tokens: (3, 9),
            prompt: (50, 400),
            tenants: 1,
            give_up: 0.0,
            batch: 0.0,
            patience: None,
            reader_pause: Duration::ZERO,
        }
    }

    /// Every call is a stream.
    pub(crate) const fn streams(mut self) -> Self {
        self.streamed = 1.0;
        self
    }
}

/// One planned call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// When it comes, since the start of the run.
    pub(crate) at: Duration,
    /// Who calls.
    pub(crate) tenant: u16,
    /// How urgent it is.
    pub(crate) priority: Priority,
    /// Whether it wants a stream.
    pub(crate) streamed: bool,
    /// How many tokens its answer has.
    pub(crate) tokens: u32,
    /// How many tokens its prompt has.
    pub(crate) prompt: u32,
    /// When its caller goes away, where that happens.
    pub(crate) give_up: Option<GiveUp>,
}

/// How urgent a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    /// Somebody waits for it.
    Interactive,
    /// Nobody does.
    Batch,
}

/// When a caller goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GiveUp {
    /// After so long.
    After(Duration),
    /// After so many tokens.
    AtToken(u32),
}
