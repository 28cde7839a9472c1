//! Cancellation is dropping: the vendor must see its connection close.

use std::time::Duration;

use futures_util::StreamExt as _;
use interline_core::CallContext;
use interline_simulator::{Canned, CannedEnding};

use crate::conformance::Slot;
use crate::conformance::requests;
use crate::conformance::stage::{Checked, Mode, Stage};

/// How long anything on loopback may take before it counts as not happening. Chosen, not measured:
/// it takes milliseconds, and a busy machine is not a finding.
const LIMIT: Duration = Duration::from_secs(5);

pub(super) async fn call(stage: &Stage) -> Checked {
    stage
        .server
        .set(Canned::default().with_ending(CannedEnding::Silence));
    let request = requests::plain(stage.model());
    let mut found = Vec::new();
    for mode in [Mode::Whole, Mode::Stream] {
        let before = stage.requests();
        let arrived = stage
            .server
            .ledger()
            .wait_until(|ledger| ledger.total() > before);
        // The call is dropped where the other branch is first.
        tokio::select! {
            _ = stage.call(mode, &request) => {
                found.push(format!("{mode:?}: the call was over although the vendor was silent"));
                continue;
            }
            arrived = tokio::time::timeout(LIMIT, arrived) => {
                if arrived.is_err() {
                    found.push(format!("{mode:?}: no request arrived"));
                    continue;
                }
            }
        }
        found.extend(
            closed(stage)
                .await
                .map(|wrong| format!("{mode:?}: {wrong}")),
        );
    }
    Ok(found)
}

pub(super) async fn stream(stage: &Stage) -> Checked {
    let answer = stage.answer(Slot::TextStream)?;
    // All but the end: there are frames to read, and more to wait for.
    let shown = answer.terminal_end().unwrap_or(answer.body.len()) * 3 / 4;
    let begun = answer
        .cut_at(shown)
        .canned()
        .with_ending(CannedEnding::Hang);
    stage.server.set(begun);
    let cx = CallContext::new("conformance");
    let request = requests::plain(stage.model());
    let opened = tokio::time::timeout(LIMIT, stage.set.chat.stream(&cx, &request)).await;
    let mut frames = match opened {
        Ok(Ok(frames)) => frames,
        Ok(Err(error)) => return Ok(vec![format!("failed: {error}")]),
        Err(_) => return Ok(vec![buffered()]),
    };
    match tokio::time::timeout(LIMIT, frames.next()).await {
        Ok(Some(Ok(_))) => {}
        Ok(Some(Err(error))) => return Ok(vec![format!("failed: {error}")]),
        Ok(None) => {
            return Ok(vec![
                "the stream ended although the vendor had not".to_owned(),
            ]);
        }
        Err(_) => return Ok(vec![buffered()]),
    }
    drop(frames);
    Ok(closed(stage).await.into_iter().collect())
}

fn buffered() -> String {
    "no frame came before the stream was over, although the vendor had sent most of it".to_owned()
}

/// What is wrong where the last exchange's connection stays open.
async fn closed(stage: &Stage) -> Option<String> {
    let left = stage.server.ledger().wait_until(|ledger| {
        ledger
            .last()
            .is_some_and(|last| last.client_left_at().is_some())
    });
    let seen = tokio::time::timeout(LIMIT, left).await;
    seen.is_err()
        .then(|| "the connection stayed open after the caller had dropped the call".to_owned())
}
