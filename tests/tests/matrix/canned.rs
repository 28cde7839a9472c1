//! A vendor's prepared answer, and a transport that gives one after the other and remembers what was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue};
use interline::{CallContext, Result, async_trait};
use interline_transport::{HttpRequest, HttpResponse, Transport};
use serde_json::Value;

/// Bodies arrive in pieces of this size, so that no decoder may rely on whole events.
const PIECE_BYTES: usize = 61;

/// A vendor's prepared answer.
#[derive(Clone, Debug)]
pub(crate) struct Canned {
    pub(crate) status: u16,
    content_type: &'static str,
    body: Bytes,
    /// The same, to be read by people and checks.
    pub(crate) shown: Shown,
}

/// An answer as people and checks read it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shown {
    Whole(Value),
    Events(Vec<Event>),
}

/// One event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: Option<String>,
    /// JSON, or text where it is none (`[DONE]`).
    pub(crate) data: Value,
}

impl Event {
    pub(crate) fn new(name: Option<&str>, data: Value) -> Self {
        Self {
            name: name.map(str::to_owned),
            data,
        }
    }

    /// Reads data as it stands on the wire.
    pub(crate) fn of_wire(name: Option<&str>, data: &[u8]) -> Self {
        let read = serde_json::from_slice(data);
        let data = read.unwrap_or_else(|_| String::from_utf8_lossy(data).into_owned().into());
        Self::new(name, data)
    }

    fn to_sse(&self) -> String {
        let data = match &self.data {
            Value::String(text) => text.clone(),
            json => json.to_string(),
        };
        match &self.name {
            Some(name) => format!("event: {name}\ndata: {data}\n\n"),
            None => format!("data: {data}\n\n"),
        }
    }
}

impl Canned {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            content_type: "application/json",
            body: body.to_string().into(),
            shown: Shown::Whole(body),
        }
    }

    pub(crate) fn sse(events: Vec<Event>) -> Self {
        let body: String = events.iter().map(Event::to_sse).collect();
        Self {
            status: 200,
            content_type: "text/event-stream",
            body: body.into(),
            shown: Shown::Events(events),
        }
    }

    /// Events in a framing of the vendor's own.
    pub(crate) fn framed(content_type: &'static str, body: Vec<u8>, events: Vec<Event>) -> Self {
        Self {
            status: 200,
            content_type,
            body: body.into(),
            shown: Shown::Events(events),
        }
    }
}

/// Gives prepared answers in order, the last one again and again.
#[derive(Debug)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Canned>>,
    asked: Mutex<Vec<HttpRequest>>,
}

impl Script {
    pub(crate) fn of(answers: impl IntoIterator<Item = Canned>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            asked: Mutex::default(),
        })
    }

    /// The requests since the last time, in order.
    pub(crate) fn take_asked(&self) -> Vec<HttpRequest> {
        std::mem::take(&mut self.asked.lock().expect("no panic while locked"))
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, _: &CallContext, request: HttpRequest) -> Result<HttpResponse> {
        self.asked
            .lock()
            .expect("no panic while locked")
            .push(request);
        let mut answers = self.answers.lock().expect("no panic while locked");
        let answer = match answers.len() {
            0 | 1 => answers.front().cloned(),
            _ => answers.pop_front(),
        };
        drop(answers);
        let answer = answer.expect("a script has an answer");
        let mut headers = HeaderMap::new();
        let content_type = HeaderValue::from_static(answer.content_type);
        headers.insert(HeaderName::from_static("content-type"), content_type);
        let pieces: Vec<Result<Bytes>> = answer
            .body
            .chunks(PIECE_BYTES)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        Ok(HttpResponse::new(
            answer.status,
            headers,
            stream::iter(pieces),
        ))
    }
}
