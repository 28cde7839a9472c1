//! What follows from each kind of failure, in one table.
//!
//! Rows are read from the top; the first one that covers a failure holds. The engine reads the last
//! column, what another attempt costs. The others are the answers that
//! [`Error`](interline_core::Error) itself gives; they stand here so that everything can be read in
//! one place, and a test holds every row to them.
//!
//! Two things that the table cannot say: the same target is asked again only where no other is free,
//! and a pause on the same target is always paid for.

use interline_core::{
    ConnectionFault as Fault, Error, ErrorKind as Kind, HealthImpact, Phase, RetryHint, SameTarget,
    TimeoutStage as Stage,
};

/// What another attempt after a failure costs the retry budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fare {
    /// Nothing: the request had not left us, or nobody had acted on it.
    Nothing,
    /// Nothing for the first step to a healthier failure domain, else the price.
    FreeIfHealthier,
    /// The price.
    Paid,
    /// There is no other attempt.
    None,
}

/// One row: which failures it covers, and what follows from them.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "columns that errors answer are there to be read, and tested"
    )
)]
struct Row {
    /// What happened, in words.
    what: &'static str,
    kind: Kind,
    fault: Is<Fault>,
    phase: Is<Phase>,
    hint: Is<RetryHint>,
    /// Only failures with one of these statuses; any or none where nothing is said.
    statuses: Option<&'static [u16]>,
    same: SameTarget,
    other: Other,
    health: HealthImpact,
    billed: Billed,
    fare: Fare,
}

/// What a row asks of one property of a failure.
#[derive(Clone, Copy, Debug)]
enum Is<T> {
    Any,
    None,
    Just(T),
}

/// May another target be asked?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Other {
    Yes,
    No,
}

/// May the vendor charge for it?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Billed {
    No,
    Maybe,
    /// Not where the vendor answered with the status of a failure: that is its word that it did not
    /// serve.
    UnlessStatus,
}

/// What another attempt after `error` costs. A failure that no row covers costs the price.
pub(crate) fn fare(error: &Error) -> Fare {
    let row = ROWS.iter().find(|row| row.covers(error));
    row.map_or(Fare::Paid, |row| row.fare)
}

impl Row {
    fn covers(&self, error: &Error) -> bool {
        let fault = match (self.fault, error.connection_fault()) {
            (Is::Any, _) | (Is::None, None) => true,
            (Is::Just(wanted), Some(found)) => wanted == found,
            (Is::None, Some(_)) | (Is::Just(_), None) => false,
        };
        fault
            && self.kind == error.kind()
            && !matches!(self.phase, Is::Just(phase) if phase != error.phase())
            && !matches!(self.hint, Is::Just(hint) if hint != error.retry())
            && self.statuses.is_none_or(|statuses| {
                error
                    .status()
                    .is_some_and(|status| statuses.contains(&status))
            })
    }
}

const SEND: Is<Phase> = Is::Just(Phase::BeforeSend);
const ANSWER: Is<Phase> = Is::Just(Phase::BeforeOutput);
const CONTENT: Is<Phase> = Is::Just(Phase::AfterOutput);
const FINAL: Is<RetryHint> = Is::Just(RetryHint::Never);

