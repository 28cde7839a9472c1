//! Automatic routing over sockets: who serves which task, what constraints, variants and gates do.

use interline::Registry;
use interline::config::Config;
use interline_gateway::Gateway;
use interline_simulator::{ErrorCase, Fault, Reply, Vendor};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::house::{Seen, Speaks, http_client};

/// Three vendors, `best`, `mid` and `cheap` by what their one model is and costs, behind a router.
struct RouterHouse {
    best: Vendor,
    mid: Vendor,
    cheap: Vendor,
    url: String,
    http: Client,
    /// Kept, because the gateway ends when it is dropped.
    _stop: oneshot::Sender<()>,
    _served: JoinHandle<()>,
}

impl RouterHouse {
    /// A house whose configuration ends with `router`, the entries of that key.
    async fn new(router: &str) -> Self {
        let start = async |name: &str| {
            let vendor = Vendor::openai(name).with_models(["m", "e"]).start().await;
            vendor.expect("a free port")
        };
        let (best, mid, cheap) = (
            start("best").await,
            start("mid").await,
            start("cheap").await,
        );
        let text = configuration([&best, &mid, &cheap], router);
        let config = Config::parse(&text, "test.yaml").expect("a good configuration");
        let gateway = Gateway::new(config, Registry::standard())
            .with_listen("127.0.0.1:0")
            .bind()
            .await
            .expect("a good configuration");
        let url = format!("http://{}", gateway.address());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(gateway.serve_until(async {
            let _ = stopped.await;
        }));
        Self {
            best,
            mid,
            cheap,
            url,
            http: http_client(),
            _stop: stop,
            _served: served,
        }
    }

    async fn ask(&self, body: &Value, tags: &str) -> Seen {
        let url = format!("{}{}", self.url, Speaks::OpenAi.path());
        let mut request = self.http.post(url).json(body);
        request = request.header("x-interline-explain", "1");
        if !tags.is_empty() {
            request = request.header("x-interline-tags", tags);
        }
        Seen::read(request.send().await.expect("a reply")).await
    }

    /// How many calls each vendor got: best, mid, cheap.
    fn calls(&self) -> [u64; 3] {
        [&self.best, &self.mid, &self.cheap].map(|vendor| vendor.ledger().total())
    }
}

