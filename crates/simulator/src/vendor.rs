//! Vendor: a simulated provider of models on a loopback port.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::charge::Price;
use crate::dialect::{Dialect, ReportedLimits};
use crate::fault::Fault;
use crate::ledger::{DEFAULT_CAPACITY, Ledger};
use crate::live::Live;
use crate::manners::Manners;
use crate::pacing::Pacing;
use crate::quota::{EnforcedLimits, Quota};
use crate::reply::Reply;
use crate::script::Script;
use crate::server::{Door, Server};
use crate::service::VendorService;
#[cfg(feature = "tls")]
use crate::tls::Certificate;

/// A vendor that is not running yet.
#[must_use = "a vendor runs once `start` is called"]
pub struct VendorBuilder {
    name: String,
    dialect: Dialect,
    prefix: String,
    models: Vec<String>,
    api_key: Option<String>,
    reasoning_field: String,
    limits: ReportedLimits,
    price: Price,
    ledger_capacity: usize,
    manners: Manners,
    live: Live,
}

impl fmt::Debug for VendorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key stays out of it.
        f.debug_struct("VendorBuilder")
            .field("name", &self.name)
            .field("dialect", &self.dialect)
            .field("models", &self.models)
            .finish_non_exhaustive()
    }
}

impl VendorBuilder {
    fn new(dialect: Dialect, name: String) -> Self {
        let prefix = match dialect {
            Dialect::OpenAi => "/v1",
            Dialect::Anthropic => "",
        };
        Self {
            name,
            dialect,
            prefix: prefix.to_owned(),
            models: Vec::new(),
            api_key: None,
            reasoning_field: "reasoning_content".to_owned(),
            // Chosen, not measured: limits that no test reaches.
            limits: ReportedLimits {
                requests: 10_000,
                tokens: 2_000_000,
                reset: Duration::from_millis(6),
            },
            price: Price::default(),
            ledger_capacity: DEFAULT_CAPACITY,
            manners: Manners::default(),
            live: Live::default(),
        }
    }

    /// Sets the models that the vendor has; any other is a 404. Without this, every model is served and none is listed.
    pub fn with_models<M: Into<String>>(mut self, models: impl IntoIterator<Item = M>) -> Self {
        self.models = models.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the path before the format's own paths: `/v1` by default for OpenAI's, nothing for Anthropic's.
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into().trim_end_matches('/').to_owned();
        self
    }

    /// Sets the answer to every model call, in place of one derived from the request.
    pub fn with_reply(mut self, reply: Reply) -> Self {
        self.live.standing_reply = Some(reply);
        self
    }

    /// Sets how fast the vendor answers; at once by default.
    pub fn with_pacing(mut self, pacing: Pacing) -> Self {
        self.live.pacing = pacing;
        self
    }

    /// Requires this key; any other is a 401. Without this, no key is needed.
    pub fn with_api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Sets the schedule of faults.
    pub fn with_script(mut self, script: Script) -> Self {
        self.live.script = script;
        self
    }

    /// Sets the member that carries reasoning in OpenAI's format, where vendors differ: `reasoning_content` by default.
    pub fn with_reasoning_field(mut self, name: impl Into<String>) -> Self {
        self.reasoning_field = name.into();
        self
    }

    /// Sets the rate limits that answers report: requests and tokens per window, and the time until it is full again.
    ///
    /// Nothing is enforced. By default 10 000 requests, 2 000 000 tokens and 6 ms (chosen, not measured).
    pub fn with_reported_limits(mut self, requests: u64, tokens: u64, reset: Duration) -> Self {
        self.limits = ReportedLimits {
            requests,
            tokens,
            reset,
        };
        self
    }

    /// Enforces rate limits: a model call beyond them is a 429 that says when it would pass, and every answer tells what is
    /// left. A fault that is an error answer takes nothing.
    pub fn with_enforced_limits(mut self, limits: EnforcedLimits) -> Self {
        self.live.quota = Some(Quota::new(limits, Instant::now()));
        self
    }

    /// Sets what tokens cost, for [`Ledger::charged`]; nothing by default.
    pub fn with_price(mut self, price: Price) -> Self {
        self.price = price;
        self
    }

    /// Closes connections that were idle for so long after an answer; never by default.
    pub fn with_idle_timeout(mut self, idle: Duration) -> Self {
        self.manners.idle_timeout = Some(idle);
        self
    }

    /// Speaks TLS with this certificate, and nothing else.
    #[cfg(feature = "tls")]
    pub fn with_tls(mut self, certificate: &Certificate) -> Self {
        self.manners.tls = Some(certificate.clone());
        self
    }

