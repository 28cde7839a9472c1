//! A scripted TCP server, and what the tests say to it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use interline_core::{CallContext, Progress, ProgressSink, Result};
use interline_transport::{
    Accept, HttpConfig, HttpRequest, HttpResponse, HttpTransport, Transport,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Runs `script` on every connection that comes in, counted from 1.
pub(crate) async fn serve<F, Fut>(script: F) -> SocketAddr
where
    F: Fn(usize, Connection) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((stream, _)) = listener.accept().await {
            number += 1;
            tokio::spawn(script(number, Connection { stream }));
        }
    });
    address
}

/// Answers the first request of every connection with these bytes and closes.
pub(crate) async fn serve_bytes(bytes: impl Into<Vec<u8>>) -> SocketAddr {
    let bytes = Arc::new(bytes.into());
    serve(move |_, mut connection| {
        let bytes = bytes.clone();
        async move {
            connection.read_request().await;
            connection.write(bytes.as_slice()).await;
        }
    })
    .await
}

/// The server's end of a connection.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
}

impl Connection {
    /// Reads one request, body included; empty where the client closed.
    pub(crate) async fn read_request(&mut self) -> String {
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let text = String::from_utf8_lossy(&request);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "))
                    .map_or(0, |length| length.parse().unwrap());
                if body.len() >= length {
                    return text.into_owned();
                }
            }
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return String::new(),
                Ok(read) => request.extend_from_slice(&buffer[..read]),
            }
        }
    }

    /// Writes and flushes; a client that went away is no failure.
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
        let _ = self.stream.flush().await;
    }

    /// Waits until the client closes.
    pub(crate) async fn closed(&mut self) {
        let mut buffer = [0; 64];
        while self
            .stream
            .read(&mut buffer)
            .await
            .is_ok_and(|read| read > 0)
        {}
    }

    /// Closes with a reset instead of an orderly end.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }
}

/// Remembers the progress of a call.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Vec<Progress>>);

impl Recorder {
    pub(crate) fn take(&self) -> Vec<Progress> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl ProgressSink for Recorder {
    fn report(&self, progress: Progress) {
        self.0.lock().unwrap().push(progress);
    }
}

pub(crate) fn transport() -> HttpTransport {
    HttpTransport::new(&HttpConfig::default()).unwrap()
}

pub(crate) fn post(address: SocketAddr, accept: Accept) -> HttpRequest {
    HttpRequest::post_json(format!("http://{address}/v1/chat?key=hidden"), "{}", accept)
}

/// Posts `{}` with a new transport.
pub(crate) async fn send(address: SocketAddr, accept: Accept) -> Result<HttpResponse> {
    transport()
        .send(&CallContext::new("test"), post(address, accept))
        .await
}

/// An HTTP/1 answer with a body of known length.
pub(crate) fn answer(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}
