//! Everything that decides whether one target may be called now, found beforehand and held together.
//!
//! Five things with five keys, because they have five causes (resilience.md §2.1):
//!
//! | What | Whose | Fed by |
//! |---|---|---|
//! | breaker | the target's | failures of the endpoint, stalls |
//! | host | all targets of a host | connections that fail before a request is sent |
//! | credential | all targets of a credential | 401, 402, exhausted quotas; 403 for that model alone |
//! | pause | a model with a credential | delays that the vendor asks for |
//! | limits | a connection's as configured, a model's as told | what is reserved, used and told |
//!
//! So a rate limit never touches a breaker, and one tenant's bad key never another's routing.
//! A call takes from all or from none. Nothing is looked up and nothing allocated: a gate is made when a
//! route is built, or found once per call that names its target itself.
//!
//! Failures to connect count for the host *and* for the target's own breaker: the host's looks again
//! after a second, and what an operator wrote about the target holds besides.

mod lease;
mod line;
mod load;
mod parts;

use std::sync::Arc;
use std::time::Duration;

use interline_core::{Target, TargetHealth};
use tokio::time::Instant;

pub(crate) use lease::GateTicket;
pub(crate) use line::Which;
pub use line::{Claim, Queued};
pub(crate) use load::Load;
pub(crate) use parts::{ModelState, Parts};

use crate::breaker::{Breaker, BreakerState, BreakerTicket, Change, Verdict};
use crate::{
    Admission, Admit, Ask, CallEvent, Form, HealthState, Hold, Lease, Limiter, Need, Observer,
    Permit, Settlement, Skip, SkipReason, Ticket, Wait,
};

/// Everything that decides whether one target may be called now.
///
/// Cheap to clone; clones share their state.
#[derive(Clone, Debug)]
pub struct TargetGate {
    core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    target: Target,
    breaker: Option<Breaker>,
    parts: Parts,
    observer: Arc<dyn Observer>,
}

/// Whether what is ill may be called all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Freely,
    Anyway,
}

impl TargetGate {
    pub(crate) fn new(
        target: Target,
        breaker: Option<Breaker>,
        parts: Parts,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self {
            core: Arc::new(Core {
                target,
                breaker,
                parts,
                observer,
            }),
        }
    }

    /// Whose gate it is.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.core.target
    }

    /// The target's breaker, where it has one.
    #[must_use]
    pub fn breaker(&self) -> Option<&Breaker> {
        self.core.breaker.as_ref()
    }

    /// The limits of its connection, where some are configured.
    #[must_use]
    pub fn configured_limits(&self) -> Option<&Limiter> {
        self.core.parts.configured.as_deref()
    }

    /// The limits of its model, as the vendor tells them.
    #[must_use]
    pub fn told_limits(&self) -> &Limiter {
        &self.core.parts.model.limits
    }

    /// Whether any of its limits counts tokens, so that estimating them is worth the work.
    #[must_use]
    pub fn counts_tokens(&self) -> bool {
        let configured = self.configured_limits();
        self.told_limits().counts_tokens() || configured.is_some_and(Limiter::counts_tokens)
    }

    /// How full the fullest bucket is that a call has to take from; 0 where nothing is limited.
    #[must_use]
    pub fn utilisation(&self, now: Instant) -> f64 {
        let configured = self.configured_limits();
        let configured = configured.map_or(0.0, |limits| limits.utilisation(now));
        self.told_limits().utilisation(now).max(configured)
    }

    /// How the target is doing, with everything that a balancer compares: for one more call of that form
    /// that needs that much.
    #[must_use]
    pub fn snapshot(&self, now: Instant, form: Form, need: &Need) -> TargetHealth {
        let share = self.breaker().map_or(1.0, |breaker| breaker.weight(now));
        let room = self.told_limits().room(now, need);
        let configured = self.configured_limits();
        let room = configured.map_or(room, |limits| room.and(limits.room(now, need)));
        let load = self.core.parts.load.read(form, now);
        self.health(now)
            .with_share(share)
            .with_load(load.with_limits(room.used, room.wait))
    }

    /// How the target is doing. Its limits do not speak of that.
    #[must_use]
    pub fn health(&self, now: Instant) -> TargetHealth {
        let Core { breaker, parts, .. } = &*self.core;
        let own = breaker.as_ref().map(|breaker| breaker.health(now));
        let failures = own.map_or(0, |own| own.recent_failures);
        let host = parts.host.as_ref().map(|host| host.health(now));
        let closed = [own, host].into_iter().flatten();
        let closed = closed.filter_map(|health| health.closed_for).max();
        let refused = self.core.refusal(now).map(|skip| skip.retry_in);
        match closed.max(refused) {
            Some(left) => TargetHealth::closed_for(left, failures),
            None => TargetHealth::available(failures),
        }
    }
}

