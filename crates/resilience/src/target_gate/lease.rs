//! What a gate learns from the attempts that it let through.

use std::time::Duration;

use interline_core::{ConnectionFault, Error, ErrorKind, HealthImpact, Phase, ToldLimit};
use tokio::time::Instant;

use super::Core;
use crate::breaker::{BreakerTicket, Cause, Verdict};
use crate::{Account, HealthState, Hold, Lease, Outcome, Settlement, SkipReason, Ticket};

/// What a gate wants to know again when an attempt ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GateTicket {
    pub(crate) sent: Instant,
    pub(crate) own: Option<BreakerTicket>,
    pub(crate) host: Option<BreakerTicket>,
    pub(crate) model: Hold,
    pub(crate) configured: Option<Hold>,
}

impl Lease for Core {
    fn first_byte(&self, ticket: &Ticket, now: Instant) {
        let Some(ticket) = &ticket.gate else { return };
        if let (Some(breaker), Some(own)) = (&self.breaker, &ticket.own) {
            breaker.first_byte(own, now);
        }
        // Whatever follows, the host can be reached; its probe need not last as long as the answer.
        if let (Some(host), Some(probe)) = (&self.parts.host, ticket.host)
            && probe.is_probe()
        {
            self.announce(host.settle(probe, Verdict::SUCCESS, now), SkipReason::Host);
        }
    }

    fn first_token(&self, ticket: &Ticket, after: Duration, now: Instant) {
        self.parts.load.first_token(after, now);
        let ticket = ticket.gate.and_then(|ticket| ticket.own);
        if let (Some(breaker), Some(own)) = (&self.breaker, ticket) {
            breaker.first_token(&own, after, now);
        }
    }

    fn stalled(&self, ticket: &Ticket, now: Instant, limit: Duration) -> bool {
        let ticket = ticket.gate.and_then(|ticket| ticket.own);
        let (Some(breaker), Some(ticket)) = (&self.breaker, ticket) else {
            return false;
        };
        breaker.stalled(&ticket, now, limit)
    }

    fn told(&self, ticket: &Ticket, limits: &[ToldLimit], now: Instant) {
        if let Some(ticket) = &ticket.gate {
            self.parts.model.limits.learn(&ticket.model, limits, now);
        }
    }

    fn settle(&self, ticket: &Ticket, outcome: Outcome<'_>, account: &Account, now: Instant) {
        let Some(ticket) = &ticket.gate else { return };
        self.parts.load.settle(ticket.sent, outcome, account, now);
        self.settle_limits(ticket, outcome, account, now);
        if let Outcome::Failure(error) | Outcome::Stalled(error) = outcome {
            self.heed(error, now);
        }
        if let (Some(breaker), Some(own)) = (&self.breaker, ticket.own) {
            let verdict = verdict(outcome, account);
            self.announce(breaker.settle(own, verdict, now), SkipReason::Unhealthy);
        }
        if let (Some(host), Some(ticket)) = (&self.parts.host, ticket.host) {
            let verdict = host_verdict(outcome, ticket.is_probe());
            self.announce(host.settle(ticket, verdict, now), SkipReason::Host);
        }
        if matches!(outcome, Outcome::Success) {
            let credential = self.parts.credential.accepted(ticket.sent, now);
            let access = self.parts.model.access.accepted(ticket.sent, now);
            if credential || access {
                self.tell(HealthState::Available);
            }
        }
    }
}

impl Core {
    fn settle_limits(
        &self,
        ticket: &GateTicket,
        outcome: Outcome<'_>,
        account: &Account,
        now: Instant,
    ) {
        let limits = &self.parts.model.limits;
        if let Outcome::Failure(error) = outcome {
            limits.learn(&ticket.model, error.limits(), now);
            if error.health_impact() == HealthImpact::RateLimit {
                limits.refused_for_rate(&ticket.model, now);
            }
        }
        let settlement = settlement(outcome, account);
        limits.settle(ticket.model, settlement, now);
        if let (Some(limits), Some(hold)) = (&self.parts.configured, ticket.configured) {
            limits.settle(hold, settlement, now);
        }
    }

    /// Pauses and quarantines.
    fn heed(&self, error: &Error, now: Instant) {
        let parts = &self.parts;
        let impact = error.health_impact();
        if matches!(
            impact,
            HealthImpact::RateLimit | HealthImpact::Endpoint | HealthImpact::Host
        ) && let Some(wish) = error.retry_after()
        {
            let news = parts.model.pause.extend(wish, parts.max_pause, now);
            self.tell_skipped(SkipReason::Paused, news);
        }
        if impact == HealthImpact::Credential {
            // A credential that may not use one model may still use the others.
            let quarantine = match error.kind() {
                ErrorKind::Permission => &parts.model.access,
                _ => &*parts.credential,
            };
            self.tell_skipped(
                SkipReason::Credential,
                quarantine.refused(parts.quarantine, now),
            );
        }
    }
}

/// What an attempt's end means for the target's breaker.
fn verdict(outcome: Outcome<'_>, account: &Account) -> Verdict {
    let failed = |error: &Error, cause| match error.health_impact() {
        // A refusal is the model's work: whoever can refuse is well.
        _ if error.kind() == ErrorKind::ContentFiltered => Verdict::SUCCESS,
        HealthImpact::Endpoint | HealthImpact::Host => Verdict::Failure {
            cause,
            retry_after: error.retry_after(),
        },
        _ => Verdict::Ignored,
    };
    match outcome {
        Outcome::Success => Verdict::Success {
            first_token: account.first_token,
        },
        Outcome::Failure(error) if error.kind() == ErrorKind::Overloaded => {
            failed(error, Cause::Overload)
        }
        Outcome::Failure(error) => failed(error, Cause::Error),
        Outcome::Stalled(error) => failed(error, Cause::Stall),
        Outcome::Cancelled => Verdict::Ignored,
    }
}

/// What it means for the host: any answer, whatever it says, shows that it can be reached. One that
/// resets the connection which was to find out is not back; at other times a reset is the endpoint's.
fn host_verdict(outcome: Outcome<'_>, is_probe: bool) -> Verdict {
    match outcome {
        Outcome::Success => Verdict::SUCCESS,
        Outcome::Failure(error) if error.health_impact() == HealthImpact::Host => Verdict::ERROR,
        Outcome::Failure(error) if error.status().is_some() => Verdict::SUCCESS,
        Outcome::Failure(error)
            if is_probe && error.connection_fault() == Some(ConnectionFault::Reset) =>
        {
            Verdict::ERROR
        }
        Outcome::Failure(_) | Outcome::Stalled(_) | Outcome::Cancelled => Verdict::Ignored,
    }
}

/// What it means for the limits.
fn settlement(outcome: Outcome<'_>, account: &Account) -> Settlement {
    match outcome {
        Outcome::Success => Settlement::Answered(account.spent),
        Outcome::Failure(error) | Outcome::Stalled(error) if !error.maybe_billed() => {
            if error.phase() == Phase::BeforeSend {
                Settlement::Unsent
            } else {
                Settlement::Refused
            }
        }
        Outcome::Failure(_) | Outcome::Stalled(_) | Outcome::Cancelled => {
            Settlement::Broken(account.spent)
        }
    }
}
