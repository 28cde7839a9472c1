//! The states of a streamed attempt, and what each happening means in each of them.
//!
//! `Connecting → Headers → Prefix → Committed → Terminal`. The one line that matters lies before
//! `Committed`: up to there the attempt can fail and nobody notices, from there on a failure is
//! the caller's to see.
//! The commit comes with the first *content*, not with the first frame, because vendors announce an
//! answer (role, `message_start`, pings) before they notice that they are overloaded.
//! Pure: reading, buffering and timing are done by `attempt_kind` and `stream_guard`.

use interline_core::Frame;

/// How far a streamed attempt has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StreamState {
    /// The request is on its way.
    #[default]
    Connecting,
    /// The vendor has accepted; no frame yet.
    Headers,
    /// Frames without content came and are held back.
    Prefix,
    /// The caller gets frames.
    Committed,
    /// It is over.
    Terminal,
}

/// Something that happens to a streamed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// The vendor accepted the request.
    Headers,
    /// A frame without content that fits the buffer.
    Opening,
    /// A frame with content, or one that the buffer cannot hold.
    Content,
    /// The vendor's terminal frame.
    End,
    /// The vendor stopped without a terminal frame.
    Cut,
    /// The vendor, the connection or a timer failed.
    Failure,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing, or keep the frame back.
    Hold,
    /// Hand everything held back to the caller, this frame last.
    Commit,
    /// Hand the frame to the caller.
    Pass,
    /// Hand the frame to the caller and end.
    PassLast,
    /// Give the attempt up; another one may follow unnoticed.
    FailOver,
    /// Tell the caller, and end.
    Report,
    /// It comes too late to matter.
    Ignore,
}

impl StreamState {
    /// The state after `signal`, and what is to be done.
    pub(crate) const fn on(self, signal: Signal) -> (Self, Effect) {
        match (self, signal) {
            (Self::Terminal, _) => (Self::Terminal, Effect::Ignore),
            (Self::Committed, Signal::Headers) => (self, Effect::Ignore),
            (Self::Committed, Signal::Opening | Signal::Content) => (self, Effect::Pass),
            (Self::Committed, Signal::End) => (Self::Terminal, Effect::PassLast),
            (Self::Committed, Signal::Cut | Signal::Failure) => (Self::Terminal, Effect::Report),
            (_, Signal::Headers) => (Self::Headers, Effect::Hold),
            (_, Signal::Opening) => (Self::Prefix, Effect::Hold),
            // An empty answer that ends as it should is an answer. The end itself is handed out in
            // `Committed`, with the frames before it.
            (_, Signal::Content | Signal::End) => (Self::Committed, Effect::Commit),
            (_, Signal::Cut | Signal::Failure) => (Self::Terminal, Effect::FailOver),
        }
    }
}

impl Signal {
    /// What a frame means; `fits` tells whether the prefix could hold it besides what it holds.
    pub(crate) fn of(frame: &Frame, fits: Fits) -> Self {
        if frame.is_end() {
            Self::End
        } else if frame.has_content() || fits == Fits::No {
            Self::Content
        } else {
            Self::Opening
        }
    }
}

/// Whether a frame has room in the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fits {
    /// There is room.
    Yes,
    /// The bound would be exceeded.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNALS: [Signal; 6] = [
        Signal::Headers,
        Signal::Opening,
        Signal::Content,
        Signal::End,
        Signal::Cut,
        Signal::Failure,
    ];

    #[track_caller]
    fn check(from: StreamState, signal: Signal, to: StreamState, effect: Effect) {
        assert_eq!(from.on(signal), (to, effect), "{from:?} on {signal:?}");
    }

    #[test]
    fn a_good_stream_passes_every_state() {
        use StreamState as S;
        check(S::Connecting, Signal::Headers, S::Headers, Effect::Hold);
        check(S::Headers, Signal::Opening, S::Prefix, Effect::Hold);
        check(S::Prefix, Signal::Opening, S::Prefix, Effect::Hold);
        check(S::Prefix, Signal::Content, S::Committed, Effect::Commit);
        check(S::Committed, Signal::Content, S::Committed, Effect::Pass);
        check(S::Committed, Signal::Opening, S::Committed, Effect::Pass);
        check(S::Committed, Signal::End, S::Terminal, Effect::PassLast);
    }

    #[test]
    fn every_failure_before_the_commit_may_fall_over() {
        use StreamState as S;
        for state in [S::Connecting, S::Headers, S::Prefix] {
            check(state, Signal::Failure, S::Terminal, Effect::FailOver);
            check(state, Signal::Cut, S::Terminal, Effect::FailOver);
        }
    }

    #[test]
    fn every_failure_after_the_commit_is_reported() {
        use StreamState as S;
        check(S::Committed, Signal::Failure, S::Terminal, Effect::Report);
        check(S::Committed, Signal::Cut, S::Terminal, Effect::Report);
    }

    #[test]
    fn an_empty_answer_that_ends_as_it_should_commits() {
        use StreamState as S;
        check(S::Headers, Signal::End, S::Committed, Effect::Commit);
        check(S::Prefix, Signal::End, S::Committed, Effect::Commit);
    }

    #[test]
    fn nothing_happens_after_the_end() {
        for signal in SIGNALS {
            let over = StreamState::Terminal;
            check(over, signal, over, Effect::Ignore);
        }
    }
}
