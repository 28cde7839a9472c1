//! The stage: three simulated vendors and a gateway over them, all on loopback.

use std::time::Duration;

use interline::config::Config;
use interline::{
    AttemptPolicy, Breaker, Registry, Route, RouteOptions, SimpleBreakerConfig, Timeouts,
};
use interline_core::{Error, ErrorKind, Result};
use interline_simulator::{
    Door, Ending, ErrorCase, Fault, Pacing, RetryAfter, Script, Vendor as SimulatedVendor,
};
use serde_json::{Map, Value};

use super::scenes::{BROKE, Condition, TRIAL, Trouble, Vendor};
use crate::{BoundGateway, Gateway};

/// The model that each vendor serves; real names, so that the catalogue knows their prices.
const OPENAI_MODEL: &str = "gpt-4.1";
const CLAUDE_MODEL: &str = "claude-sonnet-4-6";
const GROQ_MODEL: &str = "llama-3.1-8b-instant";

/// How fast the simulated vendors answer: quick enough for a demo, slow enough to be seen.
const FIRST_TOKEN: Duration = Duration::from_millis(40);
const BETWEEN_TOKENS: Duration = Duration::from_millis(4);

/// After this silence the demo's routes go on. Real ones wait 30 s.
pub(crate) const SILENCE: Duration = Duration::from_millis(600);

/// The simulated vendors.
#[derive(Debug)]
pub(crate) struct Stage {
    openai: SimulatedVendor,
    claude: SimulatedVendor,
    groq: SimulatedVendor,
}

impl Stage {
    /// Starts the vendors.
    ///
    /// # Errors
    /// `Unavailable` where the operating system gives no port.
    pub(crate) async fn build() -> Result<Self> {
        let pacing = Pacing::new(FIRST_TOKEN, BETWEEN_TOKENS);
        let start = async |builder: interline_simulator::VendorBuilder| {
            builder.with_pacing(pacing).start().await.map_err(|error| {
                Error::new(ErrorKind::Unavailable, "cannot start a simulated vendor")
                    .with_source(error)
            })
        };
        Ok(Self {
            openai: start(SimulatedVendor::openai("openai").with_models([OPENAI_MODEL])).await?,
            claude: start(SimulatedVendor::anthropic("claude").with_models([CLAUDE_MODEL])).await?,
            groq: start(
                SimulatedVendor::openai("groq")
                    .with_prefix("/openai/v1")
                    .with_models([GROQ_MODEL]),
            )
            .await?,
        })
    }

    /// Puts a gateway over the vendors.
    ///
    /// # Errors
    /// As [`Gateway::bind`].
    pub(crate) async fn open(&self, listen: &str, registry: Registry) -> Result<BoundGateway> {
        let settings = |vendor: &SimulatedVendor| {
            Map::from_iter([
                ("base_url".to_owned(), Value::from(vendor.base_url())),
                ("api_key".to_owned(), Value::from("simulated")),
            ])
        };
        let openai = format!("openai/{OPENAI_MODEL}");
        let claude = format!("claude/{CLAUDE_MODEL}");
        let groq = format!("groq/{GROQ_MODEL}");
        let policy = AttemptPolicy::default().with_timeouts(
            Timeouts::default()
                .with_first_token(SILENCE)
                .with_idle(Duration::from_secs(2)),
        );
        let options = RouteOptions::new().with_policy(policy);
        // The script breaks one vendor so often that the breaker would hide later faults; it still
        // honours the pauses that vendors ask for.
        let patient = SimpleBreakerConfig::default().with_failures(1000, Duration::from_secs(60));
        let patient = options.clone().with_breaker(Breaker::Simple(patient));
        let config = Config::parse(&Self::policy(), "demo")?
            .with_provider("openai", "openai", settings(&self.openai))
            .with_provider("claude", "anthropic", settings(&self.claude))
            .with_provider("groq", "groq", settings(&self.groq))
            .with_route(
                "chat",
                Route::fallback([&*openai, &claude, &groq]),
                patient.clone(),
            )
            .with_route("claude", Route::fallback([&*claude, &openai]), patient)
            .with_route(
                "guarded",
                Route::fallback([&*openai, &claude, &groq]),
                options,
            );
        Gateway::new(config, registry)
            .with_listen(listen)
            .bind()
            .await
    }

