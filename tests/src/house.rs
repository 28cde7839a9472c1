//! A gateway process with simulated vendors behind it, one broken in each way that the clients check.
//!
//! Every `break-X` route has a target with the fault X first and a sound one, called `good`, second;
//! every `only-X` route has the broken target alone.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use interline_simulator::{
    Door, Ending, ErrorCase, Fault, Pacing, RetryAfter, Vendor, VendorBuilder,
};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::binary;

/// How long the gateway may take to start; a debug build on a busy machine needs a few seconds.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A gateway with its vendors; everything ends when it is dropped.
#[derive(Debug)]
pub struct House {
    url: String,
    gateway: Child,
    vendors: Vec<Vendor>,
    _config: ConfigFile,
}

impl House {
    /// Starts the vendors and the gateway.
    ///
    /// # Panics
    /// Where the gateway does not start, with what it said.
    pub async fn start() -> Self {
        let mut vendors = vec![
            start(Vendor::openai("openai")).await,
            start(Vendor::anthropic("claude")).await,
            start(Vendor::openai("good")).await,
        ];
        for (name, fault) in openai_faults() {
            let vendor = start(Vendor::openai(name)).await;
            vendor.set_fault(fault);
            vendors.push(vendor);
        }
        let cut = start(Vendor::anthropic("cut-claude")).await;
        cut.set_fault(Some(Fault::CutAfter {
            events: 6,
            ending: Ending::Clean,
        }));
        vendors.push(cut);
        let refused = start(Vendor::openai("refused")).await;
        refused
            .set_door(Door::Refuse)
            .await
            .expect("the door closes");
        vendors.push(refused);

        let config = ConfigFile::write(&config_of(&vendors));
        let (gateway, url) = spawn(&config).await;
        Self {
            url,
            gateway,
            vendors,
            _config: config,
        }
    }

    /// The gateway's address, without a path.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A vendor by its name.
    ///
    /// # Panics
    /// Where there is none of that name.
    #[must_use]
    pub fn vendor(&self, name: &str) -> &Vendor {
        self.vendors
            .iter()
            .find(|vendor| vendor.name() == name)
            .expect("a vendor of that name")
    }

    /// The gateway's process.
    pub const fn gateway(&mut self) -> &mut Child {
        &mut self.gateway
    }
}

/// The broken vendors; one that refuses connections joins them separately.
fn openai_faults() -> Vec<(&'static str, Option<Fault>)> {
    let after = RetryAfter::Seconds(20);
    vec![
        ("500", Some(Fault::error(ErrorCase::ServerError))),
        ("429", Some(Fault::rate_limited(after))),
        ("400", Some(Fault::status(400))),
        ("401", Some(Fault::status(401))),
        ("silence", Some(Fault::Silence)),
        (
            "error-event",
            Some(Fault::ErrorEventBeforeContent {
                case: ErrorCase::Overloaded,
            }),
        ),
        ("reset", Some(Fault::Reset)),
        ("garbage", Some(Fault::MalformedJson)),
        (
            "cut",
            Some(Fault::CutAfter {
                events: 4,
                ending: Ending::Clean,
            }),
        ),
    ]
}

async fn start(vendor: VendorBuilder) -> Vendor {
    let pacing = Pacing::new(Duration::from_millis(5), Duration::from_millis(1));
    vendor
        .with_pacing(pacing)
        .start()
        .await
        .expect("a vendor starts on loopback")
}

/// The gateway's configuration. The breaker is off, so that every check meets its fault.
fn config_of(vendors: &[Vendor]) -> String {
    let mut text = "version: 1\nlisten: 127.0.0.1:0\nproviders:\n".to_owned();
    let mut routes = String::new();
    for vendor in vendors {
        let (name, url) = (vendor.name(), vendor.base_url());
        let is_claude = name.contains("claude");
        let kind = if is_claude {
            "anthropic, api_key: \"${SIMULATED_KEY}\""
        } else {
            "local"
        };
        let _ = writeln!(
            text,
            "  \"{name}\": {{ kind: {kind}, base_url: \"{url}\" }}"
        );
        let mut route = |route: String, targets: &str| {
            let _ = writeln!(
                routes,
                "  \"{route}\": {{ targets: [{targets}], breaker: {{ preset: off }}, \
                 timeouts: {{ first_token: 500ms, unary: 500ms }} }}"
            );
        };
        match name {
            "openai" => {
                route("chat".to_owned(), "openai/sim-large");
                route("embed".to_owned(), "openai/sim-embed");
            }
            "claude" => route("claude".to_owned(), "claude/sim-claude"),
            "good" => {}
            broken => {
                let both = format!("\"{broken}/sim-large\", good/sim-large");
                route(format!("break-{broken}"), &both);
                route(format!("break-{broken}-stream"), &both);
                route(format!("only-{broken}"), &format!("\"{broken}/sim-large\""));
            }
        }
    }
    format!("{text}routes:\n{routes}")
}

async fn spawn(config: &ConfigFile) -> (Child, String) {
    let binary = tokio::task::spawn_blocking(|| binary::path("interline-gateway", "interline"))
        .await
        .expect("the look-up does not panic")
        .expect("the gateway is built");
    let mut gateway = Command::new(binary)
        .args(["serve", "--config"])
        .arg(&config.0)
        .env("SIMULATED_KEY", "simulated")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the gateway starts");
    let mut lines = BufReader::new(gateway.stderr.take().expect("stderr is piped")).lines();
    let mut said = String::new();
    let address = tokio::time::timeout(START_LIMIT, async {
        while let Ok(Some(line)) = lines.next_line().await {
            said.push_str(&line);
            said.push('\n');
            if let Some(address) = listening_address(&line) {
                return Some(address);
            }
        }
        None
    });
    let url = match address.await {
        Ok(Some(url)) => url,
        _ => panic!("the gateway did not say where it listens; it said:\n{said}"),
    };
    // Somebody must read on, or the gateway would block once the pipe is full.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (gateway, url)
}

/// The address in a line such as `listening on http://127.0.0.1:8080`.
fn listening_address(line: &str) -> Option<String> {
    let start = line.find("http://127.0.0.1:")?;
    line.get(start..)?
        .split_whitespace()
        .next()
        .map(|url| url.trim_end_matches('/').to_owned())
}

/// A configuration file that goes with its house.
#[derive(Debug)]
struct ConfigFile(PathBuf);

impl ConfigFile {
    fn write(text: &str) -> Self {
        let folder = binary::target_folder().expect("a cargo target folder");
        // Tests of one process run side by side, and each has a house of its own.
        static HOUSES: AtomicU64 = AtomicU64::new(0);
        let number = HOUSES.fetch_add(1, Ordering::Relaxed);
        let name = format!("house-{}-{number}.yaml", std::process::id());
        let path = folder.join(name);
        std::fs::write(&path, text).expect("the target folder can be written");
        Self(path)
    }
}

impl Drop for ConfigFile {
    fn drop(&mut self) {
        // A file that stays behind harms nobody.
        let _ = std::fs::remove_file(&self.0);
    }
}
