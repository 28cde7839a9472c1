//! Configuration files: what is read, and how each mistake is told.
#![cfg(feature = "config")]

use std::sync::{Arc, Mutex};

use interline::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Client, Config, Error,
    ErrorKind, FeatureSet, ModelId, Provider, ProviderFactory, ProviderId, ProviderSet,
    ProviderSettings, Registry, Result, Strictness, async_trait,
};
use serde_json::{Value, json};

/// A provider that nobody calls.
#[derive(Debug)]
struct Idle(ProviderId);

#[async_trait]
impl Provider for Idle {
    fn id(&self) -> &ProviderId {
        &self.0
    }

    fn capabilities(&self, _: &ModelId) -> Capabilities {
        Capabilities::new(FeatureSet::all())
    }

    async fn complete(&self, _: &CallContext, _: &ChatRequest) -> Result<ChatResponse> {
        Err(Error::new(ErrorKind::Internal, "nobody calls this"))
    }

    async fn stream(&self, _: &CallContext, _: &ChatRequest) -> Result<ChatStream> {
        Err(Error::new(ErrorKind::Internal, "nobody calls this"))
    }

    async fn health_check(&self, _: &CallContext) -> Result<()> {
        Ok(())
    }
}

/// Remembers the settings it was given, and refuses the key `colour`.
#[derive(Clone, Debug)]
struct Recording {
    kind: &'static str,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Recording {
    fn of(kind: &'static str) -> Self {
        Self {
            kind,
            seen: Arc::default(),
        }
    }

    fn seen(&self) -> Vec<(String, Value)> {
        self.seen.lock().expect("nobody panicked").clone()
    }
}

impl ProviderFactory for Recording {
    fn kind(&self) -> &str {
        self.kind
    }

    fn settings_schema(&self) -> Value {
        json!({
            "type": "object",
            "properties": { "api_key": { "type": "string" }, "base_url": { "type": "string" } },
            "additionalProperties": false,
        })
    }

    fn key_variable(&self) -> Option<&str> {
        (self.kind == "openai").then_some("OPENAI_API_KEY")
    }

    fn build(&self, settings: ProviderSettings) -> Result<ProviderSet> {
        if settings.values.get("colour").is_some() {
            return Err(Error::invalid_request("setting `colour` is unknown").with_param("colour"));
        }
        let id = settings.id.to_string();
        self.seen
            .lock()
            .expect("nobody panicked")
            .push((id, settings.values));
        Ok(ProviderSet::new(Arc::new(Idle(settings.id))))
    }
}

fn registry() -> Registry {
    Registry::empty()
        .with(Recording::of("openai"))
        .with(Recording::of("anthropic"))
}

fn variables(name: &str) -> Option<String> {
    (name == "KEY").then(|| "sk-very-secret".to_owned())
}

fn client(text: &str) -> Result<Client> {
    Config::parse(text, "test.yaml")?
        .client_builder_with(&registry(), variables)?
        .build()
}

#[track_caller]
fn accepted(text: &str) -> Client {
    match client(text) {
        Ok(client) => client,
        Err(error) => panic!("{}", error.message()),
    }
}

/// Each of `lines` must be a line of the message, from its beginning.
#[track_caller]
fn refused(text: &str, lines: &[&str]) {
    let error = client(text).expect_err("a mistake");
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let told: Vec<_> = error.message().lines().collect();
    assert_eq!(told.len(), lines.len(), "{}", error.message());
    for (told, line) in told.iter().zip(lines) {
        assert!(told.starts_with(line), "{told}\nshould begin with\n{line}");
    }
}

const WHOLE: &str = r#"
version: 1
listen: 127.0.0.1:8080
providers:
  openai: { kind: openai, api_key: "${KEY}", api: chat }
  claude:
    kind: anthropic
    api_key: "${KEY}"
    base_url: http://127.0.0.1:9/prefix
    timeouts: { connect: 5s }
    headers: { x-team: "a ${KEY} b" }
