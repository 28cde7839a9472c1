//! Python for the end-to-end tests: the official SDKs run in a virtual environment that those tests make.
//!
//! Debian ships `venv` apart from Python, so this looks before the tests do, and installs it where it may:
//! as root on a machine with `apt-get`.

use super::outcome::{Outcome, Skip};
use crate::workspace::Workspace;
use crate::{Result, run, screen};

/// The Debian packages that hold `python3` and `python3 -m venv`.
const DEBIAN_PACKAGES: [&str; 2] = ["python3", "python3-venv"];

/// Looks for a Python that can make virtual environments, and tries to install one where there is none.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let Err(lack) = probe(workspace) else {
        return Ok(Outcome::passed());
    };
    if may_install(workspace) {
        screen::say(&format!(
            "{lack}; installing {}",
            DEBIAN_PACKAGES.join(", ")
        ));
        install(workspace)?;
        return Ok(probe(workspace).map_or_else(
            |lack| Outcome::failed(format!("{lack}, although its packages were installed")),
            |()| Outcome::passed(),
        ));
    }
    Ok(Outcome::skipped(Skip::new(format!(
        "{lack}: end-to-end tests with the official SDKs cannot run; install {} (Debian names), or run this as root",
        DEBIAN_PACKAGES.join(" and ")
    ))))
}

/// Makes a virtual environment and removes it: only that proves that `ensurepip` is there and complete.
fn probe(workspace: &Workspace) -> std::result::Result<(), &'static str> {
    if run::captured(workspace.program("python3").arg("--version")).is_none() {
        return Err("there is no python3");
    }
    let folder = std::env::temp_dir().join(format!("interline-venv-probe-{}", std::process::id()));
    let made = run::captured(
        workspace
            .program("python3")
            .args(["-m", "venv"])
            .arg(&folder),
    );
    std::fs::remove_dir_all(&folder).ok();
    made.map(drop).ok_or("`python3 -m venv` does not work")
}

fn may_install(workspace: &Workspace) -> bool {
    let root = run::captured(workspace.program("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    root && run::captured(workspace.program("apt-get").arg("--version")).is_some()
}

fn install(workspace: &Workspace) -> Result<()> {
    // A failed update is no reason to stop: the lists on the machine may be good enough.
    run::through(workspace.program("apt-get").args(["update", "-qq"]))?;
    let mut command = workspace.program("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "-qq", "--yes", "--no-install-recommends"])
        .args(DEBIAN_PACKAGES);
    run::through(&mut command)?;
    Ok(())
}
