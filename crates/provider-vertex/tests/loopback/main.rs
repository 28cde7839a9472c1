//! The provider over real sockets, against servers that give hand-written answers.

mod server;

use std::path::PathBuf;

use futures_util::future::join_all;
use interline_core::{
    CallContext, ChatRequest, EmbedPurpose, EmbedRequest, EmbeddingProvider, ErrorKind, Message,
    ModelLister, Origin, Part, Phase, Provider, ProviderId, Role, TokenCounter, ToolCall,
};
use interline_provider_vertex::{ApiVersion, Vertex, VertexBuilder};
use serde_json::{Value, json};

use server::Server;

const GEMINI: &str = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi."}]},
    "finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":1}}"#;
const CLAUDE: &str = r#"{"type":"message","id":"msg_1","model":"claude-x",
    "content":[{"type":"text","text":"Hi."}],"stop_reason":"end_turn",
    "usage":{"input_tokens":1,"output_tokens":1}}"#;
const OPEN: &str = r#"{"id":"1","model":"meta/llama-x","choices":[{"index":0,
    "message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}]}"#;

/// What each path answers; `/token` is Google's token server.
fn rule(line: &str) -> (u16, String) {
    let known = [
        (
            "/token ",
            r#"{"access_token":"ya29.fetched","expires_in":3600}"#,
        ),
        (":generateContent ", GEMINI),
        ("models/count-tokens:rawPredict ", r#"{"input_tokens":5}"#),
        (":rawPredict ", CLAUDE),
        ("/endpoints/openapi/chat/completions ", OPEN),
        (":countTokens ", r#"{"totalTokens":4}"#),
        (
            ":predict ",
            r#"{"predictions":[{"embeddings":{"values":[0.5],"statistics":{"token_count":2}}},
                {"embeddings":{"values":[0.25],"statistics":{"token_count":3}}}]}"#,
        ),
        (
            ":embedContent ",
            r#"{"embedding":{"values":[0.5]},"usageMetadata":{"promptTokenCount":2}}"#,
        ),
        (
            "/publishers/google/models?",
            r#"{"publisherModels":[{"name":"publishers/google/models/gemini-x"}]}"#,
        ),
        (
            "/publishers/anthropic/models?",
            r#"{"publisherModels":[{"name":"publishers/anthropic/models/claude-x"}]}"#,
        ),
    ];
    let answer = known.iter().find(|(path, _)| line.contains(path));
    answer.map_or((404, "{}".to_owned()), |(_, body)| {
        (200, (*body).to_owned())
    })
}

fn builder(server: &Server) -> VertexBuilder {
    Vertex::builder()
        .project("p")
        .location("us-east5")
        .base_url(format!("{}/prefix", server.url))
}

fn vertex(server: &Server) -> Vertex {
    let builder = builder(server).access_token("ya29.given");
    builder.build().expect("complete")
}

fn hello(model: &str) -> ChatRequest {
    ChatRequest::new(model, [Message::user("hi")])
}

fn body(request: &str) -> Value {
    let (_, body) = request.split_once("\r\n\r\n").expect("a head and a body");
    serde_json::from_str(body).expect("JSON")
}

/// The file of a service account whose tokens come from `server`; removed when dropped.
struct KeyFile(PathBuf);

