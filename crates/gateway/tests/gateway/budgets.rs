//! Budgets over HTTP: what callers get when money runs out, and what operators see of it.

use std::time::Duration;

use interline::Registry;
use interline::config::Config;
use interline_gateway::Gateway;
use interline_simulator::Vendor;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::house::http_client;

const TOKEN: &str = "let-me-see";

/// A gateway over one or two vendors, configured by a file.
struct Bank {
    url: String,
    http: Client,
    openai: Vendor,
    claude: Vendor,
    _stop: oneshot::Sender<()>,
}

impl Bank {
    async fn new(budget: &str) -> Self {
        let openai = Vendor::openai("openai").start().await.expect("a free port");
        let claude = Vendor::anthropic("claude")
            .start()
            .await
            .expect("a free port");
        let text = format!(
            "providers:
  openai: {{ kind: openai, api_key: 'file:{key}', base_url: '{}' }}
  claude: {{ kind: anthropic, api_key: 'file:{key}', base_url: '{}' }}
routes:
  chat: {{ targets: [openai/gpt-4o, claude/claude-sonnet-4-6] }}
  only: {{ targets: [openai/gpt-4o] }}
models:
  # A dollar for each token written, a tenth of that at the other.
  openai/gpt-4o: {{ usd_per_mtok: {{ input: 0, cached_input: 0, output: 1000000 }} }}
  claude/claude-sonnet-4-6: {{ usd_per_mtok: {{ input: 0, cached_input: 0, cache_write: 0, cache_write_1h: 0, output: 100000 }} }}
budget: {budget}
",
            openai.base_url(),
            claude.base_url(),
            key = secret_file(),
        );
        let config = Config::parse(&text, "test.yaml").expect("a good file");
        let gateway = Gateway::new(config, Registry::standard())
            .with_listen("127.0.0.1:0")
            .with_admin_token(TOKEN.to_owned().into())
            .with_keys(vec![
                "key-of-one".to_owned().into(),
                "key-of-two".to_owned().into(),
            ])
            .bind()
            .await
            .expect("a good configuration");
        let url = format!("http://{}", gateway.address());
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(gateway.serve_until(async {
            let _ = stopped.await;
        }));
        Self {
            url,
            http: http_client(),
            openai,
            claude,
            _stop: stop,
        }
    }

    /// Asks for at most so many tokens.
    async fn ask(&self, model: &str, most: u64, headers: &[(&str, &str)]) -> (u16, Value) {
        let body = json!({
            "model": model, "max_tokens": most,
            "messages": [{"role": "user", "content": "Hello there"}],
        });
        let mut request = self
            .http
            .post(format!("{}/v1/chat/completions", self.url))
            .bearer_auth("key-of-one")
            .json(&body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let reply = request.send().await.expect("a reply");
        let status = reply.status().as_u16();
        (status, reply.json().await.expect("JSON"))
    }

    async fn stats(&self, query: &str) -> Value {
        let url = format!("{}/admin/stats{query}", self.url);
        let reply = self.http.get(url).bearer_auth(TOKEN).send().await;
        reply.expect("a reply").json().await.expect("JSON")
    }

    async fn metrics(&self) -> String {
        let reply = self.http.get(format!("{}/metrics", self.url)).send().await;
        reply.expect("a reply").text().await.expect("text")
    }
}

/// A file with an upstream key that nobody checks.
fn secret_file() -> &'static str {
    // Written once: a test that reads it while another writes it again would find it empty.
    static PATH: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let path = std::env::temp_dir().join(format!("interline-bank-{}", std::process::id()));
        std::fs::write(&path, "sk-upstream-secret").expect("a writable temporary folder");
        path.display().to_string()
    });
    &PATH
}

#[tokio::test]
async fn a_budget_that_is_spent_is_a_429_that_says_when_it_starts_anew() {
    let bank = Bank::new("{ daily_usd: 2, share_of_left: off }").await;
    let mut refused = None;
    for _ in 0..100 {
        let (status, body) = bank.ask("only", 1, &[]).await;
        if status != 200 {
            refused = Some((status, body));
            break;
        }
    }
    let (status, body) = refused.expect("it runs out");
    assert_eq!(status, 429, "{body}");
    assert_eq!(body["error"]["code"], "budget_exhausted");
    let message = body["error"]["message"].as_str().expect("a message");
    assert!(message.contains("starts anew at"), "{message}");
    let calls = bank.openai.ledger().total();
    let url = format!("{}/v1/responses", bank.url);
    let request = json!({"model": "only", "max_output_tokens": 1, "input": "hi"});
    let reply = bank.http.post(url).bearer_auth("key-of-one").json(&request);
    let reply = reply.send().await.expect("a reply");
    assert_eq!(reply.status(), 429);
    assert!(reply.headers().contains_key("retry-after"));
    assert_eq!(reply.headers()["x-should-retry"], "false");
    assert_eq!(bank.openai.ledger().total(), calls, "nobody was asked");
    let metrics = bank.metrics().await;
    for series in [
        "interline_budget_limit_usd{scope=\"all calls\",period=\"day\",time_zone=\"UTC\"} 2",
        "interline_budget_level",
        "interline_cost_estimate_ratio",
        "interline_spend_store_failing 0",
        "outcome=\"budget_exhausted\"",
    ] {
        assert!(
            metrics.contains(series),
            "{series} is missing in\n{metrics}"
        );
    }
}

