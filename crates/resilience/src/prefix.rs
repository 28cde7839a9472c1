//! The frames of a stream that come before its first content, held back so that the attempt can
//! still fail unnoticed.
//!
//! Bounded: a vendor that sends nothing but pings must not fill the memory. Where the bound is met
//! the stream is committed, because handing pings on is better than failing a call that lives.
//! 64 frames and 256 KiB are the design's bounds; real prefixes are under ten frames and 8 KiB.

use interline_core::Frame;

use crate::stream_state::Fits;

/// The most frames that are held back.
const MAX_FRAMES: usize = 64;
/// The most bytes of the wire that are held back.
const MAX_BYTES: usize = 256 * 1024;

/// The frames of a stream that came before its first content.
#[derive(Debug, Default)]
pub(crate) struct Prefix {
    frames: Vec<Frame>,
    bytes: usize,
}

impl Prefix {
    /// Whether `frame` can be held back besides what already is.
    pub(crate) fn fits(&self, frame: &Frame) -> Fits {
        let bytes = self.bytes.saturating_add(frame.raw_len());
        if self.frames.len() < MAX_FRAMES && bytes <= MAX_BYTES {
            Fits::Yes
        } else {
            Fits::No
        }
    }

    /// Adds a frame; the one that commits the stream is added even where it does not fit.
    pub(crate) fn push(&mut self, frame: Frame) {
        self.bytes = self.bytes.saturating_add(frame.raw_len());
        self.frames.push(frame);
    }

    /// The frames, in the order in which they came.
    pub(crate) fn into_frames(self) -> std::vec::IntoIter<Frame> {
        self.frames.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use interline_core::{FormatId, RawFrame};

    use super::*;

    fn ping(bytes: usize) -> Frame {
        let data = Bytes::from(vec![b' '; bytes]);
        Frame::new(
            RawFrame::new(FormatId::from_static("f"), None, data),
            Vec::new(),
        )
    }

    #[test]
    fn the_number_of_frames_is_bounded() {
        let mut prefix = Prefix::default();
        for _ in 0..MAX_FRAMES {
            assert_eq!(prefix.fits(&ping(1)), Fits::Yes);
            prefix.push(ping(1));
        }
        assert_eq!(prefix.fits(&ping(1)), Fits::No);
    }

    #[test]
    fn the_number_of_bytes_is_bounded() {
        let mut prefix = Prefix::default();
        assert_eq!(prefix.fits(&ping(MAX_BYTES + 1)), Fits::No);
        prefix.push(ping(MAX_BYTES));
        assert_eq!(prefix.fits(&ping(0)), Fits::Yes);
        assert_eq!(prefix.fits(&ping(1)), Fits::No);
    }
}