impl KeyFile {
    fn of(name: &str, server: &Server) -> Self {
        let file = format!("interline-vertex-{}-{name}.json", std::process::id());
        let path = std::env::temp_dir().join(file);
        let key = json!({
            "type": "service_account",
            "project_id": "from-the-file",
            "client_email": "robot@example.iam.gserviceaccount.com",
            "private_key": include_str!("key.pem"),
            "token_uri": format!("{}/token", server.url),
        });
        std::fs::write(&path, key.to_string()).expect("a writable temporary folder");
        Self(path)
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const ROOT: &str = "POST /prefix/v1/projects/p/locations/us-east5";

#[tokio::test]
async fn the_models_name_decides_where_a_call_goes() {
    let server = Server::start(rule).await;
    let vertex = vertex(&server);
    for (model, path) in [
        (
            "gemini-2.5-flash",
            "publishers/google/models/gemini-2.5-flash:generateContent",
        ),
        (
            "claude-haiku-4-5@20251001",
            "publishers/anthropic/models/claude-haiku-4-5@20251001:rawPredict",
        ),
        ("meta/llama-x", "endpoints/openapi/chat/completions"),
    ] {
        let answer = vertex.complete(&CallContext::new("c"), &hello(model)).await;
        assert_eq!(answer.expect(model).text(), "Hi.");
        let request = server.asked().pop().expect("asked");
        assert!(request.starts_with(&format!("{ROOT}/{path} ")), "{request}");
        assert!(
            request.contains("authorization: Bearer ya29.given\r\n"),
            "{request}"
        );
    }
}

#[tokio::test]
async fn ids_of_calls_are_spared_the_version_that_refuses_them() {
    let server = Server::start(rule).await;
    let request = ChatRequest::new(
        "gemini-2.5-flash",
        [
            Message::user("1+1?"),
            Message::new(
                Role::Assistant,
                [Part::tool_call(ToolCall::new("own-id", "add", "{}"))],
            ),
            Message::tool_result("own-id", "2"),
        ],
    );
    for (version, id) in [
        (ApiVersion::V1, Value::Null),
        (ApiVersion::V1Beta1, json!("own-id")),
    ] {
        let builder = builder(&server).access_token("t").api_version(version);
        let vertex = builder.build().expect("complete");
        let answer = vertex.complete(&CallContext::new("c"), &request).await;
        answer.expect("an answer");
        let sent = body(&server.asked().pop().expect("asked"));
        let call = &sent["contents"][1]["parts"][0]["functionCall"];
        assert_eq!((&call["name"], &call["id"]), (&json!("add"), &id));
    }
}

#[tokio::test]
async fn claude_is_named_in_the_path_and_the_version_in_the_body() {
    let server = Server::start(rule).await;
    let native = br#"{"model":"chat","max_tokens":9,"messages":[{"role":"user","content":"hi"}],
        "new_field":1}"#;
    let origin = Origin::new(
        interline_dialect_anthropic::FORMAT,
        native.as_slice().into(),
    );
    let request = hello("claude-x")
        .with_origin(origin.with_headers(vec![("anthropic-beta".into(), "context-1m".into())]));
    let vertex = vertex(&server);
    let answer = vertex.complete(&CallContext::new("c"), &request).await;
    answer.expect("an answer");
    let sent = server.asked().pop().expect("asked");
    assert!(sent.contains("anthropic-beta: context-1m\r\n"), "{sent}");
    assert_eq!(
        body(&sent),
        json!({"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}],
            "new_field": 1, "anthropic_version": "vertex-2023-10-16"})
    );
}

#[tokio::test]
async fn a_service_account_fetches_one_token_for_all_who_wait() {
    let server = Server::start(rule).await;
    let key = KeyFile::of("good", &server);
    let vertex = Vertex::builder()
        .base_url(&server.url)
        .credentials_file(&key.0)
        .build()
        .expect("a good key");
    let (cx, request) = (CallContext::new("c"), hello("gemini-2.5-flash"));
    let calls = (0..8).map(|_| vertex.complete(&cx, &request));
    for answer in join_all(calls).await {
        assert_eq!(answer.expect("an answer").text(), "Hi.");
    }
    let fetched = server.asked_for("/token ");
    assert_eq!(fetched.len(), 1);
    assert!(fetched[0].contains("jwt-bearer"), "{fetched:?}");
    let called = server.asked_for("/v1/projects/from-the-file/locations/global/");
    assert_eq!(called.len(), 8);
    assert!(
        called[0].contains("authorization: Bearer ya29.fetched\r\n"),
        "{called:?}"
    );
}

#[tokio::test]
async fn a_refused_credential_says_what_to_do_and_every_waiting_call_hears_it() {
    let server = Server::start(|_| (401, r#"{"error":"invalid_grant"}"#.to_owned())).await;
    let key = KeyFile::of("refused", &server);
    let vertex = builder(&server)
        .credentials_file(&key.0)
        .build()
        .expect("a good key");
    let (cx, request) = (CallContext::new("c"), hello("gemini-2.5-flash"));
    let calls = (0..8).map(|_| vertex.complete(&cx, &request));
    for answer in join_all(calls).await {
        let error = answer.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert_eq!(error.phase(), Phase::BeforeSend);
        assert!(error.message().contains("service account"), "{error}");
        assert_eq!(error.provider().map(ProviderId::as_str), Some("vertex"));
    }
    let error = vertex.complete(&cx, &request).await;
    let error = error.expect_err("refused just now");
    assert_eq!(error.kind(), ErrorKind::Authentication);
    // One fetch, which gcp_auth repeats four times; nothing was asked of a model.
    assert_eq!(server.asked_for("/token ").len(), 5);
    assert_eq!(server.asked().len(), 5);
}

#[tokio::test]
async fn texts_are_embedded_together_or_one_by_one() {
    let server = Server::start(rule).await;
    let vertex = vertex(&server);
    let cx = CallContext::new("c");
    let request = EmbedRequest::new("text-embedding-005", ["a", "b"])
        .with_dimensions(1)
        .with_purpose(EmbedPurpose::Query);
    let vectors = vertex.embed(&cx, &request).await.expect("vectors");
    assert_eq!(vectors.embeddings, [[0.5], [0.25]]);
    assert_eq!(vectors.usage.input_tokens, Some(5));
    assert_eq!(vectors.meta.request_id.as_deref(), Some("req_1"));
    let together = server.asked_for(":predict ");
    assert_eq!(together.len(), 1);
    assert!(together[0].starts_with(&format!("{ROOT}/publishers/google/models/")));

    let request = request.for_model("gemini-embedding-2");
    let vectors = vertex.embed(&cx, &request).await.expect("vectors");
    assert_eq!(vectors.embeddings, [[0.5], [0.5]]);
    assert_eq!(vectors.usage.input_tokens, Some(4));
    let single = server.asked_for(":embedContent ");
    assert_eq!(single.len(), 2);
    assert_eq!(
        body(&single[0])["embedContentConfig"],
        json!({"taskType": "RETRIEVAL_QUERY", "outputDimensionality": 1})
    );

    let open = request.for_model("intfloat/e5-maas");
    vertex.embed(&cx, &open).await.expect("vectors");
    let asked = server.asked().pop().expect("asked");
    assert!(asked.contains("/publishers/intfloat/models/e5-maas:embedContent "));
    for model in ["a/b/c", "..", "x?y"] {
        let error = vertex.embed(&cx, &request.for_model(model)).await;
        assert_eq!(error.expect_err(model).param(), Some("model"));
    }
}

#[tokio::test]
async fn tokens_are_counted_where_the_vendor_counts_them() {
    let server = Server::start(rule).await;
    let vertex = vertex(&server);
    let cx = CallContext::new("c");
    let count = |model: &'static str| {
        let (vertex, cx) = (vertex.clone(), cx.clone());
        async move { vertex.count_tokens(&cx, &hello(model)).await }
    };
    assert_eq!(count("gemini-x").await.expect("a count"), 4);
    assert_eq!(count("claude-x").await.expect("a count"), 5);
    let sent = body(&server.asked().pop().expect("asked"));
    assert_eq!(sent["model"], "claude-x");
    assert_eq!(sent["anthropic_version"], "vertex-2023-10-16");
    assert_eq!(sent.get("max_tokens"), None);
    let error = count("meta/llama-x").await.expect_err("no such method");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn models_of_google_and_anthropic_are_listed() {
    let server = Server::start(rule).await;
    let vertex = vertex(&server);
    let cx = CallContext::new("c");
    let models = vertex.list_models(&cx).await.expect("models");
    let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["gemini-x", "claude-x"]);
    vertex.health_check(&cx).await.expect("healthy");
    let asked = server.asked().pop().expect("asked");
    let line = "GET /prefix/v1beta1/publishers/google/models?pageSize=1 HTTP/1.1\r\n";
    assert!(asked.starts_with(line), "{asked}");
    assert!(asked.contains("x-goog-user-project: p\r\n"), "{asked}");
}

#[tokio::test]
async fn a_token_in_a_header_stands_in_place_of_default_credentials() {
    let server = Server::start(rule).await;
    let proxied = builder(&server).header("authorization", "Bearer proxy");
    let vertex = proxied.build().expect("complete");
    let cx = CallContext::new("c");
    let answer = vertex.complete(&cx, &hello("gemini-x")).await;
    answer.expect("an answer");
    let sent = server.asked().pop().expect("asked");
    assert!(sent.contains("authorization: Bearer proxy\r\n"), "{sent}");
}
