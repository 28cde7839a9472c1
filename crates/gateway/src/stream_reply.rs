//! A streamed answer as an HTTP body: events as they come, keep-alives while the caller waits, one last event on failure.
//!
//! Dropping the body (the caller went away) drops the client's stream, which hangs up on the vendor.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, stream};
use http::{HeaderValue, header};
use interline::ReplyStream;
use interline_core::{ChatRequest, Error, Frame, Result};
use tokio::time::timeout;

use crate::call::Arrived;
use crate::failure::Failure;
use crate::inbound::{EventEncoder, Inbound};
use crate::journal::Ending;
use crate::open_call::OpenCall;
use crate::reply_headers::{self, Facts};
use crate::request_options::Explain;
use crate::sse::write_event;
use crate::trace::{self, LastEvent};

/// Frames that are ready at once leave together, up to about this size; chosen, not measured: one
/// TLS record.
const CHUNK_BYTES: usize = 16 * 1024;

/// Makes the call, and answers as soon as there is content or a failure, or the caller has waited long enough.
pub(crate) async fn open(arrived: Arrived) -> Result<Response, Failure> {
    let mut open = OpenCall::of(&arrived);
    let client = arrived.app.client();
    let request = arrived.call.request.clone();
    let options = arrived.call_options();
    let mut answer: Pending = Box::pin(async move { client.stream_with(request, options).await });
    let keep_alive = arrived.app.keep_alive;
    let answered = timeout(keep_alive, &mut answer).await;
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Reverse proxies that buffer would hold tokens back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    let stage = match answered {
        Ok(Ok(stream)) => {
            let facts = Facts {
                target: &stream.route.target(),
                tier: stream.route.tier,
                attempts: stream.route.attempts,
                fell_back: stream.route.is_fallback,
                cost: None,
                meta: &stream.meta,
                wire_format: None,
            };
            reply_headers::of_answer(headers, &facts, &arrived.format.format());
            reply_headers::of_route(headers, &stream.route);
            open.routed(&stream.route);
            Stage::Flowing(Box::new(stream))
        }
        Ok(Err(error)) => {
            let failure = arrived.failure(&error);
            open.failed(&failure);
            return Err(failure);
        }
        Err(_) => {
            reply_headers::without_cache(headers);
            Stage::Waiting(answer)
        }
    };
    let mut buffer = BytesMut::with_capacity(CHUNK_BYTES);
    if matches!(stage, Stage::Waiting(_)) {
        // The first sign of life goes out with the status line, not one interval later.
        buffer.extend_from_slice(arrived.format.keep_alive());
    }
    let writer = Writer {
        encoder: arrived.format.stream_encoder(&arrived.call, &arrived.id),
        last: (arrived.options.explain == Explain::Yes).then(LastEvent::default),
        format: arrived.format,
        request: arrived.call.request,
        open,
        stage,
        keep_alive,
        buffer,
        id: arrived.id,
    };
    *response.body_mut() = Body::from_stream(stream::unfold(writer, Writer::next_chunk));
    Ok(response)
}

type Pending = Pin<Box<dyn Future<Output = Result<ReplyStream>> + Send>>;

enum Stage {
    /// The caller has its 200 and waits for content.
    Waiting(Pending),
    Flowing(Box<ReplyStream>),
    Over,
}

struct Writer {
    stage: Stage,
    encoder: Box<dyn EventEncoder>,
    /// There where the caller wants the trace.
    last: Option<LastEvent>,
    format: &'static dyn Inbound,
    request: ChatRequest,
    id: interline_core::CallId,
    open: OpenCall,
    keep_alive: Duration,
    buffer: BytesMut,
}

impl Writer {
    async fn next_chunk(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        while self.buffer.is_empty() {
            match &mut self.stage {
                Stage::Waiting(answer) => match timeout(self.keep_alive, answer).await {
                    Err(_) => self.buffer.extend_from_slice(self.format.keep_alive()),
                    Ok(Ok(stream)) => {
                        self.open.routed(&stream.route);
                        self.stage = Stage::Flowing(Box::new(stream));
                    }
                    Ok(Err(error)) => self.fail(&error),
                },
                Stage::Flowing(stream) => {
                    let item = stream.next().await;
                    self.take(item);
                    self.take_what_is_ready();
                }
                Stage::Over => return None,
            }
        }
        let chunk = self.buffer.split().freeze();
        Some((Ok(chunk), self))
    }

    fn take_what_is_ready(&mut self) {
        while let Stage::Flowing(stream) = &mut self.stage
            && self.buffer.len() < CHUNK_BYTES
            && let Some(item) = stream.next().now_or_never()
        {
            self.take(item);
        }
    }

    fn take(&mut self, item: Option<Result<Frame>>) {
        match item {
            Some(Ok(frame)) => self.write(&frame),
            Some(Err(error)) => self.fail(&error),
            None => self.finish(),
        }
    }

    fn write(&mut self, frame: &Frame) {
        let mut events = self.encoder.encode(frame);
        if let (Some(last), Stage::Flowing(stream)) = (&mut self.last, &self.stage) {
            events = last.pass(frame, events, || {
                trace::object(&stream.route, stream.cost())
            });
        }
        for event in &events {
            write_event(&mut self.buffer, event);
        }
    }

    /// The stream came to its end, which the client guarantees to be the vendor's terminal event.
    fn finish(&mut self) {
        if let Stage::Flowing(stream) = &self.stage {
            self.open.cost(stream.cost());
        }
        self.open.ended(Ending::Answered);
        self.stage = Stage::Over;
    }

    /// One last event; then the body ends cleanly, because SDKs raise the event and not a cut.
    fn fail(&mut self, error: &Error) {
        let failure = Failure::of(error, self.format, &self.request);
        self.open.failed(&failure);
        if let Stage::Flowing(stream) = &self.stage {
            self.open.cost(stream.cost());
        }
        let held = self.last.as_mut().and_then(LastEvent::release);
        let body = self.format.encode_error(&failure, &self.id);
        for event in held.into_iter().chain(self.encoder.fail(&body)) {
            write_event(&mut self.buffer, &event);
        }
        self.stage = Stage::Over;
    }
}
