//! A streamed answer, with the way it took, and in the end what it cost.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use interline_core::{ChatStream, Frame, NanoUsd, ResponseMeta, Result, StreamEvent, Usage};
use tokio::time::Instant;

use crate::client::Inner;
use crate::collect::Collector;
use crate::{Cost, Reply, RouteInfo};

/// A streamed answer.
///
/// Yields [`Frame`]s, the vendor's bytes beside their meaning; [`ReplyStream::events`] yields the
/// meaning only. After the first content nothing is restarted: a failure is the last item.
///
/// # Cancellation
/// Dropping the stream cancels the call at the vendor.
pub struct ReplyStream {
    /// Who answers, and how it came to that.
    pub route: RouteInfo,
    /// What the vendor said before the first frame.
    pub meta: ResponseMeta,
    frames: ChatStream,
    usage: Usage,
    client: Arc<Inner>,
    /// What answers cost that a gate refused before this one.
    spent: Cost,
    answered_at: Instant,
    is_settled: bool,
}

impl ReplyStream {
    pub(crate) fn new(frames: ChatStream, route: RouteInfo, client: Arc<Inner>) -> Self {
        Self {
            route,
            meta: frames.meta.clone(),
            frames,
            usage: Usage::default(),
            client,
            spent: Cost::Known(NanoUsd::ZERO),
            answered_at: Instant::now(),
            is_settled: false,
        }
    }

    /// Says what answers cost that a gate refused before this one.
    pub(crate) fn with_spent(mut self, spent: Vec<Cost>) -> Self {
        self.spent = spent.into_iter().fold(self.spent, Cost::plus);
        self
    }

    /// The next frame; `None` after the end.
    ///
    /// # Errors
    /// The failure that ended the stream; nothing follows it.
    pub async fn next(&mut self) -> Option<Result<Frame>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Tokens used, as far as the vendor has told yet; complete at the end.
    #[must_use]
    pub const fn usage(&self) -> Usage {
        self.usage
    }

    /// What the call cost, as far as the vendor has told yet; final at the end.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let own = self.client.cost(&self.route.target(), &self.usage);
        own.plus(self.spent)
    }

    /// The events without the vendor's bytes.
    #[must_use]
    pub const fn events(self) -> ReplyEvents {
        ReplyEvents {
            stream: self,
            waiting: VecDeque::new(),
        }
    }

    /// Waits for the end and puts the whole answer together.
    ///
    /// # Errors
    /// The failure that ended the stream. What had come until then is lost; to keep it, read the
    /// frames yourself.
    pub async fn into_reply(mut self) -> Result<Reply> {
        let mut collector = Collector::default();
        while let Some(frame) = self.next().await {
            collector.add(&frame?);
        }
        let response = collector.finish(self.meta.clone(), self.route.model.as_str());
        let cost = self.cost();
        Ok(Reply::new(response, self.route.clone(), cost))
    }

    fn note(&mut self, item: Option<&Result<Frame>>) {
        match item {
            Some(Ok(frame)) => {
                if let Some(connection) = self.client.connection(&self.route.target()) {
                    self.client.issuers.note_frame(connection, frame);
                }
                for event in &frame.events {
                    if let StreamEvent::Usage(usage) = event {
                        self.usage.update(*usage);
                    }
                }
                // Readers may stop here instead of asking for what cannot follow.
                if frame.is_end() {
                    self.settle(None);
                }
            }
            Some(Err(error)) => self.settle(Some(error.kind().code())),
            None => self.settle(None),
        }
    }

    /// Writes the call's figures, once.
    fn settle(&mut self, failure: Option<&'static str>) {
        if std::mem::replace(&mut self.is_settled, true) {
            return;
        }
        if let Some(metrics) = &self.client.metrics {
            let streaming = self.answered_at.elapsed();
            metrics.stream_ended(&self.route, streaming, &self.usage, self.cost(), failure);
        }
    }
}

impl Stream for ReplyStream {
    type Item = Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.frames).poll_next(cx));
        self.note(item.as_ref());
        Poll::Ready(item)
    }
}

impl Drop for ReplyStream {
    fn drop(&mut self) {
        self.settle(Some("cancelled"));
    }
}

impl fmt::Debug for ReplyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyStream")
            .field("route", &self.route)
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}

/// The events of a streamed answer, one by one.
#[derive(Debug)]
pub struct ReplyEvents {
    stream: ReplyStream,
    waiting: VecDeque<StreamEvent>,
}

impl ReplyEvents {
    /// The next event; `None` after the end.
    ///
    /// # Errors
    /// The failure that ended the stream; nothing follows it.
    pub async fn next(&mut self) -> Option<Result<StreamEvent>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Who answers, and how it came to that.
    #[must_use]
    pub const fn route(&self) -> &RouteInfo {
        &self.stream.route
    }

    /// What the call cost, as far as the vendor has told yet; final at the end.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.stream.cost()
    }
}

impl Stream for ReplyEvents {
    type Item = Result<StreamEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            match ready!(Pin::new(&mut self.stream).poll_next(cx)) {
                Some(Ok(frame)) => self.waiting.extend(frame.events),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}
