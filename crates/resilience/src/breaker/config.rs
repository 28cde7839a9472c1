//! Every number of a breaker, and the two presets that set them.
//!
//! "Simulated" below means the throw-away simulator whose figures `docs/resilience.md` quotes:
//! three equal endpoints, 5 and 200 requests per second, log-normal latency with a median of 0.6 s.
//! A number outside its range is moved to the nearest one inside when a circuit is built.

use std::time::Duration;

/// When a breaker trips, for how long, and how its target comes back.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct BreakerConfig {
    /// What takes a target out of service.
    pub trip: TripRule,
    /// For how long.
    pub open: OpenSchedule,
    /// How it is found out whether it is back.
    pub probes: ProbeRule,
    /// How a target is treated that is slow, or that fails more often than others.
    pub degraded: DegradedRule,
    /// How long after closing the full share of requests comes back; zero for at once. It is left out
    /// where nobody else could take the rest. `adaptive`: 10 s (chosen, simulated); `simple`: none.
    pub ramp: Duration,
    /// The share of requests at the beginning of the ramp, 0–1. Default: 0.1 (chosen, simulated).
    pub ramp_from: f64,
    /// The share of a group's capacity that doubtful trips may take out of service, 0–1. Small shares of
    /// degraded and ramping targets are raised where the group would fall below what is left.
    /// Hard evidence, a [`Trip::Streak`](super::Trip::Streak), may take out all of it; beyond this share
    /// it is judged by the highest baseline, so that only a target that answers nobody goes (measured: where
    /// everybody fails at 60 %, 3 % of calls were answered without that, 43 % with it).
    /// Default: 0.5 (chosen; Envoy ejects 10 % at most, too little for groups of three).
    pub max_ejection: f64,
    /// What happens when nobody is left.
    pub panic: PanicRule,
    /// How long a target has to be unused before it may be forgotten. Default: 1 h (chosen, not
    /// measured).
    pub forget_after: Duration,
}

/// What takes a target out of service.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum TripRule {
    /// So many failures within a window, whatever succeeded in between.
    Count {
        /// How many, 1–1024.
        failures: u32,
        /// How long a failure counts.
        window: Duration,
    },
    /// Streak, ratio, slowness and comparison with others.
    Adaptive(AdaptiveTrip),
}

/// The numbers of [`TripRule::Adaptive`]. The window is ten seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct AdaptiveTrip {
    /// A streak trips when chance would make so many failures in its cohort with at most this
    /// probability. Where the whole cohort failed, that is ⌈ln `streak_chance` / ln baseline⌉ in a row:
    /// 5 at a baseline of 5 %, 9 at 20 %, 20 at 50 %. Default: 1e-6 (chosen). Simulated: no opening
    /// where everybody fails at 20 %, five in a minute when only the length of the streak counted.
    pub streak_chance: f64,
    /// The lowest baseline, 0–1. Default: 0.05 (chosen: no streak of less than five trips).
    pub baseline_floor: f64,
    /// The highest baseline, 0–1. Default: 0.6 (chosen: a streak of 28 always trips).
    pub baseline_cap: f64,
    /// The share of its cohort that a streak has to be, 0–1. Default: 0.5 (simulated: without it
    /// a group that fails at 20 % fell to 37 % success).
    pub cohort_share: f64,
    /// The share of failures that trips, 0–1, of the results in the window as well as of the
    /// requests sent in it. Default: 0.5 (chosen, simulated).
    pub failure_ratio: f64,
    /// How many results the window must hold for that. Default: 20 (chosen, simulated).
    pub failure_samples: u32,
    /// The share of slow successes that degrades where others have less than half of it, 0–1. Default: 0.5
    /// (measured: one of three that becomes ten times slower within 10 s is degraded 13 s after it began,
    /// 16 s at 0.8).
    pub slow_ratio: f64,
    /// How many successes the window must hold for that. Default: 10 (chosen, not measured).
    pub slow_samples: u32,
    /// A first token that takes no longer than this is never slow. Default: 3 s (chosen, not measured).
    pub slow_floor: Duration,
    /// A first token is slow that takes so many times the group's median. Default: 5 (chosen, not
    /// measured).
    pub slow_factor: f64,
    /// The share of failures that degrades while somebody in another failure domain is healthy, 0–1.
    /// Default: 0.2 (simulated: one of three at 30 % costs 1.02 attempts a request instead of 1.09).
    pub outlier_ratio: f64,
    /// How many results the window must hold for that, of both. Default: 20 (chosen, simulated).
    pub outlier_samples: u32,
    /// Who fails less often than this is healthy, 0–1. Default: 0.1 (chosen, simulated).
    pub healthy_below: f64,
}

