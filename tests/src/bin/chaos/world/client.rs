//! A caller: asks, reads, sometimes goes away, and writes down what it saw.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use interline_core::{ChatRequest, Error, ErrorKind, Message, Result, StreamEvent};
use interline_resilience::{
    AttemptPolicy, Call as EngineCall, Candidate, Need, Priority as EnginePriority, RouteMemory,
};
use tokio::time::{sleep, timeout};

use super::rig::Subject;
use crate::faults::errors::CANARY;
use crate::history::{CallEnd, CallRecord, History, Ledger};
use crate::load::{Call, GiveUp, Priority};
use crate::plan::Order;
use crate::random::{Purpose, Stream};

/// What all callers of a run share.
#[derive(Debug)]
pub(crate) struct Callers {
    pub(crate) subject: Subject,
    /// The candidates of each tenant, in the plan's order.
    pub(crate) candidates: Vec<Vec<Candidate>>,
    pub(crate) policy: AttemptPolicy,
    pub(crate) memory: Option<RouteMemory>,
    pub(crate) order: Order,
    pub(crate) history: History,
    /// For its clock.
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) patience: Option<Duration>,
    pub(crate) reader_pause: Duration,
    pub(crate) seed: u64,
}

impl Callers {
    /// Makes one call from its beginning to its end.
    pub(crate) async fn call(self: Arc<Self>, number: usize) {
        let Some(planned) = self.history.planned(number) else {
            return;
        };
        let end = match planned.give_up {
            Some(GiveUp::After(patience)) => timeout(patience, self.ask(number, &planned))
                .await
                .unwrap_or_else(|_| CallEnd::GaveUp {
                    at: self.ledger.now(),
                }),
            _ => self.ask(number, &planned).await,
        };
        self.history.note(number, |record| record.finish(end));
    }

    async fn ask(&self, number: usize, planned: &Call) -> CallEnd {
        let candidates = self.candidates(number, planned);
        let mut request = ChatRequest::new("route", [Message::user(CANARY)])
            .with_max_output_tokens(u64::from(planned.tokens));
        request.edit(|body| body.user = Some(planned.prompt.to_string()));
        let id = number.to_string();
        let call = EngineCall::new(id.as_str(), "route", &candidates, &self.policy)
            .with_timeout(self.patience)
            .with_need(self.need(number, planned))
            .with_memory(self.memory.as_ref());
        let result = if planned.streamed {
            self.read_stream(number, planned, call, &request).await
        } else {
            self.read_whole(number, call, &request).await
        };
        let at = self.ledger.now();
        match result {
            Ok(Read::Whole) => CallEnd::Answered { at },
            Ok(Read::LeftEarly) => CallEnd::GaveUp { at },
            Err(error) => self.failed(number, at, &error),
        }
    }

    async fn read_whole(
        &self,
        number: usize,
        call: EngineCall<'_>,
        request: &ChatRequest,
    ) -> Result<Read> {
        let answer = self.subject.complete(call, request).await?;
        let at = self.ledger.now();
        self.history.note(number, |record| {
            record.first_content = Some(at);
            record.usage = answer.usage.output_tokens;
            for token in answer.text().split_inclusive(' ') {
                take_token(record, number, token);
            }
        });
        Ok(Read::Whole)
    }

    async fn read_stream(
        &self,
        number: usize,
        planned: &Call,
        call: EngineCall<'_>,
        request: &ChatRequest,
    ) -> Result<Read> {
        let mut stream = self.subject.stream(call, request).await?;
        let mut read = 0;
        while let Some(frame) = stream.next().await {
            for event in frame?.events {
                match event {
                    StreamEvent::Text { text, .. } => {
                        read += 1;
                        let at = self.ledger.now();
                        self.history.note(number, |record| {
                            record.first_content.get_or_insert(at);
                            take_token(record, number, &text);
                        });
                        if planned.give_up == Some(GiveUp::AtToken(read)) {
                            return Ok(Read::LeftEarly);
                        }
                        if !self.reader_pause.is_zero() {
                            sleep(self.reader_pause).await;
                        }
                    }
                    StreamEvent::Usage(usage) => self
                        .history
                        .note(number, |record| record.usage = usage.output_tokens),
                    _ => {}
                }
            }
        }
        // As the official SDKs do: an end of file without an error is an end.
        Ok(Read::Whole)
    }

