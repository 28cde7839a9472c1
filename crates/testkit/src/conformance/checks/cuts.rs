//! Answers that end before they are complete, cut at every byte or where the connection broke.

use interline_core::{CallContext, ErrorKind, Phase};
use interline_simulator::CannedEnding;

use crate::ReplayTransport;
use crate::conformance::heard::Heard;
use crate::conformance::requests;
use crate::conformance::stage::{Checked, Mode, Stage, call, expect_error};
use crate::conformance::{Answer, Slot};

/// A body is served in pieces of this size where it does not pass through sockets; it meets no line.
const PIECE_BYTES: usize = 11;

/// How many places a body is cut at where every byte would show no more. Chosen, not measured.
const SAMPLES: usize = 24;

/// Findings that are told of one case; the rest say the same.
const NAMED: usize = 5;

/// Cuts where the HTTP framing is sound, so that only the missing end shows the loss.
pub(super) async fn stream(stage: &Stage) -> Checked {
    let answer = stage.answer(Slot::TextStream)?;
    let mut found = Vec::new();
    let whole = streamed(stage, &answer, answer.body.len()).await;
    found.extend(whole.differences(&answer.said));
    for at in 0..answer.body.len() {
        let cut = streamed(stage, &answer, at).await;
        if let Some(wrong) = wrong(&answer, &whole, &cut, at) {
            found.push(format!("cut behind byte {at}: {wrong}"));
        }
        if found.len() == NAMED {
            break;
        }
    }
    Ok(found)
}

/// A call whose answer has only its first `bytes`: in process where the author made that possible.
async fn streamed(stage: &Stage, answer: &Answer, bytes: usize) -> Heard {
    let cut = answer.cut_at(bytes);
    let request = requests::plain(stage.model());
    let Some(make) = &stage.setup.make_over else {
        stage.serve(&cut);
        return stage.call(Mode::Stream, &request).await;
    };
    let headers = cut
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let transport = ReplayTransport::new(cut.status, headers, cut.body.clone(), PIECE_BYTES);
    match make(&stage.link, transport) {
        Ok(provider) => {
            let cx = CallContext::new("conformance");
            call(&provider, &cx, Mode::Stream, &request).await
        }
        Err(error) => Heard::failed(error),
    }
}

/// Cuts where the connection breaks in the middle of the body.
pub(super) async fn connection(stage: &Stage) -> Checked {
    let answer = stage.answer(Slot::TextStream)?;
    stage.serve(&answer);
    let whole = stage
        .call(Mode::Stream, &requests::plain(stage.model()))
        .await;
    let mut found = Vec::new();
    for at in samples(answer.body.len()) {
        let broken = answer.cut_at(at).canned().with_ending(CannedEnding::Close);
        stage.server.set(broken);
        let cut = stage
            .call(Mode::Stream, &requests::plain(stage.model()))
            .await;
        if let Some(wrong) = wrong(&answer, &whole, &cut, at) {
            found.push(format!("connection closed behind byte {at}: {wrong}"));
        }
    }
    found.truncate(NAMED);
    Ok(found)
}

/// Whole answers, cut with sound framing and without.
pub(super) async fn answer(stage: &Stage) -> Checked {
    let answer = stage.answer(Slot::Text)?;
    let mut found = Vec::new();
    for at in samples(answer.body.len()) {
        for ending in [CannedEnding::Complete, CannedEnding::Close] {
            stage
                .server
                .set(answer.cut_at(at).canned().with_ending(ending));
            let heard = stage
                .call(Mode::Whole, &requests::plain(stage.model()))
                .await;
            let wrong = match expect_error(heard, "half an answer") {
                Ok(error) if is_cut(error.kind()) => None,
                Ok(error) => Some(format!("kind `{}`", error.kind())),
                Err(wrong) => Some(wrong),
            };
            found.extend(wrong.map(|wrong| format!("cut behind byte {at}: {wrong}")));
        }
    }
    found.truncate(NAMED);
    Ok(found)
}

/// Places in a body of so many bytes, the first and the last among them, its end not.
fn samples(length: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..SAMPLES)
        .map(|sample| sample * length / SAMPLES)
        .collect();
    places.extend(length.checked_sub(1));
    places.dedup();
    places
}

const fn is_cut(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Protocol | ErrorKind::Unavailable)
}

/// What is wrong about a stream of which only the first `at` bytes came.
fn wrong(answer: &Answer, whole: &Heard, cut: &Heard, at: usize) -> Option<String> {
    if let Some(broken) = cut.broken.first() {
        return Some(broken.clone());
    }
    if !cut.begins(whole) {
        return Some("it says what the whole stream does not say".to_owned());
    }
    let Some(error) = &cut.error else {
        let may_end = match answer.terminal_end() {
            Some(end) => at >= end,
            None => cut.choices == whole.choices,
        };
        return (!may_end).then(|| "it ended as if it were complete".to_owned());
    };
    if !is_cut(error.kind()) {
        return Some(format!(
            "kind: expected protocol or unavailable, got `{}`",
            error.kind()
        ));
    }
    match (cut.has_content(), error.phase()) {
        (true, Phase::AfterOutput) | (false, Phase::BeforeOutput) => None,
        (has_content, phase) => Some(format!(
            "phase {phase:?}, although content {}",
            if has_content {
                "had come"
            } else {
                "had not come"
            }
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_ascending_and_inside() {
        for length in [0, 1, 2, 30, 1000] {
            let places = samples(length);
            assert!(places.is_sorted(), "{places:?}");
            assert!(
                places.iter().all(|at| *at < length.max(1)),
                "{length}: {places:?}"
            );
        }
    }
}
