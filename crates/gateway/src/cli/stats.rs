//! `interline stats`: how a running gateway fares, and what its calls cost.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use interline::Config;
use owo_colors::OwoColorize;
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::exit::Exit;
use super::output;
use crate::gateway::DEFAULT_LISTEN;

/// How long the gateway may take to answer; it reads memory only. Chosen, not measured.
const PATIENCE: Duration = Duration::from_secs(10);

/// The variable that holds the admin token where no configuration is given.
const TOKEN_VARIABLE: &str = "INTERLINE_ADMIN_TOKEN";

/// What `stats` takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The gateway; default: where the configuration listens, else http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The gateway's configuration file, for its address and admin token; without it the token is INTERLINE_ADMIN_TOKEN
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What spend is told apart by: hour, provider, model, key, tag, separated by commas
    #[arg(long, value_name = "LIST", default_value = "provider,model")]
    by: String,
    /// How many hours back spend is told, 1 to 840
    #[arg(long, value_name = "N", default_value_t = 24)]
    hours: u64,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

/// Prints what the gateway says.
pub(super) async fn perform(arguments: &Arguments) -> Result<(), Exit> {
    let config = arguments.config.as_deref().map(Config::load).transpose()?;
    let token = token(config.as_ref())?;
    let url = match &arguments.url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => listening(config.as_ref())?,
    };
    let told = ask(&url, &token, arguments).await?;
    if arguments.json {
        return Ok(output::write(&format!("{told:#}\n"))?);
    }
    Ok(output::write(&tables(&told))?)
}

fn token(config: Option<&Config>) -> Result<SecretString, Exit> {
    if let Some(token) = config.map(Config::admin_token).transpose()?.flatten() {
        return Ok(token);
    }
    let from_environment = std::env::var(TOKEN_VARIABLE).ok();
    let token = from_environment.filter(|token| !token.trim().is_empty());
    token.map(Into::into).ok_or_else(|| {
        Exit::misused(format!(
            "no admin token: set {TOKEN_VARIABLE}, or name a file with `admin: {{ token: … }}` by --config"
        ))
    })
}

fn listening(config: Option<&Config>) -> Result<String, Exit> {
    let configured = config.map(Config::listen).transpose()?.flatten();
    Ok(configured.map_or_else(
        || format!("http://{DEFAULT_LISTEN}"),
        |address| format!("http://{address}"),
    ))
}

async fn ask(url: &str, token: &SecretString, arguments: &Arguments) -> Result<Value, Exit> {
    let failed = |error: &reqwest::Error| Exit::failed(format!("cannot ask {url}: {error}"));
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls()?)
        .timeout(PATIENCE)
        // A proxy is for vendors; the gateway is here.
        .no_proxy()
        .build()
        .map_err(|error| failed(&error))?;
    let hours = arguments.hours.to_string();
    let address = format!("{url}/admin/stats?by={}&hours={hours}", arguments.by);
    let reply = http
        .get(address)
        .bearer_auth(token.expose_secret())
        .send()
        .await
        .map_err(|error| failed(&error))?;
    let status = reply.status();
    let body = reply.bytes().await.map_err(|error| failed(&error))?;
    let told: Value = serde_json::from_slice(&body).unwrap_or_default();
    if status.is_success() {
        return Ok(told);
    }
    let why = told["error"]["message"]
        .as_str()
        .unwrap_or("no reason given");
    Err(match status.as_u16() {
        400 => Exit::misused(why),
        _ => Exit::failed(format!("{url} says {status}: {why}")),
    })
}

/// The system's own trust, for a gateway behind TLS.
fn tls() -> Result<ClientConfig, Exit> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let trusting = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| Exit::failed(format!("TLS cannot be set up: {error}")))?;
    Ok(trusting.with_no_client_auth())
}

fn tables(told: &Value) -> String {
    let mut text = String::new();
    table(
        &mut text,
        "targets",
        &[
            "provider",
            "model",
            "attempts",
            "ok",
            "fallback",
            "p50 ms",
            "p95 ms",
            "p99 ms",
            "first p50",
            "first p95",
            "tokens in",
            "out",
            "USD",
        ],
        told["targets"].as_array(),
        |one| {
            vec![
                word(&one["provider"]),
                word(&one["model"]),
                word(&one["attempts"]),
                percent(&one["success_rate"]),
                percent(&one["fallback_share"]),
                word(&one["duration_ms"]["p50"]),
                word(&one["duration_ms"]["p95"]),
                word(&one["duration_ms"]["p99"]),
                word(&one["first_token_ms"]["p50"]),
                word(&one["first_token_ms"]["p95"]),
                word(&one["input_tokens"]),
                word(&one["output_tokens"]),
                word(&one["cost_usd"]),
            ]
        },
    );
    table(
        &mut text,
        "routes",
        &["route", "answers", "primary hits", ""],
        told["routes"].as_array(),
        |one| {
            let alarm = one["alarming"].as_bool().unwrap_or_default();
            vec![
                word(&one["name"]),
                word(&one["answers"]),
                percent(&one["primary_hit_rate"]),
                if alarm { "below 95 %" } else { "" }.to_owned(),
            ]
        },
    );
    table(
        &mut text,
        "decisions",
        &["task", "tier", "calls"],
        told["decisions"].as_array(),
        |one| vec![word(&one["task"]), word(&one["tier"]), word(&one["calls"])],
    );
    table(
        &mut text,
        "budgets",
        &[
            "counts",
            "per",
            "limit",
            "spent",
            "held",
            "left",
            "level",
            "starts anew",
        ],
        told["budgets"].as_array(),
        |one| {
            let columns = [
                "scope",
                "per",
                "limit_usd",
                "spent_usd",
                "held_usd",
                "left_usd",
                "level",
                "resets_at",
            ];
            columns.iter().map(|key| word(&one[*key])).collect()
        },
    );
    let spend = &told["spend"];
    let by = spend["by"].as_array();
    let by: Vec<&str> = by.into_iter().flatten().filter_map(Value::as_str).collect();
    let figures = ["calls", "input_tokens", "output_tokens", "cost_usd"];
    let ratio = "actual_per_estimated";
    let mut head = by.clone();
    head.extend(["calls", "tokens in", "out", "USD", "per estimated"]);
    let title = format!("spend of the last {} h", word(&spend["hours"]));
    table(&mut text, &title, &head, spend["rows"].as_array(), |row| {
        let told = by.iter().chain(&figures).chain([&ratio]);
        told.map(|key| word(&row[*key])).collect()
    });
    if let Some(trouble) = told["spend_store"]["trouble"].as_str() {
        text.push_str(&format!("what was spent cannot be written: {trouble}\n"));
    }
    text
}

/// Appends a table, unless it has no rows.
fn table(
    text: &mut String,
    title: &str,
    head: &[&str],
    rows: Option<&Vec<Value>>,
    cells: impl Fn(&Value) -> Vec<String>,
) {
    let rows: Vec<Vec<String>> = rows.into_iter().flatten().map(cells).collect();
    if rows.is_empty() {
        return;
    }
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(column, name)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let widest = cells.map(|cell| cell.chars().count()).max();
            widest.unwrap_or(0).max(name.chars().count())
        })
        .collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<_> = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    text.push_str(&format!("{}\n", title.bold()));
    text.push_str(&format!("{}\n", line(&mut head.iter().copied()).dimmed()));
    for row in &rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
        text.push('\n');
    }
    text.push('\n');
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => "—".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn percent(share: &Value) -> String {
    share
        .as_f64()
        .map_or_else(|| "—".to_owned(), |share| format!("{:.1} %", share * 100.0))
}
