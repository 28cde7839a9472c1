//! The list of models over a transport.

use std::sync::Arc;

use http::HeaderMap;
use interline_core::{CallContext, ErrorKind, ListedModel, ModelLister, Result};
use interline_dialect_openai::Endpoint;
use interline_dialect_openai::models::ModelsAdapter;

use crate::support::canned::Canned;

fn adapter(canned: &Arc<Canned>) -> ModelsAdapter {
    let transport = Arc::clone(canned);
    ModelsAdapter::new("mine", transport, "https://h/v1", HeaderMap::new())
}

async fn list(canned: Canned) -> Result<Vec<ListedModel>> {
    adapter(&Arc::new(canned))
        .list_models(&CallContext::new("c"))
        .await
}

#[tokio::test]
async fn the_list_is_asked_for_once_and_read() {
    let canned = Arc::new(Canned::json(200, r#"{"data":[{"id":"b"},{"id":"a"}]}"#));
    let endpoint = Endpoint::new("models").with_query("api-version=1");
    let listed = adapter(&canned).with_endpoint(endpoint);
    let models = listed.list_models(&CallContext::new("c")).await;
    let models = models.expect("a list");
    assert_eq!(models, [ListedModel::new("b"), ListedModel::new("a")]);
    let sent = canned.request();
    assert_eq!(
        (sent.method.as_str(), sent.url.as_str()),
        ("GET", "https://h/v1/models?api-version=1")
    );
}

#[track_caller]
fn failed(listed: Result<Vec<ListedModel>>, kind: ErrorKind, status: u16, told: &str) {
    let error = listed.expect_err("a failure");
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.status(), Some(status));
    assert!(error.message().contains(told), "{error}");
    assert!(error.to_string().contains("mine/*"), "{error}");
}

#[tokio::test]
async fn failures_name_the_connection_the_status_and_the_reason() {
    let refused = r#"{"error":{"message":"Invalid API Key","code":"invalid_api_key"}}"#;
    let listed = list(Canned::json(401, refused)).await;
    failed(listed, ErrorKind::Authentication, 401, "Invalid API Key");
    let listed = list(Canned::json(200, r#"{"models":[]}"#)).await;
    failed(listed, ErrorKind::Protocol, 200, "has no list in `data`");
    let page = Canned::new(200, &[("content-type", "text/html")], b"<p>login", 0);
    failed(list(page).await, ErrorKind::Protocol, 200, "a web page");
}