routes:
  chat:
    strategy: weighted
    targets: [openai/gpt-4o, { target: claude/claude-3-5-sonnet-20241022, weight: 2 }]
    retry: { max_attempts: 3, same_target: 1, by_kind: { timeout: 0 } }
    timeouts: { first_token: 30s, idle: 20s, total: 600s, unary: 2m }
    breaker: { preset: simple, failures: 5, window: 1m, skip: 10s }
  plain:
    strict: true
    targets:
      - openai/gpt-4o
"#;

#[test]
fn every_word_of_balancing_is_understood() {
    accepted(
        r#"
providers: { a: { kind: openai, api_key: "${KEY}" }, b: { kind: openai, api_key: "${KEY}" } }
routes:
  groups:
    strategy: fallback
    affinity: session
    targets:
      - { target: a/m, priority: 1, weight: 3 }
      - { target: b/m, priority: 1 }
      - { target: a/n, prepaid: true }
  score:
    strategy: score
    score: { latency: 2, error_rate: 1, cost: 0.5, quality: 1, headroom: 0 }
    affinity: prompt
    targets: [{ target: a/m, quality: 0.9 }, b/m]
  c: { strategy: least_latency, targets: [a/m, b/m], affinity: off }
  d: { strategy: least_busy, targets: [a/m, b/m] }
  e: { strategy: capacity, targets: [a/m, b/m] }
  f: { strategy: cost, targets: [a/m, b/m] }
"#,
    );
}

#[test]
fn mistakes_in_balancing_are_told_with_their_place() {
    refused(
        r#"
providers: { a: { kind: openai, api_key: "${KEY}" } }
routes:
  one:
    strategy: score
    score: { latency: -1 }
    targets: [{ target: a/m, priority: 2 }, { target: a/n, quality: 1.5 }]
  two:
    strategy: score
    score: { cost: .nan, headroom: 1 }
    affinity: sticky
    targets: [a/m]
  three:
    score: { cost: 1 }
    targets: [{ target: a/m, quality: 0.5 }, { target: a/n, priority: 0 }]
  four: { strategy: score, score: { cost: 0 }, targets: [a/m] }
"#,
        &[
            "test.yaml:6:23: routes.one.score: weight -1 of `latency` is not a number from 0",
            "test.yaml:7:15: routes.one.targets[0].priority: strategy `score` does not look at it",
            "test.yaml:7:45: routes.one.targets[1].quality: 1.5 is not a number from 0 to 1",
            "test.yaml:10:20: routes.two.score: weight NaN of `cost` is not a number from 0",
            "test.yaml:11:15: routes.two.affinity: affinity `sticky` is unknown: use `off`, `session`, `prompt`",
            "test.yaml:14:12: routes.three.score: strategy `fallback` does not look at it",
            "test.yaml:15:15: routes.three.targets[0].quality: strategy `fallback` does not look at it",
            "test.yaml:15:46: routes.three.targets[1].priority: 0 is no group",
            "test.yaml:16:35: routes.four.score: all weights of the score are 0",
        ],
    );
}

#[test]
fn a_whole_file_becomes_a_client() {
    let client = accepted(WHOLE);
    let routes = client.routes();
    let names: Vec<_> = routes.iter().map(|route| route.name.as_str()).collect();
    assert_eq!(names, ["chat", "plain"]);
    assert_eq!(routes[0].strategy.name(), "weighted");
    let strictness = routes.iter().map(|route| route.strictness);
    assert!(strictness.eq([Strictness::Lenient, Strictness::Strict]));
    let targets: Vec<_> = routes[0].targets.iter().map(ToString::to_string).collect();
    assert_eq!(
        targets,
        ["openai/gpt-4o", "claude/claude-3-5-sonnet-20241022"]
    );
    let kinds: Vec<_> = client.providers().map(|p| p.kind.clone()).collect();
    assert_eq!(
        kinds,
        [Some("anthropic".to_owned()), Some("openai".to_owned())]
    );
}

#[test]
fn settings_reach_the_factory_with_secrets_in_place() {
    let anthropic = Recording::of("anthropic");
    let registry = registry().with(anthropic.clone());
    let built = Config::parse(WHOLE, "test.yaml")
        .expect("a good file")
        .client_builder_with(&registry, variables);
    assert!(built.is_ok(), "{built:?}");
    let expected = json!({
        "api_key": "sk-very-secret",
        "base_url": "http://127.0.0.1:9/prefix",
        "timeouts": { "connect": "5s" },
        "headers": { "x-team": "a sk-very-secret b" },
    });
    assert_eq!(anthropic.seen(), [("claude".to_owned(), expected)]);
}

