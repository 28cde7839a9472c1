//! A body of unknown length, put together without moving what is there already.
//!
//! Why not one growing buffer: while it doubles, the old and the new one exist side by side, so that a body which is refused
//! at its limit has cost more than twice the limit. Why not the chunks as they come: a vendor may send them a byte at a time.

use bytes::{Bytes, BytesMut};

/// Size of the blocks; chosen, not measured: most answers fit into one.
const BLOCK_BYTES: usize = 1024 * 1024;

/// The bytes so far.
#[derive(Debug, Default)]
pub(crate) struct WholeBody {
    /// Full ones.
    blocks: Vec<Bytes>,
    /// The one that is being filled; it grows up to a block's size.
    last: BytesMut,
    length: usize,
}

impl WholeBody {
    /// How many bytes there are.
    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    /// Adds a chunk.
    pub(crate) fn push(&mut self, mut chunk: Bytes) {
        self.length += chunk.len();
        while !chunk.is_empty() {
            let room = BLOCK_BYTES - self.last.len();
            let piece = chunk.split_to(room.min(chunk.len()));
            self.last.extend_from_slice(&piece);
            if self.last.len() == BLOCK_BYTES {
                self.blocks.push(std::mem::take(&mut self.last).freeze());
            }
        }
    }

    /// All of it.
    pub(crate) fn join(self) -> Bytes {
        if self.blocks.is_empty() {
            return self.last.freeze();
        }
        let mut whole = BytesMut::with_capacity(self.length);
        for block in self.blocks {
            whole.extend_from_slice(&block);
        }
        whole.extend_from_slice(&self.last);
        whole.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_any_size_are_joined_in_order() {
        let text: Bytes = (0..3 * BLOCK_BYTES + 5)
            .map(|number| (number % 251) as u8)
            .collect();
        for step in [
            1000,
            BLOCK_BYTES - 1,
            BLOCK_BYTES,
            2 * BLOCK_BYTES + 1,
            text.len(),
        ] {
            let mut body = WholeBody::default();
            for chunk in text.chunks(step) {
                body.push(Bytes::copy_from_slice(chunk));
            }
            assert_eq!(body.len(), text.len());
            assert!(body.join() == text, "chunks of {step}");
        }
        assert_eq!(WholeBody::default().join(), Bytes::new());
    }
}
