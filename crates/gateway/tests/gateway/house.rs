//! The harness: vendors, a gateway over them, and an HTTP client that reads what it gets.

use std::sync::Arc;
use std::time::Duration;

use interline::config::Config;
use interline::{
    AttemptPolicy, Backoff, Breaker, Registry, Route, RouteOptions, SimpleBreakerConfig, Timeouts,
};
use interline_gateway::{Gateway, ServerLimits};
use interline_simulator::{Vendor, VendorBuilder};
use reqwest::{Client, RequestBuilder, Response};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long the routes of the tests wait for a first token.
const FIRST_TOKEN: Duration = Duration::from_millis(700);

/// Vendors, a gateway over them, and a client.
///
/// Routes: `chat` goes to `openai`, then `claude`; `claude` the other way round; `only` and
/// `only-claude` have one target.
pub(crate) struct House {
    pub(crate) openai: Vendor,
    pub(crate) claude: Vendor,
    pub(crate) url: String,
    pub(crate) http: Client,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

/// What differs from house to house.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) openai: Option<VendorBuilder>,
    pub(crate) claude: Option<VendorBuilder>,
    pub(crate) keys: Vec<&'static str>,
    pub(crate) limits: ServerLimits,
    pub(crate) breaker: Option<Breaker>,
    pub(crate) patience: Option<Duration>,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::built(Plan::default()).await
    }

    pub(crate) async fn built(plan: Plan) -> Self {
        let openai = plan.openai.unwrap_or_else(|| Vendor::openai("openai"));
        let claude = plan.claude.unwrap_or_else(|| Vendor::anthropic("claude"));
        let openai = openai.start().await.expect("a free port");
        let claude = claude.start().await.expect("a free port");
        let settings = |vendor: &Vendor| {
            Map::from_iter([
                ("base_url".to_owned(), json!(vendor.base_url())),
                ("api_key".to_owned(), json!("sk-upstream-secret")),
            ])
        };
        let policy = AttemptPolicy::default()
            .with_timeouts(
                Timeouts::default()
                    .with_first_token(plan.patience.unwrap_or(FIRST_TOKEN))
                    .with_idle(FIRST_TOKEN * 2)
                    .with_unary(plan.patience.unwrap_or(FIRST_TOKEN * 2)),
            )
            .with_backoff(Backoff::new(
                Duration::from_millis(5),
                Duration::from_millis(20),
            ));
        // Tests break the same vendor again and again; those about health bring their own breaker.
        let patient = SimpleBreakerConfig::default().with_failures(1000, Duration::from_secs(60));
        let breaker = plan.breaker.unwrap_or(Breaker::Simple(patient));
        let options = RouteOptions::new()
            .with_policy(policy)
            .with_breaker(breaker);
        let (gpt, sonnet) = ("openai/gpt-4o", "claude/claude-sonnet-4-6");
        let route = |targets: &[&'static str]| Route::fallback(targets.to_vec());
        let config = Config::new()
            .with_provider("openai", "openai", settings(&openai))
            .with_provider("claude", "anthropic", settings(&claude))
            .with_route("chat", route(&[gpt, sonnet]), options.clone())
            .with_route("claude", route(&[sonnet, gpt]), options.clone())
            .with_route("only", route(&[gpt]), options.clone())
            .with_route("only-claude", route(&[sonnet]), options);
        let gateway = Gateway::new(config, Registry::standard())
            .with_listen("127.0.0.1:0")
            .with_keys(
                plan.keys
                    .iter()
                    .map(|key| (*key).to_owned().into())
                    .collect(),
            )
            .with_limits(plan.limits)
            .bind()
            .await
            .expect("a good configuration");
        let url = format!("http://{}", gateway.address());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(gateway.serve_until(async {
            let _ = stopped.await;
        }));
        Self {
            openai,
            claude,
            url,
            http: http_client(),
            stop: Some(stop),
            served,
        }
    }

    /// Asks the gateway to end, as a signal would.
    pub(crate) fn shut_down(&mut self) {
        self.stop = None;
    }

    /// Waits until the gateway has ended.
    pub(crate) async fn has_ended(self) {
        self.served.await.expect("the gateway does not panic");
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.url)).json(body)
    }

    pub(crate) async fn get(&self, path: &str) -> Seen {
        let sent = self.http.get(format!("{}{path}", self.url)).send().await;
        Seen::read(sent.expect("a reply")).await
    }

    /// Sends a chat in a format and reads the reply.
    pub(crate) async fn ask(&self, speaks: Speaks, body: &Value) -> Seen {
        let sent = self.post(speaks.path(), body).send().await;
        Seen::read(sent.expect("a reply")).await
    }
}