#[test]
fn json_is_accepted_wherever_yaml_is() {
    let client = accepted(
        "{\n\t\"providers\": {\"openai\": {\"kind\": \"openai\", \"api_key\": \"${KEY}\"}},\n\
         \t\"routes\": {\"chat\": {\"targets\": [\"openai/gpt-4o\"], \"timeouts\": {\"total\": \"5s\"}}}\n}",
    );
    assert_eq!(client.routes().len(), 1);
}

#[test]
fn a_file_without_routes_serves_targets_and_models() {
    let client = accepted("providers: { openai: { kind: openai, api_key: '${KEY}' } }");
    assert!(client.resolve("openai/gpt-4o").is_ok());
    assert!(client.resolve("gpt-4o").is_ok());
}

#[test]
fn malformed_text_and_unknown_keys_are_told_with_their_place() {
    refused("providers: [", &["test.yaml:1:"]);
    refused("providerz: {}", &["test.yaml:1:1: "]);
    refused(
        "providers: { openai: { kind: openai } }\nroutes:\n  chat:\n    targets: [openai/gpt-4o]\n    retries: 3\n",
        &["test.yaml:5:5: "],
    );
    refused(
        "routes: { chat: { targets: [{ target: a/b, wait: 2 }] } }",
        &["test.yaml:1:"],
    );
    refused("version: two", &["test.yaml:1:10: "]);
    refused("providers: {}\nproviders: {}", &["test.yaml:2:1: "]);
}

#[test]
fn every_mistake_is_told_at_once_in_the_order_of_the_file() {
    refused(
        r"
version: 2
listen: here
providers:
  a: { kind: opnai }
  b: { api_key: '${KEY}' }
  c: { kind: openai, api_key: '${NOPE}' }
  d: { kind: openai, api_key: sk-literal }
  e: { kind: openai, colour: red }
routes:
  chat:
    strategy: bandit
    targets: [openai, z/m, { target: c/m, weight: 0 }]
    retry: { max_attempts: 0 }
    timeouts: { idle: 20 parsecs, total: 0s }
    breaker: { preset: adaptive, window: 5s }
  empty: { targets: [] }
",
        &[
            "test.yaml:2:10: version: version 2 is unknown",
            "test.yaml:3:9: listen: `here` is not",
            "test.yaml:5:14: providers.a.kind: provider kind `opnai` is unknown: known kinds are `anthropic`, `openai`",
            "test.yaml:6:6: providers.b.kind: is missing",
            "test.yaml:7:31: providers.c.api_key: environment variable `NOPE` is not set",
            "test.yaml:8:31: providers.d.api_key: must be a reference",
            "test.yaml:9:30: providers.e: setting `colour` is unknown",
            "test.yaml:12:15: routes.chat.strategy: strategy `bandit` is not available in this version",
            "test.yaml:13:15: routes.chat.targets[0]: target `openai` is not of the form",
            "test.yaml:13:23: routes.chat.targets[1]: `z/m` names provider `z`, which is not configured (configured: a, b, c, d, e)",
            "test.yaml:13:28: routes.chat.targets[2]: weight 0",
            "test.yaml:14:28: routes.chat.retry.max_attempts: must be at least 1",
            "test.yaml:15:23: routes.chat.timeouts.idle: ",
            "test.yaml:15:42: routes.chat.timeouts.total: must be longer than nothing",
            "test.yaml:16:24: routes.chat.breaker.preset: is `adaptive`, which knows no failures, window or skip: remove them",
            "test.yaml:17:21: routes.empty.targets: is empty",
        ],
    );
}

