//! Writes server-sent events into a reused buffer: ten lines, no allocation per event.

use bytes::BytesMut;
use interline_core::RawFrame;

/// Appends one event.
pub(crate) fn write_event(out: &mut BytesMut, frame: &RawFrame) {
    let data = &frame.data;
    out.reserve(data.len() + 32);
    if let Some(event) = &frame.event {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(event.as_bytes());
        out.extend_from_slice(b"\n");
    }
    // A line end inside the data would end the field, so each line gets a field of its own.
    for line in data.split(|byte| *byte == b'\n') {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(line);
        out.extend_from_slice(b"\n");
    }
    out.extend_from_slice(b"\n");
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use interline_core::FormatId;

    use super::*;

    #[track_caller]
    fn check(event: Option<&str>, data: &'static str, expected: &str) {
        let frame = RawFrame::new(
            FormatId::from_static("f"),
            event.map(str::to_owned),
            Bytes::from_static(data.as_bytes()),
        );
        let mut out = BytesMut::new();
        write_event(&mut out, &frame);
        assert_eq!(out, expected);
    }

    #[test]
    fn events_end_with_an_empty_line() {
        check(None, "[DONE]", "data: [DONE]\n\n");
        check(Some("ping"), "{}", "event: ping\ndata: {}\n\n");
    }

    #[test]
    fn line_ends_in_data_become_further_fields() {
        check(None, "{\n}", "data: {\ndata: }\n\n");
    }
}
