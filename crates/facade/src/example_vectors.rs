//! The classifier `embedding` of configuration files: asks for the vectors of its labelled examples with
//! the first prompt, and keeps their centres.
//!
//! A configuration is read without asking anybody, so the examples wait until somebody classifies.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use interline_core::ModelId;
use interline_routing::classifier::{
    Classifier, Embedded, EmbeddingClassifier, Examples, ModelCall, Prompt, Question, Reply,
    Verdict,
};
use tokio::time::Instant;

/// Centres per task. Chosen, not measured: the examples that are compiled in are nine per task.
const PER_TASK: usize = 3;
/// The same examples give the same centres.
const SEED: u64 = 7;
/// How long to wait after the examples could not be embedded. Chosen, not measured.
const PAUSE: Duration = Duration::from_secs(30);
/// All examples go out in one request; vendors take at least this many texts.
const BATCH: usize = 96;
/// How long the vectors of all examples may take. Chosen, not measured.
const EXAMPLES_TIMEOUT: Duration = Duration::from_secs(10);

/// Classifies by the nearest centre of labelled examples, whose vectors it asks for first.
#[derive(Clone, Debug)]
pub(crate) struct ExampleVectors {
    model: ModelId,
    examples: Arc<Examples>,
    timeout: Option<Duration>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
enum State {
    /// Nobody has asked yet, or the last answer was of no use and the pause is over at this time.
    Due(Option<Instant>),
    /// Somebody is asking; the others abstain meanwhile.
    Asking,
    Ready(EmbeddingClassifier),
}

impl ExampleVectors {
    pub(crate) fn new(model: &str, examples: Examples, timeout: Option<Duration>) -> Self {
        Self {
            model: model.into(),
            examples: Arc::new(examples),
            timeout,
            state: Arc::new(Mutex::new(State::Due(None))),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Every state is whole in itself, whoever panicked before.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The question for the vectors of the examples; its answer classifies `prompt`.
    fn ask(&self, prompt: &Prompt<'_>) -> Verdict {
        let requests = self.examples.requests(&self.model, BATCH);
        let [request] = requests.as_slice() else {
            return Verdict::Abstain(None);
        };
        let (own, prompt) = (self.clone(), prompt.clone().into_owned());
        // A question that nobody answers, because its call was dropped, gives its turn back.
        let turn = Turn(Arc::clone(&self.state));
        let read = move |reply: Reply<'_>| {
            let turn = turn;
            let ready = own.ready(reply);
            *own.state() = match &ready {
                Some(ready) => State::Ready(ready.clone()),
                None => State::Due(Some(Instant::now() + PAUSE)),
            };
            drop(turn);
            ready.map_or(Verdict::Abstain(None), |ready| ready.classify(&prompt))
        };
        let call = ModelCall::Embed(request.clone());
        Verdict::NeedsCall(Question::new(self.name(), call, EXAMPLES_TIMEOUT, read))
    }

    fn ready(&self, reply: Reply<'_>) -> Option<EmbeddingClassifier> {
        let Reply::Embed(vectors) = reply else {
            return None;
        };
        let centroids = self
            .examples
            .centroids(std::slice::from_ref(vectors), PER_TASK, SEED);
        let centroids = centroids
            .inspect_err(|error| {
                tracing::warn!(target: "interline", %error, "the examples' vectors are of no use");
            })
            .ok()?;
        let ready = EmbeddingClassifier::new(self.model.clone(), centroids)
            .fused_with(Embedded::standard());
        Some(match self.timeout {
            Some(timeout) => ready.with_timeout(timeout),
            None => ready,
        })
    }
}

impl Classifier for ExampleVectors {
    fn name(&self) -> &str {
        "embedding"
    }

    fn classify(&self, prompt: &Prompt<'_>) -> Verdict {
        let mut state = self.state();
        match &*state {
            State::Ready(ready) => return ready.classify(prompt),
            State::Asking => return Verdict::Abstain(None),
            State::Due(Some(from)) if Instant::now() < *from => return Verdict::Abstain(None),
            State::Due(_) => {}
        }
        *state = State::Asking;
        drop(state);
        self.ask(prompt)
    }
}

/// The turn of who asks for the examples' vectors.
struct Turn(Arc<Mutex<State>>);

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Asking) {
            *state = State::Due(None);
        }
    }
}
