//! The transport of real networks: reqwest over rustls, without its retries and redirects.
//!
//! reqwest's own retries are off because the engine counts attempts; redirects are off because a
//! key must not follow them to another host; there is no overall timeout because the engine owns
//! every timer but the one for connecting.
//! What remains below is hyper's: a request that found its pooled connection closed before a byte
//! was written goes out on another connection. Nobody saw it, so it is no attempt.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use http::{HeaderValue, header};
use interline_core::{CallContext, Error, ErrorKind, Progress, Result};
use rustls::ClientConfig;

use crate::body_error::body_error;
use crate::connect_count::ConnectCount;
use crate::connect_error::{Connection, send_error};
use crate::echoed_secret::EchoedSecrets;
use crate::inflate::inflated;
use crate::peer::{Peer, parse_url};
use crate::request_body::{RequestBody, SentFlag};
use crate::{Accept, HttpRequest, HttpResponse, Transport, tls};

/// How connections are made and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpConfig {
    /// How long name lookup, TCP and TLS handshake may take together. Default 5 s, as the
    /// configuration documents it.
    pub connect_timeout: Duration,
    /// How long an idle connection is kept. Default 30 s (chosen, not measured): shorter than the
    /// idle timeouts of common load balancers (60 s and more), so that the vendor rarely closes first.
    pub pool_idle_timeout: Duration,
    /// How many idle HTTP/1 connections are kept per host. Default 256 (chosen, not measured).
    pub pool_max_idle_per_host: usize,
    /// After how much silence the operating system probes a connection, and HTTP/2 sends a ping,
    /// idle connections included. Default 30 s (chosen, not measured).
    pub keepalive: Duration,
    /// How long an HTTP/2 ping may stay unanswered. Default 10 s (chosen, not measured).
    pub keepalive_timeout: Duration,
    /// Certificates of authorities that are trusted beside the platform's, in DER: a company's own, or a test's.
    pub extra_roots: Vec<Vec<u8>>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            pool_idle_timeout: Duration::from_secs(30),
            pool_max_idle_per_host: 256,
            keepalive: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(10),
            extra_roots: Vec::new(),
        }
    }
}

impl HttpConfig {
    /// Sets how long name lookup, TCP and TLS handshake may take together.
    #[must_use]
    pub const fn with_connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = connect_timeout;
        self
    }

    /// Sets how long an idle connection is kept.
    #[must_use]
    pub const fn with_pool_idle_timeout(mut self, pool_idle_timeout: Duration) -> Self {
        self.pool_idle_timeout = pool_idle_timeout;
        self
    }

    /// Trusts one more authority, given by its certificate in DER.
    #[must_use]
    pub fn with_extra_root(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.extra_roots.push(der.into());
        self
    }
}

/// Sends requests over the network.
///
/// A proxy from the environment (`HTTPS_PROXY`, `NO_PROXY`, …) is used, except for loopback.
/// Clones share one pool of connections.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
    /// For servers on this machine, which no proxy can reach.
    loopback: reqwest::Client,
    connect_timeout: Duration,
    connects: ConnectCount,
}

impl HttpTransport {
    /// A transport with its own connection pool.
    ///
    /// # Errors
    /// `Internal` where TLS cannot be set up on this machine, or an extra root is no certificate.
    pub fn new(config: &HttpConfig) -> Result<Self> {
        Self::with_tls(config, tls::client_config(&config.extra_roots)?)
    }

    /// As [`Self::new`], with a TLS set-up of the caller's choice.
    pub(crate) fn with_tls(config: &HttpConfig, tls: ClientConfig) -> Result<Self> {
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| {
                Error::new(ErrorKind::Internal, "the HTTP client cannot be built")
                    .with_source(error)
            })
        };
        let connects = ConnectCount::default();
        Ok(Self {
            client: build(client_builder(config, tls.clone(), &connects))?,
            loopback: build(client_builder(config, tls, &connects).no_proxy())?,
            connect_timeout: config.connect_timeout,
            connects,
        })
    }
}

fn client_builder(
    config: &HttpConfig,
    tls: ClientConfig,
    connects: &ConnectCount,
) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connector_layer(connects.clone())
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("interline/", env!("CARGO_PKG_VERSION")))
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(config.connect_timeout)
        .pool_idle_timeout(config.pool_idle_timeout)
        .pool_max_idle_per_host(config.pool_max_idle_per_host)
        .tcp_keepalive(config.keepalive)
        .http2_keep_alive_interval(config.keepalive)
        .http2_keep_alive_timeout(config.keepalive_timeout)
        .http2_keep_alive_while_idle(true)
        .http2_max_header_list_size(MAX_HEADER_BYTES as u32)
        // Compression is undone in `inflate`, which counts.
        .no_gzip()
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, cx: &CallContext, request: HttpRequest) -> Result<HttpResponse> {
        let (url, peer) = parse_url(&request.url)?;
        let client = if peer.is_loopback() {
            &self.loopback
        } else {
            &self.client
        };
        let sent = SentFlag::default();
        let echoed = EchoedSecrets::of(&request.headers);
        let mut outgoing = reqwest::Request::new(request.method, url);
        *outgoing.headers_mut() = request.headers;
        add_accept_headers(outgoing.headers_mut(), request.accept);
        if request.body.is_empty() {
            // Nobody asks for an empty body, so the moment of writing cannot be seen.
            sent.set();
            cx.progress.report(Progress::Sending);
        } else {
            let body = RequestBody::new(request.body, sent.clone(), cx.progress.clone());
            *outgoing.body_mut() = Some(reqwest::Body::wrap(body));
        }

        let connects_before = self.connects.get();
        let mut response = client.execute(outgoing).await.map_err(|error| {
            let connection = if self.connects.get() == connects_before {
                Connection::Pooled
            } else {
                Connection::PerhapsNew
            };
            send_error(error, &peer, sent.get(), connection, self.connect_timeout)
        })?;
        cx.progress.report(Progress::Headers);

        let mut headers = std::mem::take(response.headers_mut());
        let status = response.status().as_u16();
        check_length(&headers, &peer).map_err(|error| error.with_status(status))?;
        let whole = peer.clone();
        let body = response
            .bytes_stream()
            .map(move |chunk| chunk.map_err(|error| body_error(error, &whole)));
        let body = inflated(&mut headers, body, peer);
        Ok(HttpResponse::new(status, headers, body)
            .with_progress(cx.progress.clone())
            .with_echoed_secrets(echoed))
    }
}

/// Longest header block of an answer: 64 KiB, as `docs/resilience.md` says; vendors send about two.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Refuses a header block beyond the limit, which HTTP/1 allows to be several times as long.
fn check_length(headers: &http::HeaderMap, peer: &Peer) -> Result<()> {
    // Each line has a colon, a space and a line end of two bytes.
    let line =
        |(name, value): (&http::HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    if headers.iter().map(line).sum::<usize>() <= MAX_HEADER_BYTES {
        return Ok(());
    }
    Err(Error::protocol(format!(
        "the headers from {peer} are longer than the limit of {MAX_HEADER_BYTES} bytes"
    )))
}

/// Says what may come back, where the request does not say so itself.
fn add_accept_headers(headers: &mut http::HeaderMap, accept: Accept) {
    headers
        .entry(header::ACCEPT)
        .or_insert(HeaderValue::from_static(accept.media_type()));
    let encoding = match accept {
        Accept::EventStream => "identity",
        Accept::Json => "gzip",
    };
    headers
        .entry(header::ACCEPT_ENCODING)
        .or_insert(HeaderValue::from_static(encoding));
}

#[cfg(test)]
mod tests;
