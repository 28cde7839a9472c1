//! Ledger: what a server received, and how each exchange ended.
//!
//! Tests read it to prove what a client did: how often it called, with what body, and how fast it hung up.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::charge::Charge;
use crate::fault::Fault;
use crate::http1::Request;
use crate::server::Planned;

/// Exchanges that a ledger keeps unless told otherwise; chosen, not measured: enough for a scripted run, small for a long one.
pub(crate) const DEFAULT_CAPACITY: usize = 4096;

/// One request and what became of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// 1 for the first request that the server read, counting every path.
    pub number: u64,
    /// The id that the answer carries in `x-request-id` or `request-id`; empty where the answer has none.
    pub request_id: String,
    /// Number of the connection that carried it, 1 for the first.
    pub connection: u64,
    /// HTTP method in capitals.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Headers in order, names in lower case. Values that carry a credential are `REDACTED`.
    pub headers: Vec<(String, String)>,
    /// The body as JSON; `Value::Null` where it was empty or not JSON.
    pub body: Value,
    /// When the whole request had been read.
    pub received_at: Instant,
    /// Status of the planned answer.
    pub status: u16,
    /// The scripted fault, once it took effect.
    pub fault: Option<Fault>,
    /// Bytes written to the socket so far, heads and framing included.
    pub bytes_sent: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What the vendor bills for it; `None` where it made no answer, as for an error.
    ///
    /// A vendor that made an answer bills all of it, also where the answer was cut or nobody waited for it.
    pub charge: Option<Charge>,
}

impl Exchange {
    /// The first value of a header; `name` in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether it was billed although the client cannot have got the whole answer: it left, or a fault spoiled the answer.
    #[must_use]
    pub fn is_wasted(&self) -> bool {
        let is_whole = matches!(self.outcome, Outcome::Answered | Outcome::InFlight);
        let is_spoilt = self.fault.as_ref().is_some_and(Fault::spoils_the_answer);
        self.charge.is_some() && (is_spoilt || !is_whole)
    }

    /// When the client hung up before the answer was complete.
    #[must_use]
    pub fn client_left_at(&self) -> Option<Instant> {
        match self.outcome {
            Outcome::ClientLeft { at } => Some(at),
            _ => None,
        }
    }
}

/// How an exchange ended, from the server's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The answer is still being written.
    InFlight,
    /// Everything that was planned has been written.
    Answered,
    /// The server ended the connection on purpose, as the fault says.
    VendorHungUp,
    /// The client closed the connection before the answer was complete.
    ClientLeft {
        /// When the server saw it.
        at: Instant,
    },
}

/// Append-only record of a server's exchanges; the oldest are dropped beyond its capacity.
#[derive(Debug)]
pub struct Ledger {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    exchanges: VecDeque<Exchange>,
    capacity: usize,
    total: u64,
    connections: u64,
    active: usize,
    fired: BTreeMap<&'static str, u64>,
}