fn configuration([best, mid, cheap]: [&Vendor; 3], router: &str) -> String {
    format!(
        "version: 1
providers:
  best:  {{ kind: local, base_url: \"{}\", regions: [us] }}
  mid:   {{ kind: local, base_url: \"{}\", regions: [eu-west-1] }}
  cheap: {{ kind: local, base_url: \"{}\", regions: [us] }}
models:
  best/m:  {{ usd_per_mtok: {{ input: 5, output: 25 }} }}
  mid/m:   {{ usd_per_mtok: {{ input: 2, output: 8 }} }}
  cheap/m: {{ usd_per_mtok: {{ input: 0.1, output: 0.4 }} }}
routes:
  plain: {{ targets: [best/m, mid/m, cheap/m] }}
router:
  tasks:
    coding: [best/m, mid/m, cheap/m]
    default: [mid/m, cheap/m]
{router}",
        best.base_url(),
        mid.base_url(),
        cheap.base_url()
    )
}

/// Words decide, so that tests say which task a prompt is.
const KEYWORDS: &str = "  classifier: keyword
  keywords: { coding: [compile, function] }
  complexity: off
";

fn asked(model: &str, prompt: &str) -> Value {
    let messages = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": prompt},
    ]);
    json!({"model": model, "messages": messages})
}

fn for_json(mut body: Value) -> Value {
    let schema =
        json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
    let format = json!({"name": "number", "schema": schema});
    body["response_format"] = json!({"type": "json_schema", "json_schema": format});
    body
}

fn failing() -> Fault {
    Fault::Error {
        case: ErrorCase::ServerError,
        status: None,
        retry_after: None,
    }
}

/// The system prompt of the last request that a vendor got.
fn system_of(vendor: &Vendor) -> String {
    let body = vendor.ledger().last().expect("a request").body;
    let first = &body["messages"][0];
    assert_eq!(first["role"], "system", "{body}");
    first["content"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn auto_goes_to_the_best_for_the_task_and_auto_cost_to_the_cheapest() {
    let house = RouterHouse::new(KEYWORDS).await;
    for (model, prompt, tags, provider, task) in [
        (
            "auto",
            "Does this function compile?",
            "",
            "best",
            Some("coding"),
        ),
        ("auto", "Hello there", "", "mid", None),
        ("auto", "Hello there", "task=coding", "best", Some("coding")),
        (
            "auto",
            "Does this compile?",
            "task=math",
            "mid",
            Some("math"),
        ),
        (
            "auto:cost",
            "Does this compile?",
            "",
            "cheap",
            Some("coding"),
        ),
        (
            "auto:quality",
            "Does this compile?",
            "",
            "best",
            Some("coding"),
        ),
    ] {
        let seen = house.ask(&asked(model, prompt), tags).await;
        assert_eq!(seen.status, 200, "{}", seen.text());
        let what = format!("{model}, {prompt}, {tags}: {}", seen.text());
        assert_eq!(seen.header("x-interline-provider"), provider, "{what}");
        match task {
            Some(task) => assert_eq!(seen.header("x-interline-task"), task, "{what}"),
            None => assert!(!seen.has_header("x-interline-task"), "{what}"),
        }
    }
    let seen = house
        .ask(&asked("auto:cost", "Does this compile?"), "")
        .await;
    let trace = seen.json()["interline"]["router"].clone();
    assert_eq!(trace["optimize_for"], "cost");
    assert_eq!(trace["optimize_for_from"], "caller");
    assert_eq!(trace["task_from"], "classifier");
    let ranked: Vec<_> = trace["ranked"].as_array().expect("a list").clone();
    assert_eq!(ranked.len(), 3, "{trace}");
    assert_eq!(ranked[0]["target"], "cheap/m");
    assert_eq!(ranked[0]["tier"], "economy");
    assert_eq!(seen.header("x-interline-tier"), "economy");
}

#[tokio::test]
async fn simple_requests_begin_with_the_economy_tier_unless_quality_is_asked_for() {
    let asks = "  classifier: llm
  llm: { model: best/m }
";
    let house = RouterHouse::new(asks).await;
    let verdict = "{\"task\": \"math\", \"complexity\": \"simple\", \"confidence\": 0.9}";
    house.best.push_reply(Reply::text(verdict));
    let seen = house.ask(&asked("auto", "What is 2+2?"), "").await;
    let trace = seen.json()["interline"]["router"].clone();
    assert_eq!(trace["complexity"], "simple", "{trace}");
    assert_eq!(seen.header("x-interline-provider"), "cheap", "{trace}");
    let seen = house.ask(&asked("auto:quality", "What is 2+2?"), "").await;
    assert_eq!(seen.header("x-interline-provider"), "mid");
    assert_eq!(
        house.calls(),
        [1, 1, 1],
        "the classifier remembers what it was told"
    );
}

#[tokio::test]
async fn the_classifier_that_is_compiled_in_is_asked_where_nothing_is_said() {
    let house = RouterHouse::new("").await;
    let prompt =
        "Fix the bug in this Python function:\n```python\ndef add(a, b):\n    return a - b\n```";
    let seen = house.ask(&asked("auto:quality", prompt), "").await;
    assert_eq!(seen.header("x-interline-task"), "coding", "{}", seen.text());
    assert_eq!(seen.header("x-interline-provider"), "best");
}

#[tokio::test]
async fn names_that_mean_nothing_to_the_router_are_refused() {
    let house = RouterHouse::new(KEYWORDS).await;
    let seen = house.ask(&asked("auto:cheap", "Hello"), "").await;
    assert_eq!(seen.status, 400, "{}", seen.text());
    assert!(seen.text().contains("auto:balanced"), "{}", seen.text());
    let seen = house.ask(&asked("auto", "Hello"), "task=codding").await;
    assert_eq!(seen.status, 400, "{}", seen.text());
    assert!(seen.text().contains("simple_qa"), "{}", seen.text());
    assert_eq!(house.calls(), [0, 0, 0]);
}

#[tokio::test]
async fn a_constraint_holds_for_fallbacks_and_for_calls_that_name_their_target() {
    let rules = "  rules:
    - { when: { tag: residency=eu }, regions: [eu] }
";
    let house = RouterHouse::new(&format!("{KEYWORDS}{rules}")).await;
    house.mid.set_fault(Some(failing()));
    for model in ["auto", "plain", "mid/m"] {
        let seen = house
            .ask(&asked(model, "Hello there"), "residency=eu")
            .await;
        assert_eq!(seen.status, 502, "{}", seen.text());
        for attempt in seen.json()["error"]["attempts"]
            .as_array()
            .expect("attempts")
        {
            assert_eq!(attempt["provider"], "mid", "{model}");
        }
    }
    let seen = house
        .ask(&asked("best/m", "Hello there"), "residency=eu")
        .await;
    assert_eq!(seen.status, 400, "{}", seen.text());
    let message = seen.text();
    assert!(message.contains("best/m lacks region eu"), "{message}");
    let [best, _, cheap] = house.calls();
    assert_eq!((best, cheap), (0, 0), "nobody outside was ever asked");
    let seen = house.ask(&asked("auto", "Hello there"), "").await;
    assert_eq!(
        seen.header("x-interline-provider"),
        "cheap",
        "no tag, no constraint"
    );
}

#[tokio::test]
async fn an_error_says_which_constraint_excluded_whom() {
    let capped = format!(
        "{KEYWORDS}  max_price: {{ output: 10 }}\n  rules:\n    - {{ when: {{ tags: [us] }}, regions: [us], max_cost: \"0.0000001\" }}\n"
    );
    let house = RouterHouse::new(&capped).await;
    let seen = house.ask(&asked("auto", "Does it compile?"), "").await;
    assert_eq!(
        seen.header("x-interline-provider"),
        "mid",
        "best is too dear"
    );
    let excluded = seen.json()["interline"]["excluded"].clone();
    assert_eq!(excluded[0]["target"], "best/m");
    assert_eq!(
        excluded[0]["lacks"][0],
        "a price within 10 USD per million tokens written"
    );
    let seen = house.ask(&asked("auto", "Does it compile?"), "us").await;
    assert_eq!(seen.status, 400, "{}", seen.text());
    for words in [
        "best/m lacks a price within 10 USD per million tokens written, an estimated cost",
        "mid/m lacks region us, an estimated cost within",
        "cheap/m lacks an estimated cost within 0.0000001 USD",
    ] {
        assert!(seen.text().contains(words), "{words}: {}", seen.text());
    }
    assert_eq!(house.calls(), [0, 1, 0]);
}

#[tokio::test]
async fn a_variant_is_what_its_own_target_is_asked_and_no_other() {
    let variants = "  variants:
    mid/m: { system: \"You serve {{tag.team|all}} for {{task}}. {{system}}\", temperature: 0.1 }
";
    let house = RouterHouse::new(&format!("{KEYWORDS}{variants}")).await;
    house.best.set_fault(Some(failing()));
    let seen = house
        .ask(&asked("auto", "Does it compile?"), "team=search")
        .await;
    assert_eq!(seen.header("x-interline-provider"), "mid");
    assert_eq!(seen.header("x-interline-attempts"), "2");
    assert_eq!(system_of(&house.best), "Be brief.");
    assert_eq!(
        system_of(&house.mid),
        "You serve search for coding. Be brief."
    );
    let body = house.mid.ledger().last().expect("a request").body;
    assert_eq!(body["temperature"], 0.1);
    house.ask(&asked("mid/m", "Hello"), "").await;
    assert_eq!(
        system_of(&house.mid),
        "Be brief.",
        "it is the router's own variant"
    );
}

#[tokio::test]
async fn an_answer_that_will_not_do_escalates_to_the_next_better_target() {
    let house = RouterHouse::new(&format!("{KEYWORDS}  quality: on\n")).await;
    house.cheap.set_reply(Some(Reply::text("seven")));
    house.mid.set_reply(Some(Reply::text("{\"n\": 7}")));
    let seen = house
        .ask(&for_json(asked("auto:cost", "Does it compile?")), "")
        .await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    assert_eq!(seen.header("x-interline-provider"), "mid");
    assert_eq!(seen.header("x-interline-attempts"), "2");
    assert!(!seen.has_header("x-interline-quality"));
    let trace = seen.json()["interline"].clone();
    assert_eq!(trace["attempt_list"][0]["code"], "low_quality", "{trace}");
    assert_eq!(trace["gate"]["refused"][0]["target"], "cheap/m");
    assert_eq!(house.calls(), [0, 1, 1]);
    // The refused answer was paid for, so the call costs more than the one that answered.
    let both: f64 = seen
        .header("x-interline-cost-usd")
        .parse()
        .expect("a number");
    house.cheap.set_reply(Some(Reply::text("{\"n\": 1}")));
    let seen = house
        .ask(&for_json(asked("auto:cost", "Does it compile?")), "")
        .await;
    assert_eq!(seen.header("x-interline-provider"), "cheap");
    let one: f64 = seen
        .header("x-interline-cost-usd")
        .parse()
        .expect("a number");
    assert!(both > one, "{both} {one}");
}

#[tokio::test]
async fn where_nobody_better_is_left_the_answer_is_marked() {
    let house = RouterHouse::new(&format!("{KEYWORDS}  quality: {{ not_refused: true }}\n")).await;
    for vendor in [&house.best, &house.mid, &house.cheap] {
        vendor.set_reply(Some(Reply::text("I'm sorry, but I can't help with that.")));
    }
    let seen = house.ask(&asked("auto:cost", "Does it compile?"), "").await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    assert_eq!(seen.header("x-interline-provider"), "best");
    assert_eq!(seen.header("x-interline-attempts"), "3");
    assert_eq!(seen.header("x-interline-quality"), "refused");
    // A better target that fails leaves the refused answer to be given, marked.
    house.best.set_fault(Some(failing()));
    house.mid.set_fault(Some(failing()));
    let seen = house.ask(&asked("auto:cost", "Does it compile?"), "").await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    assert_eq!(seen.header("x-interline-provider"), "cheap");
    assert_eq!(seen.header("x-interline-quality"), "refused");
}

#[tokio::test]
async fn a_gate_that_marks_asks_nobody_else() {
    let gate = "  quality: { on_failure: mark, min_chars: 100 }\n";
    let house = RouterHouse::new(&format!("{KEYWORDS}{gate}")).await;
    house.cheap.set_reply(Some(Reply::text("short")));
    let seen = house.ask(&asked("auto:cost", "Does it compile?"), "").await;
    assert_eq!(seen.header("x-interline-provider"), "cheap");
    assert_eq!(seen.header("x-interline-quality"), "too_short");
    assert_eq!(house.calls(), [0, 0, 1]);
}

#[tokio::test]
async fn streams_pass_unseen_unless_they_are_buffered() {
    for (gate, provider) in [
        ("{ min_chars: 3 }", "cheap"),
        ("{ min_chars: 3, buffer: true }", "mid"),
    ] {
        let house = RouterHouse::new(&format!("{KEYWORDS}  quality: {gate}\n")).await;
        house.cheap.set_reply(Some(Reply::text("no")));
        house.mid.set_reply(Some(Reply::text("long enough")));
        let mut body = asked("auto:cost", "Does it compile?");
        body["stream"] = json!(true);
        let seen = house.ask(&body, "").await;
        assert_eq!(seen.header("x-interline-provider"), provider, "{gate}");
        let text = Speaks::OpenAi.streamed_text(&seen.events());
        let expected = if provider == "mid" {
            "long enough"
        } else {
            "no"
        };
        assert_eq!(text, expected, "{}", seen.text());
        assert!(seen.text().ends_with("data: [DONE]\n\n"), "{}", seen.text());
        let unseen = provider == "cheap";
        assert!(
            seen.text().contains(&format!("\"unseen_stream\":{unseen}")),
            "{}",
            seen.text()
        );
    }
}

#[tokio::test]
async fn a_judge_is_asked_about_answers_that_pass_the_checks_and_never_judged_itself() {
    let gate = "  quality: { judge: { model: best/m, least_points: 6 } }\n";
    let house = RouterHouse::new(&format!("{KEYWORDS}{gate}")).await;
    house.best.set_reply(Some(Reply::text("{\"points\": 2}")));
    let seen = house.ask(&asked("auto:cost", "Hello there"), "").await;
    // The default ranking is mid, then cheap: cheap is poor, mid is poor too and the best there is.
    assert_eq!(seen.status, 200, "{}", seen.text());
    assert_eq!(seen.header("x-interline-provider"), "mid");
    assert_eq!(seen.header("x-interline-quality"), "judged_poor");
    assert_eq!(house.calls(), [2, 1, 1]);
    house.best.set_reply(Some(Reply::text("{\"points\": 9}")));
    let seen = house.ask(&asked("auto:cost", "Hello there"), "").await;
    assert_eq!(seen.header("x-interline-provider"), "cheap");
    house.best.set_fault(Some(failing()));
    let seen = house.ask(&asked("auto:cost", "Hello there"), "").await;
    assert_eq!(
        seen.header("x-interline-provider"),
        "cheap",
        "a judge that fails proves nothing"
    );
}

#[tokio::test]
async fn a_classifier_that_asks_a_model_is_believed_and_one_that_fails_fails_nobody() {
    let asks = "  classifier: llm
  llm: { model: best/m, timeout: 500ms }
  complexity: off
";
    let house = RouterHouse::new(asks).await;
    let verdict = "{\"task\": \"coding\", \"complexity\": \"complex\", \"confidence\": 0.9}";
    house.best.push_reply(Reply::text(verdict));
    let seen = house.ask(&asked("auto", "Hello there"), "").await;
    assert_eq!(seen.header("x-interline-task"), "coding", "{}", seen.text());
    assert_eq!(seen.header("x-interline-provider"), "best");
    house.best.set_fault(Some(failing()));
    let seen = house.ask(&asked("auto", "Something else"), "").await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    assert_eq!(
        seen.header("x-interline-provider"),
        "mid",
        "the default serves"
    );
    let [before, ..] = house.calls();
    let seen = house
        .ask(&asked("auto", "Something new"), "task=coding")
        .await;
    assert_eq!(seen.header("x-interline-provider"), "mid");
    let [after, ..] = house.calls();
    let why = "one attempt at the answer, and no call of a classifier";
    assert_eq!(after, before + 1, "{why}");
}

#[tokio::test]
async fn the_classifier_by_embeddings_asks_for_its_examples_once() {
    let asks = "  classifier: embedding
  embedding: { model: best/e }
";
    let house = RouterHouse::new(asks).await;
    let embeddings = || {
        let asked = house.best.ledger().exchanges();
        let of_vectors = asked.iter().filter(|one| one.path.ends_with("/embeddings"));
        let texts = of_vectors.map(|one| one.body["input"].as_array().map_or(1, Vec::len));
        texts.collect::<Vec<_>>()
    };
    let seen = house.ask(&asked("auto", "Hello there"), "").await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    let guess = &seen.json()["interline"]["router"]["guess"];
    assert!(guess["task"].is_string(), "{}", seen.text());
    let first = embeddings();
    assert_eq!(first.len(), 2, "{first:?}");
    assert!(first[0] > 60 && first[1] == 1, "{first:?}");
    house.ask(&asked("auto", "Something else"), "").await;
    assert_eq!(
        embeddings().len(),
        3,
        "only the prompt is embedded from here on"
    );
    house.best.set_fault(Some(failing()));
    let seen = house.ask(&asked("auto", "Something new"), "").await;
    assert_eq!(seen.status, 200, "a classifier that fails fails nobody");
}
