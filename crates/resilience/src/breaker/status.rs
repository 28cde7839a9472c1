//! Everything that admission has to know, in one atomic word: state, mode, period, and until when.
//!
//! One load gives a consistent picture. A period begins whenever the circuit opens, degrades or closes;
//! results of requests from an earlier one are about a time that is over.

/// How a breaker treats its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// Every request goes through.
    Closed,
    /// It closed lately: a growing share of the requests goes through.
    Ramping,
    /// It is slow, or fails more often than others: a small share of the requests goes through.
    Degraded,
    /// No request goes through.
    Open,
    /// A few requests go through, to find out whether the target is back.
    HalfOpen,
}

impl BreakerState {
    /// The stable snake_case code that users and metrics see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Ramping => "ramping",
            Self::Degraded => "degraded",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// Who decides: the breaker, or an operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// The breaker decides.
    #[default]
    Auto,
    /// No request goes through, whatever the results.
    Open,
    /// Every request goes through, whatever the results.
    Closed,
    /// Every request goes through; what the breaker would have done is only told.
    MetricsOnly,
}

/// The unpacked word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) state: BreakerState,
    pub(crate) mode: Mode,
    /// Counts openings, degradings and closings; 19 bits.
    pub(crate) period: u32,
    /// In milliseconds since the circuit's origin, 40 bits (34 years). Open, half-open: until when
    /// nobody is let through. Ramping: the end of the ramp. Degraded: the next review.
    pub(crate) until_ms: u64,
}

const MODE_SHIFT: u32 = 3;
const PERIOD_SHIFT: u32 = 5;
const PERIOD_MASK: u64 = (1 << 19) - 1;
const UNTIL_SHIFT: u32 = 24;
const UNTIL_MAX: u64 = (1 << 40) - 1;

impl Status {
    /// A target of which nothing bad is known.
    pub(crate) const INITIAL: Self = Self {
        state: BreakerState::Closed,
        mode: Mode::Auto,
        period: 0,
        until_ms: 0,
    };

    pub(crate) const fn pack(self) -> u64 {
        let state = match self.state {
            BreakerState::Closed => 0,
            BreakerState::Ramping => 1,
            BreakerState::Degraded => 2,
            BreakerState::Open => 3,
            BreakerState::HalfOpen => 4,
        };
        let mode = match self.mode {
            Mode::Auto => 0,
            Mode::Open => 1,
            Mode::Closed => 2,
            Mode::MetricsOnly => 3,
        };
        let until = if self.until_ms > UNTIL_MAX {
            UNTIL_MAX
        } else {
            self.until_ms
        };
        state
            | (mode << MODE_SHIFT)
            | ((self.period as u64 & PERIOD_MASK) << PERIOD_SHIFT)
            | (until << UNTIL_SHIFT)
    }

    pub(crate) const fn unpack(word: u64) -> Self {
        let state = match word & 7 {
            0 => BreakerState::Closed,
            1 => BreakerState::Ramping,
            2 => BreakerState::Degraded,
            3 => BreakerState::Open,
            _ => BreakerState::HalfOpen,
        };
        let mode = match (word >> MODE_SHIFT) & 3 {
            0 => Mode::Auto,
            1 => Mode::Open,
            2 => Mode::Closed,
            _ => Mode::MetricsOnly,
        };
        Self {
            state,
            mode,
            period: ((word >> PERIOD_SHIFT) & PERIOD_MASK) as u32,
            until_ms: word >> UNTIL_SHIFT,
        }
    }

    /// The same mode in a new period.
    pub(crate) const fn next_period(self, state: BreakerState, until_ms: u64) -> Self {
        Self {
            state,
            mode: self.mode,
            period: ((self.period as u64 + 1) & PERIOD_MASK) as u32,
            until_ms,
        }
    }

    /// The state at this millisecond: a ramp that is over is none.
    pub(crate) const fn state_at(self, ms: u64) -> BreakerState {
        match self.state {
            BreakerState::Ramping if ms >= self.until_ms => BreakerState::Closed,
            state => state,
        }
    }

    /// Whether results may change the state.
    pub(crate) const fn is_automatic(self) -> bool {
        matches!(self.mode, Mode::Auto | Mode::MetricsOnly)
    }

    /// Whether requests go through, all or a share of them.
    pub(crate) const fn lets_through(self) -> bool {
        match self.mode {
            Mode::Open => false,
            Mode::Closed | Mode::MetricsOnly => true,
            Mode::Auto => matches!(
                self.state,
                BreakerState::Closed | BreakerState::Ramping | BreakerState::Degraded
            ),
        }
    }
}
