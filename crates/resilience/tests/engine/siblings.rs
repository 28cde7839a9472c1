//! Embeddings and counts of tokens go through the same loop as answers: the same fallbacks, timers,
//! breaker and events.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use interline_core::{
    CallContext, ChatRequest, EmbedRequest, EmbedResponse, EmbeddingProvider, Error,
    ErrorKind as K, HealthView, ModelId, Operation, Result, RetryHint, TimeoutStage as T,
    TokenCounter, async_trait,
};
use interline_resilience::{
    Admission, AlwaysAdmit, Answer, AttemptPolicy, Call, CallEvent, Candidate, Engine, Observers,
    SimpleBreaker, SimpleBreakerConfig,
};
use tokio::time::{Instant, sleep};

use crate::bench::{Recorder, S, bad_key, failure, rate_limited, request, target, unavailable};

/// What a service does when it is asked.
#[derive(Clone, Debug)]
enum Act {
    /// Gives this many vectors; a counter says this number.
    Give(usize),
    Fail(Error),
    Wait(Duration),
}

/// A service that plays one act per call; the last one repeats.
#[derive(Debug)]
struct Service {
    acts: Mutex<VecDeque<Act>>,
    asked: Mutex<Vec<(ModelId, u32)>>,
}

impl Service {
    async fn next(&self, cx: &CallContext, model: &ModelId) -> Result<usize> {
        self.asked.lock().unwrap().push((model.clone(), cx.attempt));
        let act = {
            let mut acts = self.acts.lock().unwrap();
            if acts.len() > 1 {
                acts.pop_front()
            } else {
                acts.front().cloned()
            }
        };
        match act.expect("a script") {
            Act::Give(figure) => Ok(figure),
            Act::Fail(error) => Err(error),
            Act::Wait(delay) => {
                sleep(delay).await;
                Ok(2)
            }
        }
    }

