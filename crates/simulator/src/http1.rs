//! A small HTTP/1.1 reader and the bytes of response heads.
//!
//! Why not a ready-made server: it keeps its promises (a content length that is true, a chunked body that ends),
//! and the faults of this crate are promises that a vendor breaks.
//! Deliberately absent: compression, trailers with a meaning.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::socket::Socket;

/// Largest request body that is read, 32 MiB: the gateway's own limit (`docs/`, HTTP surface).
pub(crate) const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
/// Largest request head that is read, 64 KiB: the limit that the transport sets for response heads.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Most header lines in a request; chosen, not measured: SDKs send about twenty.
const MAX_HEADERS: usize = 128;

/// A request as it arrived, body complete.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path without the query.
    pub(crate) path: String,
    /// The query without its question mark.
    #[cfg_attr(
        not(feature = "proxy"),
        allow(dead_code, reason = "only the proxy passes it on")
    )]
    pub(crate) query: Option<String>,
    /// Names in lower case, in the order of arrival.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) connection: AfterRequest,
}

/// What the client wants of the connection once it has its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterRequest {
    Keep,
    Close,
}

impl Request {
    /// The first value of a header; `name` in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Why no request could be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The client left, in the middle of a request or between two.
    Gone,
    /// Not HTTP/1.1, or a head beyond its limit.
    Malformed(String),
    /// The body is beyond [`MAX_BODY_BYTES`]; the head is there, so that the refusal can be in the vendor's format.
    TooLarge(Box<Request>),
}

impl From<io::Error> for ReadError {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// Reads one request; bytes beyond it stay in `buffer` for the next call.
///
/// # Cancellation
/// Bytes read so far are kept in `buffer`, so a call that is dropped between two requests loses nothing.
pub(crate) async fn read_request(
    stream: &mut Socket,
    buffer: &mut BytesMut,
) -> Result<Request, ReadError> {
    let (mut request, framing) = loop {
        if let Some(parsed) = parse_head(buffer)? {
            break parsed;
        }
        if buffer.len() > MAX_HEAD_BYTES {
            return Err(ReadError::Malformed(format!(
                "request head above {MAX_HEAD_BYTES} bytes"
            )));
        }
        fill(stream, buffer).await?;
    };
    let expects_continue = request
        .header("expect")
        .is_some_and(|value| value.eq_ignore_ascii_case("100-continue"));
    if expects_continue {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    request.body = match framing {
        BodyFraming::Length(length) if length > MAX_BODY_BYTES => {
            return Err(ReadError::TooLarge(Box::new(request)));
        }
        BodyFraming::Length(length) => {
            while buffer.len() < length {
                fill(stream, buffer).await?;
            }
            buffer.split_to(length).freeze()
        }
        BodyFraming::Chunked => match read_chunked(stream, buffer).await? {
            Some(body) => body,
            None => return Err(ReadError::TooLarge(Box::new(request))),
        },
    };
    Ok(request)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyFraming {
    Length(usize),
    Chunked,
}

/// Takes a complete head off the buffer, or nothing while it is not complete.
fn parse_head(buffer: &mut BytesMut) -> Result<Option<(Request, BodyFraming)>, ReadError> {
    let mut slots = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut slots);
    let used = match head.parse(buffer) {
        Ok(httparse::Status::Complete(used)) => used,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(ReadError::Malformed(format!("not HTTP/1.1: {error}"))),
    };
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|header| {
            (
                header.name.to_ascii_lowercase(),
                String::from_utf8_lossy(header.value).into_owned(),
            )
        })
        .collect();
    let target = head.path.unwrap_or("/");
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (target.to_owned(), None),
    };
    let mut request = Request {
        method: head.method.unwrap_or("GET").to_owned(),
        path,
        query,
        headers,
        body: Bytes::new(),
        connection: AfterRequest::Keep,
    };
    let closes = request
        .header("connection")
        .is_some_and(|value| value.to_ascii_lowercase().contains("close"));
    if closes || head.version == Some(0) {
        request.connection = AfterRequest::Close;
    }
    let chunked = request
        .header("transfer-encoding")
        .is_some_and(|value| value.to_ascii_lowercase().contains("chunked"));
    let framing = if chunked {
        BodyFraming::Chunked
    } else {
        match request.header("content-length").map(str::parse) {
            None => BodyFraming::Length(0),
            Some(Ok(length)) => BodyFraming::Length(length),
            Some(Err(_)) => {
                return Err(ReadError::Malformed(
                    "content-length is not a number".to_owned(),
                ));
            }
        }
    };
    buffer.advance(used);
    Ok(Some((request, framing)))
}

