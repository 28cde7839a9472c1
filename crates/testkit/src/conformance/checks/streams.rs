//! Streams: pieces of any size, and errors inside them.

use interline_core::{ErrorKind, Phase};

use crate::conformance::Slot;
use crate::conformance::requests;
use crate::conformance::stage::{Checked, Mode, Stage};

/// Sizes of pieces: single bytes, and lengths that meet neither lines nor events.
const PIECES: [usize; 3] = [1, 7, 61];

pub(super) async fn chunking(stage: &Stage) -> Checked {
    let answer = stage.answer(Slot::TextStream)?;
    let mut found = Vec::new();
    for bytes in PIECES {
        stage.server.set(answer.canned().cut_every(bytes));
        let heard = stage
            .call(Mode::Stream, &requests::plain(stage.model()))
            .await;
        let wrong = heard.differences(&answer.said);
        found.extend(
            wrong
                .into_iter()
                .map(|what| format!("in pieces of {bytes} bytes: {what}")),
        );
    }
    Ok(found)
}

pub(super) async fn error_inside(stage: &Stage) -> Checked {
    let answer = stage.answer(Slot::StreamError)?;
    stage.serve(&answer);
    let heard = stage
        .call(Mode::Stream, &requests::plain(stage.model()))
        .await;
    let mut found = heard.broken.clone();
    let content = heard.has_content();
    match heard.error {
        None => found.push("an error event was taken for the end".to_owned()),
        Some(error) => {
            let expected = if content {
                Phase::AfterOutput
            } else {
                Phase::BeforeOutput
            };
            if error.phase() != expected {
                found.push(format!(
                    "phase: expected {expected:?}, got {:?}",
                    error.phase()
                ));
            }
            if matches!(
                error.kind(),
                ErrorKind::InvalidRequest | ErrorKind::Internal
            ) {
                found.push(format!(
                    "an error of the vendor's became `{}`",
                    error.kind()
                ));
            }
        }
    }
    Ok(found)
}