#[rustfmt::skip]
const ROWS: [Row; 37] = {
    use {Billed as B, Fare as F, HealthImpact as H, Is as I, Kind as K, Other as O, SameTarget as S};
    [
        // Content had reached the caller: nothing restarts.
        row("cut after content",       K::Protocol,                   I::Any,                 CONTENT, I::Any, S::Never,      O::No,  H::Endpoint,   B::Maybe,        F::None),
        row("failure after content",   K::Unavailable,                I::None,                CONTENT, I::Any, S::Never,      O::No,  H::Endpoint,   B::Maybe,        F::None),
        row("reset after content",     K::Unavailable,                I::Just(Fault::Reset),  CONTENT, I::Any, S::Never,      O::No,  H::Endpoint,   B::Maybe,        F::None),
        row("overload after content",  K::Overloaded,                 I::Any,                 CONTENT, I::Any, S::Never,      O::No,  H::Endpoint,   B::Maybe,        F::None),
        row("silence after content",   K::Timeout(Stage::Idle),       I::Any,                 CONTENT, I::Any, S::Never,      O::No,  H::Endpoint,   B::Maybe,        F::None),

        // The vendor could not be reached.
        row("name not resolved",       K::Unavailable,                I::Just(Fault::Dns),    SEND,    I::Any, S::Never,      O::Yes, H::Host,       B::No,           F::FreeIfHealthier),
        row("connection refused",      K::Unavailable,                I::Just(Fault::Connect),SEND,    I::Any, S::Never,      O::Yes, H::Host,       B::No,           F::FreeIfHealthier),
        row("TLS handshake failed",    K::Unavailable,                I::Just(Fault::Tls),    SEND,    I::Any, S::Never,      O::Yes, H::Host,       B::No,           F::FreeIfHealthier),
        row("connect timeout",         K::Timeout(Stage::Connect),    I::Any,                 SEND,    I::Any, S::Never,      O::Yes, H::Host,       B::No,           F::FreeIfHealthier),

        // The connection broke.
        row("stale, never sent",       K::Unavailable,                I::Just(Fault::Stale),  SEND,    I::Any, S::AtOnce,     O::Yes, H::None,       B::No,           F::Nothing),
        row("stale, maybe acted on",   K::Unavailable,                I::Just(Fault::Stale),  ANSWER,  I::Any, S::AtOnce,     O::Yes, H::None,       B::UnlessStatus, F::Paid),
        row("reset before an answer",  K::Unavailable,                I::Just(Fault::Reset),  ANSWER,  I::Any, S::AfterPause, O::Yes, H::Endpoint,   B::UnlessStatus, F::FreeIfHealthier),

        // The vendor gave up on this request, and says nothing of its health.
        row("request timeout",         K::Timeout(Stage::FirstToken), I::None,                ANSWER,  I::Any, S::AfterPause, O::Yes, H::None,       B::Maybe,        F::Paid).only_for(&[408]),
        row("conflict, too early",     K::Unavailable,                I::None,                ANSWER,  I::Any, S::AfterPause, O::Yes, H::None,       B::UnlessStatus, F::Paid).only_for(&[409, 425]),

        // The vendor failed.
        row("outage, told to stop",    K::Unavailable,                I::None,                ANSWER,  FINAL,  S::Never,      O::Yes, H::Endpoint,   B::UnlessStatus, F::FreeIfHealthier),
        row("outage",                  K::Unavailable,                I::None,                ANSWER,  I::Any, S::AfterPause, O::Yes, H::Endpoint,   B::UnlessStatus, F::FreeIfHealthier),
        row("overload, told to stop",  K::Overloaded,                 I::None,                ANSWER,  FINAL,  S::Never,      O::Yes, H::Endpoint,   B::UnlessStatus, F::FreeIfHealthier),
        row("overload",                K::Overloaded,                 I::None,                ANSWER,  I::Any, S::AfterPause, O::Yes, H::Endpoint,   B::UnlessStatus, F::FreeIfHealthier),
        row("malformed answer",        K::Protocol,                   I::None,                ANSWER,  I::Any, S::AfterPause, O::Yes, H::Endpoint,   B::Maybe,        F::Paid),
        row("first token timeout",     K::Timeout(Stage::FirstToken), I::Any,                 ANSWER,  I::Any, S::AfterPause, O::Yes, H::Endpoint,   B::Maybe,        F::FreeIfHealthier),
        row("idle timeout",            K::Timeout(Stage::Idle),       I::Any,                 ANSWER,  I::Any, S::AfterPause, O::Yes, H::Endpoint,   B::Maybe,        F::FreeIfHealthier),

        // The vendor is well, and does not serve us now.
        row("rate limit, final",       K::RateLimited,                I::None,                ANSWER,  FINAL,  S::Never,      O::Yes, H::RateLimit,  B::No,           F::FreeIfHealthier),
        row("rate limit",              K::RateLimited,                I::None,                ANSWER,  I::Any, S::AfterPause, O::Yes, H::RateLimit,  B::No,           F::FreeIfHealthier),
        row("quota or money gone",     K::QuotaExhausted,             I::None,                ANSWER,  I::Any, S::Never,      O::Yes, H::Credential, B::No,           F::FreeIfHealthier),
        row("credential refused",      K::Authentication,             I::None,                I::Any,  I::Any, S::Never,      O::Yes, H::Credential, B::No,           F::FreeIfHealthier),
        row("credential too weak",     K::Permission,                 I::None,                I::Any,  I::Any, S::Never,      O::Yes, H::Credential, B::No,           F::FreeIfHealthier),

        // The caller's own: another target would only hide it.
        row("invalid request",         K::InvalidRequest,             I::None,                I::Any,  I::Any, S::Never,      O::No,  H::None,       B::No,           F::None),
        row("too large",               K::PayloadTooLarge,            I::None,                I::Any,  I::Any, S::Never,      O::No,  H::None,       B::No,           F::None),
        row("unknown model",           K::NotFound,                   I::None,                I::Any,  I::Any, S::Never,      O::No,  H::None,       B::No,           F::None),
        row("conversation too long",   K::ContextLength,              I::None,                I::Any,  I::Any, S::Never,      O::No,  H::None,       B::No,           F::None),
        row("content refused",         K::ContentFiltered,            I::None,                I::Any,  I::Any, S::Never,      O::No,  H::None,       B::No,           F::None),

        // Ours.
        row("adapter cannot carry it", K::Unsupported,                I::None,                SEND,    I::Any, S::Never,      O::Yes, H::None,       B::No,           F::Nothing),
        row("vendor cannot carry it",  K::Unsupported,                I::None,                ANSWER,  I::Any, S::Never,      O::Yes, H::None,       B::No,           F::Paid),
        row("shed by ourselves",       K::Rejected,                   I::None,                SEND,    I::Any, S::Never,      O::Yes, H::None,       B::No,           F::Nothing),
        row("deadline of the call",    K::Timeout(Stage::Total),      I::None,                ANSWER,  I::Any, S::Never,      O::No,  H::None,       B::Maybe,        F::None),
        row("caller went away",        K::Cancelled,                  I::None,                ANSWER,  I::Any, S::Never,      O::No,  H::None,       B::Maybe,        F::None),
        row("defect of ours",          K::Internal,                   I::None,                I::Any,  I::Any, S::Never,      O::No,  H::None,       B::No,           F::None),
    ]
};

