//! TLS over real loopback sockets; here, because trusting a test certificate is no public option.

use std::net::SocketAddr;
use std::sync::Arc;

use interline_core::{ConnectionFault, Phase};
use rcgen::{CertifiedKey, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

fn certificate(name: &str) -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed([name.to_owned()]).unwrap()
}

fn acceptor(certificate: &CertifiedKey<KeyPair>, protocol: &[u8]) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![protocol.to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

/// Answers every HTTP/1 request over TLS with `ok`.
async fn serve_http1(certificate: &CertifiedKey<KeyPair>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = acceptor(certificate, b"http/1.1");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                    stream.write_all(answer).await.unwrap();
                }
            });
        }
    });
    address
}

fn trusting(certificate: Option<&CertifiedKey<KeyPair>>) -> HttpTransport {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    if let Some(certificate) = certificate {
        roots.add(certificate.cert.der().clone()).unwrap();
    } else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let tls = tls::with_roots(provider, roots).unwrap();
    HttpTransport::with_tls(&HttpConfig::default(), tls).unwrap()
}

async fn get(transport: &HttpTransport, url: String) -> Result<HttpResponse> {
    transport
        .send(&CallContext::new("test"), HttpRequest::get(url))
        .await
}

#[track_caller]
fn check_tls_fault(result: Result<HttpResponse>, words: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert_eq!(error.connection_fault(), Some(ConnectionFault::Tls));
    assert_eq!(error.phase(), Phase::BeforeSend);
    assert!(error.message().contains(words), "{error}");
}

#[tokio::test]
async fn a_trusted_certificate_is_accepted() {
    let certificate = certificate("localhost");
    let address = serve_http1(&certificate).await;
    let url = format!("https://localhost:{}/", address.port());
    let response = get(&trusting(Some(&certificate)), url).await.unwrap();
    assert_eq!(response.bytes(10).await.unwrap(), "ok");
}

#[tokio::test]
async fn an_untrusted_certificate_is_a_tls_fault() {
    let certificate = certificate("localhost");
    let address = serve_http1(&certificate).await;
    let url = format!("https://localhost:{}/", address.port());
    check_tls_fault(get(&trusting(None), url.clone()).await, "UnknownIssuer");
    let platform = HttpTransport::new(&HttpConfig::default()).unwrap();
    check_tls_fault(
        get(&platform, url).await,
        &format!("localhost:{}", address.port()),
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_a_tls_fault() {
    let certificate = certificate("other.example");
    let address = serve_http1(&certificate).await;
    let url = format!("https://localhost:{}/", address.port());
    let result = get(&trusting(Some(&certificate)), url).await;
    check_tls_fault(result, "not valid for name");
}

/// Serves HTTP/2 over TLS; `respond` decides what becomes of each request.
async fn serve_http2(
    certificate: &CertifiedKey<KeyPair>,
    respond: impl Fn(&mut h2::server::SendResponse<bytes::Bytes>) + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = acceptor(certificate, b"h2");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let stream = acceptor.accept(stream).await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((_, mut responder))) = connection.accept().await {
                respond(&mut responder);
            }
        }
    });
    address
}

#[tokio::test]
async fn http2_answers_are_read() {
    let certificate = certificate("localhost");
    let address = serve_http2(&certificate, |responder| {
        let answer = http::Response::builder().status(418).body(()).unwrap();
        let mut body = responder.send_response(answer, false).unwrap();
        body.send_data("tea".into(), true).unwrap();
    })
    .await;
    let url = format!("https://localhost:{}/", address.port());
    let response = get(&trusting(Some(&certificate)), url).await.unwrap();
    assert_eq!(response.status, 418);
    assert_eq!(response.bytes(10).await.unwrap(), "tea");
}

#[tokio::test]
async fn an_http2_request_refused_unseen_is_a_stale_connection() {
    let certificate = certificate("localhost");
    let address = serve_http2(&certificate, |responder| {
        responder.send_reset(h2::Reason::REFUSED_STREAM);
    })
    .await;
    let request = HttpRequest::post_json(
        format!("https://localhost:{}/", address.port()),
        "{}",
        Accept::Json,
    );
    let transport = trusting(Some(&certificate));
    let error = transport
        .send(&CallContext::new("test"), request)
        .await
        .unwrap_err();
    assert_eq!(
        error.connection_fault(),
        Some(ConnectionFault::Stale),
        "{error:?}"
    );
    assert_eq!(error.phase(), Phase::BeforeSend);
}

#[tokio::test]
async fn an_http2_request_reset_otherwise_may_have_been_seen() {
    let certificate = certificate("localhost");
    let address = serve_http2(&certificate, |responder| {
        responder.send_reset(h2::Reason::INTERNAL_ERROR);
    })
    .await;
    let url = format!("https://localhost:{}/", address.port());
    let error = get(&trusting(Some(&certificate)), url).await.unwrap_err();
    assert_eq!(
        error.connection_fault(),
        Some(ConnectionFault::Reset),
        "{error:?}"
    );
    assert_eq!(error.phase(), Phase::BeforeOutput);
}

#[tokio::test]
async fn dropping_an_http2_response_cancels_its_stream() {
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let certificate = certificate("localhost");
    let address = serve_http2(&certificate, move |responder| {
        let answer = http::Response::builder().body(()).unwrap();
        let mut body = responder.send_response(answer, false).unwrap();
        let tell = tell.lock().unwrap().take().unwrap();
        tokio::spawn(async move {
            let reason = std::future::poll_fn(|cx| body.poll_reset(cx)).await;
            tell.send(reason.unwrap()).unwrap();
        });
    })
    .await;
    let transport = trusting(Some(&certificate));
    let url = format!("https://localhost:{}/", address.port());
    let response = get(&transport, url).await.unwrap();
    drop(response);
    let reason = tokio::time::timeout(Duration::from_secs(5), told).await;
    assert_eq!(reason.unwrap().unwrap(), h2::Reason::CANCEL);
}
