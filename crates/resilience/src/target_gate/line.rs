//! A call in the line of a gate whose limits are used up.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Core, How};
use crate::{Ask, Companion, Permit, Place, Settlement, Skip, SkipReason, Turn};

/// Whose line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// That of the connection's configured limits.
    Configured,
    /// That of the model's limits, as told.
    Told,
}

/// A place in line; dropped, it is given back.
#[derive(Debug)]
#[must_use = "a dropped place is given back"]
pub struct Queued {
    core: Arc<Core>,
    which: Which,
    place: Place,
    companion: Option<Box<dyn Companion>>,
}

/// The answer to a call in line.
#[derive(Debug)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "a boxed permit would cost an allocation in every admission"
)]
pub enum Claim {
    /// It may go.
    Go(Permit),
    /// It keeps its place and should ask again then.
    At(Instant),
    /// It need not wait any longer: something else than limits is in the way.
    Skip(Skip),
}

impl Queued {
    /// Takes a place in the line that takes longest.
    pub(super) fn enter(core: &Arc<Core>, ask: &Ask<'_>) -> Result<Self, Skip> {
        let mut refused = Skip::new(SkipReason::Limited, Duration::ZERO);
        for which in [Which::Configured, Which::Told] {
            let Some(limits) = core.limits(which) else {
                continue;
            };
            let is_free = limits.queued() == 0 && limits.has_room(ask.now, &ask.need);
            if is_free {
                continue;
            }
            match limits.enter(ask.now, ask.deadline, &ask.need) {
                Ok(place) => {
                    return Ok(Self {
                        core: Arc::clone(core),
                        which,
                        place,
                        companion: None,
                    });
                }
                Err(wait) => refused.retry_in = refused.retry_in.max(wait.retry_in),
            }
        }
        Err(refused)
    }

    /// Hands `companion` to the permit that the wait ends with.
    pub fn accompanied_by(mut self, companion: Box<dyn Companion>) -> Self {
        self.companion = Some(companion);
        self
    }

    /// When to ask for the first time.
    #[must_use]
    pub const fn ask_at(&self) -> Instant {
        self.place.ask_at
    }

    /// How long the whole wait is expected to be.
    #[must_use]
    pub const fn expected(&self) -> Duration {
        self.place.expected
    }

    /// Asks whether it is its turn.
    pub fn claim(&mut self, ask: &Ask<'_>) -> Claim {
        if let Some(skip) = self.core.refusal(ask.now) {
            return Claim::Skip(skip);
        }
        let Some(limits) = self.core.limits(self.which) else {
            return Claim::Skip(Skip::new(SkipReason::Limited, Duration::ZERO));
        };
        match limits.claim(&self.place, ask.now) {
            Turn::At(at) => Claim::At(at),
            Turn::Go(hold) => {
                match Core::pass(&self.core, ask, How::Freely, Some((self.which, hold))) {
                    Ok(permit) => Claim::Go(permit.accompanied_by(self.companion.take())),
                    Err(skip) => {
                        limits.settle(hold, Settlement::Unsent, ask.now);
                        Claim::Skip(skip)
                    }
                }
            }
        }
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        if let Some(limits) = self.core.limits(self.which) {
            limits.leave(&self.place);
        }
    }
}
