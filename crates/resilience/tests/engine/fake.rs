//! A provider that plays a script for every attempt and writes down what happens to it.
//!
//! One script serves both kinds of call: a stream yields its frames, a whole answer is their text.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream;
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Choice, Error, ErrorKind,
    FinishReason, Frame, ModelId, Part, Progress, ProgressSink, Provider, ProviderId, ResponseMeta,
    Result, StreamEvent, async_trait,
};
use tokio::time::{Instant, sleep};

/// One step of a script.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Wait(Duration),
    Report(Progress),
    /// The response headers; a stream is handed over here.
    Headers,
    Frame(Frame),
    Fail(Error),
    /// Nothing happens any more.
    Silence,
}

/// What one attempt does. A script that runs out is an end of file.
pub(crate) type Script = Vec<Act>;

pub(crate) fn started() -> Act {
    Act::Frame(Frame::of([StreamEvent::Started {
        id: None,
        model: None,
        created: None,
    }]))
}

pub(crate) fn ping() -> Act {
    Act::Frame(Frame::default())
}

pub(crate) fn text(text: &str) -> Act {
    Act::Frame(Frame::of([StreamEvent::Text {
        choice: 0,
        text: text.to_owned(),
    }]))
}

pub(crate) fn end() -> Act {
    finish(FinishReason::Stop)
}

pub(crate) fn finish(reason: FinishReason) -> Act {
    let finished = StreamEvent::Finished {
        choice: 0,
        reason,
        stop_sequence: None,
    };
    Act::Frame(Frame::of([finished, StreamEvent::End]))
}

/// A good answer of one word.
pub(crate) fn answer(word: &str) -> Script {
    vec![Act::Headers, started(), text(word), end()]
}

/// A failure before the headers.
pub(crate) fn fail(error: Error) -> Script {
    vec![Act::Fail(error)]
}

/// A failure that comes as an event inside a good response, before content.
pub(crate) fn fail_in_prefix(error: Error) -> Script {
    vec![Act::Headers, started(), ping(), Act::Fail(error)]
}

/// A vendor that takes the request and never says anything.
pub(crate) fn silence() -> Script {
    vec![Act::Silence]
}

/// One attempt as the vendor saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) model: ModelId,
    pub(crate) attempt: u32,
    pub(crate) at: Instant,
    pub(crate) deadline: Option<Instant>,
    /// When our side let go of the answer; `None` while it holds it.
    pub(crate) closed_at: Option<Instant>,
}

/// A provider that plays scripts.
#[derive(Debug)]
pub(crate) struct Fake {
    id: ProviderId,
    scripts: Mutex<VecDeque<Script>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    /// Plays the scripts in turn, one for each attempt.
    pub(crate) fn new(id: &str, scripts: impl IntoIterator<Item = Script>) -> Arc<Self> {
        Arc::new(Self {
            id: id.into(),
            scripts: Mutex::new(scripts.into_iter().collect()),
            seen: Arc::default(),
        })
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn calls(&self) -> usize {
        self.seen().len()
    }

    fn play(&self, cx: &CallContext, req: &ChatRequest) -> Play {
        let unscripted = || {
            fail(Error::new(
                ErrorKind::Internal,
                "no script for this attempt",
            ))
        };
        let script = self.scripts.lock().unwrap().pop_front();
        let mut seen = self.seen.lock().unwrap();
        seen.push(Seen {
            model: req.model.clone(),
            attempt: cx.attempt,
            at: Instant::now(),
            deadline: cx.deadline,
            closed_at: None,
        });
        Play {
            acts: script.unwrap_or_else(unscripted).into(),
            progress: Arc::clone(&cx.progress),
            _open: Open {
                seen: Arc::clone(&self.seen),
                index: seen.len() - 1,
            },
        }
    }
}

/// An attempt under way.
struct Play {
    acts: VecDeque<Act>,
    progress: Arc<dyn ProgressSink>,
    _open: Open,
}

/// Writes down when it is dropped.
struct Open {
    seen: Arc<Mutex<Vec<Seen>>>,
    index: usize,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.seen.lock().unwrap()[self.index].closed_at = Some(Instant::now());
    }
}

enum Happened {
    Headers,
    Frame(Frame),
    EndOfFile,
}

impl Play {
    async fn next(&mut self) -> Result<Happened> {
        while let Some(act) = self.acts.pop_front() {
            match act {
                Act::Wait(duration) => sleep(duration).await,
                Act::Report(progress) => self.progress.report(progress),
                Act::Headers => {
                    self.progress.report(Progress::Headers);
                    return Ok(Happened::Headers);
                }
                Act::Frame(frame) => return Ok(Happened::Frame(frame)),
                Act::Fail(error) => return Err(error),
                Act::Silence => std::future::pending().await,
            }
        }
        Ok(Happened::EndOfFile)
    }
}

#[async_trait]
impl Provider for Fake {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, _: &ModelId) -> Capabilities {
        Capabilities::new(interline_core::FeatureSet::empty())
    }

    async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        let mut play = self.play(cx, req);
        let mut words = String::new();
        let mut reason = None;
        loop {
            match play.next().await? {
                Happened::Headers => {}
                Happened::Frame(frame) => {
                    for event in frame.events {
                        match event {
                            StreamEvent::Text { text, .. } => words.push_str(&text),
                            StreamEvent::Finished { reason: why, .. } => reason = Some(why),
                            _ => {}
                        }
                    }
                }
                Happened::EndOfFile => {
                    let choice = Choice::new(0, [Part::text(words)]).with_finish_reason(reason);
                    return Ok(ChatResponse::new(req.model.as_str(), [choice]));
                }
            }
        }
    }

    async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        let mut play = self.play(cx, req);
        match play.next().await? {
            Happened::Headers => {}
            _ => return Err(Error::new(ErrorKind::Internal, "a script without headers")),
        }
        let frames = stream::unfold(play, |mut play| async move {
            match play.next().await {
                Ok(Happened::Frame(frame)) => Some((Ok(frame), play)),
                Ok(Happened::Headers) => Some((Ok(Frame::default()), play)),
                Ok(Happened::EndOfFile) => None,
                Err(error) => Some((Err(error), play)),
            }
        });
        let mut meta = ResponseMeta::default();
        meta.request_id = Some(format!("{}-{}", self.id, cx.attempt));
        Ok(ChatStream::new(meta, frames))
    }

    async fn health_check(&self, _: &CallContext) -> Result<()> {
        Ok(())
    }
}