    fn calls(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[async_trait]
impl EmbeddingProvider for Service {
    async fn embed(&self, cx: &CallContext, req: &EmbedRequest) -> Result<EmbedResponse> {
        let vectors = vec![vec![0.5]; self.next(cx, &req.model).await?];
        Ok(EmbedResponse::new(req.model.as_str(), vectors))
    }
}

#[async_trait]
impl TokenCounter for Service {
    async fn count_tokens(&self, cx: &CallContext, req: &ChatRequest) -> Result<u64> {
        Ok(self.next(cx, &req.model).await? as u64)
    }
}

/// An engine and two services, `a` and `b`, that both embed and count.
struct Siblings {
    services: [Arc<Service>; 2],
    policy: AttemptPolicy,
    events: Arc<Recorder>,
    engine: Engine,
}

impl Siblings {
    fn new(a: &[Act], b: &[Act]) -> Self {
        Self::with_admission(a, b, Arc::new(AlwaysAdmit))
    }

    fn with_admission(a: &[Act], b: &[Act], admission: Arc<dyn Admission>) -> Self {
        let service = |acts: &[Act]| {
            Arc::new(Service {
                acts: Mutex::new(acts.to_vec().into()),
                asked: Mutex::default(),
            })
        };
        let events = Arc::new(Recorder::default());
        Self {
            services: [service(a), service(b)],
            policy: AttemptPolicy::default(),
            engine: Engine::new(admission, events.clone(), 42),
            events,
        }
    }

    /// Asks for the vectors of two texts.
    async fn embed(&self) -> Result<Answer<EmbedResponse>> {
        let [a, b] = &self.services;
        let candidates: [Candidate<dyn EmbeddingProvider>; 2] = [
            Candidate::new(target("a"), a.clone()),
            Candidate::new(target("b"), b.clone()),
        ];
        let call = Call::new("call-1", "vectors", &candidates, &self.policy);
        let request = EmbedRequest::new("vectors", ["one", "two"]);
        self.engine.embed(call, &request).await
    }

    async fn count(&self) -> Result<Answer<u64>> {
        let [a, b] = &self.services;
        let candidates: [Candidate<dyn TokenCounter>; 2] = [
            Candidate::new(target("a"), a.clone()),
            Candidate::new(target("b"), b.clone()),
        ];
        let call = Call::new("call-1", "chat", &candidates, &self.policy);
        self.engine.count_tokens(call, &request()).await
    }

    /// Asks either way and gives who answered.
    async fn ask(&self, operation: Operation) -> Result<String> {
        let route = match operation {
            Operation::Embeddings => self.embed().await?.route,
            _ => self.count().await?.route,
        };
        assert_eq!(route.is_fallback, route.target == target("b"));
        Ok(route.target.to_string())
    }

    fn calls(&self) -> [usize; 2] {
        self.services.each_ref().map(|service| service.calls())
    }
}

const BOTH: [Operation; 2] = [Operation::Embeddings, Operation::CountTokens];

#[tokio::test(start_paused = true)]
async fn a_failing_vendor_is_left_for_the_next() {
    for operation in BOTH {
        for error in [unavailable(), rate_limited(S(1)), bad_key()] {
            let bench = Siblings::new(&[Act::Fail(error)], &[Act::Give(2)]);
            assert_eq!(bench.ask(operation).await.expect("an answer"), "b/m");
            assert_eq!(bench.calls(), [1, 1], "{operation}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_callers_own_mistake_is_returned_as_the_vendor_said_it() {
    for operation in BOTH {
        let mistake = failure(K::InvalidRequest, RetryHint::Never).with_status(400);
        let bench = Siblings::new(&[Act::Fail(mistake)], &[Act::Give(2)]);
        let error = bench.ask(operation).await.expect_err("a mistake");
        assert_eq!(error.kind(), K::InvalidRequest, "{operation}");
        assert_eq!(error.message(), "the vendor's own words");
        assert_eq!(bench.calls(), [1, 0], "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_the_wrong_number_of_vectors_is_a_malformed_one() {
    for wrong in [0, 1, 3] {
        let bench = Siblings::new(&[Act::Give(wrong)], &[Act::Give(2)]);
        let answer = bench.embed().await.expect("an answer");
        assert_eq!(answer.value.embeddings.len(), 2);
        assert_eq!(answer.route.attempts[0].kind, Some(K::Protocol), "{wrong}");
        assert_eq!(answer.route.target, target("b"), "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_timer_of_whole_answers_runs() {
    for operation in BOTH {
        let mut bench = Siblings::new(&[Act::Wait(S(60))], &[Act::Give(2)]);
        bench.policy.timeouts.unary = Some(S(5));
        let began = Instant::now();
        assert_eq!(bench.ask(operation).await.expect("an answer"), "b/m");
        assert_eq!(began.elapsed(), S(5), "{operation}");
        let kinds: Vec<_> = bench.events.all().iter().filter_map(failed_with).collect();
        assert_eq!(kinds, [K::Timeout(T::FirstToken)], "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_is_asked_again_after_a_pause_where_nobody_else_is_left() {
    for operation in BOTH {
        let bench = Siblings::new(
            &[Act::Fail(unavailable()), Act::Give(2)],
            &[Act::Fail(bad_key())],
        );
        let began = Instant::now();
        assert_eq!(bench.ask(operation).await.expect("an answer"), "a/m");
        assert_eq!(bench.calls(), [2, 1], "{operation}");
        assert!(began.elapsed() > Duration::ZERO, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn embeddings_and_counts_share_one_breaker_with_everything_else() {
    let breaker = SimpleBreaker::new(
        SimpleBreakerConfig::default(),
        Arc::new(Observers::default()),
    );
    let bench = Siblings::with_admission(
        &[Act::Fail(unavailable())],
        &[Act::Give(2)],
        Arc::new(breaker.clone()),
    );
    bench.embed().await.expect("an answer");
    bench.count().await.expect("an answer");
    bench.embed().await.expect("an answer");
    assert!(!breaker.health(&target("a")).is_available());
    let answer = bench.count().await.expect("an answer");
    assert_eq!(
        answer.route.skipped.len(),
        1,
        "the ill target is passed over"
    );
    assert_eq!(bench.calls(), [3, 4]);
}

#[tokio::test(start_paused = true)]
async fn events_say_which_operation() {
    for operation in BOTH {
        let bench = Siblings::new(&[Act::Fail(unavailable())], &[Act::Give(2)]);
        bench.ask(operation).await.expect("an answer");
        let events = bench.events.all();
        let named: Vec<_> = events.iter().filter_map(operation_of).collect();
        // Started, failed, fell back, started, answered.
        assert_eq!(named, [operation; 5]);
    }
}

#[tokio::test(start_paused = true)]
async fn each_attempt_asks_for_its_targets_model() {
    let bench = Siblings::new(&[Act::Fail(unavailable())], &[Act::Give(2)]);
    bench.embed().await.expect("an answer");
    let asked = bench.services[1].asked.lock().unwrap().clone();
    assert_eq!(asked, [("m".into(), 2)]);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_call_cancels_it() {
    for operation in BOTH {
        let bench = Siblings::new(&[Act::Wait(S(60))], &[Act::Give(2)]);
        let asked = tokio::time::timeout(S(1), bench.ask(operation)).await;
        assert!(asked.is_err());
        assert!(matches!(
            bench.events.all().last(),
            Some(CallEvent::Cancelled { operation: told, .. }) if *told == operation
        ));
    }
}

fn failed_with(event: &CallEvent) -> Option<K> {
    match event {
        CallEvent::AttemptFailed { error, .. } => Some(error.kind()),
        _ => None,
    }
}

fn operation_of(event: &CallEvent) -> Option<Operation> {
    match event {
        CallEvent::AttemptStarted { operation, .. }
        | CallEvent::AttemptFailed { operation, .. }
        | CallEvent::FellBack { operation, .. }
        | CallEvent::Answered { operation, .. } => Some(*operation),
        _ => None,
    }
}
