//! The command line: `serve`, `check`, `chat`, `classify`, `route`, `models`, `demo`.
//!
//! Results go to standard output, everything else to standard error.
//! Exit codes: 0 success, 1 the work failed, 2 usage or configuration error.

mod chat;
mod check;
mod classify;
mod demo;
mod environment;
mod exit;
mod logging;
mod models;
mod output;
mod route;
mod serve;
mod stats;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use interline::Registry;

use exit::Exit;
use logging::LogFormat;

/// One request type, many vendors: an LLM gateway that survives a vendor that breaks.
#[derive(Debug, Parser)]
#[command(name = "interline", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// How log lines on standard error look; RUST_LOG chooses which.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        env = "INTERLINE_LOG_FORMAT"
    )]
    log_format: LogFormat,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway
    Serve(serve::Arguments),
    /// Validate a configuration, or print its JSON Schema
    Check(check::Arguments),
    /// Send one request and print the answer
    Chat(chat::Arguments),
    /// Print what would be decided about a request, without making it
    Route(route::Arguments),
    /// Say what prompts ask for, one JSON object a line
    Classify(classify::Arguments),
    /// Print the model catalogue: prices, context windows, capabilities
    Models(models::Arguments),
    /// Print how a running gateway fares: targets, routes, budgets, and what calls cost
    Stats(stats::Arguments),
    /// Watch requests survive vendors that break, on simulated vendors
    Demo(demo::Arguments),
}

/// Runs the command line of this process over the kinds of providers in `registry`.
///
/// Starts its own runtime, so call it outside of one.
#[must_use]
pub fn run(registry: Registry) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(help_or_usage) => return exit::of_clap(&help_or_usage),
    };
    logging::start(cli.log_format, default_filter(&cli.command));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => {
            let done = runtime.block_on(perform(cli.command, registry));
            // A blocked name look-up must not hold the process back.
            runtime.shutdown_background();
            done
        }
        Err(error) => Err(Exit::failed(format!("cannot start: {error}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(exit) => exit.report(),
    }
}

async fn perform(command: Command, registry: Registry) -> Result<(), Exit> {
    match command {
        Command::Serve(arguments) => serve::perform(arguments, registry).await,
        Command::Check(arguments) => check::perform(&arguments, &registry),
        Command::Chat(arguments) => chat::perform(arguments, registry).await,
        Command::Route(arguments) => route::perform(arguments, registry).await,
        Command::Classify(arguments) => classify::perform(&arguments),
        Command::Models(arguments) => models::perform(&arguments, &registry),
        Command::Stats(arguments) => stats::perform(&arguments).await,
        Command::Demo(arguments) => demo::perform(arguments, registry).await,
    }
}

fn default_filter(command: &Command) -> &'static str {
    match command {
        Command::Serve(_) => "info",
        // The table tells of every failure already.
        Command::Demo(_) => "error",
        _ => "warn",
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
