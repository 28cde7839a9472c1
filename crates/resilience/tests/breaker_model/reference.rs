//! A breaker as one would write it without a thought for speed: it keeps everything that ever
//! happened, and answers each question by going through all of it.

use std::time::Duration;

use interline_resilience::breaker::{AdaptiveTrip, BreakerConfig, LeaseLength, Trip, TripRule};

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Success,
    Slow,
    Error,
    Stall,
    Ignored,
}

/// How a target is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    Ill,
    Slow,
    Unsteady,
}

/// What the model expects of an operation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expected {
    Nothing,
    Admitted {
        role: Role,
        change: Option<Told>,
    },
    /// For so many milliseconds; `true` where a probe is being waited for.
    Refused {
        ms: u64,
        is_probing: bool,
    },
    NotEvenAnyway,
    Settled(Option<Told>),
}

/// A change, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Opened(Trip, u64),
    Degraded(Trip),
    Probing,
    Closed { ramp_ms: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Ordinary,
    Probe,
    LastResort,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum State {
    Closed,
    Ramping {
        end_ms: u64,
    },
    Degraded {
        review_ms: u64,
        since_ms: u64,
        trip: Trip,
    },
    Open {
        until_ms: u64,
    },
    HalfOpen,
}

/// Something that happened to a target, in the order in which it happened.
#[derive(Clone, Copy, Debug)]
enum Event {
    Sent {
        at_ms: u64,
    },
    Ended {
        at_ms: u64,
        sequence: usize,
        end: End,
        sent_ms: u64,
    },
    /// The circuit opened or closed.
    Period,
    /// A trial began or began anew.
    Trial,
}

/// One target.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) state: State,
    pub(crate) period: usize,
    history: Vec<Event>,
    requests: usize,
    /// Who probes, until when.
    leases: Vec<(usize, u64)>,
    half_successes: u32,
    failures: u32,
    decided: u32,
    memory: Duration,
    closed_ms: u64,
    /// When the latest request went to it while it was degraded.
    trial_ms: Option<u64>,
}

/// A request that is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnderWay {
    pub(crate) target: usize,
    sequence: usize,
    sent_ms: u64,
    period: usize,
    role: Role,
}

/// The whole group.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) config: BreakerConfig,
    pub(crate) now_ms: u64,
    pub(crate) targets: Vec<Target>,
    pub(crate) moods: Vec<Mood>,
    pub(crate) under_way: Vec<UnderWay>,
    /// When the last one trickled, and how many asked since.
    trickled: Option<(u64, u64)>,
    pub(crate) expected: Expected,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    successes: u64,
    slow: u64,
    failures: u64,
}

impl Tally {
    fn of(ends: impl Iterator<Item = End>) -> Self {
        let mut tally = Self::default();
        for end in ends {
            match end {
                End::Success => tally.successes += 1,
                End::Slow => {
                    tally.successes += 1;
                    tally.slow += 1;
                }
                End::Error | End::Stall => tally.failures += 1,
                End::Ignored => {}
            }
        }
        tally
    }

    fn samples(self) -> u64 {
        self.successes + self.failures
    }

