//! The configuration file, or in its absence what the environment offers.
//!
//! Each known key variable adds its vendor; a local server that answers adds `local`.

use std::path::Path;
use std::time::Duration;

use interline::Registry;
use interline::config::Config;
use owo_colors::OwoColorize;
use serde_json::{Map, Value};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::exit::Exit;

/// Where Ollama listens by default.
const LOCAL_SERVER: &str = "127.0.0.1:11434";
/// Loopback answers within a millisecond or not at all; chosen, not measured.
const PROBE_TIMEOUT: Duration = Duration::from_millis(300);
/// The kind and name of the connection to a local server.
const LOCAL: &str = "local";

/// Reads the file, or looks around and says what was found.
pub(super) async fn config_or_found(
    file: Option<&Path>,
    registry: &Registry,
) -> Result<Config, Exit> {
    match file {
        Some(path) => Config::load(path).map_err(Exit::from),
        None => found(registry).await,
    }
}

async fn found(registry: &Registry) -> Result<Config, Exit> {
    let mut config = Config::from_environment(registry, |name| std::env::var(name).ok());
    for name in config.provider_names() {
        let variable = registry
            .get(name)
            .and_then(|factory| factory.key_variable());
        say_found(
            name,
            &format!("key in {}", variable.unwrap_or("the environment")),
        );
    }
    if registry.get(LOCAL).is_some() && answers(LOCAL_SERVER).await {
        let base_url = format!("http://{LOCAL_SERVER}/v1");
        say_found(LOCAL, &format!("a server answers at {base_url}"));
        let settings = Map::from_iter([("base_url".to_owned(), Value::from(base_url))]);
        config = config.with_provider(LOCAL, LOCAL, settings);
    }
    if config.provider_names().is_empty() {
        return Err(Exit::misused(nothing_found(registry)));
    }
    Ok(config)
}

async fn answers(address: &str) -> bool {
    let connected = timeout(PROBE_TIMEOUT, TcpStream::connect(address)).await;
    matches!(connected, Ok(Ok(_)))
}

fn say_found(name: &str, how: &str) {
    anstream::eprintln!("{} {} ({how})", "found".green().bold(), name.bold());
}

fn nothing_found(registry: &Registry) -> String {
    let variables: Vec<_> = registry
        .factories()
        .filter_map(interline::ProviderFactory::key_variable)
        .collect();
    format!(
        "no provider found: set one of {}, start a local server on {LOCAL_SERVER}, or give a file with --config",
        variables.join(", ")
    )
}
