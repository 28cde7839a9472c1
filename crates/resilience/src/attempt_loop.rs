//! The one loop: admit, call, judge, next.
//!
//! Whom to ask:
//! 1. a target whose stale connection failed, at once (nothing was sent);
//! 2. the first untried candidate that the admission lets through, at once;
//! 3. with nobody free, what [`choose`] says: a wait that is short enough, the least bad target,
//!    a longer wait, or nobody.
//!
//! Making the attempts themselves, and hedging them, is in `attempts`.
//!
//! What ends it: an answer; a failure that another target would only hide; the attempt cap; the
//! deadline; nobody left to ask.
//! The loop never sleeps past the deadline: a wait that does not fit ends the call at once, and the
//! error says how long it would have been.

mod attempts;

use std::slice;
use std::sync::Arc;

use interline_core::{AttemptRecord, Error, ErrorKind, Phase, Result, Target, TimeoutStage};
use tokio::time::{Instant, sleep_until};

use crate::attempt_kind::AttemptKind;
use crate::call_log::CallLog;
use crate::exhausted::{Exhausted, PassedOver};
use crate::extras::{Extras, Paid, StepTo};
use crate::retry_decision::{Choice, LastResort, announced_wait, choose};
use crate::rng::Draws;
use crate::standing::Standing;
use crate::timeouts::Limit;
use crate::{
    Admission, Admit, Answer, Ask, Call, Candidate, Claim, Observer, Permit, RetryDenial, Skip,
    SkipReason,
};

/// One call under way.
#[derive(Debug)]
pub(crate) struct AttemptLoop<'a, K: AttemptKind> {
    kind: K,
    call: &'a Call<'a, K::Service>,
    request: &'a K::Request,
    admission: &'a dyn Admission,
    draws: Draws,
    log: CallLog,
    total: Limit,
    /// One for each candidate, in the same order.
    standings: Vec<Standing>,
    last_resort: LastResort,
    /// The attempts that failed.
    records: Vec<AttemptRecord>,
    /// Attempts that were begun, and how many of them were hedges.
    begun: u32,
    hedges: u32,
    /// How far the furthest attempt came.
    phase: Phase,
    /// The first failure that says that the target cannot carry the request.
    unsupported: Option<Error>,
    /// Who was refused, and why at first; each candidate at most once.
    skipped: Vec<(usize, SkipReason)>,
    /// The failure domains in which an endpoint or host failed in this call.
    failed_domains: Vec<Arc<str>>,
    extras: Extras<'a, K::Service>,
    /// Why an attempt that the policy allows was not made, at first.
    denied: Option<RetryDenial>,
}

/// What the loop does next.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a boxed permit would cost an allocation in every attempt"
)]
enum Step {
    Attempt(usize, Permit),
    Wait(usize, Instant, ErrorKind),
    GiveUp,
}

impl<'a, K: AttemptKind> AttemptLoop<'a, K> {
    /// A call that begins now.
    pub(crate) fn new(
        kind: K,
        call: &'a Call<'a, K::Service>,
        request: &'a K::Request,
        admission: &'a dyn Admission,
        observer: Arc<dyn Observer>,
        draws: Draws,
    ) -> Self {
        let now = Instant::now();
        let total = Limit::new(TimeoutStage::Total, now, call.patience());
        Self {
            kind,
            call,
            request,
            admission,
            draws,
            log: CallLog::new(call, K::OPERATION, now, observer),
            total,
            standings: call
                .candidates
                .iter()
                .map(|_| Standing::default())
                .collect(),
            last_resort: LastResort::Unused,
            records: Vec::new(),
            begun: 0,
            hedges: 0,
            phase: Phase::BeforeSend,
            unsupported: None,
            skipped: Vec::new(),
            failed_domains: Vec::new(),
            extras: Extras::new(call, K::FORM, total.at, now),
            denied: None,
        }
    }

    /// Makes attempts until one answers or nothing is left to try.
    pub(crate) async fn run(mut self) -> Result<Answer<K::Answer>> {
        let result = self.drive().await;
        if let Err(error) = &result {
            self.log.failed(error);
        }
        result
    }

