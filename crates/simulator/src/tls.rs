//! TLS for vendors: an authority to trust, and certificates with the flaws that real ones have.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::socket::Socket;

/// How long a handshake may take; chosen, not measured: loopback needs milliseconds.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// An authority that a test trusts and nobody else does.
///
/// ```
/// use interline_simulator::{Authority, CertificateCase};
///
/// # fn run() -> std::io::Result<()> {
/// let authority = Authority::new()?;
/// let expired = authority.certificate(CertificateCase::Expired)?;
/// // `Vendor::openai("alpha").with_tls(&expired)`, with a client that trusts `authority.der()`.
/// # drop(expired); Ok(()) }
/// # run().unwrap();
/// ```
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: Vec<u8>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key stays out of it.
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// What is right or wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateCase {
    /// Issued by the authority for `localhost` and `127.0.0.1`, valid now.
    Sound,
    /// As the sound one, but it ended in 2001.
    Expired,
    /// Issued by the authority for `other.example`.
    WrongName,
    /// Signed by nobody but itself.
    SelfSigned,
}

/// A certificate with its key, for [`VendorBuilder::with_tls`](crate::VendorBuilder::with_tls).
#[derive(Clone)]
pub struct Certificate {
    config: ServerConfig,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key stays out of it.
        f.debug_struct("Certificate").finish_non_exhaustive()
    }
}

impl Authority {
    /// A new authority with a new key.
    ///
    /// # Errors
    /// The machine gives no random numbers.
    pub fn new() -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = CertificateParams::new(Vec::<String>::new()).map_err(io::Error::other)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok(Self {
            der: certificate.der().to_vec(),
            issuer: Issuer::new(params, key),
        })
    }

    /// The authority's own certificate in DER, for a client to trust.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        self.der.clone()
    }

    /// A new certificate.
    ///
    /// # Errors
    /// The machine gives no random numbers.
    pub fn certificate(&self, case: CertificateCase) -> io::Result<Certificate> {
        let names: &[&str] = match case {
            CertificateCase::WrongName => &["other.example"],
            _ => &["localhost", "127.0.0.1"],
        };
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
        if case == CertificateCase::Expired {
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(2001, 1, 1);
        }
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = match case {
            CertificateCase::SelfSigned => params.self_signed(&key),
            _ => params.signed_by(&key, &self.issuer),
        };
        let certificate = certificate.map_err(io::Error::other)?;
        let config = server_config(certificate.der().clone(), &key)?;
        Ok(Certificate { config })
    }
}

fn server_config(chain: CertificateDer<'static>, key: &KeyPair) -> io::Result<ServerConfig> {
    // Handed over explicitly, so that nothing is installed for the process.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .map_err(io::Error::other)
}

/// What a server offers in the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    Http1,
    #[cfg(feature = "http2")]
    Http2,
}

impl Certificate {
    pub(crate) fn acceptor(&self, offer: Offer) -> TlsAcceptor {
        let mut config = self.config.clone();
        let http1 = b"http/1.1".to_vec();
        config.alpn_protocols = match offer {
            Offer::Http1 => vec![http1],
            #[cfg(feature = "http2")]
            Offer::Http2 => vec![b"h2".to_vec(), http1],
        };
        TlsAcceptor::from(Arc::new(config))
    }
}

/// The socket after the handshake.
pub(crate) async fn handshake(acceptor: &TlsAcceptor, tcp: TcpStream) -> io::Result<Socket> {
    let shaken = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(tcp)).await;
    Ok(Socket::Tls(Box::new(shaken??)))
}
