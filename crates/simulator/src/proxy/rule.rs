//! Rules of a proxy: what to break, how often, when, and on which paths.

use std::time::Duration;

use tokio::time::Instant;

use crate::fault::{Ending, RetryAfter};
use crate::script::unit_interval;

/// What a proxy does to an exchange.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ProxyFault {
    /// An error answer in place of the vendor's, which is not asked.
    Status {
        /// HTTP status.
        status: u16,
        /// The delay that it asks for.
        retry_after: Option<RetryAfter>,
    },
    /// The request is taken and never answered; the vendor is not asked.
    Silence,
    /// The connection ends with a FIN in place of an answer; the vendor is not asked.
    Close,
    /// The connection ends with an RST in place of an answer; the vendor is not asked.
    Reset,
    /// Bytes that are no HTTP in place of an answer; the vendor is not asked.
    Garbage,
    /// Connections are reset on accept, as if nobody listened.
    Refuse,
    /// Connections are accepted and never read, as if packets were lost.
    BlackHole,
    /// The request waits before it goes on; adds to other rules.
    Latency {
        /// The shortest wait.
        delay: Duration,
        /// What is added at most, evenly spread.
        jitter: Duration,
    },
    /// The body passes at this speed; adds to other rules.
    Throttle {
        /// At least 1.
        bytes_per_second: u32,
    },
    /// The vendor's body ends early.
    Cut {
        /// Bytes of the body before the end.
        after_bytes: u64,
        /// How it ends.
        ending: Ending,
    },
    /// The vendor's body stops, and the connection stays open.
    Stall {
        /// Bytes of the body before the stall.
        after_bytes: u64,
    },
}

impl ProxyFault {
    /// An error answer with this status.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::Status {
            status,
            retry_after: None,
        }
    }

    /// Name of the kind of fault, as counters show it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Silence => "silence",
            Self::Close => "close",
            Self::Reset => "reset",
            Self::Garbage => "garbage",
            Self::Refuse => "refuse",
            Self::BlackHole => "black_hole",
            Self::Latency { .. } => "latency",
            Self::Throttle { .. } => "throttle",
            Self::Cut { .. } => "cut",
            Self::Stall { .. } => "stall",
        }
    }

    /// Whether it strikes connections before there is a request.
    const fn is_at_the_door(&self) -> bool {
        matches!(self, Self::Refuse | Self::BlackHole)
    }

    /// Whether it takes effect only where the vendor's body is long enough.
    const fn is_in_the_body(&self) -> bool {
        matches!(self, Self::Cut { .. } | Self::Stall { .. })
    }

    /// Whether it leaves room for another fault.
    const fn adds(&self) -> bool {
        matches!(self, Self::Latency { .. } | Self::Throttle { .. })
    }
}

/// A fault with its share, its time and its paths. By default it strikes everything, always.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ProxyRule {
    /// What happens.
    pub fault: ProxyFault,
    /// The share of requests (or connections) that it strikes, 0 to 1.
    pub rate: f64,
    /// When it begins, from the start of the proxy.
    pub at: Duration,
    /// How long it lasts; unset means to the end.
    pub lasts: Option<Duration>,
    /// What a path must begin with; empty means any. Rules for connections ignore it.
    pub path_prefix: String,
}

impl ProxyRule {
    /// Strikes everything, always.
    #[must_use]
    pub const fn new(fault: ProxyFault) -> Self {
        Self {
            fault,
            rate: 1.0,
            at: Duration::ZERO,
            lasts: None,
            path_prefix: String::new(),
        }
    }

    /// Strikes this share only, 0 to 1.
    #[must_use]
    pub const fn with_rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// Strikes from this time after the start on.
    #[must_use]
    pub const fn starting_at(mut self, at: Duration) -> Self {
        self.at = at;
        self
    }

    /// Strikes for so long.
    #[must_use]
    pub const fn lasting(mut self, lasts: Duration) -> Self {
        self.lasts = Some(lasts);
        self
    }

    /// Strikes requests whose path begins so.
    #[must_use]
    pub fn on_paths(mut self, prefix: impl Into<String>) -> Self {
        self.path_prefix = prefix.into();
        self
    }

    fn is_due(&self, since_start: Duration) -> bool {
        let ended = self
            .lasts
            .is_some_and(|lasts| since_start >= self.at + lasts);
        since_start >= self.at && !ended
    }
}

/// What strikes one request.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Struck<'a> {
    /// The one that decides.
    pub(super) fault: Option<&'a ProxyFault>,
    pub(super) latency: Duration,
    /// The slowest of all.
    pub(super) bytes_per_second: Option<u32>,
    /// Of what takes effect in any case.
    pub(super) names: Vec<&'static str>,
}

