//! A streamed answer: the events of a body through a format's decoder, to the end or one error.

use futures_core::Stream;
use futures_util::{FutureExt, StreamExt, stream};
use interline_core::{ChatStream, Frame, ModelId, Phase, ProviderId, ResponseMeta, Result};

use crate::exchange::in_exchange;
use crate::{Framing, HttpResponse, SseEvent, SseLimits};

/// Reads one stream of a wire format; [`HttpResponse::frames`] drives it, or
/// [`HttpResponse::framed`] where the events `E` are not server-sent ones.
pub trait FrameDecoder<E = SseEvent>: Send + 'static {
    /// Reads one event.
    ///
    /// # Errors
    /// The vendor's own error, or `Protocol` where the event breaks the format. Nothing follows it.
    fn push(&mut self, event: E) -> Result<Frame>;

    /// Says that the body is over; gives the terminal frame where the format has no event for it.
    ///
    /// # Errors
    /// `Protocol` where the answer is not complete: it was cut.
    fn finish(&mut self) -> Result<Option<Frame>>;

    /// How far the answer has come, for failures of the connection, which does not know whether
    /// content came over it.
    fn phase(&self) -> Phase;
}

impl HttpResponse {
    /// Reads the body as a streamed answer of `model` at `provider`, which errors then name.
    ///
    /// Ends after the terminal frame, or after one error.
    #[must_use]
    pub fn frames(
        self,
        limits: SseLimits,
        decoder: impl FrameDecoder,
        provider: &ProviderId,
        model: &ModelId,
    ) -> ChatStream {
        let meta = self.meta();
        frames_of(meta, self.sse(limits), decoder, provider, model)
    }

    /// As [`Self::frames`], for a body that `framing` cuts into messages.
    #[must_use]
    pub fn framed<F: Framing>(
        self,
        framing: F,
        decoder: impl FrameDecoder<F::Message>,
        provider: &ProviderId,
        model: &ModelId,
    ) -> ChatStream {
        let meta = self.meta();
        frames_of(meta, self.messages(framing), decoder, provider, model)
    }
}

fn frames_of<E: Send + 'static>(
    meta: ResponseMeta,
    events: impl Stream<Item = Result<E>> + Send + Unpin + 'static,
    decoder: impl FrameDecoder<E>,
    provider: &ProviderId,
    model: &ModelId,
) -> ChatStream {
    let reader = FrameReader {
        events,
        decoder,
        provider: provider.clone(),
        model: model.clone(),
        request_id: meta.request_id.clone(),
    };
    let frames = stream::unfold(Some(reader), |reader| async { reader?.next().await });
    ChatStream::new(meta, frames)
}

struct FrameReader<S, D> {
    events: S,
    decoder: D,
    provider: ProviderId,
    model: ModelId,
    request_id: Option<String>,
}

impl<E, S: Stream<Item = Result<E>> + Unpin, D: FrameDecoder<E>> FrameReader<S, D> {
    async fn next(mut self) -> Option<(Result<Frame>, Option<Self>)> {
        let frame = match self.events.next().await {
            Some(Ok(event)) => self.decoder.push(event),
            Some(Err(error)) => Err(error.with_phase(self.decoder.phase())),
            None => match self.decoder.finish() {
                Ok(frame) => Ok(frame?),
                Err(error) => Err(error),
            },
        };
        match frame {
            Ok(frame) if frame.is_end() => {
                // The end of the body usually arrived with the terminal event; a look at it lets the
                // connection be used again.
                let _ = self.events.next().now_or_never();
                Some((Ok(frame), None))
            }
            Ok(frame) => Some((Ok(frame), Some(self))),
            Err(error) => {
                let error =
                    in_exchange(error, self.request_id).with_target(&self.provider, &self.model);
                Some((Err(error), None))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use interline_core::{Error, StreamEvent};

    use super::*;

    /// Every event is text, but `[DONE]` is the end and `broken` an error.
    #[derive(Default)]
    struct Texts {
        saw_content: bool,
    }

    impl FrameDecoder for Texts {
        fn push(&mut self, event: SseEvent) -> Result<Frame> {
            let text = String::from_utf8_lossy(&event.data).into_owned();
            self.saw_content = true;
            match text.as_str() {
                "broken" => Err(Error::protocol("broken")),
                "[DONE]" => Ok(Frame::of([StreamEvent::End])),
                _ => Ok(Frame::of([StreamEvent::Text { choice: 0, text }])),
            }
        }

        fn finish(&mut self) -> Result<Option<Frame>> {
            if self.saw_content {
                return Err(Error::protocol("cut").with_phase(self.phase()));
            }
            Ok(Some(Frame::of([StreamEvent::End])))
        }

        fn phase(&self) -> Phase {
            if self.saw_content {
                Phase::AfterOutput
            } else {
                Phase::BeforeOutput
            }
        }
    }

    /// Frames as words: `text`, `end`, or the error's message, phase, target and exchange.
    async fn read(body: Vec<Result<Bytes>>) -> Vec<String> {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", "req_1".parse().unwrap());
        let response = HttpResponse::new(200, headers, stream::iter(body));
        let decoder = Texts::default();
        let frames = response.frames(SseLimits::default(), decoder, &"p".into(), &"m".into());
        assert_eq!(frames.meta.request_id.as_deref(), Some("req_1"));
        let words = frames.map(|frame| match frame {
            Ok(frame) if frame.is_end() => "end".to_owned(),
            Ok(_) => "text".to_owned(),
            Err(error) => format!(
                "{error} {:?} {}",
                error.phase(),
                error.request_id().unwrap_or_default()
            ),
        });
        words.collect().await
    }

    #[tokio::test]
    async fn frames_end_with_the_terminal_one() {
        let body = Bytes::from("data: a\n\ndata: [DONE]\n\ndata: b\n\n");
        assert_eq!(read(vec![Ok(body)]).await, ["text", "end"]);
        assert_eq!(read(vec![]).await, ["end"], "the decoder's own end");
    }

    #[tokio::test]
    async fn frames_end_with_one_error_that_says_whose_and_how_far() {
        let text = || Ok(Bytes::from("data: a\n\n"));
        let told = |what: &str, phase: &str| format!("protocol: {what} (p/m) {phase} req_1");
        let broken = Ok(Bytes::from("data: broken\n\ndata: a\n\n"));
        let frames = read(vec![broken]).await;
        assert_eq!(frames, [told("broken", "BeforeOutput")]);
        let frames = read(vec![text()]).await;
        assert_eq!(frames, ["text".to_owned(), told("cut", "AfterOutput")]);
        let frames = read(vec![text(), Err(Error::protocol("lost"))]).await;
        assert_eq!(frames, ["text".to_owned(), told("lost", "AfterOutput")]);
    }
}
