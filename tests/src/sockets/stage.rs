//! A vendor to break, a sound one beside it, and the engine that calls both.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use interline::anthropic::Anthropic;
use interline::openai::OpenAi;
use interline_core::{
    AttemptRecord, ChatRequest, ChatStream, Error, Message, Provider, StreamEvent, Target,
};
use interline_resilience::{
    Answer, AttemptPolicy, Call, CallEvent, Candidate, Engine, Observer, SimpleBreaker,
    SimpleBreakerConfig, Timeouts,
};
use interline_simulator::{Dialect, Reply, TokenUsage, Vendor, VendorBuilder};
use interline_transport::{HttpConfig, HttpTransport};
use tokio::time::Instant;

use super::report::SocketReport;

/// What the vendor under test says: letters of several bytes, so that every cut is seen.
pub(super) const BROKEN_SAYS: &str = "alpha one tw\u{f6} \u{1f600} three four five";
/// What the sound vendor says: no word of the other's, so that a mixture is seen.
const SOUND_SAYS: &str = "beta six seven";
const MODEL: &str = "sim";

/// Wait for a connection.
pub(super) const CONNECT: Duration = Duration::from_millis(400);
/// Wait for the first content of a stream.
pub(super) const FIRST_TOKEN: Duration = Duration::from_millis(800);
/// Wait for a sign of life. These four are far above what loopback needs, so that a busy machine breaks no check.
pub(super) const IDLE: Duration = Duration::from_millis(600);
/// Wait for content where signs of life come.
pub(super) const PROGRESS: Duration = Duration::from_millis(1200);
/// Wait for one whole answer.
pub(super) const UNARY: Duration = Duration::from_millis(1500);
/// How late a timer may be seen: the design's 50 ms and what a busy machine adds.
pub(super) const LATENESS: Duration = Duration::from_millis(450);
/// No call may last longer, whatever is broken.
const HANG: Duration = Duration::from_secs(20);

/// How a call wants its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    Unary,
    Stream,
}

pub(super) const DELIVERIES: [Delivery; 2] = [Delivery::Unary, Delivery::Stream];
pub(super) const DIALECTS: [Dialect; 2] = [Dialect::OpenAi, Dialect::Anthropic];

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unary => "unary",
            Self::Stream => "stream",
        })
    }
}

/// One call's way and end.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) ended: Ended,
    /// The attempts, where the engine tells them.
    pub(super) attempts: Vec<AttemptRecord>,
    /// The errors of attempts and streams, in order.
    pub(super) errors: Vec<Error>,
    pub(super) duration: Duration,
}

impl Called {
    pub(super) fn first_error(&self) -> Option<&Error> {
        self.errors.first()
    }
}

/// How a call ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// A whole answer.
    Whole { text: String },
    /// An error without any content.
    Nothing { error: Error },
    /// Some content and an error.
    Part { text: String, error: Error },
    /// Not at all.
    Hung,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { text } if text == SOUND_SAYS => {
                f.write_str("answered by the next target")
            }
            Self::Whole { .. } => f.write_str("answered by the same target"),
            Self::Nothing { error } => write!(f, "error {}", error.kind()),
            Self::Part { error, .. } => write!(f, "part, then error {}", error.kind()),
            Self::Hung => f.write_str("hung"),
        }
    }
}

/// The errors that the engine tells of.
#[derive(Debug, Default)]
struct Errors(Mutex<Vec<Error>>);

impl Errors {
    fn take(&self) -> Vec<Error> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Errors {
    fn on_event(&self, event: &CallEvent) {
        if let CallEvent::AttemptFailed { error, .. } | CallEvent::StreamFailed { error, .. } =
            event
        {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(error.clone());
        }
    }
}

/// Two vendors and an engine. Calls go to the one under test first.
pub(super) struct Stage {
    pub(super) broken: Vendor,
    /// Kept alive for the calls that go on to it.
    _sound: Vendor,
    pub(super) candidates: Vec<Candidate>,
    pub(super) policy: AttemptPolicy,
    engine: Engine,
    errors: Arc<Errors>,
}

impl Stage {
    /// The usual one: the sound vendor speaks the other dialect.
    pub(super) async fn new(dialect: Dialect) -> Self {
        Self::with(Vendor::builder(dialect, "broken"), &HttpConfig::default()).await
    }

    /// One with a vendor under test that is not the usual, or another way to connect.
    pub(super) async fn with(broken: VendorBuilder, config: &HttpConfig) -> Self {
        let reply = |text: &str| Reply::text(text).with_usage(TokenUsage::new(11, 7));
        let broken = broken.with_reply(reply(BROKEN_SAYS)).start().await;
        let broken = broken.expect("a vendor starts on loopback");
        let sound = match broken.dialect() {
            Dialect::Anthropic => Vendor::openai("sound"),
            _ => Vendor::anthropic("sound"),
        };
        let sound = sound.with_reply(reply(SOUND_SAYS)).start().await;
        let sound = sound.expect("a vendor starts on loopback");
        let config = config.clone().with_connect_timeout(CONNECT);
        let url = broken.base_url();
        let candidates = vec![
            candidate("broken", provider(broken.dialect(), &url, &config)),
            candidate(
                "sound",
                provider(sound.dialect(), &sound.base_url(), &HttpConfig::default()),
            ),
        ];
        let errors = Arc::new(Errors::default());
        // Every fault is met: nothing is skipped because of an earlier one.
        let never =
            SimpleBreakerConfig::default().with_failures(u32::MAX, Duration::from_millis(1));
        let breaker = SimpleBreaker::new(never, errors.clone());
        let timeouts = Timeouts::default()
            .with_first_token(FIRST_TOKEN)
            .with_idle(IDLE)
            .with_progress(PROGRESS)
            .with_unary(UNARY)
            .with_total(Duration::from_secs(10));
        Self {
            broken,
            _sound: sound,
            candidates,
            policy: AttemptPolicy::default().with_timeouts(timeouts),
            engine: Engine::new(Arc::new(breaker), errors.clone(), 7),
            errors,
        }
    }