    /// Offers HTTP/2 beside HTTP/1.1, as TLS negotiates it; `window_bytes` is how much of a request the vendor takes before
    /// it must be asked again, 65 535 by HTTP's default.
    #[cfg(feature = "http2")]
    pub fn with_http2(mut self, window_bytes: u32) -> Self {
        self.manners.http2_window_bytes = Some(window_bytes);
        self
    }

    /// Sets how many exchanges the ledger keeps: 4096 by default (chosen, not measured).
    pub fn with_ledger_capacity(mut self, exchanges: usize) -> Self {
        self.ledger_capacity = exchanges;
        self
    }

    /// Starts the vendor on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// The operating system gives no port.
    pub async fn start(self) -> io::Result<Vendor> {
        let live = Arc::new(Mutex::new(self.live));
        let salt = self.name.bytes().fold(0_u64, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(u64::from(byte))
        });
        let service = VendorService {
            name: self.name.clone(),
            format: self.dialect.format(),
            prefix: self.prefix.clone(),
            models: self.models.clone(),
            api_key: self.api_key,
            reasoning_field: self.reasoning_field,
            limits: self.limits,
            price: self.price,
            salt,
            live: Arc::clone(&live),
        };
        let ledger = Arc::new(Ledger::new(self.ledger_capacity));
        let scheme = self.manners.scheme();
        let server = Server::start(Arc::new(service), ledger, self.manners)?;
        Ok(Vendor {
            scheme,
            name: self.name,
            dialect: self.dialect,
            prefix: self.prefix,
            models: self.models,
            live,
            server,
        })
    }
}

/// A running vendor; it stops when this value is dropped.
#[derive(Debug)]
pub struct Vendor {
    scheme: &'static str,
    name: String,
    dialect: Dialect,
    prefix: String,
    models: Vec<String>,
    live: Arc<Mutex<Live>>,
    server: Server,
}

impl Vendor {
    /// A vendor of this name that speaks `dialect`.
    pub fn builder(dialect: Dialect, name: impl Into<String>) -> VendorBuilder {
        VendorBuilder::new(dialect, name.into())
    }

    /// A vendor that speaks OpenAI Chat Completions.
    pub fn openai(name: impl Into<String>) -> VendorBuilder {
        Self::builder(Dialect::OpenAi, name)
    }

    /// A vendor that speaks Anthropic Messages.
    pub fn anthropic(name: impl Into<String>) -> VendorBuilder {
        Self::builder(Dialect::Anthropic, name)
    }

    /// The name that answers mention.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The wire format.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The models that it has; empty where it serves any.
    #[must_use]
    pub fn models(&self) -> &[String] {
        &self.models
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// What the vendor's SDK calls base URL: with the prefix `/v1` for OpenAI's format, the bare host for Anthropic's.
    #[must_use]
    pub fn base_url(&self) -> String {
        let (scheme, address, prefix) = (self.scheme, self.server.address(), &self.prefix);
        format!("{scheme}://{address}{prefix}")
    }

    /// What was received, and how each exchange ended.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        self.server.ledger()
    }

    /// How often each fault took effect, by [`Fault::name`].
    #[must_use]
    pub fn faults_fired(&self) -> BTreeMap<&'static str, u64> {
        self.ledger().faults_fired()
    }

    /// Sets or clears the standing fault, which strikes every request that nothing else decides.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.live().script.set_standing(fault);
    }

    /// Queues a fault for the next model call that has none queued yet.
    pub fn push_fault(&self, fault: Fault) {
        self.live().script.push(fault);
    }

    /// Replaces the whole schedule, standing and queued faults included; its count of calls starts anew.
    pub fn set_script(&self, script: Script) {
        self.live().script = script;
    }

    /// Sets the answer to every model call; `None` derives it from the request again.
    pub fn set_reply(&self, reply: Option<Reply>) {
        self.live().standing_reply = reply;
    }

    /// Queues the answer to the next model call that has none queued yet.
    pub fn push_reply(&self, reply: Reply) {
        self.live().queued_replies.push_back(reply);
    }

    /// Sets how fast the vendor answers from the next request on.
    pub fn set_pacing(&self, pacing: Pacing) {
        self.live().pacing = pacing;
    }

    /// Changes the limits that are enforced; their buckets are full. `None` enforces nothing.
    pub fn set_enforced_limits(&self, limits: Option<EnforcedLimits>) {
        self.live().quota = limits.map(|limits| Quota::new(limits, Instant::now()));
    }

    /// Changes what happens to clients that connect, and returns once that holds. The port stays the same.
    ///
    /// Answers that are being written are finished; idle connections are closed unless the door is open.
    ///
    /// # Errors
    /// The operating system refuses to close or reopen the port.
    pub async fn set_door(&self, door: Door) -> io::Result<()> {
        self.server.set_door(door).await
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        // Every change is complete before anything can panic.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
