//! Requests that get no answer: each fault has its kind, phase and fault, and names the peer alone.

use std::process::Command;
use std::time::Duration;

use interline_core::{
    CallContext, ConnectionFault, Error, ErrorKind, HealthImpact, Phase, RetryHint, SameTarget,
    TimeoutStage,
};
use interline_transport::{Accept, HttpConfig, HttpRequest, HttpTransport, Transport};
use tokio::net::{TcpListener, TcpSocket};

use crate::loopback::{answer, post, send, serve, serve_bytes, transport};

#[track_caller]
fn check(error: &Error, kind: ErrorKind, phase: Phase, fault: Option<ConnectionFault>, peer: &str) {
    assert_eq!(error.kind(), kind, "{error:?}");
    assert_eq!(error.phase(), phase, "{error:?}");
    assert_eq!(error.connection_fault(), fault, "{error:?}");
    assert_ne!(error.retry(), RetryHint::Never);
    assert!(error.message().contains(peer), "{error}");
    let shown = format!("{error:?}");
    assert!(!shown.contains("hidden"), "the query is shown: {shown}");
}

async fn get(url: String) -> Error {
    transport()
        .send(&CallContext::new("test"), HttpRequest::get(url))
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_refused_connection_is_a_connect_fault() {
    // Bound but not listening, so that no other test can take the port.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let error = send(address, Accept::Json).await.unwrap_err();
    check(
        &error,
        ErrorKind::Unavailable,
        Phase::BeforeSend,
        Some(ConnectionFault::Connect),
        &address.to_string(),
    );
    assert!(error.message().contains("refused"), "{error}");
    assert!(!error.maybe_billed());
    assert!(error.other_target());
}

#[tokio::test]
async fn an_unknown_name_is_a_dns_fault() {
    // A label longer than DNS allows fails in the resolver, without a question to the network.
    let name = format!("{}.invalid", "n".repeat(64));
    let error = get(format!("http://{name}/v1?key=hidden")).await;
    check(
        &error,
        ErrorKind::Unavailable,
        Phase::BeforeSend,
        Some(ConnectionFault::Dns),
        &format!("{name}:80"),
    );
}

#[tokio::test]
async fn silence_while_connecting_is_a_connect_timeout() {
    // TCP connects, and the TLS handshake that belongs to connecting never gets an answer.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = HttpConfig::default().with_connect_timeout(Duration::from_millis(50));
    let error = HttpTransport::new(&config)
        .unwrap()
        .send(
            &CallContext::new("test"),
            HttpRequest::get(format!("https://{address}/?key=hidden")),
        )
        .await
        .unwrap_err();
    check(
        &error,
        ErrorKind::Timeout(TimeoutStage::Connect),
        Phase::BeforeSend,
        Some(ConnectionFault::Connect),
        &address.to_string(),
    );
    assert!(error.message().contains("50ms"), "{error}");
}

#[tokio::test]
async fn plain_http_where_tls_is_expected_is_a_tls_fault() {
    let address = serve(|_, mut connection| async move {
        connection.write("HTTP/1.1 400 Bad Request\r\n\r\n").await;
        connection.closed().await;
    })
    .await;
    let error = get(format!("https://{address}/?key=hidden")).await;
    check(
        &error,
        ErrorKind::Unavailable,
        Phase::BeforeSend,
        Some(ConnectionFault::Tls),
        &address.to_string(),
    );
    assert!(error.message().contains("use http://"), "{error}");
}

#[tokio::test]
async fn a_handshake_that_breaks_off_is_a_tls_fault() {
    for reset in [false, true] {
        let address = serve(move |_, mut connection| async move {
            // The client's first words must have been read, or closing resets anyway.
            let mut hello = [0; 2048];
            let _ = tokio::io::AsyncReadExt::read(&mut connection.stream, &mut hello).await;
            if reset {
                connection.reset();
            }
        })
        .await;
        let error = get(format!("https://{address}/?key=hidden")).await;
        check(
            &error,
            ErrorKind::Unavailable,
            Phase::BeforeSend,
            Some(ConnectionFault::Tls),
            &address.to_string(),
        );
    }
}

#[tokio::test]
async fn a_connection_closed_or_reset_before_headers_is_a_reset() {
    for reset in [false, true] {
        let address = serve(move |_, mut connection| async move {
            connection.read_request().await;
            if reset {
                connection.reset();
            }
        })
        .await;
        let error = send(address, Accept::Json).await.unwrap_err();
        check(
            &error,
            ErrorKind::Unavailable,
            Phase::BeforeOutput,
            Some(ConnectionFault::Reset),
            &address.to_string(),
        );
        assert!(error.maybe_billed());
    }
}

#[tokio::test]
async fn headers_cut_short_are_a_reset() {
    let address = serve_bytes("HTTP/1.1 200 OK\r\ncontent-le").await;
    let error = send(address, Accept::Json).await.unwrap_err();
    check(
        &error,
        ErrorKind::Unavailable,
        Phase::BeforeOutput,
        Some(ConnectionFault::Reset),
        &address.to_string(),
    );
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_protocol_error() {
    let endless_header = format!("HTTP/1.1 200 OK\r\nx-a: {}", "x".repeat(1 << 20));
    for garbage in [
        "SSH-2.0-OpenSSH_9.9\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        &endless_header,
    ] {
        let address = serve_bytes(garbage).await;
        let error = send(address, Accept::Json).await.unwrap_err();
        check(
            &error,
            ErrorKind::Protocol,
            Phase::BeforeOutput,
            None,
            &address.to_string(),
        );
    }
}

#[tokio::test]
async fn a_stale_pooled_connection_costs_no_request() {
    let address = serve(|number, mut connection| async move {
        connection.read_request().await;
        connection.write(answer("", number.to_string())).await;
        // Closing without a `connection: close` leaves a dead connection in the client's pool.
    })
    .await;
    let transport = transport();
    for expected in ["1", "2", "3"] {
        let response = transport
            .send(&CallContext::new("test"), post(address, Accept::Json))
            .await
            .unwrap();
        assert_eq!(response.bytes(10).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_pooled_connection_that_dies_under_a_request_may_have_served_it() {
    let address = serve(|_, mut connection| async move {
        connection.read_request().await;
        connection.write(answer("", "ok")).await;
        connection.read_request().await;
        connection.reset();
    })
    .await;
    let transport = transport();
    let cx = CallContext::new("test");
    let first = transport.send(&cx, post(address, Accept::Json)).await;
    first.unwrap().bytes(10).await.unwrap();
    let error = transport
        .send(&cx, post(address, Accept::Json))
        .await
        .unwrap_err();
    check(
        &error,
        ErrorKind::Unavailable,
        Phase::BeforeOutput,
        Some(ConnectionFault::Stale),
        &address.to_string(),
    );
    assert_eq!(error.same_target(), SameTarget::AtOnce);
    assert_eq!(error.health_impact(), HealthImpact::None);
    assert!(error.maybe_billed());
}

#[tokio::test]
async fn a_bad_url_is_the_callers_mistake() {
    let error = get("ftp://me:hidden@h/?key=hidden".to_owned()).await;
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.phase(), Phase::BeforeSend);
    assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
}

/// Runs one test again in a process of its own, whose limits and environment may differ.
#[track_caller]
fn check_in_own_process(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_proxy_in_the_environment_is_not_used_for_loopback() {
    // Nothing listens on port 1, so using the proxy would fail.
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "request::a_get_has_no_body"])
        .env("http_proxy", "http://127.0.0.1:1")
        .env_remove("no_proxy")
        .env_remove("NO_PROXY");
    check_in_own_process(&mut command);
}

#[cfg(unix)]
#[tokio::test]
async fn running_out_of_files_is_not_the_vendors_fault() {
    const UNDER_LIMIT: &str = "INTERLINE_TEST_UNDER_FILE_LIMIT";
    if std::env::var_os(UNDER_LIMIT).is_none() {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg("ulimit -n 24; exec \"$0\" --exact connect::running_out_of_files_is_not_the_vendors_fault")
            .arg(std::env::current_exe().unwrap())
            .env(UNDER_LIMIT, "1");
        check_in_own_process(&mut command);
        return;
    }
    let transport = transport();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut hoard = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        assert!(hoard.len() < 1000, "no limit is set");
        hoard.push(file);
    }
    let error = transport
        .send(&CallContext::new("test"), post(address, Accept::Json))
        .await
        .unwrap_err();
    drop(hoard);
    check(
        &error,
        ErrorKind::Internal,
        Phase::BeforeSend,
        None,
        &address.to_string(),
    );
}
