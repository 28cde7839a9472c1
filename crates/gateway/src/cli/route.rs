//! `interline route --explain`: what would be decided about a request, without making it.

use std::path::PathBuf;

use clap::Args;
use interline::ledger::BudgetTier;
use interline::{CallOptions, Client, Explanation, Registry, RouterTrace};
use interline_core::{ChatRequest, ErrorKind, Message};
use serde_json::{Value, json};

use super::environment;
use super::exit::Exit;
use super::output;
use crate::router_trace;

/// What `route` takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Configuration file (YAML or JSON); without it, API keys in the environment and a local server are used
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the decision; the only thing that this command does, written for clarity
    #[arg(long)]
    explain: bool,
    /// What the request would put into "model"; default: auto where a router is configured, else the only route
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// A tag of the call, such as plan=premium or task=coding; may be given several times
    #[arg(long = "tag", value_name = "NAME=VALUE")]
    tags: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// What to ask
    #[arg(required = true)]
    prompt: Vec<String>,
}

/// Prints the decision.
pub(super) async fn perform(arguments: Arguments, registry: Registry) -> Result<(), Exit> {
    let config = environment::config_or_found(arguments.config.as_deref(), &registry).await?;
    // Nothing is spent, and a gateway that runs has the file.
    let builder = config.client_builder(&registry)?;
    let client = builder.spend_in_memory().build()?;
    let model = match arguments.model {
        Some(model) => model,
        None => default_model(&client)?,
    };
    let request = ChatRequest::new(model, [Message::user(arguments.prompt.join(" "))]);
    let mut options = CallOptions::new();
    for tag in &arguments.tags {
        let (name, value) = tag.split_once('=').unwrap_or((tag, ""));
        options = options.with_tag(name, value);
    }
    let decision = client
        .explain(&request, options)
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::InvalidRequest => Exit::misused(error.message()),
            _ => Exit::failed(format!("{}: {}", error.kind(), error.message())),
        })?;
    if arguments.json {
        let text = serde_json::to_string_pretty(&as_json(&decision))
            .map_err(|error| Exit::failed(error.to_string()))?;
        return Ok(output::write(&format!("{text}\n"))?);
    }
    Ok(output::write(&as_text(&decision))?)
}

fn default_model(client: &Client) -> Result<String, Exit> {
    let names: Vec<String> = client
        .routes()
        .into_iter()
        .map(|route| route.name)
        .collect();
    match names.as_slice() {
        [only] => Ok(only.clone()),
        several if several.iter().any(|name| name == "auto") => Ok("auto".to_owned()),
        _ => Err(Exit::misused(
            "say which with --model: a route, provider/model, or a model's name",
        )),
    }
}

fn as_json(decision: &Explanation) -> Value {
    let order: Vec<_> = decision
        .order
        .iter()
        .map(|(target, _)| target.to_string())
        .collect();
    let excluded: Vec<_> = decision
        .excluded
        .iter()
        .map(|one| {
            let lacks: Vec<_> = one.lacks.iter().map(ToString::to_string).collect();
            json!({"target": one.target.to_string(), "lacks": lacks})
        })
        .collect();
    let ignored: Vec<_> = decision
        .ignored
        .iter()
        .map(|one| {
            let hints: Vec<_> = one.hints.iter().map(ToString::to_string).collect();
            json!({"target": one.target.to_string(), "hints": hints})
        })
        .collect();
    json!({
        "route": &*decision.name,
        "strategy": decision.strategy.name(),
        "order": order,
        "excluded": excluded,
        "ignored_hints": ignored,
        "budget": decision.budget.map(BudgetTier::name),
        "router": decision.router.as_deref().map(router_trace::router),
    })
}

fn as_text(decision: &Explanation) -> String {
    let mut lines = vec![format!(
        "route     {} ({})",
        decision.name,
        decision.strategy.name()
    )];
    if let Some(tier) = decision.budget {
        lines.push(format!("budget    {tier}"));
    }
    if let Some(trace) = &decision.router {
        say_router(trace, &mut lines);
    }
    for (turn, (target, placement)) in decision.order.iter().enumerate() {
        let mut line = format!("{:>3}. {target}  {}", turn + 1, placement.standing.code());
        let ranked = decision.router.iter().flat_map(|trace| &trace.candidates);
        if let Some(one) = ranked.into_iter().find(|one| one.target == *target) {
            let cost = one
                .estimate
                .map_or_else(|| "unknown cost".to_owned(), |usd| format!("about ${usd}"));
            let latency = one.first_token.map_or_else(
                || "not measured".to_owned(),
                |time| format!("{} ms", time.as_millis()),
            );
            let reserve = if one.is_reserve { ", reserve" } else { "" };
            line.push_str(&format!(
                "  {}, {cost}, {latency}, quality place {}{reserve}",
                one.tier.as_str(),
                one.quality_place + 1
            ));
        }
        lines.push(line);
    }
    for one in &decision.excluded {
        let lacks: Vec<_> = one.lacks.iter().map(ToString::to_string).collect();
        lines.push(format!("  -  {}  lacks {}", one.target, lacks.join(", ")));
    }
    for one in &decision.ignored {
        let hints: Vec<_> = one.hints.iter().map(ToString::to_string).collect();
        lines.push(format!(
            "     {}  asked without {}",
            one.target,
            hints.join(", ")
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn say_router(trace: &RouterTrace, lines: &mut Vec<String>) {
    let task = trace.task.map_or("default", |task| task.name());
    let guess = trace.guess.map_or_else(String::new, |(guess, confidence)| {
        format!(", the classifier's guess {guess} at {confidence:.2}")
    });
    lines.push(format!(
        "task      {task} ({}{guess})",
        trace.task_from.name()
    ));
    if let Some(complexity) = trace.complexity {
        lines.push(format!("hardness  {complexity}"));
    }
    lines.push(format!(
        "best at   {} ({})",
        trace.optimize_for,
        trace.optimize_for_from.name()
    ));
    if !trace.rules.is_empty() {
        lines.push(format!("rules     {}", trace.rules.join("; ")));
    }
}
