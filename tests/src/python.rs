//! Python with the official SDKs, in a virtual environment that the tests make once.
//!
//! The environment is keyed by `tests/python/requirements.txt` and the interpreter's version: when either changes, a
//! new one is made.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::environment::{self, Output, output_of};
use crate::skip;

/// Where the scripts lie.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python");
const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

/// Seconds after which a script is ended with a traceback of where it hangs.
/// The slowest check waits for a stall of a few seconds, so this is generous; chosen, not measured.
const SCRIPT_SECONDS: u32 = 120;

/// An interpreter that can import the official `openai` and `anthropic` SDKs.
#[derive(Clone, Debug)]
pub struct Python {
    interpreter: PathBuf,
}

impl Python {
    /// The interpreter, or `None` after saying aloud that the SDKs could not be tested.
    ///
    /// # Panics
    ///
    /// When `CI` is set and the environment cannot be made.
    #[must_use]
    pub fn or_skip() -> Option<Self> {
        match Self::prepare() {
            Ok(python) => Some(python),
            Err(reason) if skip::in_ci() => panic!("the official SDKs cannot be tested: {reason}"),
            Err(reason) => {
                skip::announce(&format!(
                    "the official Python SDKs were not tested: {reason}"
                ));
                None
            }
        }
    }

    /// Makes the virtual environment unless it is there already.
    ///
    /// # Errors
    ///
    /// When `python3`, its `venv` module or the package index is missing: a sentence that says which, and the way out.
    pub fn prepare() -> Result<Self, String> {
        let version = output_of(Command::new("python3").arg("--version"))
            .map_err(|reason| format!("python3 is missing ({reason}); install it"))?;
        let environment =
            environment::made_once("python-sdks", &[&version, REQUIREMENTS], Self::make)?;
        Ok(Self {
            interpreter: interpreter_in(&environment),
        })
    }

    /// A command that runs a script of `tests/python`, with these arguments and additional variables.
    ///
    /// Nothing of the developer's shell that would lead an SDK to a real vendor is passed on.
    /// For async tests: `tokio::process::Command::from(python.command(…))`.
    #[must_use]
    pub fn command(&self, script: &str, args: &[&str], env: &[(&str, &str)]) -> Command {
        let mut command = environment::sheltered(&self.interpreter, env);
        command
            .current_dir(SCRIPTS)
            .arg("watchdog.py")
            .arg(SCRIPT_SECONDS.to_string())
            .arg(script)
            .args(args)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUNBUFFERED", "1");
        command
    }

    /// Runs a script of `tests/python` to its end and blocks meanwhile.
    ///
    /// A script that takes longer than two minutes is ended, with a traceback on its standard error.
    /// In an async test call this in `tokio::task::spawn_blocking`, or servers on the same runtime stand still.
    ///
    /// # Panics
    ///
    /// When the interpreter cannot be started.
    #[must_use]
    pub fn run(&self, script: &str, args: &[&str], env: &[(&str, &str)]) -> Output {
        Output::of(self.command(script, args, env))
    }

    fn make(environment: &Path) -> Result<(), String> {
        output_of(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(environment),
        )
        .map_err(|reason| {
            format!("`python3 -m venv` failed ({reason}); on Debian install python3-venv")
        })?;
        output_of(
            Command::new(interpreter_in(environment))
                .args(["-m", "pip", "install", "--quiet", "--prefer-binary"])
                .args(["--disable-pip-version-check", "--requirement"])
                .arg(Path::new(SCRIPTS).join("requirements.txt")),
        )
        .map_err(|reason| format!("pip cannot install the SDKs ({reason}); is there a network?"))?;
        Ok(())
    }
}

fn interpreter_in(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_official_sdks_can_be_imported() {
        let Some(python) = Python::or_skip() else {
            return;
        };
        let output = python.run("installed_sdks.py", &[], &[]);
        output.assert_success();
        for pinned in REQUIREMENTS
            .lines()
            .filter_map(|line| line.split_once("=="))
        {
            let (name, version) = pinned;
            let expected = format!("\"{name}\": \"{version}\"");
            assert!(output.stdout.contains(&expected), "{}", output.stdout);
        }
    }

    #[test]
    fn a_second_preparation_finds_the_first_ones_environment() {
        let Some(first) = Python::or_skip() else {
            return;
        };
        let second = Python::prepare().expect("the environment is there already");
        assert_eq!(first.interpreter, second.interpreter);
    }
}
