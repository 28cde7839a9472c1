//! The paths beside the model calls: model lists, health, the status page, and paths that do not exist.

use interline::Registry;
use interline::config::Config;
use interline_gateway::Gateway;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::house::{House, Seen, Speaks, http_client};

async fn get_as_anthropic(house: &House, path: &str) -> Seen {
    let request = house.http.get(format!("{}{path}", house.url));
    let sent = request
        .header("anthropic-version", "2023-06-01")
        .send()
        .await;
    Seen::read(sent.expect("a reply")).await
}

#[tokio::test]
async fn models_are_listed_in_the_callers_shape() {
    let house = House::new().await;
    let openai = house.get("/v1/models").await.json();
    assert_eq!(openai["object"], "list");
    assert!(ids(&openai).contains(&"chat".to_owned()), "{openai}");
    assert!(
        ids(&openai).contains(&"openai/gpt-4o".to_owned()),
        "{openai}"
    );
    let anthropic = get_as_anthropic(&house, "/v1/models").await.json();
    let shown = ids(&anthropic);
    assert_eq!(shown[..shown.len() - 1], ids(&openai));
    assert_eq!(
        shown.last().map(String::as_str),
        Some("claude-sonnet-4-6"),
        "Claude Code shows names that begin with its vendor's word"
    );
    assert_eq!(anthropic["has_more"], false);
    assert_eq!(anthropic["data"][0]["type"], "model");
    assert_eq!(anthropic["first_id"], anthropic["data"][0]["id"]);
}

#[tokio::test]
async fn models_that_the_configuration_describes_are_listed() {
    for routes in ["", "routes:\n  chat: { targets: [near/m] }\n"] {
        let text = format!(
            "providers:
  near: {{ kind: local, base_url: 'http://127.0.0.1:9' }}
  far:  {{ kind: local, base_url: 'http://127.0.0.1:9' }}
models:
  near/my-finetune: {{ context_window: 32768 }}
{routes}"
        );
        let config = Config::parse(&text, "test.yaml").expect("a good file");
        let gateway = Gateway::new(config, Registry::standard())
            .with_listen("127.0.0.1:0")
            .bind()
            .await
            .expect("a good configuration");
        let url = format!("http://{}/v1/models", gateway.address());
        let (_stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(gateway.serve_until(async {
            let _ = stopped.await;
        }));
        let get = async |url: String| {
            Seen::read(http_client().get(url).send().await.expect("a reply")).await
        };
        let list = ids(&get(url.clone()).await.json());
        let named = |name: &str| list.iter().filter(|id| *id == name).count();
        assert_eq!(named("near/my-finetune"), 1, "{list:?}");
        assert_eq!(named("far/my-finetune"), 0, "it is the other connection's");
        let one = get(format!("{url}/near/my-finetune")).await;
        assert_eq!(one.json()["id"], "near/my-finetune");
    }
}

#[tokio::test]
async fn the_list_comes_in_pages_for_those_who_ask_for_them() {
    let house = House::new().await;
    let whole = ids(&get_as_anthropic(&house, "/v1/models?limit=1000")
        .await
        .json());
    let mut paged = Vec::new();
    let mut next = "/v1/models?limit=2".to_owned();
    loop {
        let page = get_as_anthropic(&house, &next).await.json();
        paged.extend(ids(&page));
        if page["has_more"] == false {
            break;
        }
        let last = page["last_id"].as_str().expect("an id");
        next = format!("/v1/models?limit=2&after_id={}", last.replace('/', "%2F"));
    }
    assert_eq!(paged, whole);
    let refused = get_as_anthropic(&house, "/v1/models?limit=none").await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["error"]["type"], "invalid_request_error");
}

fn ids(list: &Value) -> Vec<String> {
    let members = list["data"].as_array().expect("a list");
    let id = |member: &Value| member["id"].as_str().expect("an id").to_owned();
    members.iter().map(id).collect()
}

#[tokio::test]
async fn one_model_is_found_by_any_name_that_a_call_may_use() {
    let house = House::new().await;
    for name in ["chat", "openai/gpt-4o", "gpt-4o"] {
        let model = house.get(&format!("/v1/models/{name}")).await;
        assert_eq!(model.status, 200, "{}", model.text());
        assert_eq!(model.json()["id"], name);
    }
    let missing = house.get("/v1/models/no-such-model").await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.json()["error"]["code"], "not_found");
    let missing = get_as_anthropic(&house, "/v1/models/no-such-model")
        .await
        .json();
    assert_eq!(missing["type"], "error");
    assert_eq!(missing["error"]["type"], "not_found_error");
}

#[tokio::test]
async fn unknown_paths_and_methods_answer_in_json() {
    let house = House::new().await;
    let unknown = house.get("/v1/nothing").await;
    assert_eq!(unknown.status, 404);
    let body = unknown.json();
    assert_eq!(body["error"]["code"], "not_found", "{body}");
    assert!(
        body["error"]["message"]
            .as_str()
            .expect("text")
            .contains("/v1/nothing")
    );
    let method = house.get(Speaks::OpenAi.path()).await;
    assert_eq!(method.status, 405);
    assert_eq!(method.header("allow"), "POST");
    assert_eq!(method.json()["error"]["code"], "invalid_request");
    let anthropic = house.get(Speaks::Anthropic.path()).await;
    assert_eq!(anthropic.json()["type"], "error");
}

#[tokio::test]
async fn health_and_the_status_page_are_there() {
    let house = House::new().await;
    assert_eq!(house.get("/healthz").await.text(), "ok\n");
    assert_eq!(house.get("/readyz").await.status, 200);
    let page = house.get("/").await;
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(
        !page.text().contains("https://"),
        "the page needs nothing from elsewhere"
    );
}
