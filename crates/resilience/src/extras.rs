//! What the attempts of a call beyond its first one cost, and whether they may be made.
//!
//! The price depends on the step. Repeating what never left us is free, and so is the first step to a
//! failure domain that is measurably healthier than the one that failed; everything else is paid for.
//! An attempt that would probably not answer before the deadline is not made at all.
//! Without a memory nothing is measured and nothing is denied.

use std::time::Duration;

use interline_core::{Error, ErrorKind, HealthImpact, TimeoutStage};
use tokio::time::Instant;

use crate::breaker::Counts;
use crate::classification::{Fare, fare};
use crate::hedge::HedgeToken;
use crate::retry_budget::InFlight;
use crate::route_memory::Form;
use crate::{Call, Candidate, Extra, HedgePolicy, RetryBudget, RetryDenial, RouteMemory, Timeouts};

/// A failure domain is healthy below this share of failures in ten seconds (simulated).
const HEALTHY: f64 = 0.10;

/// What the attempts of a call beyond its first one cost.
#[derive(Debug)]
pub(crate) struct Extras<'a, P: ?Sized> {
    candidates: &'a [Candidate<P>],
    memory: Option<&'a RouteMemory>,
    hedge: Option<HedgePolicy>,
    form: Form,
    deadline: Instant,
    /// Counts the call until it is answered or over.
    _in_flight: Option<InFlight<'a>>,
    free_step: FreeStep,
    /// What the next attempt is made for.
    last: Option<LastFailure>,
}

/// Whether the one free step to a healthier domain is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FreeStep {
    Unused,
    Used,
}

#[derive(Clone, Copy, Debug)]
struct LastFailure {
    index: usize,
    kind: ErrorKind,
    fare: Fare,
    impact: HealthImpact,
}

/// Where a call goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepTo {
    /// To a target that it has not asked yet.
    New,
    /// To one that it has.
    Known,
}

impl<'a, P: ?Sized> Extras<'a, P> {
    /// A call that begins now.
    pub(crate) fn new(call: &'a Call<'a, P>, form: Form, deadline: Instant, now: Instant) -> Self {
        let budget = call.memory.and_then(RouteMemory::budget);
        Self {
            candidates: call.candidates,
            memory: call.memory,
            hedge: call.policy.hedge.filter(|_| form == Form::Stream),
            form,
            deadline,
            _in_flight: budget.map(|budget| budget.begin(now)),
            free_step: FreeStep::Unused,
            last: None,
        }
    }

    /// How long the silence of a target is nothing unusual.
    pub(crate) fn stall_limit(&self, timeouts: &Timeouts) -> Duration {
        let patience = self.form.patience(timeouts);
        let limit = |memory: &RouteMemory| memory.latency(self.form).stall_limit(patience);
        self.memory.map_or(patience / 2, limit)
    }

    /// Takes note of a failed attempt.
    pub(crate) fn failed(&mut self, index: usize, error: &Error, now: Instant) {
        self.last = Some(LastFailure {
            index,
            kind: error.kind(),
            fare: fare(error),
            impact: error.health_impact(),
        });
        if let (Some(memory), Some(candidate)) = (self.memory, self.candidates.get(index)) {
            memory.failed(&candidate.target, error, now);
        }
    }

    /// Takes note that a target answered, after that time.
    pub(crate) fn succeeded(&self, index: usize, latency: Duration, now: Instant) {
        if let (Some(memory), Some(candidate)) = (self.memory, self.candidates.get(index)) {
            memory.succeeded(&candidate.target, self.form, latency, now);
            if let Some(hedge) = self.hedge {
                memory.hedges().deposit(hedge.max_share);
            }
        }
    }

