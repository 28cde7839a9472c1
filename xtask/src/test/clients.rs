//! Languages for the end-to-end tests: real clients run in Python and Node, in environments that those tests make.
//!
//! This looks before the tests do, and installs what is missing where it may: as root on a machine with `apt-get`.

use super::outcome::{Outcome, Skip};
use crate::workspace::Workspace;
use crate::{Result, run, screen};

/// A language that clients are written in.
#[derive(Debug)]
struct Language {
    /// The Debian packages that hold it and its package manager.
    packages: &'static [&'static str],
    /// What is wrong with it on this machine, if anything.
    probe: fn(&Workspace) -> std::result::Result<(), &'static str>,
}

const LANGUAGES: [Language; 2] = [
    Language {
        packages: &["python3", "python3-venv"],
        probe: python,
    },
    Language {
        packages: &["nodejs", "npm"],
        probe: node,
    },
];

/// Looks for every language, and tries to install what is missing.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let mut outcome = Outcome::passed();
    for language in &LANGUAGES {
        let Err(lack) = (language.probe)(workspace) else {
            continue;
        };
        let names = language.packages.join(" and ");
        if !may_install(workspace) {
            let skip = Skip::new(format!(
                "{lack}: end-to-end tests with real clients cannot run; install {names} (Debian names), \
                 or run this as root"
            ));
            outcome.skips.push(skip);
            continue;
        }
        screen::say(&format!("{lack}; installing {names}"));
        install(workspace, language.packages)?;
        if let Err(lack) = (language.probe)(workspace) {
            let problem = format!("{lack}, although {names} were installed");
            outcome.problems.push(problem);
        }
    }
    Ok(outcome)
}

/// Makes a virtual environment and removes it: only that proves that `ensurepip` is there and complete.
fn python(workspace: &Workspace) -> std::result::Result<(), &'static str> {
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

fn node(workspace: &Workspace) -> std::result::Result<(), &'static str> {
    for (program, lack) in [("node", "there is no node"), ("npm", "there is no npm")] {
        run::captured(workspace.program(program).arg("--version")).ok_or(lack)?;
    }
    Ok(())
}

fn may_install(workspace: &Workspace) -> bool {
    let root = run::captured(workspace.program("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    root && run::captured(workspace.program("apt-get").arg("--version")).is_some()
}

fn install(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    // A failed update is no reason to stop: the lists on the machine may be good enough.
    run::through(workspace.program("apt-get").args(["update", "-qq"]))?;
    let mut command = workspace.program("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "-qq", "--yes", "--no-install-recommends"])
        .args(packages);
    run::through(&mut command)?;
    Ok(())
}