    fn ratio(self) -> f64 {
        share(self.failures, self.samples())
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

impl Target {
    fn is_in_service(&self) -> bool {
        !matches!(self.state, State::Open { .. } | State::HalfOpen)
    }

    /// What happened in this period.
    fn period_events(&self) -> impl Iterator<Item = &Event> {
        let start = self
            .history
            .iter()
            .rposition(|e| matches!(e, Event::Period));
        self.history.iter().skip(start.map_or(0, |index| index + 1))
    }

    fn window(&self, now_ms: u64) -> Tally {
        let second = now_ms / 1000;
        Tally::of(self.period_events().filter_map(|event| match event {
            Event::Ended { at_ms, end, .. } if second - at_ms / 1000 < 10 => Some(*end),
            _ => None,
        }))
    }

    fn trial(&self) -> Tally {
        let start = self
            .history
            .iter()
            .rposition(|e| matches!(e, Event::Trial))
            .unwrap_or(0);
        Tally::of(
            self.history[start..]
                .iter()
                .filter_map(|event| match event {
                    Event::Ended { end, .. } => Some(*end),
                    _ => None,
                }),
        )
    }

    /// The failures that no newer success has followed, and the cancelled of their cohort.
    fn streak(&self) -> (Vec<usize>, u64) {
        let (mut run, mut cancelled): (Vec<usize>, u64) = (Vec::new(), 0);
        for event in self.period_events() {
            let Event::Ended { sequence, end, .. } = event else {
                continue;
            };
            let first = run.iter().min().copied();
            match end {
                End::Error | End::Stall => {
                    run.push(*sequence);
                    // Another first request, another cohort.
                    if first.is_some_and(|first| *sequence < first) {
                        cancelled = 0;
                    }
                }
                End::Success | End::Slow if first.is_some_and(|first| *sequence > first) => {
                    run.clear();
                    cancelled = 0;
                }
                End::Ignored if first.is_some_and(|first| *sequence >= first) => cancelled += 1,
                End::Success | End::Slow | End::Ignored => {}
            }
        }
        (run, cancelled)
    }

    /// Requests sent in the window and this period, without the ignored ones.
    fn sent_in_window(&self, now_ms: u64) -> u64 {
        let second = now_ms / 1000;
        let (mut standing, mut base, mut mark) = (0_i64, 0_i64, None);
        let mut marked = None;
        for event in &self.history {
            match event {
                Event::Sent { at_ms } => {
                    let its = at_ms / 1000;
                    if marked != Some(its) {
                        marked = Some(its);
                        if second - its < 10 {
                            mark = Some(mark.map_or(standing, |mark: i64| mark.min(standing)));
                        }
                    }
                    standing += 1;
                }
                Event::Ended {
                    at_ms,
                    end: End::Ignored,
                    sent_ms,
                    ..
                } if at_ms - sent_ms < 10_000 => {
                    standing -= 1;
                }
                Event::Period => base = standing,
                Event::Ended { .. } | Event::Trial => {}
            }
        }
        mark.map_or(0, |mark| (standing - mark.max(base)).max(0) as u64)
    }

    fn weight(&self, now_ms: u64, config: &BreakerConfig) -> f64 {
        match self.state {
            State::Closed => 1.0,
            State::Ramping { end_ms } => {
                let left = end_ms.saturating_sub(now_ms) as f64 / config.ramp.as_millis() as f64;
                config.ramp_from + (1.0 - config.ramp_from) * (1.0 - left).max(0.0)
            }
            State::Degraded { .. } => config.degraded.weight,
            State::Open { .. } | State::HalfOpen => 0.0,
        }
    }

    /// When another probe may be sent.
    fn probe_from(&self, config: &BreakerConfig) -> u64 {
        let out = self.leases.len() as u32;
        if out == 0 || out + self.decided < config.probes.leases {
            return 0;
        }
        self.leases.iter().map(|(_, over)| *over).min().unwrap_or(0)
    }

    fn begin_period(&mut self, state: State) {
        self.state = state;
        self.period += 1;
        self.leases.clear();
        (self.half_successes, self.failures, self.decided) = (0, 0, 0);
    }
}

impl Model {
    pub(crate) fn new(config: BreakerConfig, moods: &[Mood]) -> Self {
        let target = Target {
            state: State::Closed,
            period: 0,
            history: Vec::new(),
            requests: 0,
            leases: Vec::new(),
            half_successes: 0,
            failures: 0,
            decided: 0,
            memory: Duration::ZERO,
            closed_ms: 0,
            trial_ms: None,
        };
        Self {
            config,
            now_ms: 0,
            targets: vec![target; moods.len()],
            moods: moods.to_vec(),
            under_way: Vec::new(),
            trickled: None,
            expected: Expected::Nothing,
        }
    }

    pub(crate) fn advance(&mut self, ms: u64) {
        self.now_ms += ms;
        self.expected = Expected::Nothing;
    }

    pub(crate) fn admit(&mut self, index: usize, draw: f64) {
        let now = self.now_ms;
        let target = &mut self.targets[index];
        if matches!(target.state, State::Ramping { end_ms } if now >= end_ms) {
            target.state = State::Closed;
        }
        let is_mine = self.is_mine(index, draw);
        let target = &mut self.targets[index];
        self.expected = match target.state {
            State::Open { until_ms } if now < until_ms => Expected::Refused {
                ms: until_ms - now,
                is_probing: false,
            },
            State::HalfOpen if now < target.probe_from(&self.config) => Expected::Refused {
                ms: target.probe_from(&self.config) - now,
                is_probing: true,
            },
            State::Open { .. } | State::HalfOpen => self.send(index, Role::Probe),
            _ if is_mine => {
                let sent = self.send(index, Role::Ordinary);
                match (self.review(index), sent) {
                    (change @ Some(_), Expected::Admitted { role, .. }) => {
                        Expected::Admitted { role, change }
                    }
                    (_, sent) => sent,
                }
            }
            _ => Expected::Refused {
                ms: 0,
                is_probing: false,
            },
        };
    }

    /// Whether the request belongs to the target's share, which is raised where less than half of the
    /// group's capacity would be left.
    fn is_mine(&mut self, index: usize, draw: f64) -> bool {
        let now = self.now_ms;
        let own = self.targets[index].weight(now, &self.config);
        let is_whole = |state: State| match state {
            State::Closed => true,
            State::Ramping { end_ms } => now >= end_ms,
            _ => false,
        };
        let whole = self.targets.iter().filter(|t| is_whole(t.state)).count() as f64;
        let reduced = self.targets.iter().filter(|t| t.is_in_service()).count() as f64 - whole;
        let floor = (1.0 - self.config.max_ejection) * self.targets.len() as f64;
        let share = match (whole > 0.0, reduced > 0.0) {
            (true, true) => own.max(((floor - whole) / reduced).min(1.0)),
            _ => 1.0,
        };
        let target = &mut self.targets[index];
        let is_degraded = matches!(target.state, State::Degraded { .. });
        if !target.is_in_service() || is_whole(target.state) {
            return true;
        }
        if draw >= share {
            return false;
        }
        if is_degraded && share <= own {
            let every = self.config.degraded.trial_every.as_millis() as u64;
            if target.trial_ms.is_some_and(|last| now < last + every) {
                return false;
            }
            target.trial_ms = Some(now);
        }
        true
    }

    pub(crate) fn admit_anyway(&mut self, index: usize) {
        let target = &self.targets[index];
        let is_due = match target.state {
            State::Open { until_ms } => self.now_ms >= until_ms,
            State::HalfOpen => self.now_ms >= target.probe_from(&self.config),
            _ => false,
        };
        self.expected = if target.is_in_service() {
            self.send(index, Role::Ordinary)
        } else if is_due {
            self.send(index, Role::Probe)
        } else if self.may_panic(index) {
            self.send(index, Role::LastResort)
        } else {
            Expected::NotEvenAnyway
        };
    }

    pub(crate) fn settle(&mut self, which: usize, end: End) {
        let request = self.under_way.swap_remove(which);
        let index = request.target;
        let now = self.now_ms;
        let target = &mut self.targets[index];
        if request.period != target.period {
            self.expected = Expected::Settled(None);
            return;
        }
        let change = if target.is_in_service() {
            target.history.push(Event::Ended {
                at_ms: now,
                sequence: request.sequence,
                end,
                sent_ms: request.sent_ms,
            });
            self.judge(index, request, end)
                .or_else(|| self.review(index))
        } else {
            self.judge_probe(index, request, end)
        };
        self.expected = Expected::Settled(change);
    }

    fn is_somebody_else_in_service(&self, index: usize) -> bool {
        let mut others = self
            .targets
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index);
        others.any(|(_, target)| target.is_in_service())
    }

    fn may_panic(&mut self, index: usize) -> bool {
        if matches!(self.config.trip, TripRule::Count { .. }) {
            return true;
        }
        if self.is_somebody_else_in_service(index) {
            return false;
        }
        let asked = self.trickled.map_or(1, |(_, asked)| asked + 1);
        let is_due = self.trickled.is_none_or(|(at, _)| self.now_ms - at >= 1000) || asked >= 20;
        self.trickled = match (is_due, self.trickled) {
            (true, _) | (false, None) => Some((self.now_ms, 0)),
            (false, Some((at, _))) => Some((at, asked)),
        };
        is_due
    }

    fn send(&mut self, index: usize, role: Role) -> Expected {
        let now = self.now_ms;
        let target = &mut self.targets[index];
        let sequence = target.requests;
        target.requests += 1;
        target.history.push(Event::Sent { at_ms: now });
        let mut change = None;
        if role == Role::Probe {
            if matches!(target.state, State::Open { .. }) {
                target.state = State::HalfOpen;
                change = Some(Told::Probing);
            }
            let lease = match self.config.probes.lease {
                LeaseLength::Fixed(length) => length.as_millis() as u64,
                // Without samples the stall limit is half of ten seconds.
                LeaseLength::BeyondStallLimit(margin) => 5000 + margin.as_millis() as u64,
                _ => unreachable!("a new kind of lease"),
            };
            if target.probe_from(&self.config) > 0 {
                // The last of the oldest ones gives way.
                let over = target.probe_from(&self.config);
                let oldest = target.leases.iter().position(|(_, o)| *o == over).unwrap();
                target.leases.swap_remove(oldest);
            }
            target.leases.push((sequence, now + lease));
        }
        self.under_way.push(UnderWay {
            target: index,
            sequence,
            sent_ms: now,
            period: self.targets[index].period,
            role,
        });
        Expected::Admitted { role, change }
    }

    fn judge(&mut self, index: usize, request: UnderWay, end: End) -> Option<Told> {
        match self.config.trip {
            TripRule::Count { failures, window } => {
                let oldest = self.now_ms.saturating_sub(window.as_millis() as u64);
                let recent = self.targets[index].period_events().filter(|event| {
                    matches!(event, Event::Ended { at_ms, end: End::Error | End::Stall, .. } if *at_ms >= oldest)
                });
                let is_enough = recent.count() >= failures as usize;
                let opens = matches!(end, End::Error | End::Stall) && is_enough;
                opens.then(|| self.open(index, Trip::Count))
            }
            TripRule::Adaptive(rule) => match end {
                End::Error | End::Stall => self.judge_failure(index, request, end, &rule),
                End::Slow => self.judge_slowness(index, &rule),
                End::Success | End::Ignored => None,
            },
            _ => unreachable!("a new kind of rule"),
        }
    }

    fn judge_failure(
        &mut self,
        index: usize,
        request: UnderWay,
        end: End,
        rule: &AdaptiveTrip,
    ) -> Option<Told> {
        let now = self.now_ms;
        let target = &self.targets[index];
        let window = target.window(now);
        let (run, cancelled) = target.streak();
        let failures = run.len() as u64;
        let first = run.iter().min().copied().unwrap();
        let newest = match end {
            End::Stall => request.sequence,
            _ => target.requests - 1,
        };
        let cohort = ((newest.saturating_sub(first) + 1) as u64)
            .saturating_sub(cancelled)
            .max(failures);
        let before = Tally {
            failures: window.failures.saturating_sub(failures),
            ..window
        };
        let others = self.targets.iter().enumerate();
        let elsewhere = others
            .filter(|(other, t)| *other != index && t.is_in_service())
            .fold(Tally::default(), |sum, (_, target)| {
                let its = target.window(now);
                Tally {
                    successes: sum.successes + its.successes,
                    slow: sum.slow + its.slow,
                    failures: sum.failures + its.failures,
                }
            });
        let baseline = if end == End::Error && !self.can_be_spared(index, 0.0) {
            rule.baseline_cap
        } else {
            before
                .ratio()
                .max(elsewhere.ratio())
                .clamp(rule.baseline_floor, rule.baseline_cap)
        };
        if share(failures, cohort) >= rule.cohort_share
            && tail_bound(failures, cohort, baseline) <= rule.streak_chance * (1.0 + 1e-6)
        {
            return Some(self.open(index, Trip::Streak));
        }
        let sent = target.sent_in_window(now).max(window.failures);
        let is_share = |needed: f64, samples: u32| {
            window.samples() >= u64::from(samples)
                && window.ratio() >= needed
                && share(window.failures, sent) >= needed
        };
        if is_share(rule.failure_ratio, rule.failure_samples) && self.can_be_spared(index, 0.0) {
            return Some(self.open(index, Trip::Ratio));
        }
        let is_outlier = is_share(rule.outlier_ratio, rule.outlier_samples);
        if is_outlier && self.is_somebody_healthier(index, rule) {
            return self.degrade(index, Trip::Outlier);
        }
        None
    }

    fn judge_slowness(&mut self, index: usize, rule: &AdaptiveTrip) -> Option<Told> {
        let window = self.targets[index].window(self.now_ms);
        let own = share(window.slow, window.successes);
        let others = self.targets.iter().enumerate();
        let (slow, successes) = others
            .filter(|(other, t)| *other != index && t.is_in_service())
            .map(|(_, target)| target.window(self.now_ms))
            .fold((0, 0), |(slow, all), its| {
                (slow + its.slow, all + its.successes)
            });
        let trips = window.successes >= u64::from(rule.slow_samples)
            && own >= rule.slow_ratio
            && share(slow, successes) <= own / 2.0;
        if trips {
            self.degrade(index, Trip::Slow)
        } else {
            None
        }
    }

    fn is_somebody_healthier(&self, index: usize, rule: &AdaptiveTrip) -> bool {
        self.targets.iter().enumerate().any(|(other, target)| {
            let window = target.window(self.now_ms);
            other != index
                && target.state == State::Closed
                && window.samples() >= u64::from(rule.outlier_samples)
                && window.ratio() < rule.healthy_below
        })
    }

    fn can_be_spared(&self, index: usize, weight: f64) -> bool {
        let weights = self.targets.iter().enumerate().map(|(other, target)| {
            if other == index {
                weight
            } else {
                target.weight(self.now_ms, &self.config)
            }
        });
        let left: f64 = weights.sum::<f64>() / self.targets.len() as f64;
        left + 1e-9 >= 1.0 - self.config.max_ejection
    }

    fn degrade(&mut self, index: usize, trip: Trip) -> Option<Told> {
        let is_degraded = matches!(self.targets[index].state, State::Degraded { .. });
        let mut others = self.targets.iter().enumerate();
        let is_somebody_whole =
            others.any(|(other, target)| other != index && target.state == State::Closed);
        if is_degraded || !is_somebody_whole {
            return None;
        }
        let target = &mut self.targets[index];
        target.begin_period(State::Degraded {
            review_ms: self.now_ms + self.config.degraded.review_every.as_millis() as u64,
            since_ms: self.now_ms,
            trip,
        });
        target.history.push(Event::Period);
        target.history.push(Event::Trial);
        Some(Told::Degraded(trip))
    }

    fn review(&mut self, index: usize) -> Option<Told> {
        let now = self.now_ms;
        let TripRule::Adaptive(rule) = self.config.trip else {
            return None;
        };
        let State::Degraded {
            review_ms,
            since_ms,
            trip,
        } = self.targets[index].state
        else {
            return None;
        };
        if now < review_ms {
            return None;
        }
        let every = self.config.degraded.review_every.as_millis() as u64;
        let tally = self.targets[index].trial();
        let is_thin = tally.samples() < u64::from(self.config.degraded.review_samples);
        let is_sound = tally.ratio() < rule.healthy_below
            && share(tally.slow, tally.successes) < self.config.degraded.slow_below;
        let is_pointless = trip == Trip::Outlier && !self.is_somebody_healthier(index, &rule);
        if is_pointless || (is_sound && (!is_thin || now - since_ms >= 3 * every)) {
            return Some(self.ramp_up(index));
        }
        let is_kept = is_thin && is_sound;
        let target = &mut self.targets[index];
        if !is_kept {
            target.history.push(Event::Trial);
        }
        target.state = State::Degraded {
            review_ms: now + every,
            since_ms: if is_kept { since_ms } else { now },
            trip,
        };
        None
    }

    fn judge_probe(&mut self, index: usize, request: UnderWay, end: End) -> Option<Told> {
        if request.role == Role::Ordinary {
            return None;
        }
        let rule = self.config.probes;
        let halves = match (end, &self.config.trip) {
            (End::Slow, TripRule::Adaptive(_)) => 1,
            _ => 2,
        };
        let target = &mut self.targets[index];
        let held = target
            .leases
            .iter()
            .position(|(s, _)| *s == request.sequence);
        if let Some(held) = held {
            target.leases.swap_remove(held);
        }
        match end {
            End::Success | End::Slow => {
                target.decided += 1;
                target.half_successes += halves;
                target.state = State::HalfOpen;
            }
            End::Error | End::Stall if held.is_some() => {
                target.decided += 1;
                target.failures += 1;
            }
            End::Error | End::Stall | End::Ignored => return None,
        }
        let is_over = target.decided >= rule.leases.max(rule.close_after + rule.reopen_after - 1);
        if target.half_successes / 2 >= rule.close_after
            || (is_over
                && target.failures < rule.reopen_after
                && target.half_successes > 2 * target.failures)
        {
            target.begin_period(State::Closed);
            target.history.push(Event::Period);
            target.closed_ms = self.now_ms;
            return Some(self.ramp_up(index));
        }
        let is_ill = target.failures >= rule.reopen_after || is_over;
        is_ill.then(|| self.open(index, Trip::Probe))
    }

    fn open(&mut self, index: usize, trip: Trip) -> Told {
        let schedule = self.config.open;
        let target = &mut self.targets[index];
        let mut memory = target.memory;
        if target.is_in_service() {
            let closed = (self.now_ms - target.closed_ms) as f64 / 1000.0;
            memory = memory.mul_f64(0.5_f64.powf(closed / schedule.memory_half_life.as_secs_f64()));
        }
        let grown = Duration::from_secs_f64(memory.as_secs_f64() * schedule.factor);
        let duration = grown.clamp(schedule.first, schedule.cap);
        target.memory = duration;
        let ms = (duration.as_nanos().div_ceil(1_000_000)) as u64;
        let until_ms = self.now_ms + ms;
        target.begin_period(State::Open { until_ms });
        Told::Opened(trip, ms)
    }

    fn ramp_up(&mut self, index: usize) -> Told {
        let ramp_ms = match self.is_somebody_else_in_service(index) {
            true => self.config.ramp.as_millis() as u64,
            false => 0,
        };
        self.targets[index].state = match ramp_ms {
            0 => State::Closed,
            _ => State::Ramping {
                end_ms: self.now_ms + ramp_ms,
            },
        };
        Told::Closed { ramp_ms }
    }
}

/// At most so likely is it that of so many requests so many or more fail by chance.
fn tail_bound(failures: u64, cohort: u64, chance: f64) -> f64 {
    let (f, n) = (failures as f64, cohort as f64);
    let share = f / n;
    if share <= chance {
        return 1.0;
    }
    let failed = (chance / share).powf(f);
    let others = if f < n {
        ((1.0 - chance) / (1.0 - share)).powf(n - f)
    } else {
        1.0
    };
    failed * others
}
