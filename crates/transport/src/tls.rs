//! TLS set-up: rustls with ring, and the roots of the platform.
//!
//! The provider is handed over explicitly, so nothing is installed process-wide.
//! Images without a CA store, such as `scratch` containers, get Mozilla's roots as compiled in.

use std::sync::Arc;

use interline_core::{Error, ErrorKind, Result};
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

/// How to connect: ring, TLS 1.2 and 1.3, HTTP/2 preferred. `extra_roots` are trusted beside the platform's.
///
/// # Errors
/// `Internal` where ring cannot offer what TLS needs, or an extra root is no certificate.
pub(crate) fn client_config(extra_roots: &[Vec<u8>]) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut extra = RootCertStore::empty();
    let certificates: Vec<CertificateDer<'static>> =
        extra_roots.iter().cloned().map(Into::into).collect();
    for certificate in &certificates {
        extra.add(certificate.clone()).map_err(|error| {
            let what = "an extra root is no certificate of an authority in DER";
            Error::new(ErrorKind::Internal, what).with_source(error)
        })?;
    }
    let platform = Verifier::new_with_extra_roots(certificates, provider.clone());
    with_platform(provider, platform, extra)
}

/// As [`client_config`], with what the platform offers.
fn with_platform(
    provider: Arc<CryptoProvider>,
    platform: Result<Verifier, rustls::Error>,
    extra: RootCertStore,
) -> Result<ClientConfig> {
    match platform {
        Ok(verifier) => with_verifier(provider, Arc::new(verifier)),
        Err(error) => {
            tracing::info!(%error, "no platform roots for TLS, using the built-in ones");
            let mut roots = extra;
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            with_roots(provider, roots)
        }
    }
}

/// As [`client_config`], with these roots alone.
pub(crate) fn with_roots(
    provider: Arc<CryptoProvider>,
    roots: RootCertStore,
) -> Result<ClientConfig> {
    let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(
        Arc::new(roots),
        provider.clone(),
    )
    .build()
    .map_err(|error| set_up_error().with_source(error))?;
    with_verifier(provider, verifier)
}

fn with_verifier(
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig> {
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| set_up_error().with_source(error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn set_up_error() -> Error {
    Error::new(ErrorKind::Internal, "TLS cannot be set up on this machine")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_needs_nothing_installed_for_the_process() {
        assert!(CryptoProvider::get_default().is_none());
        client_config(&[]).unwrap();
        assert!(CryptoProvider::get_default().is_none());
    }

    #[test]
    fn an_extra_root_that_is_no_certificate_is_refused() {
        let error = client_config(&[b"not DER".to_vec()]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
    }

    #[test]
    fn a_platform_without_roots_gets_the_built_in_ones() {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let none = rustls::Error::General("no roots".to_owned());
        with_platform(provider, Err(none), RootCertStore::empty()).unwrap();
        assert!(webpki_roots::TLS_SERVER_ROOTS.len() > 50);
    }
}