/// The joined chunks, or nothing when they exceed the limit.
async fn read_chunked(
    stream: &mut Socket,
    buffer: &mut BytesMut,
) -> Result<Option<Bytes>, ReadError> {
    let mut body = BytesMut::new();
    loop {
        let (used, size) = loop {
            match httparse::parse_chunk_size(buffer) {
                Ok(httparse::Status::Complete((used, size))) => break (used, size),
                Ok(httparse::Status::Partial) => fill(stream, buffer).await?,
                Err(_) => {
                    return Err(ReadError::Malformed(
                        "chunk size is not a number".to_owned(),
                    ));
                }
            }
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size > MAX_BODY_BYTES.saturating_sub(body.len()) {
            return Ok(None);
        }
        buffer.advance(used);
        while buffer.len() < size + 2 {
            fill(stream, buffer).await?;
        }
        body.extend_from_slice(&buffer.split_to(size));
        buffer.advance(2);
        if size == 0 {
            return Ok(Some(body.freeze()));
        }
    }
}

/// Reads more bytes; an end of the stream is [`ReadError::Gone`].
async fn fill(stream: &mut Socket, buffer: &mut BytesMut) -> Result<(), ReadError> {
    buffer.reserve(8 * 1024);
    if stream.read_buf(buffer).await? == 0 {
        return Err(ReadError::Gone);
    }
    Ok(())
}

/// How a response says where its body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
}

/// The head of a response; hop-by-hop headers among `headers` are left out, because `framing` decides them.
pub(crate) fn response_head(
    status: u16,
    headers: &[(String, String)],
    framing: Framing,
) -> BytesMut {
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|code| code.canonical_reason())
        .unwrap_or("");
    let mut head = BytesMut::with_capacity(512);
    head.extend_from_slice(format!("HTTP/1.1 {status} {reason}\r\n").as_bytes());
    for (name, value) in headers {
        let hop_by_hop = ["content-length", "transfer-encoding", "connection"]
            .iter()
            .any(|fixed| name.eq_ignore_ascii_case(fixed));
        if !hop_by_hop {
            head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
    }
    let ending = match framing {
        Framing::Length(length) => format!("content-length: {length}\r\n\r\n"),
        Framing::Chunked => "transfer-encoding: chunked\r\n\r\n".to_owned(),
    };
    head.extend_from_slice(ending.as_bytes());
    head
}

/// `payload` framed as one chunk; an empty payload is left out, because an empty chunk ends the body.
pub(crate) fn chunk(payload: &[u8]) -> Bytes {
    if payload.is_empty() {
        return Bytes::new();
    }
    let mut framed = BytesMut::with_capacity(payload.len() + 16);
    framed.extend_from_slice(format!("{:x}\r\n", payload.len()).as_bytes());
    framed.extend_from_slice(payload);
    framed.extend_from_slice(b"\r\n");
    framed.freeze()
}

/// The chunk that ends a chunked body.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::{AfterRequest, BodyFraming, Framing, ReadError, chunk, parse_head, response_head};
    use bytes::BytesMut;

    #[test]
    fn head_is_parsed_only_when_complete_and_leaves_the_body() {
        let whole =
            b"POST /v1/messages?beta=true HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
        let head_length = whole.len() - 2;
        for cut in 0..head_length {
            let mut part = BytesMut::from(&whole[..cut]);
            assert!(parse_head(&mut part).unwrap().is_none(), "cut at {cut}");
            assert_eq!(part.len(), cut);
        }
        let mut buffer = BytesMut::from(&whole[..]);
        let (request, framing) = parse_head(&mut buffer).unwrap().unwrap();
        assert_eq!(request.path, "/v1/messages");
        assert_eq!(request.header("host"), Some("a"));
        assert_eq!(request.connection, AfterRequest::Keep);
        assert_eq!(framing, BodyFraming::Length(2));
        assert_eq!(&buffer[..], b"{}");
    }

    #[test]
    fn bytes_that_are_not_http_are_malformed() {
        let mut buffer = BytesMut::from(&b"\x16\x03\x01\x02\x00\x01\x00\x01"[..]);
        assert!(matches!(
            parse_head(&mut buffer),
            Err(ReadError::Malformed(_))
        ));
    }

    #[test]
    fn response_head_replaces_framing_headers() {
        let headers = [
            ("Content-Length".to_owned(), "99".to_owned()),
            ("x-request-id".to_owned(), "req_1".to_owned()),
        ];
        let head = response_head(529, &headers, Framing::Length(3));
        assert_eq!(
            &head[..],
            b"HTTP/1.1 529 \r\nx-request-id: req_1\r\ncontent-length: 3\r\n\r\n"
        );
    }

    #[test]
    fn chunk_of_nothing_is_nothing() {
        assert!(chunk(b"").is_empty());
        assert_eq!(
            &chunk(b"hello world, 17 b")[..],
            b"11\r\nhello world, 17 b\r\n"
        );
    }
}
