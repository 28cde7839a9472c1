//! The settings of a vendor that can change while it runs.

use std::collections::VecDeque;

use crate::pacing::Pacing;
use crate::quota::Quota;
use crate::reply::Reply;
use crate::script::Script;

/// Shared by the handle, which changes it, and the connections, which draw from it.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Requests so far, every path.
    pub(crate) requests: u64,
    pub(crate) script: Script,
    pub(crate) pacing: Pacing,
    pub(crate) queued_replies: VecDeque<Reply>,
    pub(crate) standing_reply: Option<Reply>,
    pub(crate) quota: Option<Quota>,
}

impl Live {
    /// The scripted reply for the next answer, if there is one.
    pub(crate) fn next_reply(&mut self) -> Option<Reply> {
        self.queued_replies
            .pop_front()
            .or_else(|| self.standing_reply.clone())
    }
}