#[expect(
    clippy::too_many_arguments,
    reason = "one for each column of the table"
)]
const fn row(
    what: &'static str,
    kind: Kind,
    fault: Is<Fault>,
    phase: Is<Phase>,
    hint: Is<RetryHint>,
    same: SameTarget,
    other: Other,
    health: HealthImpact,
    billed: Billed,
    fare: Fare,
) -> Row {
    Row {
        what,
        kind,
        fault,
        phase,
        hint,
        statuses: None,
        same,
        other,
        health,
        billed,
        fare,
    }
}

impl Row {
    /// Covers only failures with one of these statuses.
    const fn only_for(mut self, statuses: &'static [u16]) -> Self {
        self.statuses = Some(statuses);
        self
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Failures that a row is about: every phase and hint that it leaves open, with and without status.
    fn examples(row: &Row) -> Vec<Error> {
        let phases = match row.phase {
            Is::Just(phase) => vec![phase],
            _ => vec![Phase::BeforeSend, Phase::BeforeOutput],
        };
        let hints = match row.hint {
            Is::Just(hint) => vec![hint],
            _ => vec![RetryHint::Backoff, RetryHint::After(Duration::from_secs(2))],
        };
        let mut examples = Vec::new();
        for phase in phases {
            for hint in &hints {
                let error = Error::new(row.kind, row.what)
                    .with_phase(phase)
                    .with_retry(*hint);
                let error = match row.fault {
                    Is::Just(fault) => error.with_connection_fault(fault),
                    _ => error,
                };
                if let Some(statuses) = row.statuses {
                    examples.extend(statuses.iter().map(|one| error.clone().with_status(*one)));
                    continue;
                }
                examples.push(error.clone());
                if !matches!(row.fault, Is::Just(_)) && phase != Phase::BeforeSend {
                    examples.push(error.with_status(500));
                }
            }
        }
        examples
    }

    #[test]
    fn every_row_says_what_errors_answer() {
        for row in ROWS {
            for error in examples(&row) {
                let what = format!("{}: {error:?}", row.what);
                assert_eq!(row.same, error.same_target(), "same target: {what}");
                assert_eq!(row.other == Other::Yes, error.other_target(), "{what}");
                assert_eq!(row.health, error.health_impact(), "health: {what}");
                let billed = match row.billed {
                    Billed::No => false,
                    Billed::Maybe => true,
                    Billed::UnlessStatus => error.status().is_none(),
                };
                assert_eq!(billed, error.maybe_billed(), "billed: {what}");
            }
        }
    }

    #[test]
    fn every_row_is_reached() {
        for row in ROWS {
            for error in examples(&row) {
                let found = ROWS.iter().find(|row| row.covers(&error));
                assert_eq!(found.map(|row| row.what), Some(row.what));
                assert_eq!(fare(&error), row.fare);
            }
        }
    }

    #[test]
    fn what_ends_a_call_costs_nothing_and_what_does_not_has_a_price() {
        for row in ROWS {
            let goes_on = row.other == Other::Yes || row.same != SameTarget::Never;
            assert_eq!(goes_on, row.fare != Fare::None, "{}", row.what);
        }
    }

    #[test]
    fn a_failure_that_no_row_covers_costs_the_price() {
        let odd = Error::new(Kind::Protocol, "odd")
            .with_phase(Phase::BeforeOutput)
            .with_connection_fault(Fault::Tls);
        assert_eq!(fare(&odd), Fare::Paid);
    }
}