    /// How the router decides and what may be spent, as an operator would write it.
    ///
    /// The budgets are so small that a request or two use them up, and the best target is paid for down
    /// to 95 % only, so that the demo shows the fall at once.
    fn policy() -> String {
        format!(
            "
            router:
              complexity: off
              tasks:
                coding: [claude/{CLAUDE_MODEL}, openai/{OPENAI_MODEL}, groq/{GROQ_MODEL}]
                creative: [openai/{OPENAI_MODEL}, claude/{CLAUDE_MODEL}]
                simple_qa: [groq/{GROQ_MODEL}, openai/{OPENAI_MODEL}]
                default: [openai/{OPENAI_MODEL}, claude/{CLAUDE_MODEL}, groq/{GROQ_MODEL}]
            budget:
              balanced_below: 0.95
              downgrade_below: 0.95
              share_of_left: off
              budgets:
                - {{ limit_usd: 0.01, scope: {{ tag: {TRIAL} }} }}
                - {{ limit_usd: 0.000001, scope: {{ tag: {BROKE} }} }}
            "
        )
    }

    /// Name, format, address and model of each vendor, for the playbill.
    pub(crate) fn playbill(&self) -> [(&str, &'static str, String, &'static str); 3] {
        let row = |vendor: &'_ SimulatedVendor| vendor.address().to_string();
        [
            (
                "openai",
                "Chat Completions",
                row(&self.openai),
                OPENAI_MODEL,
            ),
            ("claude", "Messages", row(&self.claude), CLAUDE_MODEL),
            ("groq", "Chat Completions", row(&self.groq), GROQ_MODEL),
        ]
    }

    /// Breaks or mends a vendor from here on.
    ///
    /// # Errors
    /// `Unavailable` where the operating system refuses to close or reopen the port.
    pub(crate) async fn set(&self, vendor: Vendor, condition: Condition) -> Result<()> {
        let vendor = self.vendor(vendor);
        let door = match condition {
            Condition::Refusing => Door::Refuse,
            Condition::Well | Condition::Failing => Door::Open,
        };
        vendor.set_fault((condition == Condition::Failing).then(|| Fault::status(500)));
        vendor.set_door(door).await.map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                "cannot close or reopen a simulated vendor",
            )
            .with_source(error)
        })
    }

    /// Breaks the next request to a vendor.
    pub(crate) fn break_once(&self, vendor: Vendor, trouble: Trouble) {
        self.vendor(vendor).push_fault(match trouble {
            Trouble::Status500 => Fault::status(500),
            Trouble::Overloaded => Fault::error(ErrorCase::Overloaded),
            Trouble::RateLimited(seconds) => Fault::rate_limited(RetryAfter::Seconds(seconds)),
            Trouble::Silence => Fault::Silence,
            Trouble::ErrorEvent => Fault::ErrorEventBeforeContent {
                case: ErrorCase::ServerError,
            },
            Trouble::Cut => Fault::CutAfter {
                events: 9,
                ending: Ending::Fin,
            },
        });
    }

    /// From here on `openai` answers every other request or so with a 500.
    pub(crate) fn make_unreliable(&self) {
        let script = Script::new().share(0.5, 18, Fault::status(500));
        self.openai.set_script(script);
    }

    /// How many faults took effect so far.
    pub(crate) fn faults_fired(&self) -> u64 {
        [&self.openai, &self.claude, &self.groq]
            .iter()
            .map(|vendor| vendor.ledger().faults_fired_total())
            .sum()
    }

    fn vendor(&self, vendor: Vendor) -> &SimulatedVendor {
        match vendor {
            Vendor::OpenAi => &self.openai,
            Vendor::Claude => &self.claude,
            Vendor::Groq => &self.groq,
        }
    }
}
