//! Bodies that are cut into messages otherwise than as server-sent events, such as Amazon's binary
//! event stream.
//!
//! How a message stands in the bytes is the vendor crate's affair; reading, progress and the taking out
//! of secrets are the same for all.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use interline_core::{Progress, ProgressSink, Result};

use crate::echoed_secret::EchoedSecrets;
use crate::http_response::Body;

/// Cuts the bytes of a body into messages; [`crate::HttpResponse::framed`] drives it.
///
/// It is handed bytes only while it asks for more, so what it holds is at most one piece of the body
/// and one unfinished message; it must refuse a message that announces itself longer than its limit.
pub trait Framing: Send + Unpin + 'static {
    /// One message of the framing.
    type Message: Send + 'static;

    /// Takes the bytes that arrived next.
    fn push(&mut self, bytes: Bytes);

    /// The next whole message in the bytes so far; `None` asks for more of them.
    ///
    /// # Errors
    /// `Protocol` where the bytes break the framing, or a message is too long. Nothing follows it.
    fn next_message(&mut self) -> Result<Option<Self::Message>>;

    /// Says that the body is over, and every whole message was taken.
    ///
    /// # Errors
    /// `Protocol` where it ended inside a message.
    fn finish(&mut self) -> Result<()>;

    /// What the message says, for the request's own secrets to be taken out of it.
    fn payload(message: &mut Self::Message) -> &mut Bytes;
}

/// The messages of a body, in order; ends with the body or after one error.
pub(crate) struct MessageStream<F> {
    /// `None` once nothing more is to be read.
    body: Option<Body>,
    framing: F,
    progress: Arc<dyn ProgressSink>,
    echoed: EchoedSecrets,
}

impl<F: Framing> MessageStream<F> {
    pub(crate) fn new(
        body: Body,
        progress: Arc<dyn ProgressSink>,
        echoed: EchoedSecrets,
        framing: F,
    ) -> Self {
        Self {
            body: Some(body),
            framing,
            progress,
            echoed,
        }
    }
}

impl<F: Framing> Stream for MessageStream<F> {
    type Item = Result<F::Message>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            let Some(body) = &mut this.body else {
                return Poll::Ready(None);
            };
            let failure = match this.framing.next_message() {
                Ok(Some(mut message)) => {
                    let payload = F::payload(&mut message);
                    *payload = this.echoed.removed_from(std::mem::take(payload));
                    return Poll::Ready(Some(Ok(message)));
                }
                Err(error) => Some(error),
                Ok(None) => match ready!(body.as_mut().poll_next(cx)) {
                    Some(Ok(chunk)) => {
                        this.progress.report(Progress::Bytes(chunk.len()));
                        this.framing.push(chunk);
                        continue;
                    }
                    Some(Err(error)) => Some(error),
                    None => this.framing.finish().err(),
                },
            };
            this.body = None;
            return Poll::Ready(failure.map(Err));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};
    use http::HeaderMap;
    use interline_core::{ChatStream, Error, Frame, Phase, StreamEvent};
    use secrecy::SecretString;

    use super::*;
    use crate::{FrameDecoder, HttpResponse, bearer_header};

    /// Messages of two bytes; `!!` breaks the framing.
    #[derive(Default)]
    struct Pairs(Vec<u8>);

    impl Framing for Pairs {
        type Message = Bytes;

        fn push(&mut self, bytes: Bytes) {
            self.0.extend_from_slice(&bytes);
        }

        fn next_message(&mut self) -> Result<Option<Bytes>> {
            if self.0.len() < 2 {
                return Ok(None);
            }
            let rest = self.0.split_off(2);
            match std::mem::replace(&mut self.0, rest) {
                pair if pair == b"!!" => Err(Error::protocol("broken")),
                pair => Ok(Some(pair.into())),
            }
        }

        fn finish(&mut self) -> Result<()> {
            match self.0.len() {
                0 => Ok(()),
                _ => Err(Error::protocol("cut")),
            }
        }

        fn payload(message: &mut Bytes) -> &mut Bytes {
            message
        }
    }

    struct Texts;

    impl FrameDecoder<Bytes> for Texts {
        fn push(&mut self, pair: Bytes) -> Result<Frame> {
            let text = String::from_utf8(pair.into()).expect("ASCII");
            Ok(Frame::of([StreamEvent::Text { choice: 0, text }]))
        }

        fn finish(&mut self) -> Result<Option<Frame>> {
            Ok(Some(Frame::of([StreamEvent::End])))
        }

        fn phase(&self) -> Phase {
            Phase::AfterOutput
        }
    }

    fn response(body: Vec<Result<Bytes>>) -> HttpResponse {
        HttpResponse::new(200, HeaderMap::new(), stream::iter(body))
    }

    async fn words(frames: ChatStream) -> Vec<String> {
        let word = |frame: Result<Frame>| match frame {
            Ok(frame) => match frame.events.as_slice() {
                [StreamEvent::Text { text, .. }] => text.clone(),
                _ => "end".to_owned(),
            },
            Err(error) => format!("{} {:?}", error.message(), error.phase()),
        };
        frames.map(word).collect().await
    }

    async fn read(body: Vec<Result<Bytes>>) -> Vec<String> {
        words(response(body).framed(Pairs::default(), Texts, &"p".into(), &"m".into())).await
    }

    fn piece(text: &'static str) -> Result<Bytes> {
        Ok(Bytes::from(text))
    }

    #[tokio::test]
    async fn messages_are_read_whatever_the_pieces() {
        let body = vec![piece("a"), piece("bc"), piece(""), piece("d")];
        assert_eq!(read(body).await, ["ab", "cd", "end"]);
    }

    #[tokio::test]
    async fn one_error_ends_the_messages() {
        let cut = ["ab", "cut AfterOutput"];
        assert_eq!(read(vec![piece("abc")]).await, cut);
        let broken = ["ab", "broken AfterOutput"];
        assert_eq!(read(vec![piece("ab!!cd")]).await, broken);
        let lost = vec![piece("ab"), Err(Error::protocol("lost")), piece("cd")];
        assert_eq!(read(lost).await, ["ab", "lost AfterOutput"]);
    }

    #[tokio::test]
    async fn messages_come_without_the_requests_secrets() {
        /// The whole body is one message.
        #[derive(Default)]
        struct Whole(Bytes);
        impl Framing for Whole {
            type Message = Bytes;
            fn push(&mut self, bytes: Bytes) {
                self.0 = bytes;
            }
            fn next_message(&mut self) -> Result<Option<Bytes>> {
                Ok(Some(std::mem::take(&mut self.0)).filter(|bytes| !bytes.is_empty()))
            }
            fn finish(&mut self) -> Result<()> {
                Ok(())
            }
            fn payload(message: &mut Bytes) -> &mut Bytes {
                message
            }
        }
        let mut headers = HeaderMap::new();
        let key = bearer_header(&SecretString::from("secret-key-1")).expect("a header");
        headers.insert("authorization", key);
        let echo = response(vec![piece("no secret-key-1 here")])
            .with_echoed_secrets(EchoedSecrets::of(&headers));
        let frames = echo.framed(Whole::default(), Texts, &"p".into(), &"m".into());
        assert_eq!(words(frames).await, ["no [redacted] here", "end"]);
    }
}
