//! What one case plays on: a server that gives prepared answers, and a provider that calls it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use interline_core::{
    CallContext, Capabilities, ChatRequest, DynProvider, Error, ModelId, Progress, ProgressSink,
    ProviderSet, Result,
};
use interline_simulator::{Canned, CannedServer, Exchange};
use interline_transport::Transport;

use super::heard::Heard;
use super::{Answer, Answers, Link, Slot};

/// Makes the connection under test.
pub(crate) type Make = Arc<dyn Fn(&Link) -> Result<ProviderSet> + Send + Sync>;
/// Makes the same provider over another transport.
pub(crate) type MakeOver =
    Arc<dyn Fn(&Link, Arc<dyn Transport>) -> Result<DynProvider> + Send + Sync>;

/// What the author supplied.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) make: Make,
    pub(crate) make_over: Option<MakeOver>,
    pub(crate) answers: Answers,
    pub(crate) model: ModelId,
    pub(crate) embedding_model: ModelId,
}

/// What a check found: nothing wrong, what was wrong, or why it was not made.
pub(crate) type Checked = std::result::Result<Vec<String>, NotMade>;

/// Why a check was not made.
#[derive(Debug)]
pub(crate) enum NotMade {
    /// Something that the author could supply is missing.
    Lacking(String),
    /// The provider does not claim to have such a thing.
    NotApplicable(String),
}

/// Whether a call asks for a whole answer or a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Whole,
    Stream,
}

/// What one case plays on.
pub(crate) struct Stage {
    pub(crate) setup: Arc<Setup>,
    pub(crate) server: CannedServer,
    pub(crate) link: Link,
    pub(crate) set: ProviderSet,
}

impl Stage {
    pub(crate) async fn open(setup: Arc<Setup>) -> std::result::Result<Self, String> {
        let server = CannedServer::start(Canned::default())
            .await
            .map_err(|error| format!("no server: {error}"))?;
        let link = Link::new(server.base_url());
        let set = (setup.make)(&link).map_err(|error| format!("cannot be made: {error}"))?;
        Ok(Self {
            setup,
            server,
            link,
            set,
        })
    }

    pub(crate) fn model(&self) -> &ModelId {
        &self.setup.model
    }

    pub(crate) fn able(&self) -> Capabilities {
        self.set.chat.capabilities(self.model())
    }

    /// The answer of a slot.
    pub(crate) fn answer(&self, slot: Slot) -> std::result::Result<Answer, NotMade> {
        let answer = self.setup.answers.get(slot).cloned();
        answer.ok_or_else(|| NotMade::Lacking(format!("no answer was supplied for Slot::{slot:?}")))
    }

    pub(crate) fn serve(&self, answer: &Answer) {
        self.server.set(answer.canned());
    }

    /// The requests received so far.
    pub(crate) fn requests(&self) -> u64 {
        self.server.ledger().total()
    }

    pub(crate) async fn call(&self, mode: Mode, request: &ChatRequest) -> Heard {
        call(
            &self.set.chat,
            &CallContext::new("conformance"),
            mode,
            request,
        )
        .await
    }

    pub(crate) async fn call_in(
        &self,
        cx: &CallContext,
        mode: Mode,
        request: &ChatRequest,
    ) -> Heard {
        call(&self.set.chat, cx, mode, request).await
    }

    /// The last request as text: its path and its body.
    pub(crate) fn wire(&self) -> String {
        self.server
            .ledger()
            .last()
            .map_or_else(String::new, |sent| wire_of(&sent))
    }

    /// Those of `words` that the last request does not hold.
    pub(crate) fn missing(&self, words: &[&str]) -> Vec<String> {
        let wire = self.wire();
        let missing = words.iter().filter(|word| !wire.contains(*word));
        missing
            .map(|word| format!("{word:?} did not reach the wire"))
            .collect()
    }
}

pub(crate) fn wire_of(sent: &Exchange) -> String {
    format!("{} {}", sent.path, sent.body)
}

pub(crate) async fn call(
    provider: &DynProvider,
    cx: &CallContext,
    mode: Mode,
    request: &ChatRequest,
) -> Heard {
    match mode {
        Mode::Whole => match provider.complete(cx, request).await {
            Ok(response) => Heard::whole(&response),
            Err(error) => Heard::failed(error),
        },
        Mode::Stream => match provider.stream(cx, request).await {
            Ok(stream) => Heard::read(stream).await,
            Err(error) => Heard::failed(error),
        },
    }
}

/// Remembers what it was told.
#[derive(Default)]
pub(crate) struct Told(Mutex<Vec<Progress>>);

impl Told {
    pub(crate) fn so_far(&self) -> Vec<Progress> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn has(&self, wanted: fn(&Progress) -> bool) -> bool {
        self.so_far().iter().any(wanted)
    }
}

impl ProgressSink for Told {
    fn report(&self, progress: Progress) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.push(progress);
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

/// The error, or what is wrong with there being none.
pub(crate) fn expect_error(heard: Heard, what: &str) -> std::result::Result<Error, String> {
    heard
        .error
        .ok_or_else(|| format!("{what} was taken for an answer"))
}
