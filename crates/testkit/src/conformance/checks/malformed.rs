//! Answers that are no answers: they must become errors, and neither panics nor empty answers.

use interline_core::ErrorKind;

use crate::conformance::requests;
use crate::conformance::stage::{Checked, Mode, Stage, expect_error};
use crate::conformance::{Answer, Slot};

pub(super) async fn answers(stage: &Stage) -> Checked {
    let good = stage.answer(Slot::Text)?;
    let mut bad = nonsense("application/json");
    bad.push(("invalid UTF-8", spoiled(&good, 0xFF)));
    let mut found = refused(stage, Mode::Whole, bad).await;
    found.extend(other_content_type(stage, &good, Mode::Whole).await);
    Ok(found)
}

pub(super) async fn streams(stage: &Stage) -> Checked {
    let good = stage.answer(Slot::TextStream)?;
    let mut bad = nonsense("text/event-stream");
    bad.push(("invalid UTF-8", spoiled(&good, 0xFF)));
    bad.push(("a closing bracket too many", spoiled(&good, b'}')));
    bad.push((
        "nonsense as an event",
        Answer::event_stream("data: {not json\n\n"),
    ));
    let mut found = refused(stage, Mode::Stream, bad).await;
    found.extend(other_content_type(stage, &good, Mode::Stream).await);
    Ok(found)
}

/// Bodies that no vendor's format has, with status 200.
fn nonsense(content_type: &'static str) -> Vec<(&'static str, Answer)> {
    let answer = |body: &'static [u8]| Answer::new(200, content_type, body);
    let page = "<!doctype html><html><body>502 Bad Gateway</body></html>";
    vec![
        ("an empty body", answer(b"")),
        ("blank lines", answer(b"\n\n\n\n")),
        ("bytes", answer(b"\x00\x01\x02\x7f\x80\xc3\x28\xff\xfe")),
        (
            "words",
            answer(b"upstream connect error or disconnect/reset before headers"),
        ),
        ("null", answer(b"null")),
        ("a number", answer(b"17")),
        ("a text", answer(b"\"ok\"")),
        ("an empty array", answer(b"[]")),
        ("an empty object", answer(b"{}")),
        (
            "another object",
            answer(b"{\"conformance\": {\"unexpected\": [1, 2]}}"),
        ),
        ("deep nesting", answer(DEEP.as_bytes())),
        (
            "a web page",
            Answer::new(200, "text/html; charset=utf-8", page),
        ),
        (
            "a web page that claims to be an answer",
            answer(page.as_bytes()),
        ),
    ]
}

/// Deeper than any answer, for parsers that recurse.
const DEEP: &str = {
    const OPEN: [u8; 4096] = [b'['; 4096];
    match std::str::from_utf8(&OPEN) {
        Ok(text) => text,
        Err(_) => "[",
    }
};

/// The answer with one byte of its middle replaced.
fn spoiled(good: &Answer, byte: u8) -> Answer {
    let mut body = good.body.to_vec();
    let text = good.said.texts.first().map_or("", String::as_str);
    // Inside what is said, because nobody could ignore that; the middle where it is not found.
    let needle: Vec<u8> = text.bytes().take(3).collect();
    let found = body
        .windows(needle.len().max(1))
        .position(|window| window == needle);
    let at = match byte {
        // A bracket changes the structure only outside of texts.
        b'}' => body.iter().position(|byte| *byte == b'"').unwrap_or(0),
        _ => found.unwrap_or(body.len() / 2),
    };
    if let Some(place) = body.get_mut(at) {
        *place = byte;
    }
    good.with_body(body)
}

async fn refused(stage: &Stage, mode: Mode, bad: Vec<(&'static str, Answer)>) -> Vec<String> {
    let mut found = Vec::new();
    for (what, answer) in bad {
        stage.serve(&answer);
        let heard = stage.call(mode, &requests::plain(stage.model())).await;
        let broken = heard.broken.first().cloned();
        let wrong = match (broken, expect_error(heard, what)) {
            (Some(broken), _) => Some(format!("{what}: {broken}")),
            (None, Err(wrong)) => Some(wrong),
            (None, Ok(error)) => match error.kind() {
                ErrorKind::Protocol | ErrorKind::Unavailable => None,
                other => Some(format!(
                    "{what}: expected the kind `protocol`, got `{other}`"
                )),
            },
        };
        found.extend(wrong);
    }
    found
}

/// A right body under a wrong content type is read or refused, and nothing in between.
async fn other_content_type(stage: &Stage, good: &Answer, mode: Mode) -> Vec<String> {
    let mut answer = good.clone();
    answer.headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
    stage.serve(&answer);
    let heard = stage.call(mode, &requests::plain(stage.model())).await;
    match &heard.error {
        Some(error) if error.kind() == ErrorKind::Protocol => Vec::new(),
        _ => {
            let wrong = heard.differences(&good.said).into_iter();
            wrong
                .map(|what| format!("under the content type text/plain: {what}"))
                .collect()
        }
    }
}
