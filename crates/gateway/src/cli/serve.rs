//! `interline serve`: runs the gateway.

use std::path::PathBuf;

use clap::Args;
use interline::Registry;
use owo_colors::OwoColorize;

use super::environment;
use super::exit::Exit;
use crate::{Exposure, Gateway, HangUps, Signals};

/// What `serve` takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Configuration file (YAML or JSON); without it, API keys in the environment and a local server are used
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen, in place of the configuration's word
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Listen beyond loopback although no inbound key is configured
    #[arg(long)]
    allow_unauthenticated: bool,
}

/// Serves until a signal comes.
pub(super) async fn perform(arguments: Arguments, registry: Registry) -> Result<(), Exit> {
    let config = environment::config_or_found(arguments.config.as_deref(), &registry).await?;
    let mut gateway = Gateway::new(config, registry);
    if let Some(file) = arguments.config {
        gateway = gateway.with_config_file(file);
    }
    if let Some(listen) = arguments.listen {
        gateway = gateway.with_listen(listen);
    }
    if arguments.allow_unauthenticated {
        gateway = gateway.with_exposure(Exposure::Anywhere);
    }
    let mut signals = Signals::listen()?;
    let hang_ups = HangUps::listen()?;
    let gateway = gateway.bind().await?;
    announce(&gateway);
    let reloader = gateway.reloader();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = gateway.serve_until(async {
        let _ = stopped.await;
    });
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => return Ok(()),
        () = signals.next() => drop(stop),
        () = reloader.reload_at_each(hang_ups) => {}
    }
    tokio::select! {
        () = &mut serving => Ok(()),
        // Whoever asks twice does not want to wait for the requests in flight.
        () = signals.next() => Err(Exit::failed("ended before every request in flight was finished")),
    }
}

fn announce(gateway: &crate::BoundGateway) {
    let routes = gateway.client().routes();
    anstream::eprintln!(
        "{} http://{}",
        "listening on".green().bold(),
        gateway.address()
    );
    for route in &routes {
        let targets: Vec<_> = route.targets.iter().map(ToString::to_string).collect();
        anstream::eprintln!(
            "  route {}: {} over {}",
            route.name.bold(),
            route.strategy.name(),
            targets.join(", ")
        );
    }
    if routes.is_empty() {
        anstream::eprintln!(
            "  no routes: callers name a target as provider/model, or a model that one provider has"
        );
    }
}
