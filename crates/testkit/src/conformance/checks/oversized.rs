//! Answers without end: a provider must give them up, or they fill the memory.

use interline_simulator::{Canned, CannedEnding};

use crate::conformance::requests;
use crate::conformance::stage::{Checked, Mode, Stage, expect_error};
use crate::conformance::{Answer, Slot};

/// How much a vendor may send before a provider must have given up: twice what in-tree providers take
/// of a whole answer, 64 MiB.
const PATIENCE_BYTES: u64 = 128 * 1024 * 1024;

/// How much is sent at once.
const PIECE_BYTES: usize = 256 * 1024;

pub(super) async fn answers(stage: &Stage) -> Checked {
    let good = stage.answer(Slot::Text)?;
    let refusal = stage
        .setup
        .answers
        .refusal(500, "conformance words without end");
    let mut found = Vec::new();
    found.extend(given_up(stage, "a whole answer", &good, Mode::Whole).await);
    found.extend(given_up(stage, "a refusal", &refusal, Mode::Whole).await);
    Ok(found)
}

pub(super) async fn streams(stage: &Stage) -> Checked {
    let good = stage.answer(Slot::TextStream)?;
    let found = given_up(stage, "an event of a stream", &good, Mode::Stream).await;
    Ok(found.into_iter().collect())
}

/// Serves the first half of an answer and then letters for ever.
async fn given_up(stage: &Stage, what: &str, answer: &Answer, mode: Mode) -> Option<String> {
    let half: Canned = answer.cut_at(inside_text(answer)).canned();
    let letters = vec![b'a'; PIECE_BYTES];
    stage
        .server
        .set(half.with_ending(CannedEnding::Endless(letters.into())));
    let before = stage.requests();
    let too_much = stage.server.ledger();
    let request = requests::plain(stage.model());
    let call = stage.call(mode, &request);
    tokio::pin!(call);
    loop {
        tokio::select! {
            heard = &mut call => {
                return expect_error(heard, what).err();
            }
            // The ledger does not announce single writes, so it is asked now and then.
            () = tokio::time::sleep(std::time::Duration::from_millis(20)) => {
                let sent = too_much.last().filter(|last| last.number > before);
                if sent.is_some_and(|last| last.bytes_sent > PATIENCE_BYTES) {
                    return Some(format!("{what} of more than {PATIENCE_BYTES} bytes was read on and on"));
                }
            }
        }
    }
}

/// A place inside the answer's text, so that letters behind it belong to it.
fn inside_text(answer: &Answer) -> usize {
    let text = answer
        .said
        .texts
        .first()
        .map_or("conformance", String::as_str);
    // Whole letters: half of one would be the finding.
    let needle: String = text.chars().take(2).collect();
    let needle = needle.as_bytes();
    let mut windows = answer.body.windows(needle.len().max(1));
    let found = windows.position(|window| window == needle);
    found.map_or(answer.body.len() / 2, |at| at + needle.len())
}
