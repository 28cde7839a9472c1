//! Undoes gzip piece by piece, and stops where a body inflates as no answer does.
//!
//! Why not the HTTP client's own: it inflates whatever comes and does not say from how little, so a bomb is only found once
//! the reader's limit is full. Here both sides are counted while inflating, and a piece of input is small enough that what
//! it inflates to at worst (about 1000:1) is half a MiB.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, header};
use interline_core::{Error, Result};

use crate::http_response::Body;
use crate::peer::Peer;

/// The most that a body may inflate to, as a multiple of its size: 100, as `docs/resilience.md` says; JSON and text stay
/// below 20.
const MAX_RATIO: u64 = 100;
/// Inflated bytes up to which any ratio is fine: 4 MiB, what one event of a stream may have (chosen, not measured).
const HARMLESS_BYTES: u64 = 4 * 1024 * 1024;
/// Input that is inflated at once; chosen, not measured.
const PIECE_BYTES: usize = 512;

/// The body as it was before compression; the headers no longer speak of it.
///
/// Only gzip is undone, because nothing else is asked for.
pub(crate) fn inflated(
    headers: &mut HeaderMap,
    body: impl Stream<Item = Result<Bytes>> + Send + 'static,
    peer: Peer,
) -> Body {
    let is_gzip = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"gzip"));
    if !is_gzip {
        return Box::pin(body);
    }
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    let inflation = Inflation {
        body: Box::pin(body),
        input: Bytes::new(),
        decoder: MultiGzDecoder::new(Counted::default()),
        compressed: 0,
        peer,
    };
    Box::pin(stream::unfold(Some(inflation), |inflation| async {
        inflation?.next().await
    }))
}

struct Inflation {
    body: Body,
    /// Compressed bytes that arrived and are still to be looked at.
    input: Bytes,
    decoder: MultiGzDecoder<Counted>,
    compressed: u64,
    peer: Peer,
}

/// What the decoder has written since it was last asked, and how much ever.
#[derive(Debug, Default)]
struct Counted {
    output: Vec<u8>,
    total: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.extend_from_slice(bytes);
        self.total += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Inflation {
    async fn next(mut self) -> Option<(Result<Bytes>, Option<Self>)> {
        loop {
            if self.input.is_empty() {
                match self.body.next().await {
                    Some(Ok(chunk)) => self.input = chunk,
                    Some(Err(error)) => return Some((Err(error), None)),
                    None => return self.end(),
                }
                continue;
            }
            let piece = self.input.split_to(self.input.len().min(PIECE_BYTES));
            self.compressed += piece.len() as u64;
            if let Err(error) = self.decoder.write_all(&piece) {
                return Some((Err(self.broken(error)), None));
            }
            let inflated = self.decoder.get_ref().total;
            if inflated > HARMLESS_BYTES && inflated > MAX_RATIO * self.compressed {
                return Some((Err(self.bomb()), None));
            }
            let output = std::mem::take(&mut self.decoder.get_mut().output);
            if !output.is_empty() {
                return Some((Ok(output.into()), Some(self)));
            }
        }
    }

    /// What is left at the end of the body; an empty one was never compressed.
    fn end(mut self) -> Option<(Result<Bytes>, Option<Self>)> {
        if self.compressed == 0 {
            return None;
        }
        if let Err(error) = self.decoder.try_finish() {
            return Some((Err(self.broken(error)), None));
        }
        let output = std::mem::take(&mut self.decoder.get_mut().output);
        (!output.is_empty()).then(|| (Ok(output.into()), None))
    }

    fn broken(&self, error: io::Error) -> Error {
        let peer = &self.peer;
        Error::protocol(format!(
            "the compressed body from {peer} is broken: {error}"
        ))
        .with_source(error)
    }

    fn bomb(&self) -> Error {
        let peer = &self.peer;
        Error::protocol(format!(
            "the body from {peer} inflates to more than {MAX_RATIO} times its size, as no answer does"
        ))
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use interline_core::ErrorKind;

    use super::*;
    use crate::peer::parse_url;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// The largest piece and the sum of all, or the error.
    async fn read(body: &[u8], step: usize) -> Result<(usize, usize)> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_ENCODING, "GZIP".parse().unwrap());
        let chunks: Vec<_> = body.chunks(step).map(Bytes::copy_from_slice).collect();
        let (_, peer) = parse_url("http://h").unwrap();
        let mut body = inflated(&mut headers, stream::iter(chunks).map(Ok), peer);
        assert!(headers.is_empty(), "the headers speak of what is read");
        let (mut largest, mut sum) = (0, 0);
        while let Some(piece) = body.next().await {
            let length = piece?.len();
            largest = largest.max(length);
            sum += length;
        }
        Ok((largest, sum))
    }

    #[tokio::test]
    async fn text_is_read_whatever_the_cuts() {
        let text = "a text that compresses well, ".repeat(300);
        for step in [1, 2, 7, 10_000] {
            let (_, sum) = read(&gzip(text.as_bytes()), step).await.unwrap();
            assert_eq!(sum, text.len(), "{step}");
        }
        assert_eq!(read(&[], 1).await.unwrap(), (0, 0));
    }

    #[tokio::test]
    async fn harmless_sizes_may_have_any_ratio_and_come_in_small_pieces() {
        let spaces = vec![b' '; 4 << 20];
        let (largest, sum) = read(&gzip(&spaces), 1 << 20).await.unwrap();
        assert_eq!(sum, spaces.len());
        assert!(largest < 1 << 20, "{largest} bytes at once");
    }

    #[tokio::test]
    async fn bomb_is_refused_soon_after_the_harmless_size() {
        let error = read(&gzip(&vec![b' '; 16 << 20]), 1 << 20)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.message().contains("100 times"), "{error}");
    }
}
