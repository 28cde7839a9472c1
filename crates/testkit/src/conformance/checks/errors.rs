//! Refusals: what they mean, what they keep, and what they must not show.

use std::time::Duration;

use interline_core::{Error, ErrorKind, Phase, RetryHint, TimeoutStage};
use interline_simulator::{Canned, CannedEnding};

use crate::conformance::requests;
use crate::conformance::stage::{Checked, Mode, NotMade, Stage, expect_error};
use crate::conformance::{Answer, Slot};

/// What a status means: the kinds that are right, and whether trying again may help.
struct Meaning {
    status: u16,
    kinds: &'static [ErrorKind],
    is_transient: bool,
}

const fn lasting(status: u16, kinds: &'static [ErrorKind]) -> Meaning {
    Meaning {
        status,
        kinds,
        is_transient: false,
    }
}

const fn transient(status: u16, kinds: &'static [ErrorKind]) -> Meaning {
    Meaning {
        status,
        kinds,
        is_transient: true,
    }
}

/// Where several kinds are right, vendors differ in what they mean by the status.
const MEANINGS: [Meaning; 13] = [
    lasting(400, &[ErrorKind::InvalidRequest]),
    lasting(401, &[ErrorKind::Authentication]),
    lasting(402, &[ErrorKind::QuotaExhausted]),
    lasting(403, &[ErrorKind::Permission]),
    lasting(404, &[ErrorKind::NotFound]),
    lasting(413, &[ErrorKind::PayloadTooLarge, ErrorKind::ContextLength]),
    lasting(422, &[ErrorKind::InvalidRequest]),
    transient(429, &[ErrorKind::RateLimited]),
    transient(500, &[ErrorKind::Unavailable]),
    transient(502, &[ErrorKind::Unavailable]),
    transient(503, &[ErrorKind::Unavailable, ErrorKind::Overloaded]),
    transient(
        504,
        &[
            ErrorKind::Unavailable,
            ErrorKind::Timeout(TimeoutStage::FirstToken),
        ],
    ),
    transient(529, &[ErrorKind::Overloaded, ErrorKind::Unavailable]),
];

/// What the kit lets vendors say.
const WORDS: &str = "conformance refusal 5e21";

pub(super) async fn kinds(stage: &Stage, mode: Mode) -> Checked {
    let mut found = Vec::new();
    for meaning in MEANINGS {
        stage.serve(&stage.setup.answers.refusal(meaning.status, WORDS));
        let heard = stage.call(mode, &requests::plain(stage.model())).await;
        let status = meaning.status;
        let wrong = match expect_error(heard, "a refusal") {
            Ok(error) => meaning.wrong(stage, &error),
            Err(wrong) => vec![wrong],
        };
        found.extend(
            wrong
                .into_iter()
                .map(|what| format!("status {status}: {what}")),
        );
    }
    Ok(found)
}

impl Meaning {
    fn wrong(&self, stage: &Stage, error: &Error) -> Vec<String> {
        let mut found = Vec::new();
        if !self.kinds.contains(&error.kind()) {
            found.push(format!(
                "kind: expected {:?}, got {:?}",
                self.kinds,
                error.kind()
            ));
        }
        if error.phase() != Phase::BeforeOutput {
            found.push(format!(
                "phase: expected BeforeOutput, got {:?}",
                error.phase()
            ));
        }
        match (self.is_transient, error.retry()) {
            (true, RetryHint::Never) => {
                found.push("the retry hint is Never, although trying again may help".to_owned());
            }
            (false, hint) if hint != RetryHint::Never => found.push(format!(
                "the retry hint is {hint:?}, although trying again gives the same"
            )),
            _ => {}
        }
        if error.status() != Some(self.status) {
            found.push(format!("the error's status is {:?}", error.status()));
        }
        if !error.message().contains(WORDS) {
            found.push(format!(
                "the vendor's words are lost: {:?}",
                error.message()
            ));
        }
        let provider = error.provider() == Some(stage.set.chat.id());
        if !provider || error.model() != Some(stage.model()) {
            found.push("the error does not name its provider and model".to_owned());
        }
        found
    }
}

pub(super) async fn retry_after(stage: &Stage) -> Checked {
    let mut found = Vec::new();
    for (status, seconds) in [(429, 7), (503, 11)] {
        let refusal = stage.setup.answers.refusal(status, WORDS);
        stage.serve(&refusal.with_header("retry-after", seconds.to_string()));
        let heard = stage
            .call(Mode::Whole, &requests::plain(stage.model()))
            .await;
        match expect_error(heard, "a refusal") {
            Ok(error) if error.retry_after() == Some(Duration::from_secs(seconds)) => {}
            Ok(error) => found.push(format!(
                "status {status}: `retry-after: {seconds}` became {:?}",
                error.retry()
            )),
            Err(wrong) => found.push(wrong),
        }
    }
    Ok(found)
}

