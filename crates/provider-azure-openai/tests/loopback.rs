//! The provider over a real socket, against a server that gives one hand-written answer.

use interline_core::{CallContext, ChatRequest, ErrorKind, Message, Provider};
use interline_provider_azure_openai::AzureOpenAi;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Answers one request and gives the request's text.
async fn serve(status: &'static str, body: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a caller");
        let mut request = Vec::new();
        let mut piece = [0; 4096];
        // A request ends with the brace that closes its JSON body.
        while !request.ends_with(b"}") {
            let length = socket.read(&mut piece).await.expect("readable");
            request.extend_from_slice(&piece[..length]);
        }
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\napim-request-id: req-1\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        socket.write_all(answer.as_bytes()).await.expect("writable");
        String::from_utf8(request).expect("text")
    });
    (format!("http://{address}/prefix"), server)
}

fn azure(base_url: String) -> AzureOpenAi {
    AzureOpenAi::builder()
        .api_key("azure-test")
        .base_url(base_url)
        .api_version("2024-10-21".to_owned())
        .build()
        .expect("complete")
}

#[tokio::test]
async fn a_call_sends_the_key_and_names_the_deployment_in_the_path() {
    let body = r#"{"id":"1","model":"gpt-4o-2024-08-06","prompt_filter_results":[],
        "choices":[{"index":0,"content_filter_results":{},"finish_reason":"stop",
            "message":{"role":"assistant","content":"Hello."}}]}"#;
    let (url, server) = serve("200 OK", body).await;
    let request = ChatRequest::new("my-deployment", [Message::user("hi")]);
    let answer = azure(url).complete(&CallContext::new("c"), &request).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.text(), "Hello.");
    assert_eq!(answer.meta.request_id.as_deref(), Some("req-1"));
    let sent = server.await.expect("served");
    let line =
        "POST /prefix/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21 ";
    assert!(sent.starts_with(line), "{sent}");
    assert!(sent.contains("api-key: azure-test\r\n"), "{sent}");
    assert!(!sent.to_lowercase().contains("authorization"), "{sent}");
}

#[tokio::test]
async fn a_prompt_that_the_filter_stops_is_content_filtered() {
    let body = r#"{"error":{"message":"filtered","type":null,"param":"prompt",
        "code":"content_filter","status":400,
        "innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#;
    let (url, _) = serve("400 Bad Request", body).await;
    let request = ChatRequest::new("my-deployment", [Message::user("hi")]);
    let answer = azure(url).complete(&CallContext::new("c"), &request).await;
    let error = answer.expect_err("stopped");
    assert_eq!(error.kind(), ErrorKind::ContentFiltered);
    assert_eq!(error.param(), Some("prompt"));
}
