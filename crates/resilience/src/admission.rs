//! May this target be called now? The place where breakers, limiters and budgets plug in.
//!
//! An admission is asked before every attempt and told how the attempt ended, through a [`Permit`]
//! that settles exactly once, even where the caller goes away.
//! It is synchronous: a decision reads state that is already there and never waits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use interline_core::{Error, Target, ToldLimit, Usage};
use tokio::time::Instant;

use crate::target_gate::{GateTicket, Queued};
use crate::{Need, Spent};

/// Decides before every attempt whether a target may be called.
pub trait Admission: fmt::Debug + Send + Sync {
    /// Asks for a permit to call a target now.
    fn admit(&self, ask: &Ask<'_>) -> Admit;

    /// Gives a permit although [`Admission::admit`] refused, or `None` where even that would be too much.
    ///
    /// The engine asks for it at most once in a call, for the least bad target, where nobody else is
    /// left: ill health must never strand a caller.
    fn admit_anyway(&self, ask: &Ask<'_>) -> Option<Permit>;

    /// Whether the target is in full health and has room to spare for an attempt that nobody needs:
    /// its circuit closed, and none of its limits used by more than four fifths.
    ///
    /// Calls hedge only while all of their candidates say so.
    fn is_calm(&self, ask: &Ask<'_>) -> bool;

    /// Takes a place in line for a target whose limits are used up.
    ///
    /// The engine asks for it after [`SkipReason::Limited`] where no other target is free.
    ///
    /// # Errors
    /// Why waiting in line is of no use. An admission without lines need not implement it: it is asked
    /// again at once, and what it says then counts.
    fn queue(&self, _ask: &Ask<'_>) -> Result<Queued, Skip> {
        Err(Skip::new(SkipReason::Limited, Duration::ZERO))
    }
}

/// What an attempt asks of an [`Admission`]: one reading of the clock and one draw serve all that decide.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Ask<'a> {
    /// The target to call.
    pub target: &'a Target,
    /// The time of asking.
    pub now: Instant,
    /// When the call ends at the latest; one year from `now` unless said otherwise.
    pub deadline: Instant,
    /// A random number in [0, 1), for decisions by share; 0 unless said otherwise.
    pub draw: f64,
    /// What the attempt will use of limits, and how urgent it is; unless said otherwise one request of
    /// standard priority whose tokens nobody counted.
    pub need: Need,
    /// How long the attempt may be silent before that is unusual; not known unless said otherwise.
    pub stall_limit: Option<Duration>,
}

/// Far enough to mean never, near enough to be added to any clock.
const NO_DEADLINE: Duration = Duration::from_secs(365 * 24 * 3600);

impl<'a> Ask<'a> {
    /// Asks to call `target` at `now`.
    #[must_use]
    pub fn new(target: &'a Target, now: Instant) -> Self {
        Self {
            target,
            now,
            deadline: now + NO_DEADLINE,
            draw: 0.0,
            need: Need::default(),
            stall_limit: None,
        }
    }

    /// Says how long the attempt may be silent before that is unusual.
    #[must_use]
    pub const fn with_stall_limit(mut self, limit: Duration) -> Self {
        self.stall_limit = Some(limit);
        self
    }

    /// Says when the call ends at the latest.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = deadline;
        self
    }

    /// Says what the attempt will use.
    #[must_use]
    pub const fn with_need(mut self, need: Need) -> Self {
        self.need = need;
        self
    }

    /// Brings a random number in [0, 1).
    #[must_use]
    pub const fn with_draw(mut self, draw: f64) -> Self {
        self.draw = draw;
        self
    }
}

/// The answer of an [`Admission`].
#[derive(Debug)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "a boxed permit would cost an allocation in every admission"
)]
pub enum Admit {
    /// Go ahead, and settle the permit.
    Go(Permit),
    /// Not now.
    Skip(Skip),
}

/// Why a target is passed over, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skip {
    /// Why.
    pub reason: SkipReason,
    /// How long until asking again makes sense.
    pub retry_in: Duration,
}

impl Skip {
    /// Passes over for `reason` during `retry_in`.
    #[must_use]
    pub const fn new(reason: SkipReason, retry_in: Duration) -> Self {
        Self { reason, retry_in }
    }
}

