//! `interline chat`: one request; the answer on standard output, the facts on standard error.

use std::path::PathBuf;

use clap::Args;
use interline::{Client, Cost, Registry, RouteInfo};
use interline_core::{AttemptRecord, ChatRequest, Error, Message, StreamEvent};
use owo_colors::OwoColorize;
use tokio::time::Instant;

use super::environment;
use super::exit::Exit;
use super::output;
use crate::failure::{Failure, millis};

/// What `chat` takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Configuration file (YAML or JSON); without it, API keys in the environment and a local server are used
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A route, `provider/model`, or a model that one provider has; default: the only route
    #[arg(long, value_name = "ROUTE")]
    model: Option<String>,
    /// Print the answer as it comes
    #[arg(long)]
    stream: bool,
    /// Also print every attempt, and who was passed over
    #[arg(long)]
    explain: bool,
    /// What to ask
    #[arg(required = true)]
    prompt: Vec<String>,
}

/// Asks.
pub(super) async fn perform(arguments: Arguments, registry: Registry) -> Result<(), Exit> {
    let config = environment::config_or_found(arguments.config.as_deref(), &registry).await?;
    let client = Client::from_config(&config, &registry)?;
    let model = match arguments.model {
        Some(model) => model,
        None => only_route(&client)?,
    };
    let request = ChatRequest::new(model, [Message::user(arguments.prompt.join(" "))]);
    let began = Instant::now();
    let (route, cost) = if arguments.stream {
        streamed(&client, request).await?
    } else {
        whole(&client, request).await?
    };
    if arguments.explain {
        explain(&route);
    }
    let attempts = match route.attempts {
        1 => "1 attempt".to_owned(),
        several => format!("{several} attempts"),
    };
    let facts = format!(
        "{}/{}, {attempts}, {} ms, {cost}",
        route.provider,
        route.model,
        millis(began.elapsed())
    );
    anstream::eprintln!("{}", facts.dimmed());
    Ok(())
}

fn only_route(client: &Client) -> Result<String, Exit> {
    let mut names = client.routes().into_iter().map(|route| route.name);
    match (names.next(), names.next()) {
        (Some(only), None) => Ok(only),
        (Some(first), Some(_)) => Err(Exit::misused(format!(
            "several routes: say which with --model, for example --model {first}"
        ))),
        (None, _) => Err(Exit::misused(
            "no routes: say --model provider/model, for example --model openai/gpt-4.1",
        )),
    }
}

async fn whole(client: &Client, request: ChatRequest) -> Result<(RouteInfo, Cost), Exit> {
    let reply = client
        .complete(request)
        .await
        .map_err(|error| failed(&error))?;
    output::write(&format!("{}\n", reply.text()))?;
    Ok((reply.route, reply.cost))
}

async fn streamed(client: &Client, request: ChatRequest) -> Result<(RouteInfo, Cost), Exit> {
    let mut stream = client
        .stream(request)
        .await
        .map_err(|error| failed(&error))?;
    while let Some(frame) = stream.next().await {
        let frame = frame.map_err(|error| {
            // The answer so far stands on the terminal without an end of line.
            let _ = output::write("\n");
            failed(&error)
        })?;
        for event in frame.events {
            if let StreamEvent::Text { text, .. } | StreamEvent::Refusal { text, .. } = event {
                output::write(&text)?;
            }
        }
    }
    output::write("\n")?;
    let cost = stream.cost();
    Ok((stream.route.clone(), cost))
}

fn explain(route: &RouteInfo) {
    for attempt in &route.attempt_list {
        say_attempt(attempt);
    }
    for (target, reason) in &route.skipped {
        anstream::eprintln!("  {target}  passed over: {reason}");
    }
    for exclusion in &route.excluded {
        let lacks: Vec<_> = exclusion.lacks.iter().map(ToString::to_string).collect();
        anstream::eprintln!(
            "  {}  cannot serve this: lacks {}",
            exclusion.target,
            lacks.join(", ")
        );
    }
    for lack in route.left_out() {
        anstream::eprintln!("  {}  was asked without: {lack}", route.target());
    }
}

fn say_attempt(attempt: &AttemptRecord) {
    let outcome = attempt
        .kind
        .map_or("answered", interline_core::ErrorKind::code);
    let status = attempt
        .status
        .map(|status| format!(", status {status}"))
        .unwrap_or_default();
    let hedge = if attempt.is_hedge { ", hedge" } else { "" };
    anstream::eprintln!(
        "  {}  {outcome}{status}, {} ms{hedge}",
        attempt.target,
        millis(attempt.duration)
    );
}

/// Says what failed; a wrong model name is a usage error, everything else is work that failed.
fn failed(error: &Error) -> Exit {
    for attempt in error.attempts() {
        say_attempt(attempt);
    }
    let failure = Failure::from(error);
    if failure.code() == "not_found" && error.attempts().is_empty() {
        return Exit::misused(failure.message());
    }
    Exit::failed(format!("{}: {}", failure.code(), failure.message()))
}