#[test]
fn settings_that_make_no_sense_are_told_with_their_places() {
    refused(
        r"
providers:
  a: { kind: openai, limits: { rpm: 0, rps: 3 }, failure_domain: '' }
  b: { kind: openai, limits: 3 }
admin: { token: secret }
",
        &[
            "test.yaml:3:30: providers.a.limits.rpm: must be a whole number from 1",
            "test.yaml:3:30: providers.a.limits.rps: is unknown: use `rpm`, `tpm`, `itpm`, `otpm`, `rpd`, `tpd`, `concurrency`",
            "test.yaml:3:66: providers.a.failure_domain: must be a text that is not empty",
            "test.yaml:4:30: providers.b.limits: must hold keys with numbers, such as { rpm: 60 }",
            "test.yaml:5:17: admin.token: must be a reference",
        ],
    );
}

#[test]
fn keys_of_callers_are_references_and_never_the_keys_themselves() {
    let folder = std::env::temp_dir().join(format!("interline-keys-{}", std::process::id()));
    std::fs::write(&folder, "caller-key\n").expect("a writable temporary folder");
    let text = format!(
        "keys: ['file:{}']\nallow_unauthenticated: true",
        folder.display()
    );
    let config = Config::parse(&text, "test.yaml").expect("a good file");
    let keys = config.inbound_keys();
    std::fs::remove_file(&folder).expect("the file is ours");
    assert_eq!(keys.expect("a good key").len(), 1);
    assert!(config.allows_unauthenticated());
    refused(
        "keys: [sk-literal, '${NOPE}']\nproviders: { a: { kind: openai } }",
        &[
            "test.yaml:1:8: keys[0]: must be a reference",
            "test.yaml:1:20: keys[1]: environment variable `NOPE` is not set",
        ],
    );
    assert!(!Config::new().allows_unauthenticated());
}

#[test]
fn no_provider_is_a_mistake() {
    refused(
        "version: 1",
        &["test.yaml: providers: no provider is configured"],
    );
}

#[test]
fn numbers_of_a_breaker_that_is_off_are_a_mistake() {
    let text = "providers: { a: { kind: openai } }\n\
                routes: { r: { targets: [a/m], breaker: { preset: off, failures: 9 } } }";
    refused(text, &["test.yaml:2:51: routes.r.breaker.preset: is `off`"]);
}

/// A file with one route, `chat`, that has these keys besides its target.
fn with_route_keys(keys: &str) -> String {
    format!(
        "providers: {{ a: {{ kind: openai, api_key: '${{KEY}}' }} }}
routes:
  chat: {{ targets: [a/m], {keys} }}
"
    )
}

#[test]
fn budgets_and_hedging_are_switched_with_a_word_or_set_in_detail() {
    for keys in [
        "retry: { budget: on }",
        "retry: { budget: off }",
        "retry: { budget: { per_success: 0.1, start: 5, trickle: 0, ceiling_share: 1, ceiling_floor: 3.5 } }",
        "hedge: on",
        "hedge: off",
        "hedge: { after: p95, max_share: 0.1 }",
        "hedge: { after: 500ms }",
    ] {
        accepted(&with_route_keys(keys));
    }
    accepted(
        r#"{"providers":{"a":{"kind":"openai","api_key":"${KEY}"}},
            "routes":{"chat":{"targets":["a/m"],"hedge":false,"retry":{"budget":true}}}}"#,
    );
}

#[test]
fn wrong_budgets_and_hedging_are_told_with_their_place() {
    let budget = "test.yaml:3:59: routes.chat.retry.budget.per_success: must be a number from 0";
    refused(
        &with_route_keys("retry: { budget: { per_success: -1 } }"),
        &[budget],
    );
    for (keys, told) in [
        (
            "hedge: { after: soon }",
            "routes.chat.hedge.after: `soon` is neither",
        ),
        (
            "hedge: { after: 0s }",
            "routes.chat.hedge.after: `0s` is neither",
        ),
        (
            "hedge: { max_share: 0 }",
            "routes.chat.hedge.max_share: must be above 0",
        ),
        (
            "hedge: { max_share: 1.5 }",
            "routes.chat.hedge.max_share: must be above 0",
        ),
        (
            "hedge: sometimes",
            "`sometimes` is unknown: write `on`, `off`",
        ),
        (
            "retry: { budget: { persuccess: 1 } }",
            "unknown field `persuccess`",
        ),
    ] {
        let error = client(&with_route_keys(keys)).expect_err("a mistake");
        assert!(error.message().contains(told), "{}", error.message());
        assert!(error.message().starts_with("test.yaml:3:"), "{error}");
    }
}

