//! The binary as a process: exit codes, what goes to which stream, SIGTERM.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use interline_simulator::{Fault, Pacing, Vendor};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::house::{Seen, http_client};

fn interline(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_interline"));
    // Nothing of the developer's shell may lead to a real vendor.
    command
        .args(arguments)
        .env_clear()
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn run(arguments: &[&str]) -> (i32, String, String) {
    finished(
        interline(arguments)
            .output()
            .await
            .expect("the binary starts"),
    )
}

fn finished(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let code = output.status.code().expect("no signal");
    (code, text(output.stdout), text(output.stderr))
}

/// A file that is removed when the test ends.
struct ConfigFile(PathBuf);

impl ConfigFile {
    fn new(name: &str, text: &str) -> Self {
        let file = format!("interline-{}-{name}.yaml", std::process::id());
        let path = std::env::temp_dir().join(file);
        std::fs::write(&path, text).expect("a writable folder");
        Self(path)
    }

    fn over(name: &str, vendor: &Vendor) -> Self {
        let text = format!(
            "providers:\n  mine: {{ kind: local, base_url: \"{}\" }}\nroutes:\n  chat: {{ targets: [mine/gpt-sim] }}\nlisten: 127.0.0.1:0\n",
            vendor.base_url()
        );
        Self::new(name, &text)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for ConfigFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn usage_errors_exit_with_2_and_help_with_0() {
    let (code, out, err) = run(&["--no-such-flag"]).await;
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("--no-such-flag"), "{err}");
    let (code, out, _) = run(&["--help"]).await;
    assert_eq!(code, 0);
    for command in ["serve", "check", "chat", "models", "demo"] {
        assert!(out.contains(command), "{out}");
    }
}

#[tokio::test]
async fn check_says_what_is_wrong_and_where() {
    let good = ConfigFile::new(
        "good",
        "providers:\n  mine: { kind: local, base_url: \"http://127.0.0.1:1/v1\" }\nroutes:\n  chat: { targets: [mine/m] }\n",
    );
    assert_eq!(run(&["check", "--config", good.path()]).await.0, 0);
    let bad = ConfigFile::new("bad", "providers:\n  mine: { kind: local }\nroots: {}\n");
    let (code, out, err) = run(&["check", "--config", bad.path()]).await;
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("roots") && err.contains(":3:"), "{err}");
    assert_eq!(run(&["check"]).await.0, 2);
    let (code, out, _) = run(&["check", "--schema"]).await;
    assert_eq!(code, 0);
    let schema: Value = serde_json::from_str(&out).expect("JSON");
    assert!(schema["properties"]["keys"].is_object(), "{schema}");
}

#[tokio::test]
async fn check_refuses_the_exposure_that_serve_refuses() {
    let open = "listen: 0.0.0.0:8080\nproviders:\n  mine: { kind: local }\n";
    let file = ConfigFile::new("exposed", open);
    let (code, _, err) = run(&["check", "--config", file.path()]).await;
    assert_eq!(code, 2);
    assert!(
        err.contains("0.0.0.0:8080") && err.contains("keys"),
        "{err}"
    );
    let wanted = ConfigFile::new("wanted", &format!("{open}allow_unauthenticated: true\n"));
    assert_eq!(run(&["check", "--config", wanted.path()]).await.0, 0);
}

#[tokio::test]
async fn inbound_keys_in_the_file_must_be_references() {
    let file = ConfigFile::new(
        "keys",
        "providers:\n  mine: { kind: local, base_url: \"http://127.0.0.1:1/v1\" }\nkeys: [plain-text, \"${NO_SUCH_VARIABLE}\"]\n",
    );
    let (code, _, err) = run(&["check", "--config", file.path()]).await;
    assert_eq!(code, 2);
    assert!(
        err.contains("keys[0]") && err.contains("NO_SUCH_VARIABLE"),
        "{err}"
    );
    assert!(!err.contains("plain-text"), "{err}");
}

#[tokio::test]
async fn models_are_a_table_or_json() {
    let (code, out, _) = run(&["models", "gpt-4o"]).await;
    assert_eq!(code, 0);
    assert!(
        out.lines()
            .next()
            .is_some_and(|head| head.contains("model")),
        "{out}"
    );
    let (code, out, _) = run(&["models", "--json"]).await;
    assert_eq!(code, 0);
    let document: Value = serde_json::from_str(&out).expect("JSON");
    assert!(
        document["models"]
            .as_array()
            .is_some_and(|models| models.len() > 100)
    );
    assert_eq!(run(&["models", "no-such-model"]).await.0, 1);
}

#[tokio::test]
async fn chat_prints_the_answer_on_stdout_and_the_facts_on_stderr() {
    let vendor = Vendor::openai("mine").start().await.expect("a free port");
    let file = ConfigFile::over("chat", &vendor);
    for extra in [&[][..], &["--stream", "--explain"][..]] {
        let mut arguments = vec!["chat", "--config", file.path()];
        arguments.extend_from_slice(extra);
        arguments.extend_from_slice(&["Hello", "there"]);
        let (code, out, err) = run(&arguments).await;
        assert_eq!(code, 0, "{err}");
        assert!(out.contains("Hello there"), "{out}");
        assert!(err.contains("mine/gpt-sim, 1 attempt"), "{err}");
        assert!(!out.contains("attempt"), "{out}");
    }
    vendor.set_fault(Some(Fault::status(500)));
    let (code, out, err) = run(&["chat", "--config", file.path(), "Hello"]).await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        err.contains("all_targets_failed") && err.contains("status 500"),
        "{err}"
    );
    let (code, _, err) = run(&[
        "chat",
        "--config",
        file.path(),
        "--model",
        "nobody",
        "Hello",
    ])
    .await;
    assert_eq!(code, 2, "{err}");
}

