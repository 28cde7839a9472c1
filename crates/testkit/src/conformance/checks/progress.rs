//! How far a call has come is told while it happens.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use interline_core::{CallContext, Progress};
use interline_simulator::{Canned, CannedEnding};

use crate::conformance::Slot;
use crate::conformance::requests;
use crate::conformance::stage::{Checked, Mode, Stage, Told};

/// How long a silent vendor is listened to.
const SILENCE: Duration = Duration::from_millis(150);
/// As in the checks of dropping.
const LIMIT: Duration = Duration::from_secs(5);

const fn is_sending(progress: &Progress) -> bool {
    matches!(progress, Progress::Sending)
}

const fn is_headers(progress: &Progress) -> bool {
    matches!(progress, Progress::Headers)
}

const fn is_bytes(progress: &Progress) -> bool {
    matches!(progress, Progress::Bytes(bytes) if *bytes > 0)
}

pub(super) async fn told(stage: &Stage) -> Checked {
    let mut found = Vec::new();
    for (mode, slot) in [(Mode::Whole, Slot::Text), (Mode::Stream, Slot::TextStream)] {
        stage.serve(&stage.answer(slot)?);
        let (told, cx) = watched();
        stage
            .call_in(&cx, mode, &requests::plain(stage.model()))
            .await;
        let told = told.so_far();
        let mut places = [is_sending as fn(&Progress) -> bool, is_headers, is_bytes]
            .map(|wanted| told.iter().position(wanted));
        if places.contains(&None) || !places.is_sorted() {
            places.sort();
            found.push(format!(
                "{mode:?}: expected Sending, Headers and Bytes in this order, was told {told:?}"
            ));
        }
    }
    found.extend(silent(stage).await);
    found.extend(slow_body(stage).await?);
    Ok(found)
}

fn watched() -> (Arc<Told>, CallContext) {
    let told = Arc::new(Told::default());
    let cx = CallContext::new("conformance").with_progress(Arc::<Told>::clone(&told));
    (told, cx)
}

/// Headers that did not come must not be told: the engine would take silence for slowness.
async fn silent(stage: &Stage) -> Option<String> {
    stage
        .server
        .set(Canned::default().with_ending(CannedEnding::Silence));
    let (told, cx) = watched();
    let request = requests::plain(stage.model());
    let _ = tokio::time::timeout(SILENCE, stage.call_in(&cx, Mode::Stream, &request)).await;
    told.has(is_headers)
        .then(|| "headers were told although the vendor was silent".to_owned())
}

/// Headers are told when they come, not with the body.
async fn slow_body(stage: &Stage) -> Checked {
    let answer = stage.answer(Slot::TextStream)?;
    let shown = answer.terminal_end().unwrap_or(answer.body.len()) * 3 / 4;
    stage.server.set(
        answer
            .cut_at(shown)
            .canned()
            .with_ending(CannedEnding::Hang),
    );
    let (told, cx) = watched();
    let request = requests::plain(stage.model());
    let mut found = Vec::new();
    let frames = tokio::time::timeout(LIMIT, stage.set.chat.stream(&cx, &request)).await;
    if let Ok(Ok(mut frames)) = frames {
        if !told.has(is_headers) {
            found.push("headers had come and were not told".to_owned());
        }
        let _ = tokio::time::timeout(LIMIT, frames.next()).await;
        if !told.has(is_bytes) {
            found.push("the first bytes had come and were not told".to_owned());
        }
    } else {
        found.push("the stream did not open when its headers came".to_owned());
    }
    Ok(found)
}