    async fn drive(&mut self) -> Result<Answer<K::Answer>> {
        loop {
            let now = Instant::now();
            if now >= self.total.at {
                let error = self.total.error().with_phase(self.phase);
                return Err(error.with_attempts(self.records.clone()));
            }
            let (index, permit) = match self.next_step(now) {
                Step::Attempt(index, permit) => (index, permit),
                Step::Wait(index, at, reason) => match self.wait(index, at, reason).await {
                    Some(permit) => (index, permit),
                    None => continue,
                },
                Step::GiveUp => return Err(self.exhausted(now)),
            };
            if let Some(answer) = self.attempt(index, permit).await? {
                return Ok(answer);
            }
        }
    }

    fn next_step(&mut self, now: Instant) -> Step {
        let policy = self.call.policy;
        if self.begun - self.hedges >= policy.attempt_cap(self.standings.len()) {
            return Step::GiveUp;
        }
        let stale = |(index, standing): (usize, &Standing)| Some((index, standing.at_once()?));
        if let Some((index, kind)) = self.standings.iter().enumerate().find_map(stale) {
            return Step::Wait(index, now, kind);
        }
        // Who shares a failed candidate's domain comes after everybody else.
        for suspect in [false, true] {
            for index in 0..self.standings.len() {
                if self.standing(index).is_untried()
                    && self.is_suspect(index) == suspect
                    && let Some(permit) = self.begin_at(index, now)
                {
                    return Step::Attempt(index, permit);
                }
            }
        }
        let deadline = self.total.at;
        match choose(&self.standings, policy, now, deadline, self.last_resort) {
            Choice::Retry { index, at, reason } => Step::Wait(index, at, reason),
            Choice::LastResort { index } => {
                self.last_resort = LastResort::Used;
                match self.begin_anyway(index, now) {
                    Some(permit) => Step::Attempt(index, permit),
                    None => Step::GiveUp,
                }
            }
            Choice::GiveUp => Step::GiveUp,
        }
    }

    /// Pays for an attempt at an untried candidate and asks whether it may be called now.
    fn begin_at(&mut self, index: usize, now: Instant) -> Option<Permit> {
        let paid = self.pay(index, now, now)?;
        let permit = self.ask_admission(index, now)?;
        paid.keep();
        Some(permit)
    }

    /// The same for a candidate that was refused, where nobody else is left.
    fn begin_anyway(&mut self, index: usize, now: Instant) -> Option<Permit> {
        let paid = self.pay(index, now, now)?;
        let ask = self.ask(index, now);
        let permit = self.admission_of(index).admit_anyway(&ask)?;
        self.standing(index).become_last_resort();
        paid.keep();
        Some(permit)
    }