    /// Puts another provider in the place of the one under test.
    pub(super) fn call_instead(&mut self, provider: Arc<dyn Provider>) {
        if let Some(first) = self.candidates.first_mut() {
            first.provider = provider;
        }
    }

    /// Leaves no other target to go to.
    pub(super) fn alone(&mut self) {
        self.candidates.truncate(1);
    }

    /// Makes one call, counts it, and checks what holds for every call.
    pub(super) async fn call(&self, delivery: Delivery, report: &mut SocketReport) -> Called {
        self.errors.take();
        let request = ChatRequest::new("chat", [Message::user("Count for me, please.")]);
        let started = Instant::now();
        let mut attempts = Vec::new();
        let ended = tokio::time::timeout(HANG, async {
            let call = Call::new("sockets", "chat", &self.candidates, &self.policy);
            let content = match delivery {
                Delivery::Unary => self.engine.complete(call, &request).await.map(|answer| {
                    attempts = answer.route.attempts;
                    Ended::Whole {
                        text: answer.value.text(),
                    }
                }),
                Delivery::Stream => match self.engine.stream(call, &request).await {
                    Ok(Answer { value, route, .. }) => {
                        attempts = route.attempts;
                        Ok(read(value).await)
                    }
                    Err(error) => Err(error),
                },
            };
            content.unwrap_or_else(|error| {
                attempts = error.attempts().to_vec();
                Ended::Nothing { error }
            })
        })
        .await
        .unwrap_or(Ended::Hung);
        let called = Called {
            ended,
            attempts,
            errors: self.errors.take(),
            duration: started.elapsed(),
        };
        report.count(&called);
        self.check(&called, report);
        called
    }

    /// The rules that hold whatever is broken.
    fn check(&self, called: &Called, report: &mut SocketReport) {
        let hung = matches!(called.ended, Ended::Hung);
        report.check("I19", hung.then(|| format!("a call hung for {HANG:?}")));
        let is_start_of =
            |text: &str| BROKEN_SAYS.starts_with(text) || SOUND_SAYS.starts_with(text);
        match &called.ended {
            Ended::Whole { text } => {
                let is_whole = text == BROKEN_SAYS || text == SOUND_SAYS;
                report.check(
                    "I18",
                    (!is_whole).then(|| {
                        format!(
                            "a call was answered with {} of the text's bytes, no error",
                            text.len()
                        )
                    }),
                );
            }
            Ended::Part { text, .. } => report.check(
                "I2",
                (!is_start_of(text))
                    .then(|| "the content before the error is no vendor's".to_owned()),
            ),
            Ended::Nothing { .. } | Ended::Hung => {}
        }
        let attempts = called.attempts.len();
        let most = self.policy.attempt_cap(self.candidates.len()) as usize;
        report.check(
            "I3",
            (attempts > most).then(|| format!("{attempts} attempts, at most {most}")),
        );
    }

    /// Counts what fired, at the end of a stage's life.
    pub(super) fn count_faults(&self, report: &mut SocketReport) {
        report.faults_fired += self.broken.ledger().faults_fired_total();
    }
}

async fn read(mut stream: ChatStream) -> Ended {
    let mut text = String::new();
    while let Some(frame) = stream.next().await {
        match frame {
            Ok(frame) => {
                for event in frame.events {
                    if let StreamEvent::Text { text: piece, .. } = event {
                        text.push_str(&piece);
                    }
                }
            }
            Err(error) => return Ended::Part { text, error },
        }
    }
    Ended::Whole { text }
}

fn candidate(name: &str, provider: Arc<dyn Provider>) -> Candidate {
    Candidate::new(Target::new(name, MODEL), provider)
}

/// A real provider of the dialect over real HTTP.
pub(super) fn provider(dialect: Dialect, base_url: &str, config: &HttpConfig) -> Arc<dyn Provider> {
    let transport = Arc::new(HttpTransport::new(config).expect("the HTTP client can be built"));
    match dialect {
        Dialect::Anthropic => {
            let builder = Anthropic::builder()
                .api_key("sk-simulated")
                .base_url(base_url);
            Arc::new(
                builder
                    .transport(transport)
                    .build()
                    .expect("sound settings"),
            )
        }
        _ => {
            let builder = OpenAi::builder().api_key("sk-simulated").base_url(base_url);
            Arc::new(
                builder
                    .transport(transport)
                    .build()
                    .expect("sound settings"),
            )
        }
    }
}
