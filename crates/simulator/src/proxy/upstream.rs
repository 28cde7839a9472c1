//! The vendor behind a proxy: real HTTP, without retries, redirects or decompression.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, Url};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;

use crate::http1::Request;

/// Headers that belong to one connection and not to the message.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
];

/// Where requests go on to.
#[derive(Debug)]
pub(super) struct Upstream {
    client: Client,
    /// Without a slash at its end.
    base: String,
}

impl Upstream {
    pub(super) fn new(url: &str) -> io::Result<Self> {
        let wrong = |what: String| io::Error::new(io::ErrorKind::InvalidInput, what);
        let parsed =
            Url::parse(url).map_err(|error| wrong(format!("`{url}` is no URL: {error}")))?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.query().is_some() {
            return Err(wrong(format!(
                "`{url}` is no vendor's URL; write https://HOST, perhaps with a path"
            )));
        }
        let is_loopback = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .retry(reqwest::retry::never())
            .redirect(Policy::none())
            .referer(false)
            // Bodies pass as they are.
            .no_gzip()
            // As long as a usual client waits; chosen, not measured.
            .connect_timeout(Duration::from_secs(10));
        if is_loopback {
            builder = builder.no_proxy();
        }
        Ok(Self {
            client: builder.build().map_err(io::Error::other)?,
            base: url.trim_end_matches('/').to_owned(),
        })
    }

    /// Sends the request on; the answer's body is still to be read.
    pub(super) async fn send(&self, request: &Request) -> Result<Response, String> {
        let method =
            Method::from_bytes(request.method.as_bytes()).map_err(|error| error.to_string())?;
        let query = request.query.as_ref();
        let query = query.map_or(String::new(), |query| format!("?{query}"));
        let url = format!("{}{}{query}", self.base, request.path);
        let mut outgoing = self.client.request(method, url);
        for (name, value) in &request.headers {
            if passes(name) && !matches!(name.as_str(), "host" | "content-length") {
                outgoing = outgoing.header(name, value);
            }
        }
        if !request.body.is_empty() {
            outgoing = outgoing.body(request.body.clone());
        }
        outgoing.send().await.map_err(|error| {
            let mut cause: &dyn std::error::Error = &error;
            while let Some(next) = cause.source() {
                cause = next;
            }
            cause.to_string()
        })
    }
}

/// Whether a header belongs to the message.
pub(super) fn passes(name: &str) -> bool {
    !HOP_BY_HOP.contains(&name)
}

fn tls() -> io::Result<ClientConfig> {
    // Handed over explicitly, so that nothing is installed for the process.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_platform_verifier()
        .map_err(io::Error::other)?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
