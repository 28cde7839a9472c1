//! Making attempts: one at a time, or two that race for the first token.
//!
//! A hedge is two attempts inside one step of the loop: whoever answers first wins, the other one is
//! dropped, which cancels it at its vendor and settles its permit. A failure of one while the other is
//! under way is judged like any other, and the other one goes on unless the call ends with it.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select;
use interline_core::{
    AttemptRecord, CallContext, Error, ErrorKind, HealthImpact, Phase, ProgressSink, Result,
};
use tokio::time::{Instant, timeout};

use super::AttemptLoop;
use crate::attempt_kind::{AttemptKind, Question};
use crate::extras::shares_domain;
use crate::live_attempt::LiveAttempt;
use crate::pending_attempt::{AttemptLabel, FinishedAttempt, PendingAttempt, Role};
use crate::progress::AttemptProgress;
use crate::retry_decision::{Verdict, judge};
use crate::standing::Standing;
use crate::timeouts::AttemptLimits;
use crate::{Answer, Outcome, Permit, RouteReport, SkipReason};

/// What an attempt means for its call: an answer, or `None` where the call goes on.
type Step<K> = Result<Option<Answer<<K as AttemptKind>::Answer>>>;

impl<'a, K: AttemptKind> AttemptLoop<'a, K> {
    /// Makes one attempt, and another one beside it where it stays silent for too long.
    pub(super) async fn attempt(&mut self, index: usize, permit: Permit) -> Step<K> {
        let first = self.begin(index, permit, Role::Planned);
        let (label, progress) = (first.label, Arc::clone(&first.progress));
        let mut first = pin!(first.run(self.kind));
        let Some(delay) = self.hedge_delay() else {
            return self.conclude(first.await);
        };
        if let Ok(finished) = timeout(delay, first.as_mut()).await {
            return self.conclude(finished);
        }
        let hedge = progress.is_silent().then(|| self.hedge(index, delay));
        let Some(second) = hedge.flatten() else {
            return self.conclude(first.await);
        };
        let other = second.label;
        let second = pin!(second.run(self.kind));
        self.race((label, first), (other, second)).await
    }

    /// Takes whichever of two attempts answers first.
    async fn race<F>(
        &mut self,
        first: (AttemptLabel, Pin<&mut F>),
        second: (AttemptLabel, Pin<&mut F>),
    ) -> Step<K>
    where
        F: Future<Output = FinishedAttempt<K::Started>>,
    {
        let (finished, other) = select(first.1, second.1).await.factor_first();
        let other_label = if finished.label.number == first.0.number {
            second.0
        } else {
            first.0
        };
        if finished.result.is_ok() {
            self.abandon(other_label);
            return self.conclude(finished);
        }
        match self.conclude(finished) {
            Ok(None) => self.conclude(other.await),
            Ok(answer) => Ok(answer),
            Err(error) => {
                self.abandon(other_label);
                Err(error.with_attempts(self.records.clone()))
            }
        }
    }

