//! `interline check`: validates a configuration, or prints its JSON Schema.

use std::path::PathBuf;

use clap::Args;
use interline::Registry;
use interline::config::Config;
use owo_colors::OwoColorize;

use super::exit::Exit;
use super::output;
use crate::gateway::{Exposure, refuse_exposure};

/// What `check` takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Configuration file (YAML or JSON)
    #[arg(long, value_name = "FILE", required_unless_present = "schema")]
    config: Option<PathBuf>,
    /// Print the JSON Schema of configuration files, for editors
    #[arg(long)]
    schema: bool,
}

/// Validates.
pub(super) fn perform(arguments: &Arguments, registry: &Registry) -> Result<(), Exit> {
    if arguments.schema {
        output::write(&format!("{:#}\n", Config::schema(registry)))?;
    }
    let Some(path) = &arguments.config else {
        return Ok(());
    };
    let config = Config::load(path)?;
    config.check(registry)?;
    // What `serve` would refuse is a mistake here too.
    if let Some(address) = config.listen()?
        && config.inbound_keys()?.is_empty()
        && !config.allows_unauthenticated()
    {
        refuse_exposure(address, Exposure::LoopbackOnly)?;
    }
    let providers = config.provider_names().len();
    let routes = config.route_names().len();
    anstream::eprintln!(
        "{} {}: providers: {providers}, routes: {routes}",
        "ok".green().bold(),
        path.display()
    );
    Ok(())
}