#[tokio::test]
async fn serve_without_anything_to_serve_says_what_to_set() {
    let (code, out, err) = run(&["serve", "--listen", "127.0.0.1:0"]).await;
    // A developer may have a local server running; then there is something to serve.
    if err.contains("found local") {
        let skipped = "SKIPPED: a local server answers, so `serve` found a provider";
        let _ = writeln!(std::io::stderr(), "{skipped}");
        return;
    }
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        err.contains("OPENAI_API_KEY") && err.contains("ANTHROPIC_API_KEY"),
        "{err}"
    );
}

#[tokio::test]
async fn sigterm_lets_a_request_in_flight_finish_and_exits_with_0() {
    let vendor = Vendor::openai("mine")
        .with_pacing(Pacing::new(Duration::ZERO, Duration::from_millis(30)))
        .start()
        .await
        .expect("a free port");
    let file = ConfigFile::over("serve", &vendor);
    let mut child = interline(&["serve", "--config", file.path()])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let id = child.id().expect("it runs");
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let url = loop {
        let line = lines
            .next_line()
            .await
            .expect("readable")
            .expect("it listens");
        if let Some(url) = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
        {
            break url.to_owned();
        }
    };
    let body = json!({"model": "chat", "stream": true, "messages": [{"role": "user", "content": "Hello there"}]});
    let mut response = http_client()
        .post(format!("{url}/v1/chat/completions"))
        .json(&body)
        .send()
        .await
        .expect("a reply");
    response.chunk().await.expect("a first chunk");
    let killed = Command::new("kill")
        .arg("-TERM")
        .arg(id.to_string())
        .status()
        .await;
    assert!(killed.expect("kill is there").success());
    let seen = Seen::read(response).await;
    assert!(seen.text().ends_with("data: [DONE]\n\n"), "{}", seen.text());
    let ended = timeout(Duration::from_secs(5), child.wait()).await;
    assert_eq!(ended.expect("it ends").expect("a status").code(), Some(0));
}

#[tokio::test]
async fn the_demo_ends_as_it_should() {
    let (code, out, err) = run(&["demo", "--once"]).await;
    assert_eq!(code, 0, "{out}\n{err}");
    let last = out.lines().last().expect("a last line");
    assert!(
        last.starts_with("demo: ")
            && last.contains(" requests ended as they should, ")
            && last.ends_with(" failovers"),
        "{last}"
    );
    let ratio = last["demo: ".len()..].split(' ').next().expect("a ratio");
    let (good, all) = ratio.split_once('/').expect("a ratio");
    assert_eq!(good, all, "{out}");
    assert!(!out.contains('\u{1b}'), "no colours without a terminal");
}

#[tokio::test]
async fn route_explains_a_decision_and_asks_nobody() {
    let vendor = Vendor::openai("v").start().await.expect("a free port");
    let text = format!(
        "providers:\n  dear: {{ kind: local, base_url: \"{0}\", regions: [us] }}\n  mine: {{ kind: local, base_url: \"{0}\" }}\n\
         models:\n  dear/m: {{ usd_per_mtok: {{ input: 5, output: 25 }} }}\n\
         router:\n  complexity: off\n  tasks: {{ coding: [dear/m, mine/m], default: [mine/m] }}\n  rules: [{{ when: {{ tag: eu }}, regions: [eu] }}]\n",
        vendor.base_url()
    );
    let config = ConfigFile::new("route", &text);
    let fixed = [
        "route",
        "--explain",
        "--config",
        config.path(),
        "--tag",
        "task=coding",
    ];
    let (code, out, err) = run(&[&fixed[..], &["Hello", "there"]].concat()).await;
    assert_eq!(code, 0, "{err}");
    for words in [
        "route     auto",
        "task      coding (tag",
        "1. dear/m",
        "premium",
        "2. mine/m",
        "economy, about $0, not measured",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let (code, out, _) = run(&[&fixed[..], &["--json", "Hello"]].concat()).await;
    assert_eq!(code, 0);
    let decision: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(decision["order"], json!(["dear/m", "mine/m"]));
    assert_eq!(decision["router"]["task"], "coding");
    let (code, _, err) = run(&[&fixed[..], &["--tag", "eu", "Hello"]].concat()).await;
    assert_eq!(code, 1, "{err}");
    assert!(
        err.contains("dear/m lacks region eu; mine/m lacks region eu"),
        "{err}"
    );
    let (code, _, err) = run(&[&fixed[..], &["--model", "auto:best", "Hello"]].concat()).await;
    assert_eq!(code, 2, "{err}");
    assert_eq!(vendor.ledger().total(), 0);
}