    /// Pays for an attempt that begins at `at`; the first one of a call costs nothing.
    pub(crate) fn pay(
        &mut self,
        index: usize,
        step: StepTo,
        now: Instant,
        at: Instant,
    ) -> Result<Paid<'a>, RetryDenial> {
        let (Some(last), Some(memory)) = (self.last, self.memory) else {
            return Ok(Paid::nothing(now));
        };
        if self.is_too_late(memory, index, at) {
            return Err(RetryDenial::Deadline);
        }
        let Some(budget) = memory.budget() else {
            return Ok(Paid::nothing(now));
        };
        let extra = self.price(memory, last, index, step, now);
        budget.take(extra, now)?;
        if extra == Extra::Free && last.fare == Fare::FreeIfHealthier {
            self.free_step = FreeStep::Used;
        }
        Ok(Paid {
            from: Some((budget, extra)),
            hedge: None,
            now,
        })
    }

    /// How long an attempt may stay silent before another one sets out beside it; `None` for ever.
    pub(crate) fn hedge_delay(&self) -> Option<Duration> {
        self.hedge?.delay(self.memory?.latency(self.form).summary())
    }

    /// Pays for an attempt beside another one: from both budgets. `None` where it must not be made.
    pub(crate) fn pay_hedge(&self, index: usize, now: Instant) -> Option<Paid<'a>> {
        let memory = self.memory?;
        if self.is_too_late(memory, index, now) {
            return None;
        }
        let hedge = memory.hedges().take()?;
        let mut paid = Paid::nothing(now);
        paid.hedge = Some(hedge);
        if let Some(budget) = memory.budget() {
            budget.take(Extra::Hedge, now).ok()?;
            paid.from = Some((budget, Extra::Hedge));
        }
        Some(paid)
    }

    /// Whether an attempt from `at` on would probably be cut by the deadline.
    fn is_too_late(&self, memory: &RouteMemory, index: usize, at: Instant) -> bool {
        let target = self.candidates.get(index).map(|c| &c.target);
        let usual = target.and_then(|target| memory.usual(target, self.form));
        usual.is_some_and(|usual| self.deadline.saturating_duration_since(at) < usual)
    }

    fn price(
        &self,
        memory: &RouteMemory,
        last: LastFailure,
        index: usize,
        step: StepTo,
        now: Instant,
    ) -> Extra {
        let is_free = match last.fare {
            Fare::Nothing => true,
            Fare::FreeIfHealthier => {
                step == StepTo::New
                    && self.free_step == FreeStep::Unused
                    && self.is_healthier(memory, last, index, now)
            }
            Fare::Paid | Fare::None => false,
        };
        match last.kind {
            _ if is_free => Extra::Free,
            ErrorKind::Timeout(stage) if stage != TimeoutStage::Connect => Extra::RetryAfterTimeout,
            _ => Extra::Retry,
        }
    }

    /// Whether a candidate's domain is another one than the failed one's, and healthier.
    fn is_healthier(
        &self,
        memory: &RouteMemory,
        last: LastFailure,
        index: usize,
        now: Instant,
    ) -> bool {
        let (Some(failed), Some(next)) =
            (self.candidates.get(last.index), self.candidates.get(index))
        else {
            return false;
        };
        if shares_domain(failed, next) {
            return false;
        }
        let ratio = self.domain_of(memory, next, now).failure_ratio();
        let not_worse = match last.impact {
            HealthImpact::Endpoint | HealthImpact::Host => {
                ratio <= self.domain_of(memory, failed, now).failure_ratio()
            }
            // A refused credential or a rate limit serves nobody just now, and no ratio shows it.
            _ => true,
        };
        ratio < HEALTHY && not_worse
    }

    /// What the candidates that fail together with this one did in the last ten seconds.
    fn domain_of(&self, memory: &RouteMemory, of: &Candidate<P>, now: Instant) -> Counts {
        let members = self.candidates.iter().filter(|c| shares_domain(c, of));
        memory.lately(members.map(|candidate| &candidate.target), now)
    }
}

/// Whether two candidates fail together: by a domain that both name, else by their connection.
pub(crate) fn shares_domain<P: ?Sized>(one: &Candidate<P>, other: &Candidate<P>) -> bool {
    match (&one.failure_domain, &other.failure_domain) {
        (Some(one), Some(other)) => one == other,
        _ => one.target.provider == other.target.provider,
    }
}

/// What was paid for an attempt; given back where it is not made after all.
#[derive(Debug)]
#[must_use = "dropped, it is given back"]
pub(crate) struct Paid<'a> {
    from: Option<(&'a RetryBudget, Extra)>,
    hedge: Option<HedgeToken<'a>>,
    now: Instant,
}

impl Paid<'_> {
    const fn nothing(now: Instant) -> Self {
        Self {
            from: None,
            hedge: None,
            now,
        }
    }

    /// The attempt is made.
    pub(crate) fn keep(mut self) {
        self.from = None;
        if let Some(hedge) = self.hedge.take() {
            hedge.keep();
        }
    }
}

impl Drop for Paid<'_> {
    fn drop(&mut self) {
        if let Some((budget, extra)) = self.from {
            budget.give_back(extra, self.now);
        }
    }
}
