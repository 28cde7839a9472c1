//! Made-up vendors behind real gates, and calls that arrive at random.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::time::Duration;

use std::sync::Arc;

use interline_core::{Error, ErrorKind, NanoUsd, Phase, ProviderId, Target};
use interline_resilience::breaker::BreakerState;
use interline_resilience::{
    Admission as _, Admit, Ask, Endpoint, Form, GateRules, Gates, GatesConfig, LatencyDigest,
    LimitConfig, Need, Outcome, Permit, TargetGate, TracingObserver,
};
use interline_routing::Rotation;
use interline_routing::balancer::{Balance, Capacity, Entrant, Rank, SessionKey, rank};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::Instant;

/// How answers spread around their median: the 95th percentile is 1.6 times the median.
const SPREAD: f64 = 0.3;

/// A made-up vendor.
#[derive(Clone)]
pub(crate) struct Vendor {
    /// The median time of an answer by the time of asking, both in seconds.
    median: fn(f64) -> f64,
    scale: f64,
    failures: fn(f64) -> f64,
    failure_time: f64,
    limits: LimitConfig,
    price: Option<NanoUsd>,
    capacity: Capacity,
    joins: Duration,
}

impl fmt::Debug for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vendor").finish_non_exhaustive()
    }
}

impl Vendor {
    /// Answers in about so many seconds.
    pub(crate) fn new(median: f64) -> Self {
        Self {
            scale: median,
            ..Self::slowing(|_| 1.0)
        }
    }

    /// Answers in about so many seconds by the time of asking.
    pub(crate) fn slowing(median: fn(f64) -> f64) -> Self {
        Self {
            median,
            scale: 1.0,
            failures: |_| 0.0,
            failure_time: 0.0,
            limits: LimitConfig::new(),
            price: None,
            capacity: Capacity::OnDemand,
            joins: Duration::ZERO,
        }
    }

    /// Fails that share of calls by the time of asking, within so many seconds.
    pub(crate) fn failing(mut self, share: fn(f64) -> f64, within: f64) -> Self {
        (self.failures, self.failure_time) = (share, within);
        self
    }

    pub(crate) fn limited(mut self, limits: LimitConfig) -> Self {
        self.limits = limits;
        self
    }

    pub(crate) fn at_price(mut self, price: NanoUsd) -> Self {
        self.price = Some(price);
        self
    }

    pub(crate) fn of(mut self, capacity: Capacity) -> Self {
        self.capacity = capacity;
        self
    }

    /// Is in the route only from then on.
    pub(crate) fn joining(mut self, at: Duration) -> Self {
        self.joins = at;
        self
    }
}

/// One call that was sent.
struct Sent {
    place: usize,
    at: Duration,
    /// Whether the balancer put this target first.
    was_first: bool,
    session: usize,
}

/// Vendors, their gates, and what happened.
pub(crate) struct World {
    balance: Balance,
    vendors: Vec<Vendor>,
    gates: Vec<TargetGate>,
    rotation: Rotation,
    rng: StdRng,
    origin: Instant,
    now: Duration,
    sessions: usize,
    /// Calls under way, by when they end.
    ends: BinaryHeap<Reverse<(Duration, u64)>>,
    under_way: BTreeMap<u64, (Permit, usize, bool)>,
    number: u64,
    sent: Vec<Sent>,
    in_flight: Vec<usize>,
    most_in_flight: Vec<usize>,
    states: Vec<Vec<(Duration, bool)>>,
    /// Calls whose first target refused them.
    pub(crate) refused_first: usize,
    /// Calls that nobody took.
    pub(crate) unserved: usize,
}

