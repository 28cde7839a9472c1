//! Server-sent events in the spellings that the standard allows and no vendor uses.

use bytes::{Bytes, BytesMut};

use crate::dialect::Event;
use crate::fault::SseTorture;

/// Size of the pieces of a giant comment; chosen, not measured.
const COMMENT_PIECE_BYTES: usize = 64 * 1024;

/// The pieces in which the events are written, each a chunk of its own.
pub(crate) fn pieces(torture: SseTorture, events: &[Event]) -> impl Iterator<Item = Bytes> + use<> {
    let mut whole = BytesMut::new();
    match torture {
        SseTorture::ByteOrderMark | SseTorture::Everything => {
            whole.extend_from_slice("\u{feff}".as_bytes());
        }
        SseTorture::GiantComment { .. } => whole.extend_from_slice(b"\n"),
        _ => {}
    }
    let mut cuts = Vec::new();
    for (number, event) in events.iter().enumerate() {
        respell(torture, number, &event.bytes, &mut whole);
        cuts.push(whole.len());
    }
    let whole = whole.freeze();
    if matches!(torture, SseTorture::TinyChunks | SseTorture::Everything) {
        cuts = (1..=whole.len()).collect();
    }
    let mut from = 0;
    let pieces = cuts.into_iter().map(move |to| {
        let piece = whole.slice(from..to);
        from = to;
        piece
    });
    giant_comment(torture).chain(pieces)
}

/// The comment without its line end, in pieces that share their memory.
fn giant_comment(torture: SseTorture) -> impl Iterator<Item = Bytes> + use<> {
    let bytes = match torture {
        SseTorture::GiantComment { bytes } => Some(bytes),
        _ => None,
    };
    let start = bytes.map(|_| Bytes::from_static(b": "));
    let filler = Bytes::from(vec![b'x'; COMMENT_PIECE_BYTES]);
    let pieces = (0..bytes.unwrap_or_default())
        .step_by(COMMENT_PIECE_BYTES)
        .map(move |from| filler.slice(..COMMENT_PIECE_BYTES.min(bytes.unwrap_or_default() - from)));
    start.into_iter().chain(pieces)
}

/// One event, whose own lines end with a line feed.
fn respell(torture: SseTorture, number: usize, event: &[u8], out: &mut BytesMut) {
    use SseTorture::{Comments, Cr, CrLf, Everything, SplitData};
    // One line end for a whole event: a CR before a blank line's LF would be read as one line end.
    let line_end: &[u8] = match torture {
        Cr => b"\r",
        CrLf => b"\r\n",
        Everything => [b"\r".as_slice(), b"\n", b"\r\n"][number % 3],
        _ => b"\n",
    };
    if matches!(torture, Comments | Everything) {
        for line in [": alive", ":", "unknown: field", "retry: 1000", "id: 7"] {
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(line_end);
        }
    }
    let lines = event
        .strip_suffix(b"\n")
        .unwrap_or(event)
        .split(|byte| *byte == b'\n');
    for line in lines {
        let open = line.strip_prefix(b"data: {");
        match open {
            Some(rest) if matches!(torture, SplitData | Everything) => {
                // The line feed that joins both lines is white space in JSON. Without the space after the colon, too.
                out.extend_from_slice(b"data: {");
                out.extend_from_slice(line_end);
                out.extend_from_slice(b"data:");
                out.extend_from_slice(rest);
            }
            _ => out.extend_from_slice(line),
        }
        out.extend_from_slice(line_end);
    }
}

#[cfg(test)]
mod tests {
    use super::pieces;
    use crate::dialect::{Event, EventKind};
    use crate::fault::SseTorture;
    use bytes::Bytes;

    #[track_caller]
    fn check(torture: SseTorture, written: &str, chunks: usize) {
        let events = ["event: a\ndata: {\"x\":1}\n\n", "data: [DONE]\n\n"].map(|text| Event {
            kind: EventKind::Content,
            bytes: Bytes::from_static(text.as_bytes()),
        });
        let pieces: Vec<Bytes> = pieces(torture, &events).collect();
        assert_eq!(String::from_utf8(pieces.concat()).unwrap(), written);
        assert_eq!(pieces.len(), chunks);
    }

    #[test]
    fn events_are_respelled() {
        check(
            SseTorture::Cr,
            "event: a\rdata: {\"x\":1}\r\rdata: [DONE]\r\r",
            2,
        );
        check(
            SseTorture::CrLf,
            "event: a\r\ndata: {\"x\":1}\r\n\r\ndata: [DONE]\r\n\r\n",
            2,
        );
        check(
            SseTorture::ByteOrderMark,
            "\u{feff}event: a\ndata: {\"x\":1}\n\ndata: [DONE]\n\n",
            2,
        );
        check(
            SseTorture::SplitData,
            "event: a\ndata: {\ndata:\"x\":1}\n\ndata: [DONE]\n\n",
            2,
        );
        check(
            SseTorture::GiantComment { bytes: 3 },
            ": xxx\nevent: a\ndata: {\"x\":1}\n\ndata: [DONE]\n\n",
            4,
        );
        let plain = "event: a\ndata: {\"x\":1}\n\ndata: [DONE]\n\n";
        check(SseTorture::TinyChunks, plain, plain.len());
    }
}