#[tokio::test]
async fn a_provider_without_money_lets_the_other_serve_and_the_trace_says_so() {
    let bank = Bank::new(
        "{ budgets: [{ limit_usd: 1, scope: { provider: openai } }], share_of_left: off }",
    )
    .await;
    let mut trace = Value::Null;
    for _ in 0..100 {
        let (status, body) = bank.ask("chat", 1, &[("x-interline-explain", "1")]).await;
        assert_eq!(status, 200, "{body}");
        trace = body["interline"].clone();
        if trace["provider"] == "claude" {
            break;
        }
    }
    assert_eq!(trace["provider"], "claude", "{trace}");
    assert_eq!(trace["excluded"][0]["target"], "openai/gpt-4o", "{trace}");
    let lacks = trace["excluded"][0]["lacks"][0].as_str().expect("a reason");
    assert!(lacks.starts_with("room in the budget"), "{lacks}");
    assert!(bank.claude.ledger().total() > 0);
}

#[tokio::test]
async fn keys_and_tags_and_priorities_have_their_own() {
    let bank = Bank::new(
        "{ share_of_left: off, budgets: [{ limit_usd: 3, scope: { tag: team=x } }, \
         { limit_usd: 1000, scope: { tag: team=y } }] }",
    )
    .await;
    let poor = [("x-interline-tags", "team=x")];
    let (status, body) = bank.ask("only", 5, &poor).await;
    assert_eq!(status, 429, "{body}");
    let rich = [
        ("x-interline-tags", "team=y"),
        ("x-interline-priority", "low"),
    ];
    let (status, body) = bank.ask("only", 5, &rich).await;
    assert_eq!(status, 200, "{body}");
    let stats = bank.stats("?by=key").await;
    let rows = stats["spend"]["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 1, "{stats}");
    assert_eq!(rows[0]["key"], "key-1", "{stats}");
    let stats = bank.stats("?by=tag,provider").await;
    assert_eq!(stats["spend"]["rows"][0]["tag"], "team=y", "{stats}");
    assert_eq!(stats["spend"]["rows"][0]["calls"], 1, "{stats}");
}

#[tokio::test]
async fn operators_see_targets_routes_and_budgets_and_nobody_else_does() {
    let bank = Bank::new("{ daily_usd: 100000, file: ~ }").await;
    bank.ask("chat", 5, &[]).await;
    let stats = bank.stats("").await;
    let target = &stats["targets"][0];
    assert_eq!(target["provider"], "openai", "{stats}");
    assert_eq!(target["success_rate"], 1.0, "{stats}");
    assert!(target["duration_ms"]["p95"].is_u64(), "{stats}");
    assert_eq!(stats["routes"][0]["primary_hit_rate"], 1.0, "{stats}");
    assert_eq!(stats["budgets"][0]["level"], "best", "{stats}");
    assert_eq!(stats["spend"]["rows"][0]["model"], "gpt-4o", "{stats}");
    let url = format!("{}/admin/stats", bank.url);
    for wrong in ["", "key-of-one", "let-me-se"] {
        let reply = bank.http.get(&url).bearer_auth(wrong).send().await;
        assert_eq!(reply.expect("a reply").status(), 401, "{wrong}");
    }
    let confused = bank.stats("?by=colour").await;
    assert_eq!(confused["error"]["code"], "invalid_request", "{confused}");
    let both = bank.stats("?by=key,tag").await;
    assert_eq!(both["error"]["code"], "invalid_request", "{both}");
    let document = bank.http.get(format!("{}/admin/openapi.json", bank.url));
    let document = document.bearer_auth(TOKEN).send().await.expect("a reply");
    let document: Value = document.json().await.expect("JSON");
    assert!(document["paths"]["/admin/stats"].is_object());
}

#[tokio::test]
async fn a_stream_that_its_caller_drops_gives_back_what_it_held() {
    let bank = Bank::new("{ daily_usd: 1000, share_of_left: off }").await;
    let body = json!({
        "model": "only", "max_tokens": 500, "stream": true,
        "messages": [{"role": "user", "content": "Hello there"}],
    });
    let url = format!("{}/v1/chat/completions", bank.url);
    let reply = bank
        .http
        .post(url)
        .bearer_auth("key-of-one")
        .json(&body)
        .send()
        .await;
    let mut reply = reply.expect("a reply");
    reply.chunk().await.expect("a stream");
    drop(reply);
    let mut budget = Value::Null;
    for _ in 0..200 {
        budget = bank.stats("").await["budgets"][0].clone();
        if budget["held_usd"] == "0" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(budget["held_usd"], "0", "{budget}");
    assert_ne!(budget["spent_usd"], "0", "{budget}");
}

#[tokio::test]
async fn a_hundred_callers_at_the_edge_stay_within_the_bound() {
    // Each is estimated at what it may cost at most, so that nothing is overrun.
    let bank = std::sync::Arc::new(Bank::new("{ daily_usd: 100, share_of_left: off }").await);
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let bank = std::sync::Arc::clone(&bank);
            tokio::spawn(async move { bank.ask("only", 5, &[]).await.0 })
        })
        .collect();
    let mut answered = 0_u32;
    for call in calls {
        match call.await.expect("no panic") {
            200 => answered += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert!(
        answered >= 20,
        "{answered} of 100, each at most 5 USD of 100"
    );
    let stats = bank.stats("").await;
    let spent: f64 = stats["budgets"][0]["spent_usd"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("an amount");
    assert!(spent <= 100.0, "{spent}");
}

/// A gateway as a process of its own, which writes what is spent to a file.
async fn started(config: &std::path::Path) -> (tokio::process::Child, String) {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_interline"))
        .args(["serve", "--config"])
        .arg(config)
        .env_clear()
        .env("NO_COLOR", "1")
        .env("ADMIN", TOKEN)
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the binary starts");
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    while let Some(line) = lines.next_line().await.expect("text") {
        if let Some((_, url)) = line.split_once("listening on ") {
            let url = url.trim().to_owned();
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (child, url);
        }
    }
    panic!("the gateway did not start");
}

#[tokio::test]
async fn a_gateway_that_is_killed_remembers_what_it_had_spent() {
    let vendor = Vendor::openai("openai").start().await.expect("a free port");
    let folder = std::env::temp_dir().join(format!("interline-killed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let config = folder.join("interline.yaml");
    let text = format!(
        "listen: 127.0.0.1:0
admin: {{ token: '${{ADMIN}}' }}
providers:
  openai: {{ kind: openai, api_key: 'file:{}', base_url: '{}' }}
models:
  openai/gpt-4o: {{ usd_per_mtok: {{ input: 0, cached_input: 0, output: 1000000 }} }}
budget: {{ daily_usd: 1000, share_of_left: off, file: '{}' }}
",
        secret_file(),
        vendor.base_url(),
        folder.join("spend.db").display(),
    );
    std::fs::write(&config, text).expect("a writable folder");
    let (mut child, url) = started(&config).await;
    let http = http_client();
    let body = json!({
        "model": "openai/gpt-4o", "max_tokens": 5,
        "messages": [{"role": "user", "content": "Hello there"}],
    });
    for _ in 0..10 {
        let sent = http.post(format!("{url}/v1/chat/completions")).json(&body);
        assert_eq!(sent.send().await.expect("a reply").status(), 200);
    }
    let budget = async |url: &str| -> Value {
        let reply = http.get(format!("{url}/admin/stats")).bearer_auth(TOKEN);
        let told: Value = reply
            .send()
            .await
            .expect("a reply")
            .json()
            .await
            .expect("JSON");
        told["budgets"][0].clone()
    };
    let before = budget(&url).await;
    assert_ne!(before["spent_usd"], "0", "{before}");
    // What is older than a second is kept.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    child.kill().await.expect("SIGKILL");
    let (_second, url) = started(&config).await;
    let after = budget(&url).await;
    assert_eq!(after["spent_usd"], before["spent_usd"], "{before} {after}");
    let stats = tokio::process::Command::new(env!("CARGO_BIN_EXE_interline"))
        .args(["stats", "--url", &url, "--by", "hour,provider"])
        .env_clear()
        .env("NO_COLOR", "1")
        .env("INTERLINE_ADMIN_TOKEN", TOKEN)
        .output()
        .await
        .expect("the binary starts");
    let text = String::from_utf8_lossy(&stats.stdout).into_owned();
    assert!(stats.status.success(), "{stats:?}");
    assert!(text.contains("all calls  day"), "{text}");
    assert!(text.contains("spend of the last 24 h"), "{text}");
    let _ = std::fs::remove_dir_all(&folder);
}
