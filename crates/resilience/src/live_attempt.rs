//! What an attempt that answered takes along: its permit, its place in the call, its limits.

use std::sync::Arc;

use interline_core::{AttemptRecord, Frame, Part, PartKind, StreamEvent, Target};

use crate::call_log::CallLabels;
use crate::progress::AttemptProgress;
use crate::timeouts::Limit;
use crate::{Permit, Timeouts};

/// What an attempt that answered takes along.
#[derive(Debug)]
pub(crate) struct LiveAttempt {
    /// Settled when the answer is complete.
    pub(crate) permit: Permit,
    pub(crate) labels: CallLabels,
    pub(crate) target: Target,
    /// Which attempt, from 1.
    pub(crate) attempt: u32,
    /// The attempts that failed before.
    pub(crate) earlier: Vec<AttemptRecord>,
    pub(crate) progress: Arc<AttemptProgress>,
    /// The end of the whole call.
    pub(crate) total: Limit,
    pub(crate) timeouts: Timeouts,
}

impl LiveAttempt {
    /// Takes note of what a frame says was used, and of what the vendor wrote in it.
    pub(crate) fn take_note(&mut self, frame: &Frame) {
        let mut bytes = 0;
        for event in &frame.events {
            match event {
                StreamEvent::Usage(usage) => self.permit.used(*usage),
                StreamEvent::Text { text, .. }
                | StreamEvent::Reasoning { text, .. }
                | StreamEvent::Refusal { text, .. } => bytes += text.len(),
                StreamEvent::ToolCallDelta { arguments, .. } => bytes += arguments.len(),
                StreamEvent::Part {
                    part:
                        Part {
                            kind: PartKind::Text(text),
                            ..
                        },
                    ..
                } => bytes += text.len(),
                _ => {}
            }
        }
        if bytes > 0 {
            self.permit.emitted(bytes);
        }
    }
}