    fn failed(&self, number: usize, at: Duration, error: &Error) -> CallEnd {
        // A vendor's own refusal may quote the prompt; what the engine says of its own accord may not.
        let is_own = matches!(
            error.kind(),
            ErrorKind::AllTargetsFailed | ErrorKind::Timeout(_) | ErrorKind::Rejected
        );
        let mut committed = false;
        self.history.note(number, |record| {
            committed = record.tokens > 0;
            if is_own && format!("{error} {error:?}").contains(CANARY) {
                record.leaks += 1;
            }
        });
        CallEnd::Failed {
            at,
            kind: error.kind(),
            committed,
            wait: error.retry_after(),
        }
    }

    /// The tenant's candidates in the order in which this call asks them.
    fn candidates(&self, number: usize, planned: &Call) -> Vec<Candidate> {
        let own = self.candidates.get(usize::from(planned.tenant));
        let mut candidates = own.cloned().unwrap_or_default();
        if self.order == Order::Balanced {
            Stream::of(self.seed, Purpose::Order, &[number as u64]).shuffle(&mut candidates);
        }
        candidates
    }

    /// What the caller believes the call will use: prompts are estimated, half too low to half too high.
    fn need(&self, number: usize, planned: &Call) -> Need {
        let mut draws = Stream::of(self.seed, Purpose::Estimate, &[number as u64]);
        let estimate = f64::from(planned.prompt) * draws.between(0.5, 1.5);
        let priority = match planned.priority {
            Priority::Interactive => EnginePriority::Standard,
            Priority::Batch => EnginePriority::Low,
        };
        Need::new(estimate as u64, u64::from(planned.tokens)).with_priority(priority)
    }
}

/// How reading ended, where nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Whole,
    LeftEarly,
}

/// Checks that a token is the next one of the one attempt that answers.
fn take_token(record: &mut CallRecord, number: usize, token: &str) {
    let mut parts = token.trim_end().split('.').map(str::parse::<usize>);
    let mut next = || parts.next()?.ok();
    let said = (|| Some((next()?, next()?, u32::try_from(next()?).ok()?, next()?)))();
    let is_right = said.is_some_and(|(vendor, call, attempt, place)| {
        let by = *record.answered_by.get_or_insert((vendor, attempt));
        by == (vendor, attempt) && call == number && place == record.tokens as usize
    });
    if !is_right {
        record.misplaced += 1;
    }
    record.tokens += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> CallRecord {
        CallRecord::new(Call {
            at: Duration::ZERO,
            tenant: 0,
            priority: Priority::Interactive,
            streamed: true,
            tokens: 3,
            prompt: 1,
            give_up: None,
        })
    }

    #[track_caller]
    fn check(tokens: &[&str], misplaced: u32) {
        let mut record = record();
        for token in tokens {
            take_token(&mut record, 7, token);
        }
        assert_eq!(record.misplaced, misplaced, "{tokens:?}");
    }

    #[test]
    fn tokens_of_two_attempts_gaps_and_repetitions_are_noticed() {
        check(&["0.7.1.0 ", "0.7.1.1 ", "0.7.1.2 "], 0);
        check(&["0.7.1.0 ", "0.7.2.1 "], 1);
        check(&["0.7.1.0 ", "0.7.1.2 "], 1);
        check(&["0.7.1.0 ", "0.7.1.0 "], 1);
        check(&["0.8.1.0 "], 1);
        check(&["nonsense"], 1);
    }
}
