//! What a response of HTTP/1.1 says, read back from its bytes, so that it can be said in HTTP/2.

use bytes::{Buf, Bytes, BytesMut};

/// Most header lines of a response; chosen, not measured: a fault may ask for ten thousand.
const MAX_HEADERS: usize = 16 * 1024;

/// One part of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    Head {
        status: u16,
        /// Without those that HTTP/2 forbids.
        headers: Vec<(String, String)>,
    },
    Data(Bytes),
    End,
    /// The bytes are no HTTP; nothing follows.
    Garbage,
}

/// Reads the bytes of one response.
#[derive(Debug, Default)]
pub(crate) struct Http1Meaning {
    buffer: BytesMut,
    place: Place,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Head,
    /// In a body of which so much is missing.
    Length(usize),
    ChunkSize,
    Chunk(usize),
    Over,
}

impl Http1Meaning {
    /// What the next bytes add.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Vec<Meaning> {
        self.buffer.extend_from_slice(bytes);
        let mut said = Vec::new();
        while let Some(meaning) = self.next() {
            said.push(meaning);
        }
        said
    }

    fn next(&mut self) -> Option<Meaning> {
        loop {
            match self.place {
                Place::Over => {
                    self.buffer.clear();
                    return None;
                }
                Place::Head => return self.head(),
                Place::Length(0) => {
                    self.place = Place::Over;
                    return Some(Meaning::End);
                }
                Place::Length(missing) => {
                    let data = self.take(missing)?;
                    self.place = Place::Length(missing - data.len());
                    return Some(Meaning::Data(data));
                }
                Place::ChunkSize => match httparse::parse_chunk_size(&self.buffer) {
                    Ok(httparse::Status::Complete((used, size))) => {
                        self.buffer.advance(used);
                        if size == 0 {
                            self.place = Place::Length(0);
                        } else {
                            // With the line end behind it.
                            self.place =
                                Place::Chunk(usize::try_from(size).unwrap_or(usize::MAX) + 2);
                        }
                    }
                    Ok(httparse::Status::Partial) => return None,
                    Err(_) => return Some(self.garbage()),
                },
                Place::Chunk(missing @ (1 | 2)) => {
                    let skipped = self.take(missing)?.len();
                    self.place = match missing - skipped {
                        0 => Place::ChunkSize,
                        left => Place::Chunk(left),
                    };
                }
                Place::Chunk(missing) => {
                    let data = self.take(missing - 2)?;
                    self.place = Place::Chunk(missing - data.len());
                    return Some(Meaning::Data(data));
                }
            }
        }
    }

    /// At most so many of the bytes that are there; nothing where there are none.
    fn take(&mut self, most: usize) -> Option<Bytes> {
        let length = most.min(self.buffer.len());
        (length > 0).then(|| self.buffer.split_to(length).freeze())
    }

    fn head(&mut self) -> Option<Meaning> {
        if self.buffer.is_empty() {
            return None;
        }
        let mut slots = vec![httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut slots);
        let used = match head.parse(&self.buffer) {
            Ok(httparse::Status::Complete(used)) => used,
            Ok(httparse::Status::Partial) => return None,
            Err(_) => return Some(self.garbage()),
        };
        let status = head.code.unwrap_or(500);
        let mut place = Place::Length(0);
        let mut headers = Vec::with_capacity(head.headers.len());
        for header in head.headers.iter() {
            let value = String::from_utf8_lossy(header.value).into_owned();
            let name = header.name.to_ascii_lowercase();
            match name.as_str() {
                "transfer-encoding" => {
                    place = Place::ChunkSize;
                    continue;
                }
                "content-length" => place = Place::Length(value.parse().unwrap_or(0)),
                _ => {}
            }
            headers.push((name, value));
        }
        self.buffer.advance(used);
        self.place = place;
        Some(Meaning::Head { status, headers })
    }

    fn garbage(&mut self) -> Meaning {
        self.place = Place::Over;
        Meaning::Garbage
    }
}

#[cfg(test)]
mod tests {
    use super::{Http1Meaning, Meaning};

    /// The parts, with neighbouring data joined.
    fn read(text: &str, step: usize) -> (u16, String, &'static str) {
        let mut meaning = Http1Meaning::default();
        let (mut status, mut data, mut end) = (0, String::new(), "open");
        for bytes in text.as_bytes().chunks(step) {
            for part in meaning.read(bytes) {
                match part {
                    Meaning::Head { status: told, .. } => status = told,
                    Meaning::Data(bytes) => data += std::str::from_utf8(&bytes).unwrap(),
                    Meaning::End => end = "end",
                    Meaning::Garbage => end = "garbage",
                }
            }
        }
        (status, data, end)
    }

    #[test]
    fn responses_are_read_whatever_the_cuts() {
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n4\r\n two\r\n0\r\n\r\n";
        let length = "HTTP/1.1 418 Tea\r\ncontent-length: 3\r\n\r\ntea";
        let short = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
        for step in 1..chunked.len() {
            assert_eq!(
                read(chunked, step),
                (200, "one two".to_owned(), "end"),
                "{step}"
            );
            assert_eq!(read(length, step), (418, "tea".to_owned(), "end"), "{step}");
            assert_eq!(
                read(short, step),
                (200, "half".to_owned(), "open"),
                "{step}"
            );
        }
        assert_eq!(read("\u{1}garbage", 100).2, "garbage");
    }
}
