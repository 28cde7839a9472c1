//! Configurations that are read again while the gateway serves.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use interline::Registry;
use interline::config::Config;
use interline_gateway::{Exposure, Gateway, Reloader, ServerLimits};
use interline_simulator::{Door, Pacing, Reply, Vendor};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::house::{Seen, Speaks, http_client};

/// A gateway over a file, and two vendors that say who they are.
struct Served {
    alpha: Vendor,
    beta: Vendor,
    file: File,
    url: String,
    reloader: Reloader,
    _stop: oneshot::Sender<()>,
    _task: JoinHandle<()>,
}

/// A file that goes with its test.
struct File(PathBuf);

impl File {
    fn write(text: &str) -> Self {
        static FILES: AtomicU64 = AtomicU64::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let name = format!("interline-reload-{}-{number}", std::process::id());
        let file = Self(std::env::temp_dir().join(name));
        file.replace(text);
        file
    }

    fn replace(&self, text: &str) {
        std::fs::write(&self.0, text).expect("a writable folder");
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn vendor(name: &str) -> Vendor {
    let vendor = Vendor::openai(name).with_reply(Reply::text(format!("{name} answers")));
    vendor.start().await.expect("a free port")
}

/// Providers and routes; `first` is asked before the other.
fn text(alpha: &Vendor, beta: &Vendor, first: &str, rest: &str) -> String {
    let second = if first == "alpha" { "beta" } else { "alpha" };
    format!(
        "providers:\n  alpha: {{ kind: local, base_url: \"{}\" }}\n  beta: {{ kind: local, base_url: \"{}\" }}\n\
         routes:\n  chat: {{ targets: [{first}/m, {second}/m], breaker: {{ preset: simple, skip: 60s }} }}\n{rest}",
        alpha.base_url(),
        beta.base_url()
    )
}

impl Served {
    async fn new(rest: &str) -> Self {
        Self::listening("127.0.0.1:0", rest).await
    }

    async fn listening(address: &str, rest: &str) -> Self {
        let (alpha, beta) = (vendor("alpha").await, vendor("beta").await);
        let file = File::write(&text(&alpha, &beta, "alpha", rest));
        let config = Config::load(&file.0).expect("a good file");
        let gateway = Gateway::new(config, Registry::standard())
            .with_config_file(&file.0)
            .with_listen(address)
            .bind()
            .await
            .expect("a free port");
        let url = format!("http://127.0.0.1:{}", gateway.address().port());
        let reloader = gateway.reloader();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(gateway.serve_until(async {
            let _ = stopped.await;
        }));
        Self {
            alpha,
            beta,
            file,
            url,
            reloader,
            _stop: stop,
            _task: task,
        }
    }

    fn rewrite(&self, first: &str, rest: &str) {
        self.file
            .replace(&text(&self.alpha, &self.beta, first, rest));
    }

    async fn send(&self, body: &Value, key: &str) -> reqwest::Response {
        http_client()
            .post(format!("{}/v1/chat/completions", self.url))
            .header("x-api-key", key)
            .json(body)
            .send()
            .await
            .expect("a reply")
    }

    async fn ask(&self) -> Seen {
        Seen::read(self.send(&Speaks::OpenAi.hello("chat"), "").await).await
    }

    /// Who answers a call to `chat`.
    async fn who(&self) -> String {
        Speaks::OpenAi.text(&self.ask().await.json())
    }

    async fn metrics(&self) -> String {
        let sent = http_client()
            .get(format!("{}/metrics", self.url))
            .send()
            .await;
        Seen::read(sent.expect("a reply")).await.text()
    }
}

#[tokio::test]
async fn a_good_file_is_in_force_for_the_next_request() {
    let served = Served::new("").await;
    assert_eq!(served.who().await, "alpha answers");
    served.rewrite("beta", "");
    assert_eq!(
        served.who().await,
        "alpha answers",
        "nothing was reloaded yet"
    );
    served.reloader.reload().await.expect("a good file");
    assert_eq!(served.who().await, "beta answers");
    let metrics = served.metrics().await;
    assert!(
        metrics.contains("interline_config_reloads_total{outcome=\"ok\"} 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("interline_config_last_reload_successful 1"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_bad_file_changes_nothing_and_says_where_it_is_wrong() {
    let served = Served::new("").await;
    served.rewrite("beta", "roots: {}\n");
    let error = served.reloader.reload().await.expect_err("an unknown key");
    let message = error.message();
    assert!(
        message.contains("roots") && message.contains(":6:"),
        "{message}"
    );
    served.rewrite("gamma", "");
    let error = served
        .reloader
        .reload()
        .await
        .expect_err("an unknown provider");
    assert!(error.message().contains("gamma"), "{}", error.message());
    std::fs::remove_file(&served.file.0).expect("it was there");
    served.reloader.reload().await.expect_err("no file");
    assert_eq!(served.who().await, "alpha answers");
    let metrics = served.metrics().await;
    assert!(
        metrics.contains("interline_config_reloads_total{outcome=\"failed\"} 3"),
        "{metrics}"
    );
    assert!(
        metrics.contains("interline_config_last_reload_successful 0"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_stream_in_flight_ends_as_it_began() {
    let served = Served::new("").await;
    let words: Vec<String> = (0..30).map(|n| format!("word{n}")).collect();
    served.alpha.set_reply(Some(Reply::text(words.join(" "))));
    served
        .alpha
        .set_pacing(Pacing::new(Duration::ZERO, Duration::from_millis(20)));
    let mut response = served.send(&Speaks::OpenAi.streamed("chat"), "").await;
    let first = response
        .chunk()
        .await
        .expect("a chunk")
        .expect("some bytes");
    // Alpha is gone from the configuration altogether.
    served.file.replace(&format!(
        "providers:\n  beta: {{ kind: local, base_url: \"{}\" }}\nroutes:\n  chat: {{ targets: [beta/m] }}\n",
        served.beta.base_url()
    ));
    served.reloader.reload().await.expect("a good file");
    assert_eq!(served.who().await, "beta answers");
    let seen = Seen::read(response).await;
    let whole = [first.to_vec(), seen.bytes].concat();
    let whole = String::from_utf8(whole).expect("UTF-8");
    assert!(whole.contains("word29"), "{whole}");
    assert!(whole.ends_with("data: [DONE]\n\n"), "{whole}");
    assert_eq!(seen.broke, None);
}

#[tokio::test]
async fn what_is_known_of_a_target_survives_by_its_place() {
    let served = Served::new("").await;
    let refuse = served.alpha.set_door(Door::Refuse).await;
    refuse.expect("the door closes");
    for _ in 0..3 {
        assert_eq!(served.who().await, "beta answers");
    }
    served.rewrite("alpha", "unknown_price: allow\n");
    served.reloader.reload().await.expect("a good file");
    let seen = served.ask().await;
    assert_eq!(
        (
            seen.header("x-interline-attempts"),
            seen.header("x-interline-provider")
        ),
        ("1", "beta"),
        "the breaker of alpha is open still"
    );
    // Another place under the same name is another vendor.
    let moved = vendor("alpha").await;
    served
        .file
        .replace(&text(&moved, &served.beta, "alpha", ""));
    served.reloader.reload().await.expect("a good file");
    assert_eq!(served.who().await, "alpha answers");
    assert_eq!(moved.ledger().total(), 1);
}

#[tokio::test]
async fn what_was_used_of_a_limit_stays_used() {
    let limited = |served: &Served, unlimited: &str| {
        let from = format!("{}\" }}", served.alpha.base_url());
        let to = format!("{}\", limits: {{ rpd: 3 }} }}", served.alpha.base_url());
        let text = text(&served.alpha, &served.beta, "alpha", unlimited);
        served.file.replace(&text.replacen(&from, &to, 1));
    };
    let served = Served::new("").await;
    limited(&served, "");
    served.reloader.reload().await.expect("a good file");
    assert_eq!(served.who().await, "alpha answers");
    assert_eq!(served.who().await, "alpha answers");
    limited(&served, "unknown_price: allow\n");
    served.reloader.reload().await.expect("a good file");
    assert_eq!(
        served.who().await,
        "beta answers",
        "three a day, and a tenth is kept for urgent calls"
    );
    // Without the limit nothing holds it back.
    served.rewrite("alpha", "");
    served.reloader.reload().await.expect("a good file");
    assert_eq!(served.who().await, "alpha answers");
}

#[tokio::test]
async fn a_target_that_is_gone_raises_no_alarm() {
    let served = Served::new("").await;
    let refuse = served.alpha.set_door(Door::Refuse).await;
    refuse.expect("the door closes");
    for _ in 0..3 {
        served.who().await;
    }
    let line =
        |value: u8| format!("interline_target_available{{provider=\"alpha\",model=\"m\"}} {value}");
    let metrics = served.metrics().await;
    assert!(metrics.contains(&line(0)), "{metrics}");
    served.file.replace(&format!(
        "providers:\n  beta: {{ kind: local, base_url: \"{}\" }}\nroutes:\n  chat: {{ targets: [beta/m] }}\n",
        served.beta.base_url()
    ));
    served.reloader.reload().await.expect("a good file");
    let metrics = served.metrics().await;
    assert!(metrics.contains(&line(1)), "{metrics}");
}

#[tokio::test]
async fn keys_are_read_again() {
    let key = File::write("first-key");
    let keys = format!("keys: [\"file:{}\"]\n", key.0.display());
    let served = Served::new(&keys).await;
    let status = async |key: &str| {
        let hello = Speaks::OpenAi.hello("chat");
        served.send(&hello, key).await.status().as_u16()
    };
    assert_eq!(status("first-key").await, 200);
    key.replace("second-key");
    served.reloader.reload().await.expect("a good file");
    assert_eq!(status("first-key").await, 401);
    assert_eq!(status("second-key").await, 200);
}

#[tokio::test]
async fn a_gateway_on_the_network_does_not_lose_its_keys() {
    let key = File::write("a-key");
    let keys = format!("keys: [\"file:{}\"]\n", key.0.display());
    let served = Served::listening("0.0.0.0:0", &keys).await;
    served.rewrite("alpha", "");
    let error = served
        .reloader
        .reload()
        .await
        .expect_err("anybody could call");
    assert!(error.message().contains("keys"), "{}", error.message());
    let hello = Speaks::OpenAi.hello("chat");
    assert_eq!(served.send(&hello, "").await.status(), 401);
    served.rewrite("alpha", "allow_unauthenticated: true\n");
    served.reloader.reload().await.expect("that is wanted");
    assert_eq!(served.send(&hello, "").await.status(), 200);
}

#[tokio::test]
async fn another_address_takes_a_restart_and_the_rest_is_taken_over() {
    let served = Served::new("").await;
    served.rewrite("beta", "listen: 127.0.0.1:1\n");
    served.reloader.reload().await.expect("a good file");
    assert_eq!(served.who().await, "beta answers");
}

#[tokio::test]
async fn calls_never_fail_while_configurations_change() {
    let served = Served::new("").await;
    let change = async {
        for round in 0..10 {
            served.rewrite(if round % 2 == 0 { "beta" } else { "alpha" }, "");
            served.reloader.reload().await.expect("a good file");
        }
    };
    let (stop, mut stopped) = oneshot::channel::<()>();
    let call = async {
        let mut calls = 0;
        while stopped.try_recv().is_err() {
            let seen = served.ask().await;
            assert_eq!(seen.status, 200, "{}", seen.text());
            calls += 1;
        }
        calls
    };
    let changing = async {
        change.await;
        let _ = stop.send(());
    };
    let ((), calls) = timeout(Duration::from_secs(60), async {
        tokio::join!(changing, call)
    })
    .await
    .expect("no reload hangs");
    assert!(calls > 0, "calls were made meanwhile");
}

#[tokio::test]
async fn without_a_file_there_is_nothing_to_reload() {
    let alpha = vendor("alpha").await;
    let settings = json!({ "base_url": alpha.base_url() });
    let settings = settings.as_object().expect("an object").clone();
    let gateway = Gateway::new(
        Config::new().with_provider("alpha", "local", settings),
        Registry::standard(),
    )
    .with_exposure(Exposure::LoopbackOnly)
    .with_limits(ServerLimits::default())
    .with_listen("127.0.0.1:0")
    .bind()
    .await
    .expect("a free port");
    let error = gateway.reloader().reload().await.expect_err("no file");
    assert!(error.message().contains("--config"), "{}", error.message());
}
