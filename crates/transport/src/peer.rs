//! Who is at the other end of a URL, as far as error messages may say.

use std::fmt;
use std::net::IpAddr;

use interline_core::{Error, Result};
use reqwest::Url;

use crate::url::without_secrets;

/// The other end of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
}

/// Whether the way there is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    Tls,
    Plain,
}

impl Peer {
    /// Whether the host is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host.ends_with(".localhost")
            || host
                .parse()
                .is_ok_and(|address: IpAddr| address.is_loopback())
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Reads a URL that a request may go to.
///
/// # Errors
/// `InvalidRequest` that shows the URL without its secrets.
pub(crate) fn parse_url(text: &str) -> Result<(Url, Peer)> {
    let wrong = |what: &str| {
        let shown = without_secrets(text);
        Error::invalid_request(format!(
            "`{shown}` is not a URL to send to: {what}; write http://host or https://host"
        ))
    };
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    let security = match url.scheme() {
        "https" => Security::Tls,
        "http" => Security::Plain,
        _ => return Err(wrong("the scheme is neither http nor https")),
    };
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err(wrong("it names no host"));
    };
    let peer = Peer {
        host: host.to_owned(),
        port,
        security,
    };
    Ok((url, peer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, shown: &str, loopback: bool) {
        let (_, peer) = parse_url(url).unwrap();
        assert_eq!(peer.to_string(), shown);
        assert_eq!(peer.is_loopback(), loopback, "{url}");
    }

    #[test]
    fn a_peer_is_host_and_port() {
        check("https://api.example/v1?key=x", "api.example:443", false);
        check("http://user:pass@127.0.0.1:9/v1", "127.0.0.1:9", true);
        check("http://[::1]:8080", "[::1]:8080", true);
        check("http://localhost", "localhost:80", true);
        check("http://localhost.example", "localhost.example:80", false);
    }

    #[test]
    fn a_bad_url_is_named_without_its_secrets() {
        for url in [
            "ftp://me:secret@host/x?key=secret",
            "host/secret-free",
            "http://",
        ] {
            let error = parse_url(url).unwrap_err();
            assert_eq!(error.kind(), interline_core::ErrorKind::InvalidRequest);
            assert!(!error.message().contains("secret@"), "{error}");
            assert!(!error.message().contains("key="), "{error}");
        }
    }
}