/// For how long a target is out of service.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct OpenSchedule {
    /// The first time. `adaptive`: 1 s (chosen, simulated); `simple`: 30 s (contract).
    pub first: Duration,
    /// Each further time is so many times longer, at least 1. `adaptive`: 2; `simple`: 1.
    pub factor: f64,
    /// Never longer than this, before a vendor's own wish. `adaptive`: 10 s (simulated: with 30 s
    /// a healed group was back at 90–98 %, with 10 s at 100 %); `simple`: 30 s.
    pub cap: Duration,
    /// The shortest share of that time which chance may leave, 0–1; 1 for no jitter. `adaptive`: 0.5
    /// (chosen: clients that tripped together do not come back together); `simple`: 1.
    pub jitter_floor: f64,
    /// The longest wish of a vendor to wait that extends it. `adaptive`: 60 s (chosen, not measured);
    /// `simple`: none, pauses are not its business.
    pub max_retry_after: Duration,
    /// In so much time in service the memory of earlier openings fades to its half. Default: 60 s
    /// (chosen, not measured).
    pub memory_half_life: Duration,
}

/// How it is found out whether a target is back.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ProbeRule {
    /// How many requests may probe at once, and in one period of probing as long as they are decided;
    /// at least 1. `adaptive`: 3 (chosen, simulated); `simple`: 1 (contract).
    pub leases: u32,
    /// So many successes close it, 1–64; a slow one counts as half. `adaptive`: 2; `simple`: 1.
    pub close_after: u32,
    /// So many failures open it again, 1–64. `adaptive`: 2; `simple`: 1.
    pub reopen_after: u32,
    /// After how long a probe of which nothing was heard makes room for another.
    pub lease: LeaseLength,
}

/// How long a probe may be out before another one takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaseLength {
    /// So long. `simple`: 30 s (contract).
    Fixed(Duration),
    /// So much longer than the group's stall limit. `adaptive`: 1 s (chosen, simulated): not the
    /// timeout of the first token, or a black hole would delay recovery by all of it.
    BeyondStallLimit(Duration),
}

/// How a degraded target is treated, and when it is not one any more.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct DegradedRule {
    /// The share of requests that go to it, 0–1. Default: 0.1 (chosen, simulated).
    pub weight: f64,
    /// Where the group can do without it, at most one request goes to it in this time, whatever its
    /// share: a review needs few results, and each of them is a slow or failed one for its caller.
    /// Default: 1 s (measured: one of three ten times slower at 200 requests per second keeps the 99th
    /// percentile; with the share alone, 3 % of all requests were slow ones).
    pub trial_every: Duration,
    /// How often it is reviewed. Default: 5 s (simulated: after a heal it is back in full service
    /// within 20 s, with 10 s it took up to 30 s).
    pub review_every: Duration,
    /// How many results a review needs; with fewer it is put off, until three times
    /// `review_every` have passed. Default: 10 (chosen, not measured).
    pub review_samples: u32,
    /// The share of slow successes below which it is no longer slow, 0–1. Default: 0.25 (chosen, not
    /// measured: half of what degrades, so that it does not go back and forth).
    pub slow_below: f64,
}

/// What happens to a request when every target of its group is out of service.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum PanicRule {
    /// It goes to one of them: nobody is stranded. `simple` (contract).
    Always,
    /// A few of them do, and double as probes. `adaptive` (simulated: a healed group is back at once
    /// and a broken one is not hammered).
    Trickle {
        /// At least so many in a second, while there are requests. Default: 1 (chosen, simulated).
        per_second: f64,
        /// And at least this share of the requests, 0–1. Default: 0.05 (chosen, simulated).
        share: f64,
    },
}

impl BreakerConfig {
    /// Three failures within 60 s skip a target for 30 s; then one request probes.
    ///
    /// Easy to predict, and right for a modest rate. At a high rate a small share of failures opens
    /// it by chance.
    #[must_use]
    pub const fn simple() -> Self {
        Self {
            trip: TripRule::Count {
                failures: 3,
                window: Duration::from_secs(60),
            },
            open: OpenSchedule {
                first: Duration::from_secs(30),
                factor: 1.0,
                cap: Duration::from_secs(30),
                jitter_floor: 1.0,
                max_retry_after: Duration::ZERO,
                memory_half_life: Duration::from_secs(60),
            },
            probes: ProbeRule {
                leases: 1,
                close_after: 1,
                reopen_after: 1,
                lease: LeaseLength::Fixed(Duration::from_secs(30)),
            },
            ramp: Duration::ZERO,
            panic: PanicRule::Always,
            ..Self::adaptive()
        }
    }

