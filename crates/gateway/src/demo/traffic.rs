//! Sends the demo's requests over HTTP, in either format, as an application would.

use std::sync::Arc;

use interline_core::{Error, ErrorKind, Result};
use reqwest::{Client, Response};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::observed::Observed;
use super::scenes::{Ask, Speaks, Way};

/// An application in front of the gateway.
#[derive(Debug)]
pub(crate) struct Application {
    http: Client,
    base_url: String,
}

impl Application {
    /// An application that talks to the gateway at `base_url`.
    ///
    /// # Errors
    /// `Internal` where no HTTP client can be made on this machine.
    pub(crate) fn new(base_url: String) -> Result<Self> {
        let http = Client::builder()
            .tls_backend_preconfigured(unused_tls()?)
            .no_proxy()
            .build()
            .map_err(|error| internal("cannot make an HTTP client", error))?;
        Ok(Self { http, base_url })
    }

    /// Sends one request and reads the reply to its end.
    pub(crate) async fn ask(&self, ask: &Ask) -> Observed {
        let began = Instant::now();
        let mut seen = match self.send(ask).await {
            Ok(response) => read(ask, response).await,
            Err(error) => Observed {
                error_code: Some(format!("no reply: {error}")),
                ..Observed::default()
            },
        };
        seen.duration = began.elapsed();
        seen
    }

    async fn send(&self, ask: &Ask) -> reqwest::Result<Response> {
        let path = match ask.speaks {
            Speaks::OpenAi => "/v1/chat/completions",
            Speaks::Anthropic => "/v1/messages",
        };
        let request = self
            .http
            .post(format!("{}{path}", self.base_url))
            .header("x-interline-explain", "1")
            .json(&body(ask));
        let request = match ask.tag {
            Some(tag) => request.header("x-interline-tags", tag),
            None => request,
        };
        match ask.speaks {
            Speaks::OpenAi => request,
            Speaks::Anthropic => request.header("anthropic-version", "2023-06-01"),
        }
        .send()
        .await
    }
}

/// The demo speaks plain HTTP, but the HTTP client wants to know what it would do for TLS.
fn unused_tls() -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| internal("cannot set TLS up", error))?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok(config)
}

fn internal(what: &str, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Internal, what).with_source(cause)
}

fn body(ask: &Ask) -> Value {
    let schema = json!({
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    });
    let mut body = json!({
        "model": ask.route,
        "max_tokens": 256,
        "stream": ask.way == Way::Stream,
        "messages": [{"role": "user", "content": ask.prompt}],
    });
    if ask.with_tool {
        let description = "Current weather of a city";
        body["tools"] = match ask.speaks {
            Speaks::OpenAi => json!([{
                "type": "function",
                "function": {"name": "get_weather", "description": description, "parameters": schema},
            }]),
            Speaks::Anthropic => json!([
                {"name": "get_weather", "description": description, "input_schema": schema}
            ]),
        };
    }
    body
}

async fn read(ask: &Ask, mut response: Response) -> Observed {
    let text = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().ok()?.to_owned())
    };
    let mut seen = Observed {
        status: response.status().as_u16(),
        provider: text("x-interline-provider"),
        model: text("x-interline-model"),
        attempts: text("x-interline-attempts")
            .and_then(|count| count.parse().ok())
            .unwrap_or(0),
        fell_back: text("x-interline-fallback").as_deref() == Some("true"),
        cost_usd: text("x-interline-cost-usd"),
        task: text("x-interline-task"),
        tier: text("x-interline-tier"),
        ..Observed::default()
    };
    let is_stream = text("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    let mut buffer = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(bytes)) => buffer.extend_from_slice(&bytes),
            Ok(None) => break,
            Err(error) => {
                seen.error_code = Some(format!("connection broke: {error}"));
                return seen;
            }
        }
        if is_stream {
            take_events(ask.speaks, &mut buffer, &mut seen);
        }
    }
    if !is_stream {
        let body = serde_json::from_slice(&buffer).unwrap_or(Value::Null);
        take(ask.speaks, &body, &mut seen);
    }
    seen
}

/// Reads the complete events at the front of the buffer; the gateway writes one data line an event.
fn take_events(speaks: Speaks, buffer: &mut Vec<u8>, seen: &mut Observed) {
    while let Some(end) = buffer.windows(2).position(|pair| pair == b"\n\n") {
        let event: Vec<u8> = buffer.drain(..end + 2).collect();
        for data in event
            .split(|byte| *byte == b'\n')
            .filter_map(|line| line.strip_prefix(b"data: "))
        {
            if data == b"[DONE]" {
                seen.is_complete = true;
            } else if let Ok(body) = serde_json::from_slice(data) {
                take(speaks, &body, seen);
            }
        }
    }
}

fn take(speaks: Speaks, body: &Value, seen: &mut Observed) {
    match speaks {
        Speaks::OpenAi => seen.read_openai(body),
        Speaks::Anthropic => seen.read_anthropic(body),
    }
}