/// The two formats that callers speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    OpenAi,
    Anthropic,
}

pub(crate) const BOTH: [Speaks; 2] = [Speaks::OpenAi, Speaks::Anthropic];

impl Speaks {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::OpenAi => "/v1/chat/completions",
            Self::Anthropic => "/v1/messages",
        }
    }

    /// A short chat.
    pub(crate) fn hello(self, model: &str) -> Value {
        let messages = json!([{"role": "user", "content": "Hello there"}]);
        match self {
            Self::OpenAi => json!({"model": model, "messages": messages}),
            Self::Anthropic => json!({"model": model, "max_tokens": 256, "messages": messages}),
        }
    }

    /// The same, streamed.
    pub(crate) fn streamed(self, model: &str) -> Value {
        let mut body = self.hello(model);
        body["stream"] = json!(true);
        body
    }

    /// Lets the model call `get_weather`.
    pub(crate) fn with_tool(self, mut body: Value) -> Value {
        let schema = json!({
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        });
        body["tools"] = match self {
            Self::OpenAi => json!([
                {"type": "function", "function": {"name": "get_weather", "parameters": schema}}
            ]),
            Self::Anthropic => json!([{"name": "get_weather", "input_schema": schema}]),
        };
        body
    }

    /// The text of a whole answer.
    pub(crate) fn text(self, body: &Value) -> String {
        let text = match self {
            Self::OpenAi => &body["choices"][0]["message"]["content"],
            Self::Anthropic => &body["content"][0]["text"],
        };
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The text of a streamed answer.
    pub(crate) fn streamed_text(self, events: &[Event]) -> String {
        events
            .iter()
            .filter_map(|event| match self {
                Self::OpenAi => event.data["choices"][0]["delta"]["content"].as_str(),
                Self::Anthropic => event.data["delta"]["text"].as_str(),
            })
            .collect()
    }

    /// The error in a body, whatever is around it.
    pub(crate) fn error(self, body: &Value) -> &Value {
        if self == Self::Anthropic {
            assert_eq!(body["type"], "error", "{body}");
        }
        &body["error"]
    }
}

/// A reply, read to its end.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) bytes: Vec<u8>,
    /// Why the body broke off, if it did.
    pub(crate) broke: Option<String>,
}

impl Seen {
    pub(crate) async fn read(mut response: Response) -> Self {
        let mut seen = Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: Vec::new(),
            broke: None,
        };
        loop {
            match response.chunk().await {
                Ok(Some(bytes)) => seen.bytes.extend_from_slice(&bytes),
                Ok(None) => return seen,
                Err(error) => {
                    seen.broke = Some(error.to_string());
                    return seen;
                }
            }
        }
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no `{name}` in {:?}", self.headers))
            .to_str()
            .expect("ASCII")
    }

    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The events of a stream.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Event> {
        assert_eq!(self.broke, None, "the body must end cleanly");
        let text = self.text();
        let blocks = text.split("\n\n").filter(|block| !block.is_empty());
        blocks.filter_map(Event::parse).collect()
    }
}

/// One event of a stream.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: Option<String>,
    /// The data; `Value::Null` for `[DONE]`.
    pub(crate) data: Value,
}

impl Event {
    fn parse(block: &str) -> Option<Self> {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        let data = field("data: ")?;
        Some(Self {
            name: field("event: ").map(str::to_owned),
            data: serde_json::from_str(data).unwrap_or(Value::Null),
        })
    }
}

pub(crate) fn http_client() -> Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows the default versions")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()
        .expect("an HTTP client")
}
