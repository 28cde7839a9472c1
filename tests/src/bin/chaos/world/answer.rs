//! An answer on its way: tokens at their pace, then an end, good or bad.
//!
//! Every token says which attempt it is of and which place it has, so that the caller's side notices
//! any mixture, gap or repetition.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::Stream;
use interline_core::{
    Error, FinishReason, Frame, Phase, Progress, ProgressSink, Result, StreamEvent, Usage,
};
use tokio::time::{Instant, Sleep, sleep_until};

use super::vendor::Place;
use crate::faults::Ending;
use crate::history::{EntryEnd, Exchange};

/// What an answer will be.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) vendor: usize,
    pub(crate) call: usize,
    pub(crate) attempt: u32,
    pub(crate) prompt: u32,
    pub(crate) tokens: u32,
    pub(crate) pace: Duration,
    pub(crate) ending: Ending,
}

/// An answer on its way.
pub(crate) struct Steps {
    answer: Answer,
    exchange: Exchange,
    _place: Place,
    progress: Arc<dyn ProgressSink>,
    state: State,
    /// When the next step is due. The vendor keeps its pace while nobody reads, or this process stands still.
    due: Instant,
    timer: Pin<Box<Sleep>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Opening,
    /// So many tokens went out.
    Tokens(u32),
    Over,
}

impl Steps {
    /// An answer whose headers went out at `due`: that is in the past where this process stood still.
    pub(crate) fn new(
        due: Instant,
        answer: Answer,
        exchange: Exchange,
        place: Place,
        progress: Arc<dyn ProgressSink>,
    ) -> Self {
        Self {
            answer,
            exchange,
            _place: place,
            progress,
            state: State::Opening,
            due,
            timer: Box::pin(sleep_until(due)),
        }
    }

    /// The time to the next step.
    fn rest(&mut self) {
        let pause = match self.answer.ending {
            Ending::Trickle(every) => every,
            Ending::Pings(after, every) if self.state >= State::Tokens(after) => every,
            _ => self.answer.pace,
        };
        self.due += pause;
        self.timer.as_mut().reset(self.due);
    }

    fn token(&mut self, place: u32) -> Frame {
        let Answer {
            vendor,
            call,
            attempt,
            ..
        } = self.answer;
        let text = format!("{vendor}.{call}.{attempt}.{place} ");
        self.progress.report(Progress::Bytes(text.len()));
        self.exchange.note(|entry| entry.tokens += 1);
        self.state = State::Tokens(place + 1);
        self.rest();
        Frame::of([StreamEvent::Text { choice: 0, text }])
    }

    fn last(&mut self) -> Frame {
        self.state = State::Over;
        self.exchange.end(EntryEnd::Served);
        let Answer { prompt, tokens, .. } = self.answer;
        Frame::of([
            StreamEvent::Finished {
                choice: 0,
                reason: FinishReason::Stop,
                stop_sequence: None,
            },
            StreamEvent::Usage(Usage::new(u64::from(prompt), u64::from(tokens))),
            StreamEvent::End,
        ])
    }

    fn cut(&mut self, sent: u32, error: Error) -> Error {
        self.state = State::Over;
        self.exchange.end(EntryEnd::Cut);
        if sent > 0 {
            error.with_phase(Phase::AfterOutput)
        } else {
            error
        }
    }
}

impl Stream for Steps {
    type Item = Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let sent = match this.state {
            State::Over => return Poll::Ready(None),
            State::Opening => {
                this.state = State::Tokens(0);
                return Poll::Ready(Some(Ok(Frame::of([StreamEvent::Started {
                    id: None,
                    model: None,
                    created: None,
                }]))));
            }
            State::Tokens(sent) => sent,
        };
        match &this.answer.ending {
            // Nobody will ever wake this task for the vendor's sake.
            Ending::Stall(after) if sent >= *after => return Poll::Pending,
            Ending::Truncate(after) if sent >= *after => {
                // Half of the adapters notice the missing end themselves, half leave it to the engine.
                let item = this
                    .answer
                    .call
                    .is_multiple_of(2)
                    .then(|| Err(Error::protocol("the stream ended without its last event")));
                let item = item.map(|item| item.map_err(|error| this.cut(sent, error)));
                if item.is_none() {
                    this.state = State::Over;
                    this.exchange.end(EntryEnd::Cut);
                }
                return Poll::Ready(item);
            }
            Ending::Error(after, error) if sent >= *after => {
                let error = error.clone();
                return Poll::Ready(Some(Err(this.cut(sent, error))));
            }
            _ => {}
        }
        let only_pings = matches!(this.answer.ending, Ending::Pings(after, _) if sent >= after);
        if sent >= this.answer.tokens && !only_pings {
            return Poll::Ready(Some(Ok(this.last())));
        }
        ready!(this.timer.as_mut().poll(cx));
        if only_pings {
            this.progress.report(Progress::Ping);
            this.rest();
            return Poll::Ready(Some(Ok(Frame::default())));
        }
        Poll::Ready(Some(Ok(this.token(sent))))
    }
}

/// Adds a frame's text; the usage where the answer is complete.
pub(crate) fn read(frame: &Frame, text: &mut String) -> Option<Usage> {
    let mut usage = None;
    for event in &frame.events {
        match event {
            StreamEvent::Text { text: more, .. } => text.push_str(more),
            StreamEvent::Usage(used) => usage = Some(*used),
            _ => {}
        }
    }
    usage
}