    /// Trips on evidence that chance does not explain, and comes back in seconds.
    ///
    /// Right from about ten requests per second on; below that it takes long to gather evidence.
    #[must_use]
    pub const fn adaptive() -> Self {
        Self {
            trip: TripRule::Adaptive(AdaptiveTrip::DEFAULT),
            open: OpenSchedule {
                first: Duration::from_secs(1),
                factor: 2.0,
                cap: Duration::from_secs(10),
                jitter_floor: 0.5,
                max_retry_after: Duration::from_secs(60),
                memory_half_life: Duration::from_secs(60),
            },
            probes: ProbeRule {
                leases: 3,
                close_after: 2,
                reopen_after: 2,
                lease: LeaseLength::BeyondStallLimit(Duration::from_secs(1)),
            },
            degraded: DegradedRule {
                weight: 0.1,
                trial_every: Duration::from_secs(1),
                review_every: Duration::from_secs(5),
                review_samples: 10,
                slow_below: 0.25,
            },
            ramp: Duration::from_secs(10),
            ramp_from: 0.1,
            max_ejection: 0.5,
            panic: PanicRule::Trickle {
                per_second: 1.0,
                share: 0.05,
            },
            forget_after: Duration::from_secs(3600),
        }
    }

    /// The same with every number in its range.
    pub(crate) fn in_range(mut self) -> Self {
        match &mut self.trip {
            TripRule::Count { failures, .. } => *failures = (*failures).clamp(1, 1024),
            TripRule::Adaptive(rule) => rule.move_into_range(),
        }
        self.open.factor = number(self.open.factor, 1.0).clamp(1.0, 1000.0);
        self.open.first = self.open.first.min(LONGEST);
        self.open.cap = self.open.cap.clamp(self.open.first, LONGEST);
        unit(&mut self.open.jitter_floor);
        self.probes.leases = self.probes.leases.clamp(1, 64);
        self.probes.close_after = self.probes.close_after.clamp(1, 64);
        self.probes.reopen_after = self.probes.reopen_after.clamp(1, 64);
        unit(&mut self.degraded.weight);
        unit(&mut self.degraded.slow_below);
        unit(&mut self.ramp_from);
        unit(&mut self.max_ejection);
        if let PanicRule::Trickle { per_second, share } = &mut self.panic {
            *per_second = number(*per_second, 0.0).max(0.0);
            unit(share);
        }
        self
    }
}

impl AdaptiveTrip {
    const DEFAULT: Self = Self {
        streak_chance: 1e-6,
        baseline_floor: 0.05,
        baseline_cap: 0.6,
        cohort_share: 0.5,
        failure_ratio: 0.5,
        failure_samples: 20,
        slow_ratio: 0.5,
        slow_samples: 10,
        slow_floor: Duration::from_secs(3),
        slow_factor: 5.0,
        outlier_ratio: 0.2,
        outlier_samples: 20,
        healthy_below: 0.1,
    };

    fn move_into_range(&mut self) {
        // Logarithms of neither end exist or divide.
        const INSIDE: (f64, f64) = (1e-12, 0.999);
        for value in [
            &mut self.streak_chance,
            &mut self.baseline_floor,
            &mut self.baseline_cap,
        ] {
            *value = number(*value, INSIDE.1).clamp(INSIDE.0, INSIDE.1);
        }
        self.baseline_cap = self.baseline_cap.max(self.baseline_floor);
        for value in [
            &mut self.cohort_share,
            &mut self.failure_ratio,
            &mut self.slow_ratio,
            &mut self.outlier_ratio,
            &mut self.healthy_below,
        ] {
            unit(value);
        }
        self.slow_factor = number(self.slow_factor, 1.0).max(1.0);
    }
}

impl Default for AdaptiveTrip {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Default for BreakerConfig {
    /// [`BreakerConfig::adaptive`].
    fn default() -> Self {
        Self::adaptive()
    }
}

/// No time out of service is longer than a year, so that arithmetic stays in range.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// `value`, or `otherwise` where it is none.
const fn number(value: f64, otherwise: f64) -> f64 {
    if value.is_nan() { otherwise } else { value }
}

fn unit(value: &mut f64) {
    *value = number(*value, 1.0).clamp(0.0, 1.0);
}