    /// Prepares an attempt and tells that it begins.
    fn begin(&mut self, index: usize, permit: Permit, role: Role) -> PendingAttempt<'a, K> {
        let candidate = self.candidate(index);
        self.begun += 1;
        let number = self.begun;
        if role == Role::Planned {
            self.tell_fallback(index, number);
        }
        self.log.attempt_started(&candidate.target, number);
        self.standing(index).begin_attempt();
        let started = Instant::now();
        let progress = Arc::new(AttemptProgress::new(started, permit.witness()));
        let timeouts = &self.call.policy.timeouts;
        PendingAttempt {
            label: AttemptLabel {
                index,
                number,
                role,
                started,
            },
            permit,
            candidate,
            cx: CallContext::new(&self.call.id)
                .with_attempt(number)
                .with_deadline(self.total.at)
                .with_progress(Arc::clone(&progress) as Arc<dyn ProgressSink>),
            progress,
            request: self.request.asked_of(&candidate.target.model),
            limits: AttemptLimits {
                total: self.total,
                timeouts,
                stall: self.extras.stall_limit(timeouts),
            },
        }
    }

    /// How long the next attempt may stay silent before another one sets out; `None` for ever.
    fn hedge_delay(&self) -> Option<Duration> {
        let is_possible = self.hedges == 0 && self.standings.len() > 1;
        self.extras.hedge_delay().filter(|_| is_possible)
    }

    /// An attempt beside the one at `silent`: where everybody is well and both budgets pay for it.
    fn hedge(&mut self, silent: usize, after: Duration) -> Option<PendingAttempt<'a, K>> {
        let now = Instant::now();
        for index in 0..self.standings.len() {
            let ask = self.ask(index, now);
            if !self.admission_of(index).is_calm(&ask) {
                return None;
            }
        }
        let (from, mut second) = (self.candidate(silent), None);
        // Who does not fail together with the silent one comes first.
        for shares in [false, true] {
            second = second.or_else(|| {
                self.standings
                    .iter()
                    .enumerate()
                    .filter(|(_, standing)| standing.is_untried())
                    .map(|(index, _)| index)
                    .find(|index| shares_domain(from, self.candidate(*index)) == shares)
            });
        }
        let index = second?;
        let paid = self.extras.pay_hedge(index, now)?;
        let permit = self.ask_admission(index, now)?;
        paid.keep();
        self.hedges += 1;
        let to = &self.candidate(index).target;
        self.log.hedged(&from.target, to, self.begun + 1, after);
        Some(self.begin(index, permit, Role::Hedge))
    }

    /// Takes note of an attempt that is given up because another one decided the call.
    fn abandon(&mut self, label: AttemptLabel) {
        let target = &self.candidate(label.index).target;
        let duration = label.started.elapsed();
        self.log.abandoned(target, label.number, duration);
        let error = Error::new(ErrorKind::Cancelled, "another attempt decided the call")
            .with_phase(Phase::BeforeOutput);
        let record = AttemptRecord::failed(target.clone(), duration, &error);
        self.records.push(marked(record, label.role));
    }

    /// Makes an answer of an attempt, or takes note of its failure.
    fn conclude(&mut self, finished: FinishedAttempt<K::Started>) -> Step<K> {
        let FinishedAttempt {
            label,
            permit,
            progress,
            duration,
            result,
        } = finished;
        let target = &self.candidate(label.index).target;
        match result {
            Ok(started) => {
                self.extras.succeeded(label.index, duration, Instant::now());
                let route = self.report(label, duration);
                let live = LiveAttempt {
                    permit,
                    labels: self.log.labels.clone(),
                    target: target.clone(),
                    attempt: label.number,
                    earlier: self.records.clone(),
                    progress,
                    total: self.total,
                    timeouts: self.call.policy.timeouts,
                };
                let answer = self.kind.answer(started, live);
                self.log.answered(target, label.number, route.is_fallback);
                Ok(Some(Answer::new(answer, route)))
            }
            Err(error) => {
                self.log
                    .attempt_failed(target, label.number, &error, duration);
                let outcome = if progress.is_stalled() {
                    Outcome::Stalled(&error)
                } else {
                    Outcome::Failure(&error)
                };
                permit.settle(outcome, Instant::now());
                self.failed(label, error, duration).map(|()| None)
            }
        }
    }

    /// Takes note of a failure; gives it back where the call ends with it.
    fn failed(&mut self, label: AttemptLabel, error: Error, duration: Duration) -> Result<()> {
        let index = label.index;
        let candidate = self.candidate(index);
        self.phase = self.phase.max(error.phase());
        if matches!(
            error.health_impact(),
            HealthImpact::Endpoint | HealthImpact::Host
        ) {
            self.failed_domains.extend(candidate.failure_domain.clone());
        }
        self.extras.failed(index, &error, Instant::now());
        let record = AttemptRecord::failed(candidate.target.clone(), duration, &error);
        self.records.push(marked(record, label.role));
        let draw = self.draws.unit();
        let policy = self.call.policy;
        match judge(self.standing(index), &error, policy, Instant::now(), draw) {
            Verdict::Return => Err(error.with_attempts(self.records.clone())),
            Verdict::GoOn => {
                if error.kind() == ErrorKind::Unsupported {
                    self.unsupported.get_or_insert(error);
                }
                Ok(())
            }
        }
    }

    /// Tells that the call turns to a target because others failed or were passed over.
    fn tell_fallback(&self, index: usize, number: u32) {
        let is_new = self.standings.get(index).is_some_and(Standing::is_new);
        let target = &self.candidate(index).target;
        let came_from = match (self.records.last(), self.skipped.first()) {
            (Some(record), _) => Some((
                record.target.clone(),
                record.kind.unwrap_or(ErrorKind::Internal),
            )),
            (None, Some((skipped, reason))) => {
                let kind = match reason {
                    SkipReason::Budget => ErrorKind::Budget,
                    _ => ErrorKind::Rejected,
                };
                Some((self.candidate(*skipped).target.clone(), kind))
            }
            (None, None) => None,
        };
        if let Some((from, reason)) = came_from.filter(|(from, _)| is_new && from != target) {
            self.log.fell_back(&from, target, number, reason);
        }
    }

    fn report(&self, label: AttemptLabel, duration: Duration) -> RouteReport {
        let target = self.candidate(label.index).target.clone();
        let mut attempts = self.records.clone();
        let record = AttemptRecord::answered(target.clone(), duration);
        attempts.push(marked(record, label.role));
        RouteReport {
            target,
            is_fallback: label.index != 0,
            attempts,
            skipped: self.passed_over(),
        }
    }
}

fn marked(record: AttemptRecord, role: Role) -> AttemptRecord {
    match role {
        Role::Planned => record,
        Role::Hedge => record.as_hedge(),
    }
}
