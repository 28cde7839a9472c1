//! Gzip bomb: a valid compressed body that is a thousand times its size once inflated.
//!
//! One MiB of letters is compressed once, and its bytes are written as often as the size asks: a deflate stream may be put
//! together of blocks that refer to nothing outside themselves. Neither side of the test needs the memory that it tests for.

use bytes::{Bytes, BytesMut};
use flate2::{Compress, Compression, Crc, FlushCompress, Status};

use crate::plan::{Answer, Body};
use crate::step::{Step, chunked_head, last_chunk, piece};

/// Inflated size of one block.
const BLOCK_BYTES: usize = 1024 * 1024;
/// The header that says nothing: deflate, no name, no time, unknown system.
const GZIP_HEADER: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// The steps of a body that inflates to `bytes`, in chunks of one block each.
pub(crate) fn steps(answer: &Answer, bytes: usize) -> Vec<Step> {
    let (start, end): (&[u8], &[u8]) = match answer.body {
        Body::Whole { .. } => (b"{\"filler\":\"", b"\"}"),
        Body::Events(_) => (b"data: {\"filler\":\"", b"\"}\n\n"),
    };
    let mut headers = answer.headers.clone();
    headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
    let mut steps = vec![
        Step::Write(chunked_head(answer.status, &headers)),
        Step::Fire,
    ];
    steps.extend(
        pieces(start, end, bytes.div_ceil(BLOCK_BYTES))
            .iter()
            .filter_map(|bytes| piece(bytes)),
    );
    steps.push(last_chunk());
    steps
}

/// The compressed bytes of `start`, so many blocks of letters, and `end`.
fn pieces(start: &[u8], end: &[u8], blocks: usize) -> Vec<Bytes> {
    let filler = vec![b'x'; BLOCK_BYTES];
    let block = deflated(&filler, FlushCompress::Full);
    let mut first = BytesMut::from(GZIP_HEADER);
    first.extend_from_slice(&deflated(start, FlushCompress::Full));
    let mut last = BytesMut::from(deflated(end, FlushCompress::Finish).as_ref());
    let sum = sum_of(start, &filler, blocks, end);
    last.extend_from_slice(&sum.sum().to_le_bytes());
    last.extend_from_slice(&sum.amount().to_le_bytes());
    let mut pieces = vec![first.freeze()];
    pieces.extend(std::iter::repeat_n(block, blocks));
    pieces.push(last.freeze());
    pieces
}

fn deflated(bytes: &[u8], flush: FlushCompress) -> Bytes {
    let mut compress = Compress::new(Compression::best(), false);
    // Far more than any of the inputs needs, so that one call is enough.
    let mut out = Vec::with_capacity(BLOCK_BYTES / 16 + bytes.len().min(1024) * 2);
    let status = compress.compress_vec(bytes, &mut out, flush);
    debug_assert!(matches!(status, Ok(Status::Ok | Status::StreamEnd)));
    out.into()
}

fn sum_of(start: &[u8], filler: &[u8], blocks: usize, end: &[u8]) -> Crc {
    let of = |bytes: &[u8]| {
        let mut sum = Crc::new();
        sum.update(bytes);
        sum
    };
    let mut sum = of(start);
    let block = of(filler);
    for _ in 0..blocks {
        sum.combine(&block);
    }
    sum.combine(&of(end));
    sum
}

#[cfg(test)]
mod tests {
    use super::{BLOCK_BYTES, pieces};
    use std::io::Read;

    #[test]
    fn bomb_is_valid_gzip_of_a_thousandth_of_the_size() {
        let compressed = pieces(b"{\"filler\":\"", b"\"}", 3).concat();
        let mut text = String::new();
        flate2::read::GzDecoder::new(compressed.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text.len(), 3 * BLOCK_BYTES + 13);
        assert!(text.starts_with("{\"filler\":\"xx") && text.ends_with("xx\"}"));
        let ratio = text.len() / compressed.len();
        assert!((900..1100).contains(&ratio), "{ratio}:1");
    }
}