#[test]
fn health_checks_have_an_interval_or_are_off() {
    let with = |check: &str| {
        format!(
            "providers: {{ a: {{ kind: openai, api_key: '${{KEY}}', health_check: {check} }} }}"
        )
    };
    for check in ["off", "30s", "1s"] {
        accepted(&with(check));
    }
    for check in ["10ms", "soon", "3", "on"] {
        let error = client(&with(check)).expect_err("a mistake");
        let told = "providers.a.health_check: must be `off` or a time of at least `1s`";
        assert!(error.message().contains(told), "{}", error.message());
    }
}

#[test]
fn secrets_are_never_shown() {
    for text in [
        "providers: { a: { kind: openai, api_key: sk-literal } }",
        "providers: { a: { kind: openai, api_key: sk-literal, colour: red } }",
        "providers: { a: { kind: openai, api_key: sk-literal }, b: [ }",
        "providers: { a: { kind: openai, api_key: [sk-literal] } }",
        "providers: { a: { kind: openai, api_key: '${KEY}', colour: red } }",
    ] {
        let error = client(text).expect_err("a mistake");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("sk-literal"), "{shown}");
        assert!(!shown.contains("sk-very-secret"), "{shown}");
    }
    let config = Config::parse(
        "providers: { a: { kind: openai, api_key: sk-literal } }",
        "test.yaml",
    );
    assert!(!format!("{config:?}").contains("sk-literal"));
}

#[test]
fn secrets_may_stand_in_files() {
    let folder = std::env::temp_dir().join(format!("interline-secret-{}", std::process::id()));
    std::fs::write(&folder, "sk-from-file\n").expect("a writable temporary folder");
    let openai = Recording::of("openai");
    let text = format!(
        "providers: {{ a: {{ kind: openai, api_key: 'file:{}' }} }}",
        folder.display()
    );
    let built = Config::parse(&text, "test.yaml")
        .expect("a good file")
        .client_builder_with(&registry().with(openai.clone()), variables);
    std::fs::remove_file(&folder).expect("the file is ours");
    assert!(built.is_ok(), "{built:?}");
    assert_eq!(openai.seen()[0].1["api_key"], json!("sk-from-file"));
}

#[test]
fn the_environment_gives_a_provider_for_each_known_key() {
    let environment = |name: &str| (name == "OPENAI_API_KEY").then(|| "sk-env".to_owned());
    let openai = Recording::of("openai");
    let registry = registry().with(openai.clone());
    let config = Config::from_environment(&registry, environment);
    assert_eq!(config.provider_names(), ["openai"]);
    let client = Client::from_config(&config, &registry).expect("a good configuration");
    assert!(client.resolve("gpt-4o").is_ok());
    assert_eq!(openai.seen()[0].1, json!({ "api_key": "sk-env" }));
    let nothing = Config::from_environment(&registry, |_| None);
    assert!(Client::from_config(&nothing, &registry).is_err());
}

#[test]
fn the_schema_knows_the_kinds_and_every_key() {
    let schema = Config::schema(&registry());
    let kinds = schema["properties"]["providers"]["additionalProperties"]["oneOf"]
        .as_array()
        .expect("one schema per kind");
    let titles: Vec<_> = kinds.iter().map(|kind| kind["title"].as_str()).collect();
    assert_eq!(titles, [Some("anthropic"), Some("openai")]);
    assert_eq!(kinds[1]["properties"]["kind"], json!({ "const": "openai" }));
    let text = schema.to_string();
    assert!(
        text.contains("round_robin") && text.contains("first_token"),
        "{text}"
    );
    for key in ["admin", "router", "budget", "keys"] {
        assert!(!schema["properties"][key].is_null(), "{key}");
    }
    assert_eq!(schema["additionalProperties"], json!(false));
}

