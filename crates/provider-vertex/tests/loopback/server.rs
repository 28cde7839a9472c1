//! A server on the loopback that answers every request by one rule and remembers what was asked.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Status and JSON body for a request's line, such as `POST /v1/x HTTP/1.1`.
pub(crate) type Rule = fn(&str) -> (u16, String);

/// A server that lives as long as the test's runtime.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start(rule: Rule) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, rule, Arc::clone(&log)));
            }
        });
        Self {
            url: format!("http://{address}"),
            asked,
        }
    }

    /// Everything that was asked for, head and body, in order of arrival.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic while locked").clone()
    }

    /// Those of [`Server::asked`] whose line has `text`.
    pub(crate) fn asked_for(&self, text: &str) -> Vec<String> {
        let asked = self.asked().into_iter();
        asked
            .filter(|request| {
                request
                    .lines()
                    .next()
                    .is_some_and(|line| line.contains(text))
            })
            .collect()
    }
}

async fn serve(mut socket: TcpStream, rule: Rule, log: Arc<Mutex<Vec<String>>>) {
    let request = read(&mut socket).await;
    let (status, body) = rule(request.lines().next().unwrap_or_default());
    log.lock().expect("no panic while locked").push(request);
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\nx-request-id: req_1\r\n\
         connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    // A caller that went away is its own affair.
    let _ = socket.write_all(answer.as_bytes()).await;
}

async fn read(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_lowercase().lines().find_map(|line| {
                let length = line.strip_prefix("content-length:")?;
                length.trim().parse::<usize>().ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return text.into_owned();
            }
        }
        match socket.read(&mut piece).await {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&bytes).into_owned(),
            Ok(length) => bytes.extend_from_slice(&piece[..length]),
        }
    }
}
