//! The stages that are one cargo command each: format, clippy, rustdoc.

use std::io::IsTerminal;

use super::outcome::{Outcome, Skip};
use crate::workspace::Workspace;
use crate::{Result, run};

/// `cargo fmt --check` over the workspace.
pub(crate) fn fmt(workspace: &Workspace) -> Result<Outcome> {
    if let Some(skip) = missing_component(workspace, "fmt", "rustfmt") {
        return Ok(Outcome::skipped(skip));
    }
    let formatted = run::through(&mut workspace.cargo(["fmt", "--all", "--check"]))?;
    Ok(Outcome::of(formatted, "run `cargo fmt --all`"))
}

/// Clippy over every target, warnings denied.
pub(crate) fn clippy(workspace: &Workspace) -> Result<Outcome> {
    if let Some(skip) = missing_component(workspace, "clippy", "clippy") {
        return Ok(Outcome::skipped(skip));
    }
    let clean = run::through(&mut workspace.cargo([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    Ok(Outcome::of(clean, "clippy found something: see above"))
}

/// Rustdoc over the workspace, warnings denied.
pub(crate) fn doc(workspace: &Workspace) -> Result<Outcome> {
    let mut command = workspace.cargo(["doc", "--workspace", "--no-deps"]);
    let flags = std::env::var("RUSTDOCFLAGS").unwrap_or_default();
    command.env("RUSTDOCFLAGS", format!("{flags} -D warnings"));
    let clean = run::through(&mut command)?;
    Ok(Outcome::of(clean, "rustdoc found something: see above"))
}

/// The colour setting for a cargo whose output is watched: piped, it could not see the terminal itself.
pub(crate) fn colour_of_watched_cargo() -> &'static str {
    if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        "always"
    } else {
        "never"
    }
}

fn missing_component(workspace: &Workspace, subcommand: &str, component: &str) -> Option<Skip> {
    let version = run::captured(&mut workspace.cargo([subcommand, "--version"]));
    version.is_none().then(|| {
        Skip::new(format!(
            "`cargo {subcommand}` is not installed: run `rustup component add {component}`"
        ))
    })
}
