//! `cargo xtask chaos proxy`: stands between an application and a real vendor and breaks a share of what passes.
//!
//! What it does is said line by line on standard error; at the end, by Ctrl-C or SIGTERM, answers under way may finish, and
//! the counts go to standard output. A second Ctrl-C ends it at once.

mod plan_file;

use std::io::Write as _;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anstream::{eprintln, println};
use clap::Parser;
use interline_simulator::{ChaosProxy, Passed, PassedEnd, ProxyCounts};
use owo_colors::OwoColorize as _;

use crate::plan_file::Plan;

/// Puts faults between an application and a real vendor.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask chaos proxy", bin_name = "cargo xtask chaos proxy", after_help = plan_file::HELP)]
struct Arguments {
    /// Where to listen; point the application's base URL here
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8089")]
    listen: String,
    /// The vendor's URL, such as https://api.openai.com; a path in it stands before the path of every request
    #[arg(long, value_name = "URL")]
    upstream: String,
    /// What to break, as YAML or JSON; without it 10 % of the calls get a 500 and 5 % no answer
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Which calls are struck, in place of the plan's own seed
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

/// How long answers under way may take once the end was asked for; chosen, not measured: as long as a gateway's drain.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("{} {wrong}", "error:".red().bold());
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let listen = address(&arguments.listen)?;
    let plan = match &arguments.plan {
        None => Plan::usual(),
        Some(file) => {
            let shown = file.display();
            let text =
                std::fs::read_to_string(file).map_err(|error| format!("{shown}: {error}"))?;
            Plan::read(&text).map_err(|error| format!("{shown}: {error}"))?
        }
    };
    let seed = arguments.seed.unwrap_or(plan.seed);
    let mut builder = ChaosProxy::builder(&arguments.upstream)
        .with_seed(seed)
        .with_observer(tell);
    for rule in &plan.rules {
        eprintln!("  {}", plan_file::in_words(rule));
        builder = builder.with_rule(rule.clone());
    }
    let proxy = builder
        .start(listen)
        .await
        .map_err(|error| error.to_string())?;
    eprintln!(
        "listening on http://{} for {} (seed {seed})",
        proxy.address(),
        arguments.upstream
    );
    wait_for_the_end().await;
    eprintln!("no new connections; answers under way have {PATIENCE:?}, Ctrl-C again ends at once");
    let so_far = proxy.counts();
    let counts = tokio::select! {
        counts = proxy.stop(PATIENCE) => counts,
        () = wait_for_the_end() => so_far,
    };
    summarise(&counts);
    Ok(())
}

fn address(listen: &str) -> Result<SocketAddr, String> {
    let unusable = || {
        format!("`{listen}` is no address to listen on; write HOST:PORT, such as 127.0.0.1:8089")
    };
    let mut found = listen.to_socket_addrs().map_err(|_| unusable())?;
    found.next().ok_or_else(unusable)
}

/// Until Ctrl-C or SIGTERM.
async fn wait_for_the_end() {
    #[cfg(unix)]
    if let Ok(mut terminate) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    // Where signals cannot be heard, the process ends in the system's own way.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn tell(passed: &Passed) {
    let end = match passed.end {
        PassedEnd::Complete => "complete".green().to_string(),
        PassedEnd::Broken => "broken".yellow().to_string(),
        PassedEnd::VendorFailed => "vendor failed".red().to_string(),
        PassedEnd::ClientLeft => "application left".yellow().to_string(),
        _ => "ended".to_owned(),
    };
    let faults = match passed.faults.as_slice() {
        [] => "-".dimmed().to_string(),
        faults => faults.join("+").yellow().to_string(),
    };
    let what = match passed.method.as_str() {
        "" => "connection".to_owned(),
        method => format!("#{} {method} {}", passed.number, passed.path),
    };
    let millis = passed.duration.as_millis();
    let line = format!(
        "{what}  {faults}  {} {} bytes {millis} ms  {end}",
        passed.status, passed.body_bytes
    );
    // A closed terminal is no reason to stop.
    let _ = writeln!(anstream::stderr(), "{line}");
}

fn summarise(counts: &ProxyCounts) {
    println!(
        "{} exchanges, {} unharmed",
        counts.exchanges, counts.unharmed
    );
    for (fault, times) in &counts.faults {
        println!("{fault}: {times}");
    }
}