/// The rules of a running proxy.
#[derive(Debug)]
pub(super) struct Rules {
    rules: Vec<ProxyRule>,
    seed: u64,
    started_at: Instant,
    connections: std::sync::atomic::AtomicU64,
}

impl Rules {
    pub(super) fn new(rules: Vec<ProxyRule>, seed: u64, now: Instant) -> Self {
        Self {
            rules,
            seed,
            started_at: now,
            connections: std::sync::atomic::AtomicU64::new(0),
        }
    }

    /// What strikes the connection that comes now.
    pub(super) fn at_the_door(&self, now: Instant) -> Option<&ProxyFault> {
        let number = self
            .connections
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let due = self
            .due(now)
            .filter(|(_, rule)| rule.fault.is_at_the_door());
        let mut struck = due.filter(|(index, rule)| self.draw(*index, number) < rule.rate);
        struck.next().map(|(_, rule)| &rule.fault)
    }

    /// What strikes the request with this number.
    pub(super) fn strike(&self, number: u64, path: &str, now: Instant) -> Struck<'_> {
        let mut struck = Struck::default();
        for (index, rule) in self.due(now) {
            let is_meant = !rule.fault.is_at_the_door() && path.starts_with(&rule.path_prefix);
            let is_taken = struck.fault.is_some() && !rule.fault.adds();
            if !is_meant || is_taken || self.draw(index, number) >= rule.rate {
                continue;
            }
            if !rule.fault.is_in_the_body() {
                struck.names.push(rule.fault.name());
            }
            match &rule.fault {
                ProxyFault::Latency { delay, jitter } => {
                    // Another draw than the one that decided whether.
                    let spread = unit_interval(self.seed ^ 0x6a77, number * 64 + index as u64);
                    struck.latency += *delay + jitter.mul_f64(spread);
                }
                ProxyFault::Throttle { bytes_per_second } => {
                    let slowest = struck.bytes_per_second.unwrap_or(u32::MAX);
                    struck.bytes_per_second = Some(slowest.min((*bytes_per_second).max(1)));
                }
                fault => struck.fault = Some(fault),
            }
        }
        struck
    }

    fn due(&self, now: Instant) -> impl Iterator<Item = (usize, &ProxyRule)> {
        let since_start = now.saturating_duration_since(self.started_at);
        let rules = self.rules.iter().enumerate();
        rules.filter(move |(_, rule)| rule.is_due(since_start))
    }

    fn draw(&self, rule: usize, number: u64) -> f64 {
        unit_interval(self.seed.wrapping_add(rule as u64 * 7919), number)
    }
}

#[cfg(test)]
mod tests {
    use super::{ProxyFault, ProxyRule, Rules};
    use std::time::Duration;
    use tokio::time::Instant;

    fn names(rules: &[ProxyRule], number: u64, path: &str, second: u64) -> Vec<&'static str> {
        let start = Instant::now();
        let rules = Rules::new(rules.to_vec(), 7, start);
        rules
            .strike(number, path, start + Duration::from_secs(second))
            .names
    }

    #[test]
    fn first_rule_decides_and_latency_adds() {
        let delay = Duration::from_millis(5);
        let jitter = Duration::ZERO;
        let rules = [
            ProxyRule::new(ProxyFault::Latency { delay, jitter }),
            ProxyRule::new(ProxyFault::Silence),
            ProxyRule::new(ProxyFault::Close),
            ProxyRule::new(ProxyFault::Throttle {
                bytes_per_second: 9,
            }),
        ];
        assert_eq!(names(&rules, 1, "/", 0), ["latency", "silence", "throttle"]);
    }

    #[test]
    fn rules_have_a_time_and_paths() {
        let second = Duration::from_secs;
        let rules = [ProxyRule::new(ProxyFault::Silence)
            .starting_at(second(10))
            .lasting(second(5))
            .on_paths("/v1/chat")];
        for (path, at, strikes) in [
            ("/v1/chat/completions", 9, false),
            ("/v1/chat/completions", 10, true),
            ("/v1/chat/completions", 14, true),
            ("/v1/chat/completions", 15, false),
            ("/v1/models", 12, false),
        ] {
            assert_eq!(
                !names(&rules, 1, path, at).is_empty(),
                strikes,
                "{path} at {at} s"
            );
        }
    }

    #[test]
    fn share_is_near_its_rate_and_the_same_each_time() {
        let rules = [ProxyRule::new(ProxyFault::Silence).with_rate(0.1)];
        let run = || {
            (0..2000)
                .map(|number| names(&rules, number, "/", 0).len())
                .collect::<Vec<_>>()
        };
        let struck: usize = run().into_iter().sum();
        assert!((150..250).contains(&struck), "{struck} of 2000");
        assert_eq!(run(), run());
    }
}