impl Admission for TargetGate {
    fn admit(&self, ask: &Ask<'_>) -> Admit {
        // Who is out of service is passed over before anything is taken that would be given back.
        let breaker = self.core.breaker.as_ref();
        let refusal = self.core.refusal(ask.now);
        if let Some(skip) = refusal.or_else(|| breaker?.refusal(ask.now)) {
            return Admit::Skip(skip);
        }
        match Core::pass(&self.core, ask, How::Freely, None) {
            Ok(permit) => Admit::Go(permit),
            Err(skip) => Admit::Skip(skip),
        }
    }

    fn admit_anyway(&self, ask: &Ask<'_>) -> Option<Permit> {
        // The vendor's own wish and its limits are not overridden.
        if self.core.parts.model.pause.left(ask.now).is_some() {
            return None;
        }
        Core::pass(&self.core, ask, How::Anyway, None).ok()
    }

    fn is_calm(&self, ask: &Ask<'_>) -> bool {
        /// A hedge must not use up what ordinary calls need (resilience.md §2.7).
        const BUSY: f64 = 0.8;
        let Core { breaker, parts, .. } = &*self.core;
        let is_closed = |breaker: &Breaker| breaker.state(ask.now) == BreakerState::Closed;
        self.core.refusal(ask.now).is_none()
            && breaker.as_ref().is_none_or(is_closed)
            && parts.host.as_deref().is_none_or(is_closed)
            && self.utilisation(ask.now) <= BUSY
    }

    fn queue(&self, ask: &Ask<'_>) -> Result<Queued, Skip> {
        match self.core.refusal(ask.now) {
            Some(skip) => Err(skip),
            None => Queued::enter(&self.core, ask),
        }
    }
}

impl Core {
    /// Why nobody may call it now, whatever its health.
    fn refusal(&self, now: Instant) -> Option<Skip> {
        let parts = &self.parts;
        let pause = parts.model.pause.left(now);
        let quarantine = parts.credential.left(now).max(parts.model.access.left(now));
        // The reason that must not be overridden is named first; the wait is the longest one.
        let reason = match (pause, quarantine) {
            (None, None) => return None,
            (Some(_), _) => SkipReason::Paused,
            (None, Some(_)) => SkipReason::Credential,
        };
        let longest = pause.max(quarantine).unwrap_or_default();
        Some(Skip::new(reason, longest))
    }

    /// Takes from everything or from nothing; `held` is what a caller in line has already.
    fn pass(
        core: &Arc<Self>,
        ask: &Ask<'_>,
        how: How,
        held: Option<(Which, Hold)>,
    ) -> Result<Permit, Skip> {
        let now = ask.now;
        let own = admitted(core.breaker.as_ref(), ask, how)?;
        let how_host = core.how_host(own.as_ref(), ask, how);
        let host = match admitted(core.parts.host.as_deref(), ask, how_host) {
            Ok(ticket) => ticket,
            Err(skip) => {
                release(core.breaker.as_ref(), own, now);
                return Err(Skip::new(SkipReason::Host, skip.retry_in));
            }
        };
        let holds = match core.reserve(ask, held) {
            Ok(holds) => holds,
            Err(wait) => {
                release(core.breaker.as_ref(), own, now);
                release(core.parts.host.as_deref(), host, now);
                return Err(Skip::new(SkipReason::Limited, wait.retry_in));
            }
        };
        for (ticket, reason) in [(&own, SkipReason::Unhealthy), (&host, SkipReason::Host)] {
            core.announce(ticket.as_ref().and_then(BreakerTicket::change), reason);
        }
        core.parts.load.begin();
        let ticket = Ticket::of_gate(GateTicket {
            sent: now,
            own,
            host,
            model: holds.0,
            configured: holds.1,
        });
        Ok(Permit::new(Arc::clone(core) as Arc<dyn Lease>, ticket))
    }

