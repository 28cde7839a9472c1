//! What happened: the clients' history, the vendors' ledger, the engine's events, and all three joined.

mod client;
mod event_log;
mod evidence;
mod ledger;

pub(crate) use client::{CallEnd, CallRecord, History};
pub(crate) use event_log::{EventLog, Move, Standing, number};
pub(crate) use evidence::{Evidence, Raw};
pub(crate) use ledger::{Entry, EntryEnd, Exchange, Ledger};