impl World {
    pub(crate) fn new(balance: Balance, rules: GateRules, vendors: Vec<Vendor>, seed: u64) -> Self {
        let origin = Instant::now();
        let endpoints: Vec<_> = vendors
            .iter()
            .enumerate()
            .map(|(place, vendor)| {
                let target = Target::new(ProviderId::from(format!("p{place}").as_str()), "m");
                (Endpoint::new(target).with_limits(vendor.limits), None)
            })
            .collect();
        let latency = Arc::new(LatencyDigest::new(origin));
        let gates = Gates::new(GatesConfig::default(), Arc::new(TracingObserver));
        let gates = gates.group(&endpoints, &rules, latency, Duration::from_secs(30), origin);
        let count = vendors.len();
        Self {
            balance,
            vendors,
            gates,
            rotation: Rotation::new(),
            rng: StdRng::seed_from_u64(seed),
            origin,
            now: Duration::ZERO,
            sessions: 0,
            ends: BinaryHeap::new(),
            under_way: BTreeMap::new(),
            number: 0,
            sent: Vec::new(),
            in_flight: vec![0; count],
            most_in_flight: vec![0; count],
            states: vec![Vec::new(); count],
            refused_first: 0,
            unserved: 0,
        }
    }

    /// Calls belong to so many sessions.
    pub(crate) fn with_sessions(mut self, sessions: usize) -> Self {
        self.sessions = sessions;
        self
    }

    /// So many calls a second until then.
    pub(crate) fn run(&mut self, rate: f64, until: Duration) {
        loop {
            let gap = -(1.0 - self.rng.random::<f64>()).ln() / rate;
            let next = self.now + Duration::from_secs_f64(gap);
            if next > until {
                return;
            }
            self.advance(next);
            self.call();
        }
    }

    /// So many calls at once.
    pub(crate) fn burst(&mut self, calls: usize) {
        (0..calls).for_each(|_| self.call());
    }

    /// Ends what ends until then.
    fn advance(&mut self, to: Duration) {
        while let Some(Reverse((at, number))) = self.ends.peek().copied() {
            if at > to {
                break;
            }
            self.ends.pop();
            if let Some((permit, place, fails)) = self.under_way.remove(&number) {
                let now = self.origin + at;
                self.in_flight[place] -= 1;
                if fails {
                    let error = Error::new(ErrorKind::Unavailable, "made up")
                        .with_phase(Phase::BeforeOutput);
                    permit.settle(Outcome::Failure(&error), now);
                } else {
                    permit.settle(Outcome::Success, now);
                }
            }
        }
        self.now = to;
    }

    fn call(&mut self) {
        let now = self.origin + self.now;
        let need = Need::new(100, 100);
        let present: Vec<_> = (0..self.vendors.len())
            .filter(|place| self.vendors[*place].joins <= self.now)
            .collect();
        let entrants: Vec<_> = present
            .iter()
            .map(|place| {
                let (vendor, gate) = (&self.vendors[*place], &self.gates[*place]);
                Entrant::new(gate.snapshot(now, Form::Whole, &need))
                    .with_slot(*place)
                    .with_priority(*place as u32 + 1)
                    .with_name(gate.target())
                    .with_capacity(vendor.capacity)
                    .with_price(vendor.price)
            })
            .collect();
        let session = match self.sessions {
            0 => 0,
            sessions => self.rng.random_range(0..sessions),
        };
        let key = (self.sessions > 0).then(|| SessionKey::named(&format!("session {session}")));
        let mut ranks = vec![Rank::default(); entrants.len()];
        let draw = self.rng.random();
        rank(
            &self.balance,
            &entrants,
            &self.rotation,
            key,
            draw,
            &mut ranks,
        );
        for (step, rank) in ranks.iter().enumerate() {
            let place = present[rank.place()];
            let share = rank.drawn_share().map_or(1.0, f64::from);
            let ask = Ask::new(self.gates[place].target(), now)
                .with_need(need)
                .with_draw(self.rng.random::<f64>() * share);
            match self.gates[place].admit(&ask) {
                Admit::Go(permit) => {
                    self.send(place, permit, step == 0, session);
                    return;
                }
                _ if step == 0 => self.refused_first += 1,
                _ => {}
            }
        }
        self.unserved += 1;
    }