    /// Pays for an attempt that begins at `at`; `None` where it must not be made.
    fn pay(&mut self, index: usize, now: Instant, at: Instant) -> Option<Paid<'a>> {
        let step = if self.standing(index).is_new() {
            StepTo::New
        } else {
            StepTo::Known
        };
        let denial = match self.extras.pay(index, step, now, at) {
            Ok(paid) => return Some(paid),
            Err(denial) => denial,
        };
        if self.denied.is_none() {
            self.denied = Some(denial);
            let target = &self.candidate(index).target;
            self.log.retry_denied(target, self.begun + 1, denial);
        }
        None
    }

    /// Whether a candidate fails together with one whose endpoint or host failed in this call.
    fn is_suspect(&self, index: usize) -> bool {
        let domain = &self.candidate(index).failure_domain;
        domain
            .as_ref()
            .is_some_and(|domain| self.failed_domains.contains(domain))
    }

    /// Asks whether a candidate may be called now, and remembers a refusal.
    fn ask_admission(&mut self, index: usize, now: Instant) -> Option<Permit> {
        let ask = self.ask(index, now);
        let skip = match self.admission_of(index).admit(&ask) {
            Admit::Go(permit) => return Some(permit),
            Admit::Skip(skip) => skip,
        };
        self.refuse(index, skip, now);
        None
    }

    /// Remembers a refusal.
    fn refuse(&mut self, index: usize, skip: Skip, now: Instant) {
        let target = &self.candidate(index).target;
        if self.skipped.iter().all(|(known, _)| *known != index) {
            self.skipped.push((index, skip.reason));
            self.log.skipped(target, skip);
        }
        let draw = self.draws.unit();
        self.standing(index).refuse(skip, now, draw);
    }

    fn ask(&mut self, index: usize, now: Instant) -> Ask<'a> {
        let candidate = self.candidate(index);
        // Of all draws, those that belong to the share are evenly spread below it.
        let share = f64::from(candidate.drawn_share.unwrap_or(1.0));
        Ask::new(&candidate.target, now)
            .with_deadline(self.total.at)
            .with_draw(self.draws.unit() * share)
            .with_need(self.call.need)
            .with_stall_limit(self.extras.stall_limit(&self.call.policy.timeouts))
    }

    /// The candidate's own admission, or the engine's.
    fn admission_of(&self, index: usize) -> &'a dyn Admission {
        let own = self.candidate(index).admission.as_deref();
        own.unwrap_or(self.admission)
    }

    /// Waits until `at`, which lies before the deadline, and asks the admission then.
    async fn wait(&mut self, index: usize, at: Instant, reason: ErrorKind) -> Option<Permit> {
        let is_limited = self.standing(index).is_limited();
        self.standing(index).begin_retry(reason);
        // Before the pause: a call that must not go on has nothing to wait for.
        let paid = self.pay(index, Instant::now(), at)?;
        let target = &self.candidate(index).target;
        let delay = at.saturating_duration_since(Instant::now());
        self.log.retrying(target, self.begun + 1, reason, delay);
        let permit = if is_limited {
            self.wait_in_line(index).await
        } else {
            if !delay.is_zero() {
                sleep_until(at).await;
            }
            self.ask_admission(index, Instant::now())
        };
        match &permit {
            Some(_) => paid.keep(),
            None => self.standing(index).refused_after_wait(),
        }
        permit
    }

    /// Waits in line for a candidate whose limits are used up, but not past the deadline.
    async fn wait_in_line(&mut self, index: usize) -> Option<Permit> {
        let now = Instant::now();
        let ask = self.ask(index, now);
        let Ok(mut queued) = self.admission_of(index).queue(&ask) else {
            // There is room again, or the admission says itself how long there is none.
            return self.ask_admission(index, now);
        };
        let mut at = queued.ask_at();
        while at < self.total.at {
            sleep_until(at).await;
            let now = Instant::now();
            match queued.claim(&self.ask(index, now)) {
                Claim::Go(permit) => return Some(permit),
                Claim::At(next) => at = next,
                Claim::Skip(skip) => {
                    self.refuse(index, skip, now);
                    return None;
                }
            }
        }
        None
    }

    /// The failure of a call that nobody is left to serve.
    fn exhausted(&self, now: Instant) -> Error {
        let passed_over: Vec<_> = self
            .never_asked()
            .map(|(index, reason, standing)| PassedOver {
                target: self.candidate(index).target.clone(),
                reason,
                wait: announced_wait(slice::from_ref(standing), now),
            })
            .collect();
        if let Some(error) = &self.unsupported
            && passed_over.is_empty()
            && self
                .records
                .iter()
                .all(|record| record.kind == Some(ErrorKind::Unsupported))
        {
            return error.clone().with_attempts(self.records.clone());
        }
        let fresh = self.standings.iter().filter(|s| s.is_new()).count();
        Exhausted {
            records: &self.records,
            not_asked: fresh.saturating_sub(passed_over.len()),
            denied: self.denied,
            passed_over: &passed_over,
            phase: self.phase,
            wait: announced_wait(&self.standings, now),
        }
        .into_error()
    }

    /// Who was refused and never asked.
    fn passed_over(&self) -> Vec<(Target, SkipReason)> {
        let never_asked = self.never_asked();
        never_asked
            .map(|(index, reason, _)| (self.candidate(index).target.clone(), reason))
            .collect()
    }

    fn never_asked(&self) -> impl Iterator<Item = (usize, SkipReason, &Standing)> {
        self.skipped.iter().filter_map(|(index, reason)| {
            let standing = self.standings.get(*index)?;
            standing.is_new().then_some((*index, *reason, standing))
        })
    }

    fn candidate(&self, index: usize) -> &'a Candidate<K::Service> {
        self.call
            .candidates
            .get(index)
            .expect("every index the loop uses comes from the list of candidates")
    }

    fn standing(&mut self, index: usize) -> &mut Standing {
        self.standings
            .get_mut(index)
            .expect("there is one standing for each candidate")
    }
}