    /// Whether a host that cannot be reached may be called all the same: where the target's own breaker lets
    /// one through that nobody else is left for. A host alone does not know who else there is.
    fn how_host(&self, own: Option<&BreakerTicket>, ask: &Ask<'_>, how: How) -> How {
        let is_closed = |host: &Breaker| host.health(ask.now).closed_for.is_some();
        if how == How::Freely || !self.parts.host.as_deref().is_some_and(is_closed) {
            return how;
        }
        let may_panic = own.is_some_and(BreakerTicket::is_last_resort)
            || self
                .breaker
                .as_ref()
                .is_none_or(|own| own.may_panic(ask.now));
        if may_panic { how } else { How::Freely }
    }

    /// Reserves from both limiters or from none.
    fn reserve(
        &self,
        ask: &Ask<'_>,
        held: Option<(Which, Hold)>,
    ) -> Result<(Hold, Option<Hold>), Wait> {
        let held_of = |which| held.filter(|(of, _)| *of == which).map(|(_, hold)| hold);
        let configured = match (self.parts.configured.as_deref(), held_of(Which::Configured)) {
            (None, _) => None,
            (Some(_), Some(hold)) => Some(hold),
            (Some(limits), None) => Some(limits.reserve(ask.now, &ask.need)?),
        };
        if let Some(hold) = held_of(Which::Told) {
            return Ok((hold, configured));
        }
        match self.parts.model.limits.reserve(ask.now, &ask.need) {
            Ok(hold) => Ok((hold, configured)),
            Err(wait) => {
                // What a caller in line brought along is given back by the line.
                if held_of(Which::Configured).is_none()
                    && let (Some(limits), Some(hold)) = (&self.parts.configured, configured)
                {
                    limits.settle(hold, Settlement::Unsent, ask.now);
                }
                Err(wait)
            }
        }
    }

    /// The limiter that a line belongs to.
    fn limits(&self, which: Which) -> Option<&Limiter> {
        match which {
            Which::Told => Some(&self.parts.model.limits),
            Which::Configured => self.parts.configured.as_deref(),
        }
    }

    /// Tells of a change.
    fn announce(&self, change: Option<Change>, reason: SkipReason) {
        if let Some(state) = change.map(|change| state_after(change, reason)) {
            self.tell(state);
        }
    }

    fn tell(&self, state: HealthState) {
        self.observer.on_event(&CallEvent::HealthChanged {
            target: self.target.clone(),
            state,
        });
    }

    fn tell_skipped(&self, reason: SkipReason, duration: Option<Duration>) {
        if let Some(duration) = duration {
            self.tell(HealthState::Skipped { reason, duration });
        }
    }
}

/// Asks a breaker, where there is one.
fn admitted(
    breaker: Option<&Breaker>,
    ask: &Ask<'_>,
    how: How,
) -> Result<Option<BreakerTicket>, Skip> {
    let Some(breaker) = breaker else {
        return Ok(None);
    };
    if how == How::Freely {
        let ticket = match ask.stall_limit {
            Some(patience) => breaker.admit_patiently(ask.now, ask.draw, patience),
            None => breaker.admit(ask.now, ask.draw),
        };
        return ticket.map(Some);
    }
    let nobody = Skip::new(SkipReason::Unhealthy, Duration::ZERO);
    let ticket = breaker.admit_anyway(ask.now, ask.draw);
    ticket.map(Some).ok_or(nobody)
}

/// Gives back what a breaker granted for a call that was not made.
fn release(breaker: Option<&Breaker>, ticket: Option<BreakerTicket>, now: Instant) {
    if let (Some(breaker), Some(ticket)) = (breaker, ticket) {
        // A place given back changes nothing that anybody has to hear of.
        let _ = breaker.settle(ticket, Verdict::Ignored, now);
    }
}

/// How a target is treated after a change of its breaker.
fn state_after(change: Change, reason: SkipReason) -> HealthState {
    use crate::breaker::Mode;
    /// An operator's word holds until further notice.
    const FURTHER_NOTICE: Duration = Duration::from_secs(24 * 3600);
    let skipped = |duration| HealthState::Skipped { reason, duration };
    match change {
        Change::Opened { duration, .. } | Change::Extended { duration } => skipped(duration),
        Change::Probing => HealthState::Probing,
        Change::Closed { .. } => HealthState::Available,
        Change::Degraded { .. } => HealthState::Degraded,
        Change::Forced(Mode::Open) => skipped(FURTHER_NOTICE),
        Change::Forced(_) => HealthState::Available,
    }
}
