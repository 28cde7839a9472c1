//! How a classification ends: an answer, a shrug, or a question to a model.

use std::fmt;
use std::time::Duration;

use interline_core::{ChatRequest, ChatResponse, EmbedRequest, EmbedResponse};

use super::Classification;

/// How a classification ends.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// This is what the prompt asks for.
    Answer(Classification),
    /// Not sure; the best guess, where there is one, is marked as not to be acted on.
    Abstain(Option<Classification>),
    /// A model must be asked first.
    NeedsCall(Question),
}

impl Verdict {
    /// `Answer` or `Abstain`, as the classification says itself.
    #[must_use]
    pub const fn of(classification: Classification) -> Self {
        if classification.is_abstained {
            Self::Abstain(Some(classification))
        } else {
            Self::Answer(classification)
        }
    }

    /// The classification so far: the answer, or the best guess of who abstained.
    #[must_use]
    pub const fn classification(&self) -> Option<&Classification> {
        match self {
            Self::Answer(classification) => Some(classification),
            Self::Abstain(guess) => guess.as_ref(),
            Self::NeedsCall(_) => None,
        }
    }
}

/// The call that a classifier needs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ModelCall {
    /// Ask a model for an answer.
    Chat(ChatRequest),
    /// Ask a model for vectors.
    Embed(EmbedRequest),
}

/// What became of a [`ModelCall`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Reply<'a> {
    /// The model answered.
    Chat(&'a ChatResponse),
    /// The model gave vectors.
    Embed(&'a EmbedResponse),
    /// There is no answer: the call failed, took too long, or nobody was there to make it.
    Failed,
}

type Reader = Box<dyn FnOnce(Reply<'_>) -> Verdict + Send>;

/// A call that a classifier needs, with what reads the reply.
pub struct Question {
    asker: String,
    call: ModelCall,
    timeout: Duration,
    reader: Reader,
}

impl Question {
    /// A question of the classifier `asker`. After `timeout` the caller gives up and answers
    /// [`Reply::Failed`]; `reader` must take any reply, of the wrong kind as well.
    pub fn new(
        asker: impl Into<String>,
        call: ModelCall,
        timeout: Duration,
        reader: impl FnOnce(Reply<'_>) -> Verdict + Send + 'static,
    ) -> Self {
        Self {
            asker: asker.into(),
            call,
            timeout,
            reader: Box::new(reader),
        }
    }

    /// The name of the classifier that asks.
    #[must_use]
    pub fn asker(&self) -> &str {
        &self.asker
    }

    /// The call to make.
    #[must_use]
    pub const fn call(&self) -> &ModelCall {
        &self.call
    }

    /// How long the reply may take.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Reads the reply. The verdict may be the next question, of the next classifier in a [`Chain`].
    ///
    /// [`Chain`]: super::Chain
    #[must_use]
    pub fn answer(self, reply: Reply<'_>) -> Verdict {
        (self.reader)(reply)
    }

    /// The same question, whose verdict goes through `next`.
    #[must_use]
    pub(super) fn then(self, next: impl FnOnce(Verdict) -> Verdict + Send + 'static) -> Self {
        let reader = self.reader;
        Self {
            reader: Box::new(move |reply| next(reader(reply))),
            ..self
        }
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("asker", &self.asker)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
