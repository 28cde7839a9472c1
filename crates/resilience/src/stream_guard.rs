//! A committed stream on its way to the caller: replays what was held back, then watches the rest.
//!
//! From here on nothing restarts. The stream ends with the vendor's terminal event or with exactly one
//! typed error of phase `AfterOutput`; an end of file is not an end.
//! The guard runs inside the caller's polls: no task is spawned, so dropping it drops the vendor's
//! stream and gives the permit back at once.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use interline_core::{AttemptRecord, ChatStream, Error, Frame, Phase, Result};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::attempt_kind::{CommittedStream, truncated};
use crate::live_attempt::LiveAttempt;
use crate::second_look::SecondLook;
use crate::stream_state::{Effect, Fits, Signal, StreamState};
use crate::wait_clock::{Content, WaitClock};
use crate::{CallEvent, Outcome};

/// A committed stream on its way to the caller.
pub(crate) struct StreamGuard {
    state: StreamState,
    /// What was held back and is still to be handed out.
    replay: VecDeque<Frame>,
    /// The vendor's stream; gone once the answer is over.
    rest: Option<ChatStream>,
    clock: WaitClock,
    look: SecondLook,
    timer: Pin<Box<Sleep>>,
    /// Present until the attempt is settled.
    live: Option<LiveAttempt>,
}

impl StreamGuard {
    /// Takes over a stream that has committed.
    pub(crate) fn new(stream: CommittedStream, live: LiveAttempt) -> Self {
        Self {
            state: stream.state,
            replay: stream.prefix.into_frames().collect(),
            rest: Some(stream.rest),
            clock: WaitClock::new(&live.timeouts),
            look: SecondLook::default(),
            timer: Box::pin(sleep_until(live.total.at)),
            live: Some(live),
        }
    }

    /// What comes next: a frame to hand out, a failure, or nothing yet.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame>> {
        if let Some(frame) = self.replay.pop_front() {
            return Poll::Ready(Ok(frame));
        }
        let (Some(live), Some(rest)) = (&self.live, &mut self.rest) else {
            return Poll::Ready(Err(truncated()));
        };
        loop {
            let now = Instant::now();
            if now >= live.total.at {
                return Poll::Ready(Err(live.total.error()));
            }
            if let Poll::Ready(item) = Pin::new(&mut *rest).poll_next(cx) {
                let result = item.unwrap_or_else(|| Err(truncated()));
                if let Ok(frame) = &result {
                    self.clock.frame(now, Content::of(frame));
                }
                return Poll::Ready(result);
            }
            let silence = self.clock.wait(now, live.progress.last_sign());
            let silence = self.look.at(silence, self.timer.deadline(), now);
            if now >= silence.at {
                return Poll::Ready(Err(silence.error()));
            }
            let wake_at = live.total.earlier(silence).at;
            if self.timer.deadline() != wake_at {
                self.timer.as_mut().reset(wake_at);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Gives the permit back with success.
    fn finish(&mut self) {
        let Some(live) = self.live.take() else { return };
        live.permit.settle(Outcome::Success, Instant::now());
        live.labels.tell(&CallEvent::StreamFinished {
            call: live.labels.call.clone(),
            route: live.labels.route.clone(),
            target: live.target,
            attempt: live.attempt,
            duration: live.labels.elapsed(),
        });
    }

    /// Gives the permit back with the failure, and makes the error that the caller gets.
    fn fail(&mut self, error: Error) -> Error {
        self.rest = None;
        let error = error.with_phase(Phase::AfterOutput);
        let Some(live) = self.live.take() else {
            return error;
        };
        let error = error.with_target(&live.target.provider, &live.target.model);
        live.permit.settle(Outcome::Failure(&error), Instant::now());
        let mut attempts = live.earlier;
        let duration = live.progress.started().elapsed();
        attempts.push(AttemptRecord::failed(live.target.clone(), duration, &error));
        let error = error.with_attempts(attempts);
        live.labels.tell(&CallEvent::StreamFailed {
            call: live.labels.call.clone(),
            route: live.labels.route.clone(),
            target: live.target,
            attempt: live.attempt,
            error: error.clone(),
            duration: live.labels.elapsed(),
        });
        error
    }
}

impl Stream for StreamGuard {
    type Item = Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.state == StreamState::Terminal {
            this.rest = None;
            return Poll::Ready(None);
        }
        let result = std::task::ready!(this.poll_rest(cx));
        if let (Ok(frame), Some(live)) = (&result, &mut this.live) {
            live.take_note(frame);
        }
        let signal = match &result {
            Ok(frame) => Signal::of(frame, Fits::Yes),
            Err(_) => Signal::Failure,
        };
        let (state, effect) = this.state.on(signal);
        this.state = state;
        Poll::Ready(match effect {
            Effect::PassLast => {
                this.finish();
                Some(result)
            }
            Effect::Report => Some(result.map_err(|error| this.fail(error))),
            _ => Some(result),
        })
    }
}

impl Drop for StreamGuard {
    fn drop(&mut self) {
        // The vendor first: it must hear of it before anybody is told.
        self.rest = None;
        let Some(live) = self.live.take() else { return };
        drop(live.permit);
        live.labels.tell(&CallEvent::StreamCancelled {
            call: live.labels.call.clone(),
            route: live.labels.route.clone(),
            target: live.target,
            attempt: live.attempt,
            duration: live.labels.elapsed(),
        });
    }
}

impl fmt::Debug for StreamGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamGuard")
            .field("state", &self.state)
            .field("replay", &self.replay.len())
            .finish_non_exhaustive()
    }
}