pub(super) async fn wire(stage: &Stage) -> Checked {
    let formats = stage.able().formats;
    if formats.is_empty() {
        let why = "no native format is declared, so no caller could read it".to_owned();
        return Err(NotMade::NotApplicable(why));
    }
    let refusal = stage.setup.answers.refusal(400, WORDS);
    let mut found = Vec::new();
    for mode in [Mode::Whole, Mode::Stream] {
        stage.serve(&refusal);
        let heard = stage.call(mode, &requests::plain(stage.model())).await;
        match expect_error(heard, "a refusal") {
            Err(wrong) => found.push(wrong),
            Ok(error) => match error.wire() {
                None => found.push(format!("{mode:?}: the error has no wire error")),
                Some(wire) => {
                    if !formats.contains(&wire.format) {
                        found.push(format!(
                            "its format is `{}`, which is not declared",
                            wire.format
                        ));
                    }
                    if wire.status != 400 || wire.body != refusal.body {
                        found.push(format!("{mode:?}: the vendor's status or body was changed"));
                    }
                }
            },
        }
    }
    Ok(found)
}

/// Vendors echo keys when they complain; complaints are shown to callers and written to logs.
pub(super) async fn secrets(stage: &Stage) -> Checked {
    let key = stage.link.api_key();
    let words = format!("incorrect API key provided: {key}. Is Bearer {key} yours?");
    let mut found = Vec::new();
    let mut look = |what: &str, shown: &str| {
        if shown.contains(key) {
            found.push(format!("the key shows in {what}"));
        }
    };
    look("the provider's debug output", &format!("{:?}", stage.set));
    for status in [400, 401, 500] {
        for mode in [Mode::Whole, Mode::Stream] {
            stage.serve(&stage.setup.answers.refusal(status, &words));
            let heard = stage.call(mode, &requests::plain(stage.model())).await;
            if let Some(error) = heard.error {
                look_through(&error, &mut look);
            }
        }
    }
    // Not the vendor's format, so that no table of known fields helps.
    let page = Answer::new(502, "text/html", format!("<html>{words}</html>"));
    let garbage = Answer::new(200, "application/json", format!("{{{words}"));
    for answer in [page, garbage] {
        for mode in [Mode::Whole, Mode::Stream] {
            stage.serve(&answer);
            let heard = stage.call(mode, &requests::plain(stage.model())).await;
            if let Some(error) = heard.error {
                look_through(&error, &mut look);
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn look_through(error: &Error, look: &mut impl FnMut(&str, &str)) {
    look("an error's message", error.message());
    look("an error's text", &error.to_string());
    look("an error's debug output", &format!("{error:?}"));
    look("an error's code", error.vendor_code().unwrap_or_default());
    look("an error's param", error.param().unwrap_or_default());
    if let Some(wire) = error.wire() {
        look("an error's wire body", &String::from_utf8_lossy(&wire.body));
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        look("an error's source", &format!("{cause} {cause:?}"));
        source = cause.source();
    }
}

pub(super) async fn one_request(stage: &Stage) -> Checked {
    let refuse = |status| stage.setup.answers.refusal(status, WORDS);
    let again = |status| refuse(status).with_header("retry-after", "0");
    let mut answers = vec![
        ("a success".to_owned(), stage.answer(Slot::Text)?.canned()),
        (
            "a connection that closes without an answer".to_owned(),
            Canned::default().with_ending(CannedEnding::HangUp),
        ),
        (
            "an answer that breaks off".to_owned(),
            stage
                .answer(Slot::Text)?
                .cut_at(9)
                .canned()
                .with_ending(CannedEnding::Close),
        ),
        ("a body that is no JSON".to_owned(), Canned::new(200, "no")),
    ];
    for status in [401, 408, 409, 429, 500, 503] {
        answers.push((format!("status {status}"), again(status).canned()));
    }
    let redirect = Canned::new(307, "")
        .with_header("location", format!("{}/elsewhere", stage.link.base_url()));
    answers.push(("a redirect".to_owned(), redirect));
    let mut found = Vec::new();
    for (what, canned) in answers {
        for mode in [Mode::Whole, Mode::Stream] {
            stage.server.set(canned.clone());
            let before = stage.requests();
            let _ = stage.call(mode, &requests::plain(stage.model())).await;
            let made = stage.requests() - before;
            if made != 1 {
                found.push(format!("{what}: one call ({mode:?}) made {made} requests"));
            }
        }
    }
    Ok(found)
}