    fn send(&mut self, place: usize, permit: Permit, was_first: bool, session: usize) {
        let at = self.now.as_secs_f64();
        let vendor = &self.vendors[place];
        let fails = self.rng.random::<f64>() < (vendor.failures)(at);
        let takes = if fails {
            vendor.failure_time
        } else {
            // Twelve uniform numbers make a normal one.
            let normal = (0..12).map(|_| self.rng.random::<f64>()).sum::<f64>() - 6.0;
            (vendor.median)(at) * vendor.scale * (SPREAD * normal).exp()
        };
        self.number += 1;
        let end = self.now + Duration::from_secs_f64(takes);
        self.ends.push(Reverse((end, self.number)));
        self.under_way.insert(self.number, (permit, place, fails));
        self.in_flight[place] += 1;
        self.most_in_flight[place] = self.most_in_flight[place].max(self.in_flight[place]);
        self.sent.push(Sent {
            place,
            at: self.now,
            was_first,
            session,
        });
        for (gate, states) in self.gates.iter().zip(&mut self.states) {
            let state = gate
                .breaker()
                .map(|breaker| breaker.state(self.origin + self.now));
            let is_out = matches!(state, Some(BreakerState::Open | BreakerState::HalfOpen));
            states.push((self.now, !is_out));
        }
    }

    /// Which share of calls went to a target that the balancer put first.
    pub(crate) fn share_of_firsts(&self, place: usize) -> f64 {
        let firsts = self.sent.iter().filter(|one| one.was_first);
        let own = firsts.clone().filter(|one| one.place == place).count();
        own as f64 / firsts.count().max(1) as f64
    }

    /// Which share of all calls a target took.
    pub(crate) fn share_of_answers(&self, place: usize) -> f64 {
        let own = self.sent.iter().filter(|one| one.place == place).count();
        own as f64 / self.sent.len().max(1) as f64
    }

    pub(crate) fn share_between(&self, place: usize, from: Duration, to: Duration) -> f64 {
        let within = self.sent.iter().filter(|one| (from..to).contains(&one.at));
        let all = within.count().max(1);
        self.answers_between(place, from, to) as f64 / all as f64
    }

    pub(crate) fn answers_between(&self, place: usize, from: Duration, to: Duration) -> usize {
        let within = self.sent.iter().filter(|one| (from..to).contains(&one.at));
        within.filter(|one| one.place == place).count()
    }

    /// The most calls that a target got within any 60 s.
    pub(crate) fn most_per_minute(&self, place: usize) -> usize {
        let own = self.sent.iter().filter(|one| one.place == place);
        let times: Vec<_> = own.map(|one| one.at).collect();
        let within = |from: &Duration| {
            let end = *from + Duration::from_secs(60);
            times.iter().filter(|at| (*from..end).contains(at)).count()
        };
        times.iter().map(within).max().unwrap_or(0)
    }

    pub(crate) fn most_in_flight(&self, place: usize) -> usize {
        self.most_in_flight[place]
    }

    /// When a target was last put back into service after then.
    pub(crate) fn back_in_service_after(&self, place: usize, after: Duration) -> Duration {
        let states = &self.states[place];
        let later = states.windows(2).filter(|pair| pair[0].0 >= after);
        let back = later.filter(|pair| !pair[0].1 && pair[1].1);
        back.map(|pair| pair[1].0).next().unwrap_or(after)
    }

    /// Which share of calls between two times went where most calls of their session went.
    pub(crate) fn kept_sessions(&self, from: f64, to: f64) -> f64 {
        let mut counts: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
        let range = Duration::from_secs_f64(from)..Duration::from_secs_f64(to);
        for one in self.sent.iter().filter(|one| range.contains(&one.at)) {
            let session = counts.entry(one.session).or_default();
            *session.entry(one.place).or_default() += 1;
        }
        let usual: usize = counts
            .values()
            .filter_map(|session| session.values().max())
            .sum();
        let all: usize = counts.values().flat_map(BTreeMap::values).sum();
        usual as f64 / all.max(1) as f64
    }
}