const PRICED: &str = "version: 1
providers:
  openai: { kind: openai, api_key: \"${KEY}\" }
  cheap:  { kind: openai, api_key: \"${KEY}\" }
";

#[test]
fn facts_about_models_replace_and_extend_the_catalogue() {
    let client = accepted(&format!(
        "{PRICED}models:
  cheap/gpt-4o: {{ usd_per_mtok: {{ input: 1.25, output: \"5\" }} }}
  openai/own-1:
    aliases: [own]
    usd_per_mtok: {{ input: 1, output: 2, long_context: {{ above_input_tokens: 1000, input: 2, output: 4 }} }}
    context_window: 9000
    lacks: [images]
"
    ));
    let info = |target: &str| client.model_info(&target.parse().expect("a target"));
    let cheap = info("cheap/gpt-4o").expect("changed");
    let prices = cheap.prices.expect("prices");
    assert_eq!(prices.standard.input.pico_usd(), 1_250_000);
    assert_eq!(prices.standard.output.pico_usd(), 5_000_000);
    assert_eq!(cheap.context_window, Some(128_000), "the rest stays");
    let usual = info("openai/gpt-4o").and_then(|info| info.prices);
    assert_eq!(usual.expect("prices").standard.input.pico_usd(), 2_500_000);
    let resolved = client.resolve("own").expect("an alias is a name");
    assert_eq!(resolved.targets[0].to_string(), "openai/own");
    let can = client.capabilities("openai/own").expect("a model");
    assert!(!can.supports(interline::Feature::Images));
    assert_eq!(can.context_window(), Some(9000));
}

#[test]
fn wrong_facts_about_models_are_told_with_their_place() {
    let error = client(&format!(
        "{PRICED}models:
  cheap/gpt-4o: {{ usd_per_mtok: {{ input: -1 }} }}
  nothing: {{ context_window: 5 }}
  openai/m: {{ mode: poem, features: [flying] }}
unknown_price: panic
"
    ))
    .expect_err("mistakes");
    let lines: Vec<&str> = error.message().lines().collect();
    assert_eq!(lines.len(), 5, "{lines:#?}");
    assert!(lines[0].starts_with("test.yaml:6:42: models.cheap/gpt-4o.usd_per_mtok.input: `-1`"));
    assert!(lines[1].contains("models.nothing"), "{}", lines[1]);
    assert!(
        lines[2].contains("models.openai/m.mode: `poem`"),
        "{}",
        lines[2]
    );
    assert!(lines[3].contains("`flying` is no feature"), "{}", lines[3]);
    assert!(lines[4].contains("unknown_price: `panic`"), "{}", lines[4]);
}

#[tokio::test]
async fn where_unknown_prices_are_excluded_the_error_says_who_has_one() {
    let route = "routes: { chat: { targets: [openai/no-such-price] } }\nunknown_price: exclude\n";
    let client = accepted(&format!("{PRICED}{route}"));
    let request = ChatRequest::new("chat", [interline::Message::user("Hi")]);
    let error = client.complete(request).await.expect_err("nobody is left");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(
        error.message(),
        "no target of `chat` can carry this request: openai/no-such-price lacks a known price"
    );
}

#[test]
fn a_route_may_have_the_adaptive_breaker() {
    accepted(&format!(
        "{PRICED}routes: {{ chat: {{ targets: [openai/gpt-4o], breaker: {{ preset: adaptive, max_pause: 5m }} }} }}"
    ));
}

#[test]
fn mistakes_in_the_router_are_told_with_their_places() {
    refused(
        r"
providers:
  a: { kind: openai, regions: eu }
  b: { kind: openai, regions: ['e u'] }
routes:
  chat:
    targets: [a/m]
    providers: [z]
    max_price: { output: dear }
    max_cost: 0
    variants:
      b/m: { temperature: 3 }
      cheap: { system: x }
      a/m: { system: 'Hi {{user}}' }
    quality: { matches: '(', judge: { model: auto, least_points: 11 }, on_failure: retry }
router:
  classifier: [embedded, keyword, llm, guess]
  min_confidence: 2
  keywords: { cooking: [salt] }
  optimize_for: cheapness
  tasks:
    codding: [a/m]
    coding: [a/m, a/m]
    math: { quality: [c/m] }
    chat: { quality: [a/m], cost: [] }
  complexity: { simple: tiny }
  tiers: { economy: [z/m] }
  rules:
    - { when: { tag: '=x' }, regions: [''], prefer: { first_token_within: 0s, providers: [z] } }
",
        &[
            "test.yaml:3:31: providers.a.regions: must be a list of regions, such as [eu]",
            "test.yaml:4:31: providers.b.regions: `e u` is no region: write letters, digits and `-`",
            "test.yaml:7:14: routes.chat.variants: `b/m` has a variant but is no target here",
            "test.yaml:8:17: routes.chat.providers: provider `z` is not configured (configured: a, b)",
            "test.yaml:9:26: routes.chat.max_price.output: `dear` is not a price in USD per million tokens",
            "test.yaml:10:15: routes.chat.max_cost: `0` is not an amount in USD above 0",
            "test.yaml:12:27: routes.chat.variants.b/m.temperature: temperature 3 is not within 0 and 2",
            "test.yaml:13:14: routes.chat.variants.cheap: `cheap` is no tier: write economy, standard or premium",
            "test.yaml:14:22: routes.chat.variants.a/m.system: variable `user` is unknown",
            "test.yaml:15:25: routes.chat.quality.matches: `(` is no pattern: unclosed group",
            "test.yaml:15:46: routes.chat.quality.judge.model: a judge cannot be chosen automatically",
            "test.yaml:15:66: routes.chat.quality.judge.least_points: must be 1 to 10",
            "test.yaml:15:84: routes.chat.quality.on_failure: `retry` is unknown: use `escalate` or `mark`",
            "test.yaml:17:15: router.classifier: `llm` needs `router.llm: { model: … }`",
            "test.yaml:17:15: router.classifier: `guess` is unknown",
            "test.yaml:18:19: router.min_confidence: `min_confidence` is 2",
            "test.yaml:19:24: router.keywords.cooking: unknown task `cooking`: there are coding,",
            "test.yaml:20:17: router.optimize_for: objective `cheapness` is unknown",
            "test.yaml:22:5: router.tasks: has no `default`: say where unknown tasks go",
            "test.yaml:22:14: router.tasks.codding: unknown task `codding`: there are coding,",
            "test.yaml:23:13: router.tasks.coding: `a/m` is in the list twice",
            "test.yaml:24:23: router.tasks.math.quality[0]: `c/m` names provider `c`, which is not configured",
            "test.yaml:25:35: router.tasks.chat.cost: the list is empty",
            "test.yaml:26:25: router.complexity.simple: `tiny` is no tier",
            "test.yaml:27:22: router.tiers.economy[0]: `z/m` names provider `z`",
            "test.yaml:29:22: router.rules[0].when.tag: `=x` names no tag",
            "test.yaml:29:40: router.rules[0].regions: `` is no region",
            "test.yaml:29:75: router.rules[0].prefer.first_token_within: must be longer than nothing",
            "test.yaml:29:91: router.rules[0].prefer.providers: provider `z` is not configured",
        ],
    );
}

#[test]
fn a_router_is_read_and_its_targets_are_those_of_a_route_named_auto() {
    let client = accepted(
        r"
providers: { a: { kind: openai, regions: [eu] }, b: { kind: openai } }
router:
  classifier: [keyword, embedded]
  keywords: { coding: [compile] }
  optimize_for: balanced
  tasks:
    coding: { quality: [a/gpt-4o, b/gpt-4o], cost: [b/gpt-4o-mini], speed: [b/gpt-4o-mini] }
    default: [a/gpt-4o]
  complexity: off
  tiers: { premium: [b/gpt-4o-mini] }
  quality: on
  variants: { economy: { system: 'Be brief. {{system}}' } }
  rules: [{ when: { tags: [plan=premium, team] }, optimize_for: speed, max_cost: 0.5 }]
",
    );
    for model in ["auto", "auto:cost"] {
        let resolved = client.resolve(model).expect("it is configured");
        assert_eq!(resolved.route.as_deref(), Some("auto"));
        assert_eq!(resolved.targets.len(), 3, "{model}");
    }
    let error = client.resolve("auto:cheap").expect_err("no such objective");
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[test]
fn budgets_are_read_from_files() {
    accepted(
        "providers: { a: { kind: openai, api_key: '${KEY}' } }
keys: ['${KEY}', { name: alice, key: '${KEY}' }]
budget:
  daily_usd: 100
  weekly_usd: '400.50'
  monthly_usd: 1000
  time_zone: Europe/Berlin
  balanced_below: 0.7
  downgrade_below: 0.2
  reserve: 0.05
  per_request_usd: 0.5
  share_of_left: off
  unpriced: allow
  budgets:
    - { limit_usd: 1, scope: { key: alice } }
    - { limit_usd: 1, scope: { key: KEY } }
    - { limit_usd: 2, per: week, time_zone: Asia/Tokyo, scope: { tag: team=search } }
    - { limit_usd: 3, per: month, scope: { provider: a } }
    - { limit_usd: 4, scope: { model: a/gpt-4o } }
    - { limit_usd: 5, time_zone: UTC }
",
    );
    accepted(
        "{\"providers\":{\"a\":{\"kind\":\"openai\",\"api_key\":\"${KEY}\"}},\"budget\":{\"daily_usd\":1,\"share_of_left\":0.5}}",
    );
}

#[test]
fn mistakes_in_budgets_are_told_with_their_places() {
    refused(
        "providers: { a: { kind: openai } }
budget:
  daily_usd: 0
  weekly_usd: -3
  monthly_usd: lots
  time_zone: Mars/Olympus_Mons
  balanced_below: .nan
  downgrade_below: 1.5
  reserve: -0.1
  per_request_usd: 0
  share_of_left: 0
  unpriced: perhaps
  file: ''
  budgets:
    - { limit_usd: 0, per: fortnight, scope: { key: bob } }
    - { limit_usd: 1, time_zone: Nowhere, scope: { provider: z } }
    - { limit_usd: 1, scope: { key: a, tag: b } }
    - { limit_usd: 1, scope: {} }
    - { limit_usd: 1, scope: { tag: ' ' } }
",
        &[
            "test.yaml:3:14: budget.daily_usd: `0` is not an amount in USD above 0",
            "test.yaml:4:15: budget.weekly_usd: `-3` is not",
            "test.yaml:5:16: budget.monthly_usd: `lots` is not",
            "test.yaml:6:14: budget.time_zone: `Mars/Olympus_Mons` is no known time zone",
            "test.yaml:7:19: budget.balanced_below: NaN is not a share",
            "test.yaml:8:20: budget.downgrade_below: 1.5 is not a share",
            "test.yaml:9:12: budget.reserve: -0.1 is not a share",
            "test.yaml:10:20: budget.per_request_usd: `0` is not",
            "test.yaml:11:18: budget.share_of_left: 0 is not a share above 0",
            "test.yaml:12:13: budget.unpriced: `perhaps` is no rule",
            "test.yaml:13:9: budget.file: it names no file",
            "test.yaml:15:20: budget.budgets[0].limit_usd: `0` is not",
            "test.yaml:15:28: budget.budgets[0].per: a budget is per `day`, `week` or `month`",
            "test.yaml:15:53: budget.budgets[0].scope.key: no key is called `bob` (keys: none)",
            "test.yaml:16:34: budget.budgets[1].time_zone: `Nowhere` is no known time zone",
            "test.yaml:16:62: budget.budgets[1].scope.provider: provider `z` is not configured",
            "test.yaml:17:30: budget.budgets[2].scope: name exactly one",
            "test.yaml:18:30: budget.budgets[3].scope: name exactly one",
            "test.yaml:19:37: budget.budgets[4].scope.tag: the tag that a budget counts has no name",
        ],
    );
    let mistake = |budget: &str, mistake: &str| {
        let text = format!("providers: {{ a: {{ kind: openai }} }}\nbudget: {budget}");
        refused(&text, &[mistake]);
    };
    mistake("{}", "test.yaml:2:9: budget: it bounds nothing");
    mistake(
        "{ daily_usd: 1, downgrade_below: 0.9 }",
        "test.yaml:2:42: budget.downgrade_below: 90 % is above balanced_below",
    );
    mistake(
        "{ daily_usd: 1, reserve: 0.5 }",
        "test.yaml:2:34: budget.reserve: 50 % is above downgrade_below",
    );
    mistake(
        "{ daily_usd: 1, budgets: [{ limit_usd: 2 }] }",
        "test.yaml:2:35: budget.budgets[0]: another budget counts the same calls",
    );
}