/// Why a target is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// It failed too often lately.
    Unhealthy,
    /// It failed too often, and another call is just finding out whether it is back.
    Probing,
    /// The vendor asked to wait, and the time is not over. Never overridden: it is not ill.
    Paused,
    /// The vendor refuses the credential.
    Credential,
    /// Its host cannot be reached.
    Host,
    /// Its rate limits are used up. Never overridden: it is not ill.
    Limited,
    /// What is left of a budget does not pay for the attempt. Never overridden: it is not ill, and waiting
    /// within a call does not help.
    Budget,
}

impl SkipReason {
    /// Whether nothing is wrong but that it is too early: waiting helps, asking all the same does not.
    pub(crate) const fn is_a_wait(self) -> bool {
        matches!(self, Self::Paused | Self::Limited)
    }

    /// The stable snake_case code that users and metrics see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unhealthy => "unhealthy",
            Self::Probing => "probing",
            Self::Paused => "paused",
            Self::Credential => "credential",
            Self::Host => "host",
            Self::Limited => "limited",
            Self::Budget => "budget",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// How an admitted attempt ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// It answered; for a stream: up to its terminal event.
    Success,
    /// It failed; the error says whose health that speaks of.
    Failure(&'a Error),
    /// It was given up because [`Lease::stalled`] said so; the error is what the call sees of it.
    Stalled(&'a Error),
    /// The caller went away first; this says nothing about the target.
    Cancelled,
}

/// Who learns how an attempt went that an [`Admission`] let through.
pub trait Lease: fmt::Debug + Send + Sync {
    /// Takes note of the vendor's first sign of life in the attempt; called at most once.
    fn first_byte(&self, ticket: &Ticket, now: Instant);

    /// Takes note that a stream gave its first content after that time; called at most once.
    fn first_token(&self, _ticket: &Ticket, _after: Duration, _now: Instant) {}

    /// Whether the attempt should be given up: it is older than `limit` without a sign of life, and
    /// its target has not shown one to *anybody* since it was sent.
    ///
    /// Asked every now and then once that time is over; a target that is merely slow must not match.
    fn stalled(&self, ticket: &Ticket, now: Instant, limit: Duration) -> bool;

    /// Takes note of what the vendor says about its limits, as soon as it has said it; at most once, and
    /// not for an attempt that failed, whose error tells it.
    fn told(&self, ticket: &Ticket, limits: &[ToldLimit], now: Instant);

    /// Takes note of the end; called exactly once.
    fn settle(&self, ticket: &Ticket, outcome: Outcome<'_>, account: &Account, now: Instant);
}

/// What an attempt holds beside its [`Lease`]'s, and that nobody else shares: money, say.
///
/// Dropped without [`Companion::ended`], it belongs to an attempt that was never made.
pub trait Companion: fmt::Debug + Send + Sync {
    /// Takes note of the end of the attempt; called exactly once.
    fn ended(self: Box<Self>, outcome: Outcome<'_>, account: &Account);
}

/// What is known of an attempt when it ends, whatever way that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// What it used.
    pub spent: Spent,
    /// Streams: how long the first content took, where it came.
    pub first_token: Option<Duration>,
}

/// What an [`Admission`] wants to know again when an attempt ends: plain data, so that giving a permit
/// costs no memory.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Ticket {
    /// Numbers that only their admission understands.
    pub numbers: [u64; 4],
    /// What a gate wants to know again.
    pub(crate) gate: Option<GateTicket>,
}

impl Ticket {
    /// A ticket with numbers that only their admission understands.
    #[must_use]
    pub const fn new(numbers: [u64; 4]) -> Self {
        Self {
            numbers,
            gate: None,
        }
    }

    /// A gate's own ticket.
    pub(crate) const fn of_gate(gate: GateTicket) -> Self {
        Self {
            numbers: [0; 4],
            gate: Some(gate),
        }
    }
}

/// About as many bytes of English text as a token stands for; an estimate for streams that were cut off.
const BYTES_PER_TOKEN: usize = 4;

/// The right to make one attempt.
///
/// Dropped without [`Permit::settle`], it reports [`Outcome::Cancelled`].
#[derive(Debug)]
#[must_use = "a dropped permit counts as a cancelled attempt"]
pub struct Permit {
    lease: Option<Arc<dyn Lease>>,
    companion: Option<Box<dyn Companion>>,
    ticket: Ticket,
    account: Account,
}

impl Permit {
    /// A permit that tells `lease` how the attempt went.
    pub fn new(lease: Arc<dyn Lease>, ticket: Ticket) -> Self {
        Self {
            lease: Some(lease),
            companion: None,
            ticket,
            account: Account::default(),
        }
    }

    /// Tells `companion` too how the attempt went.
    pub fn accompanied_by(mut self, companion: impl Into<Option<Box<dyn Companion>>>) -> Self {
        self.companion = companion.into();
        self
    }

    /// A permit whose end nobody wants to know.
    pub fn unobserved() -> Self {
        Self {
            lease: None,
            companion: None,
            ticket: Ticket::default(),
            account: Account::default(),
        }
    }

    /// Who reports the vendor's first sign of life, from within the attempt.
    pub(crate) fn witness(&self) -> Witness {
        Witness(self.lease.clone().map(|lease| (lease, self.ticket)))
    }

    /// Reports the vendor's first sign of life.
    ///
    /// For leases that stand before another permit; so are [`Permit::told`] and [`Permit::first_token`].
    pub fn first_byte(&self, now: Instant) {
        if let Some(lease) = &self.lease {
            lease.first_byte(&self.ticket, now);
        }
    }

    /// Reports what the vendor says about its limits.
    pub fn told(&self, limits: &[ToldLimit], now: Instant) {
        if let Some(lease) = self.lease.as_ref().filter(|_| !limits.is_empty()) {
            lease.told(&self.ticket, limits, now);
        }
    }

    /// Takes note of what the vendor says was used so far.
    pub(crate) fn used(&mut self, usage: Usage) {
        self.account.spent.usage.update(usage);
    }

    /// Takes note of output that was seen, in bytes of text.
    pub(crate) fn emitted(&mut self, bytes: usize) {
        let tokens = bytes.div_ceil(BYTES_PER_TOKEN);
        let tokens = u64::try_from(tokens).unwrap_or(u64::MAX);
        self.account.spent.emitted = self.account.spent.emitted.saturating_add(tokens);
    }

    /// Takes note of how long the first content took.
    pub fn first_token(&mut self, after: Duration, now: Instant) {
        self.account.first_token = Some(after);
        if let Some(lease) = &self.lease {
            lease.first_token(&self.ticket, after, now);
        }
    }

    /// Reports how the attempt ended.
    pub fn settle(mut self, outcome: Outcome<'_>, now: Instant) {
        self.end(outcome, now);
    }

    fn end(&mut self, outcome: Outcome<'_>, now: Instant) {
        if let Some(lease) = self.lease.take() {
            lease.settle(&self.ticket, outcome, &self.account, now);
        }
        if let Some(companion) = self.companion.take() {
            companion.ended(outcome, &self.account);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.lease.is_some() || self.companion.is_some() {
            self.end(Outcome::Cancelled, Instant::now());
        }
    }
}

/// Tells a [`Lease`] of the vendor's first sign of life, or asks it about the lack of one, while the
/// permit itself is elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Witness(Option<(Arc<dyn Lease>, Ticket)>);

impl Witness {
    pub(crate) fn first_byte(&self, now: Instant) {
        if let Some((lease, ticket)) = &self.0 {
            lease.first_byte(ticket, now);
        }
    }

    pub(crate) fn stalled(&self, now: Instant, limit: Duration) -> bool {
        let Some((lease, ticket)) = &self.0 else {
            return false;
        };
        lease.stalled(ticket, now, limit)
    }
}

/// Lets every attempt through: no breaker.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlwaysAdmit;

impl Admission for AlwaysAdmit {
    fn admit(&self, _: &Ask<'_>) -> Admit {
        Admit::Go(Permit::unobserved())
    }

    fn admit_anyway(&self, _: &Ask<'_>) -> Option<Permit> {
        Some(Permit::unobserved())
    }

    fn is_calm(&self, _: &Ask<'_>) -> bool {
        true
    }
}
