//! The breaker's rules, one test each.

mod adaptive;
mod cells;
mod fleet;
mod recovery;
mod simple;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{
    Breaker, BreakerConfig, BreakerState, BreakerTicket, Cause, Change, Circuit, Fleet, Member,
    Mode, Trip, Verdict,
};
use crate::{LatencyDigest, Skip, SkipReason};

const S: fn(u64) -> Duration = Duration::from_secs;
const MS: fn(u64) -> Duration = Duration::from_millis;

/// The longest wait for a first token in these tests; with few samples the stall limit is half of it.
const FIRST_TOKEN_TIMEOUT: Duration = Duration::from_secs(10);

/// A group of targets and a clock that the test moves.
#[derive(Debug)]
struct Rig {
    now: Instant,
    breakers: Vec<Breaker>,
    latency: Arc<LatencyDigest>,
}

impl Rig {
    /// So many equal targets that fail alone.
    fn of(count: usize, config: BreakerConfig) -> Self {
        Self::with(vec![None; count], config)
    }

    /// One target for each of these failure domains.
    fn with(domains: Vec<Option<&str>>, config: BreakerConfig) -> Self {
        let now = Instant::now();
        let latency = Arc::new(LatencyDigest::new(now));
        let member = |domain: Option<&str>| {
            Member::new(Arc::new(Circuit::new(config, now)))
                .with_failure_domain(domain.map(Arc::from))
        };
        let members = domains.into_iter().map(member);
        let fleet = Fleet::new(members, Arc::clone(&latency), FIRST_TOKEN_TIMEOUT, now);
        Self {
            now,
            breakers: fleet.breakers(),
            latency,
        }
    }

    fn adaptive(count: usize) -> Self {
        Self::of(count, exact())
    }

    fn pass(&mut self, duration: Duration) {
        self.now += duration;
    }

    fn breaker(&self, index: usize) -> &Breaker {
        &self.breakers[index]
    }

    fn state(&self, index: usize) -> BreakerState {
        self.breaker(index).state(self.now)
    }

    /// Sends a request that belongs to any share there is.
    #[track_caller]
    fn sent(&self, index: usize) -> BreakerTicket {
        self.breaker(index).admit(self.now, 0.0).unwrap()
    }

    #[track_caller]
    fn refused(&self, index: usize) -> Skip {
        self.breaker(index).admit(self.now, 0.0).unwrap_err()
    }

    fn settle(&self, index: usize, ticket: BreakerTicket, verdict: Verdict) -> Option<Change> {
        self.breaker(index).settle(ticket, verdict, self.now)
    }

    /// Sends a request that ends at once.
    #[track_caller]
    fn ends(&self, index: usize, verdict: Verdict) -> Option<Change> {
        self.settle(index, self.sent(index), verdict)
    }

    #[track_caller]
    fn fails(&self, index: usize, times: usize) -> Option<Change> {
        let end = |last, _| self.ends(index, Verdict::ERROR).or(last);
        (0..times).fold(None, end)
    }

    #[track_caller]
    fn succeeds(&self, index: usize, times: usize) -> Option<Change> {
        let end = |last, _| self.ends(index, Verdict::SUCCESS).or(last);
        (0..times).fold(None, end)
    }

    /// Opens a circuit by failures in a row: five, or 28 where the group cannot do without it.
    #[track_caller]
    fn open(&self, index: usize) -> Duration {
        match (0..28).find_map(|_| self.fails(index, 1)) {
            Some(Change::Opened {
                trip: Trip::Streak,
                duration,
            }) => duration,
            other => panic!("{other:?}"),
        }
    }

    /// Brings a circuit that is due back through probes.
    #[track_caller]
    fn close(&self, index: usize) -> Option<Change> {
        self.succeeds(index, 2)
    }
}

/// The adaptive preset without jitter, so that times are whole.
fn exact() -> BreakerConfig {
    let mut config = BreakerConfig::adaptive();
    config.open.jitter_floor = 1.0;
    config
}

fn slow() -> Verdict {
    Verdict::Success {
        first_token: Some(S(4)),
    }
}

fn quick() -> Verdict {
    Verdict::Success {
        first_token: Some(MS(600)),
    }
}
