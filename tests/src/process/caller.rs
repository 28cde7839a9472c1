//! A caller of the gateway that sees exactly how a call ends: refused, cut, answered whole, or with an error.
//!
//! Written by hand over a socket, because an HTTP library hides the difference, and pools connections.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// No call may last longer.
const HANG: Duration = Duration::from_secs(90);

/// Calls of this process: a vendor's ledger may outlive a gateway, so none is numbered twice.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) address: SocketAddr,
}

/// One call.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) number: u64,
    model: String,
    delivery: Delivery,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    Unary,
    Stream,
}

/// What became of one call.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) number: u64,
    pub(super) ended: Ended,
    /// The text that came, whole or not.
    pub(super) text: String,
    /// `x-interline-provider`.
    pub(super) provider: String,
    pub(super) started: Instant,
    pub(super) duration: Duration,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// With everything that belongs to an answer.
    Whole,
    /// Nobody accepted the connection.
    Refused,
    /// The connection ended before the answer was complete, without a word.
    Cut,
    /// With an error: a status, or in band.
    Error { status: u16, code: String },
    /// Not at all.
    Hung,
}

impl Heard {
    pub(super) fn is_whole(&self) -> bool {
        self.ended == Ended::Whole
    }

    pub(super) fn ended_at(&self) -> Instant {
        self.started + self.duration
    }
}

impl Caller {
    pub(super) const fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Makes a call to a route or target and hears it out.
    pub(super) async fn call(self, model: &str, delivery: Delivery) -> Heard {
        self.make(&Ask::new(model, delivery)).await
    }

    pub(super) async fn make(self, ask: &Ask) -> Heard {
        let started = Instant::now();
        match self.open(ask).await {
            Ok(stream) => hear(ask, stream, started).await,
            Err(_) => Heard::new(ask, started, Ended::Refused),
        }
    }

    /// Connects and sends the request.
    pub(super) async fn open(self, ask: &Ask) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(&ask.bytes("close")).await?;
        Ok(stream)
    }

    /// The body of a `GET`.
    pub(super) async fn get(self, path: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        let (_, body) = Reply::parse(&bytes)
            .map(|reply| (reply.status, reply.body))
            .unwrap_or_default();
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// The sum over the lines of `/metrics` that begin with `name` and contain all of `labels`.
    pub(super) async fn metric(self, name: &str, labels: &[&str]) -> f64 {
        let text = self.get("/metrics").await.unwrap_or_default();
        let lines = text.lines().filter(|line| {
            line.starts_with(name) && labels.iter().all(|label| line.contains(label))
        });
        lines
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }
}

impl Ask {
    /// The next call to a route or target.
    pub(super) fn new(model: &str, delivery: Delivery) -> Self {
        Self {
            number: CALLS.fetch_add(1, Ordering::Relaxed),
            model: model.to_owned(),
            delivery,
        }
    }

    /// The request on the wire; `connection` is the header's value.
    pub(super) fn bytes(&self, connection: &str) -> Vec<u8> {
        let body = json!({
            "model": self.model,
            "stream": self.delivery == Delivery::Stream,
            "messages": [{"role": "user", "content": format!("call {}", self.number)}],
        })
        .to_string();
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n\
             connection: {connection}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}

/// Which call a vendor's exchange belongs to.
pub(super) fn number_of(body: &Value) -> Option<u64> {
    let content = body.pointer("/messages/0/content")?;
    let text = content
        .as_str()
        .or_else(|| content.pointer("/0/text")?.as_str())?;
    text.strip_prefix("call ")?.parse().ok()
}

impl Heard {
    fn new(ask: &Ask, started: Instant, ended: Ended) -> Self {
        Self {
            number: ask.number,
            ended,
            text: String::new(),
            provider: String::new(),
            started,
            duration: started.elapsed(),
        }
    }
}

/// Reads an answer to its end.
pub(super) async fn hear(ask: &Ask, mut stream: TcpStream, started: Instant) -> Heard {
    let mut bytes = Vec::new();
    // A reset is an end like any other; what came before it counts.
    let read = timeout(HANG, stream.read_to_end(&mut bytes)).await;
    let mut heard = Heard::new(ask, started, Ended::Cut);
    if read.is_err() {
        heard.ended = Ended::Hung;
        return heard;
    }
    let Some(reply) = Reply::parse(&bytes) else {
        return heard;
    };
    heard.provider = reply.header("x-interline-provider").to_owned();
    match ask.delivery {
        Delivery::Unary => reply.read_unary(&mut heard),
        Delivery::Stream => reply.read_stream(&mut heard),
    }
    heard
}

/// A reply in parts.
struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
    /// Whether the framing says that the body is complete.
    is_complete: bool,
}