impl Ledger {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State {
                exchanges: VecDeque::new(),
                capacity: capacity.max(1),
                total: 0,
                connections: 0,
                active: 0,
                fired: BTreeMap::new(),
            }),
            changed: watch::Sender::new(0),
        }
    }

    /// The exchanges that are kept, oldest first.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.lock().exchanges.iter().cloned().collect()
    }

    /// The newest exchange.
    #[must_use]
    pub fn last(&self) -> Option<Exchange> {
        self.lock().exchanges.back().cloned()
    }

    /// Requests read since the start, dropped ones included.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.lock().total
    }

    /// Connections accepted since the start.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.lock().connections
    }

    /// Connections that are open now.
    #[must_use]
    pub fn active_connections(&self) -> usize {
        self.lock().active
    }

    /// How often each fault took effect, by [`Fault::name`].
    #[must_use]
    pub fn faults_fired(&self) -> BTreeMap<&'static str, u64> {
        self.lock().fired.clone()
    }

    /// How often any fault took effect.
    #[must_use]
    pub fn faults_fired_total(&self) -> u64 {
        self.lock().fired.values().sum()
    }

    /// What was billed for the exchanges that are kept.
    #[must_use]
    pub fn charged(&self) -> Charge {
        self.sum(|_| true)
    }

    /// What was billed for exchanges that brought the client no whole answer; see [`Exchange::is_wasted`].
    #[must_use]
    pub fn charged_unused(&self) -> Charge {
        self.sum(Exchange::is_wasted)
    }

    fn sum(&self, counts: impl Fn(&Exchange) -> bool) -> Charge {
        let mut sum = Charge::default();
        let state = self.lock();
        for exchange in state.exchanges.iter().filter(|exchange| counts(exchange)) {
            sum += exchange.charge.unwrap_or_default();
        }
        sum
    }

    /// Waits until the ledger satisfies `condition`, which is asked again after every change.
    ///
    /// Put a timeout around it: a condition that never holds waits for ever.
    pub async fn wait_until(&self, mut condition: impl FnMut(&Self) -> bool) {
        let mut changes = self.changed.subscribe();
        while !condition(self) {
            // The sender lives in `self`, so the channel cannot close while this borrow lasts.
            let _ = changes.changed().await;
        }
    }

    pub(crate) fn connected(&self) -> u64 {
        let number = {
            let mut state = self.lock();
            state.connections += 1;
            state.active += 1;
            state.connections
        };
        self.announce();
        number
    }

    pub(crate) fn disconnected(&self) {
        self.lock().active -= 1;
        self.announce();
    }

    pub(crate) fn opened(&self, connection: u64, request: &Request, at: Instant) -> u64 {
        let number = {
            let mut state = self.lock();
            state.total += 1;
            let number = state.total;
            if state.exchanges.len() == state.capacity {
                state.exchanges.pop_front();
            }
            state.exchanges.push_back(Exchange {
                number,
                request_id: String::new(),
                connection,
                method: request.method.clone(),
                path: request.path.clone(),
                headers: redacted(&request.headers),
                body: serde_json::from_slice(&request.body).unwrap_or(Value::Null),
                received_at: at,
                status: 0,
                fault: None,
                bytes_sent: 0,
                outcome: Outcome::InFlight,
                charge: None,
            });
            number
        };
        self.announce();
        number
    }

    pub(crate) fn planned(&self, number: u64, planned: &Planned) {
        self.edit(number, |exchange| {
            exchange.status = planned.status;
            planned.request_id.clone_into(&mut exchange.request_id);
            exchange.charge = planned.charge;
        });
    }

    pub(crate) fn sent(&self, number: u64, bytes: u64) {
        self.edit(number, |exchange| exchange.bytes_sent += bytes);
    }

    pub(crate) fn fired(&self, number: u64, fault: &Fault) {
        *self.lock().fired.entry(fault.name()).or_insert(0) += 1;
        self.edit(number, |exchange| exchange.fault = Some(fault.clone()));
        self.announce();
    }

    /// Counts a fault that struck before any request, such as a reset on accept.
    pub(crate) fn fired_on_connection(&self, name: &'static str) {
        *self.lock().fired.entry(name).or_insert(0) += 1;
        self.announce();
    }

    pub(crate) fn closed(&self, number: u64, outcome: Outcome) {
        self.edit(number, |exchange| exchange.outcome = outcome);
        self.announce();
    }

    fn edit(&self, number: u64, change: impl FnOnce(&mut Exchange)) {
        let mut state = self.lock();
        let first = state
            .exchanges
            .front()
            .map_or(0, |exchange| exchange.number);
        let Some(offset) = number.checked_sub(first) else {
            return;
        };
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        if let Some(exchange) = state.exchanges.get_mut(offset) {
            change(exchange);
        }
    }

    fn announce(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is complete before anything can panic, so a poisoned ledger is still sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Headers whose values are credentials, replaced so that a printed ledger never shows one.
fn redacted(headers: &[(String, String)]) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let secret = matches!(
                name.as_str(),
                "authorization"
                    | "x-api-key"
                    | "api-key"
                    | "x-goog-api-key"
                    | "cookie"
                    | "proxy-authorization"
            );
            let value = if secret { "REDACTED" } else { value };
            (name.clone(), value.to_owned())
        })
        .collect()
}