impl Reply {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let (head, body) = bytes.split_at_checked(end + 4)?;
        let head = String::from_utf8_lossy(head).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let mut reply = Self {
            status,
            head,
            body: body.to_vec(),
            is_complete: true,
        };
        if reply.header("transfer-encoding") == "chunked" {
            (reply.body, reply.is_complete) = dechunked(body);
        } else if let Ok(length) = reply.header("content-length").parse::<usize>() {
            reply.is_complete = body.len() >= length;
        }
        Some(reply)
    }

    fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
            .unwrap_or_default()
    }

    fn read_unary(&self, heard: &mut Heard) {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let text = body.pointer("/choices/0/message/content");
        heard.text = text.and_then(Value::as_str).unwrap_or_default().to_owned();
        heard.ended = match (self.is_complete, self.status) {
            (false, _) => Ended::Cut,
            (true, 200) => Ended::Whole,
            (true, _) => self.error(&body),
        };
    }

    fn read_stream(&self, heard: &mut Heard) {
        if self.status != 200 {
            self.read_unary(heard);
            return;
        }
        let body = String::from_utf8_lossy(&self.body);
        for line in body.lines() {
            let Some(data) = line.strip_prefix("data: ") else {
                continue;
            };
            if data == "[DONE]" && self.is_complete {
                heard.ended = Ended::Whole;
            }
            let Ok(event) = serde_json::from_str::<Value>(data) else {
                continue;
            };
            let piece = event.pointer("/choices/0/delta/content");
            heard
                .text
                .push_str(piece.and_then(Value::as_str).unwrap_or_default());
            if event.get("error").is_some() {
                heard.ended = self.error(&event);
            }
        }
    }

    fn error(&self, body: &Value) -> Ended {
        let code = body.pointer("/error/code").and_then(Value::as_str);
        Ended::Error {
            status: self.status,
            code: code.unwrap_or("none").to_owned(),
        }
    }
}

/// The chunks' content, and whether the last one came.
fn dechunked(mut bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = bytes
            .get(..end)
            .and_then(|line| std::str::from_utf8(line).ok());
        let Some(size) = size.and_then(|line| usize::from_str_radix(line.trim(), 16).ok()) else {
            return (body, false);
        };
        if size == 0 {
            return (body, true);
        }
        let rest = bytes.get(end + 2..).unwrap_or_default();
        let chunk = rest.get(..size).unwrap_or(rest);
        body.extend_from_slice(chunk);
        bytes = rest.get(size + 2..).unwrap_or_default();
    }
    (body, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_only_with_its_last_chunk() {
        assert_eq!(dechunked(b"3\r\nabc\r\n0\r\n\r\n"), (b"abc".to_vec(), true));
        assert_eq!(dechunked(b"3\r\nabc\r\n"), (b"abc".to_vec(), false));
        assert_eq!(dechunked(b"5\r\nab"), (b"ab".to_vec(), false));
    }

    #[test]
    fn vendors_tell_calls_apart() {
        let body = json!({"messages": [{"role": "user", "content": "call 17"}]});
        assert_eq!(number_of(&body), Some(17));
    }
}
