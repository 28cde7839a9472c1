//! Python with the official SDKs, in a virtual environment that the tests make once.
//!
//! The environment lies under cargo's target folder and is keyed by `tests/python/requirements.txt` and the
//! interpreter's version: when either changes, a new one is made. Test binaries run in parallel and as separate
//! processes, so a file lock lets one of them make it while the others wait.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{binary, skip};

/// Where the scripts lie.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python");
const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

/// Seconds after which a script is ended with a traceback of where it hangs.
/// The slowest check waits for a stall of a few seconds, so this is generous; chosen, not measured.
const SCRIPT_SECONDS: u32 = 120;

/// Variables of the developer's shell that would send an SDK to a real vendor or away from loopback.
const NOT_INHERITED: [&str; 8] = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "PYTHONPATH",
];

/// An interpreter that can import the official `openai` and `anthropic` SDKs.
#[derive(Clone, Debug)]
pub struct Python {
    interpreter: PathBuf,
}

/// What a script left behind.
#[derive(Clone, Debug)]
pub struct Output {
    /// Whether it exited with 0.
    pub succeeded: bool,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Output {
    /// Passes only if the script exited with 0; otherwise shows all that it wrote.
    ///
    /// # Panics
    ///
    /// When the script failed.
    #[track_caller]
    pub fn assert_success(&self) {
        assert!(
            self.succeeded,
            "the script failed\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
    }
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
        let folder = binary::target_folder()?.join("python-sdks");
        std::fs::create_dir_all(&folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        let _lock = lock(&folder.join("lock"))?;
        let environment = folder.join(key(&version));
        let python = Self {
            interpreter: environment.join(if cfg!(windows) {
                "Scripts/python.exe"
            } else {
                "bin/python"
            }),
        };
        // The mark is written last, so a run that was stopped half-way is not taken for a finished one.
        let ready = environment.join("ready");
        if !ready.is_file() {
            python.make(&environment)?;
            std::fs::write(&ready, REQUIREMENTS)
                .map_err(|error| format!("cannot write {}: {error}", ready.display()))?;
        }
        Ok(python)
    }

    /// A command that runs a script of `tests/python`, with these arguments and additional variables.
    ///
    /// Nothing of the developer's shell that would lead an SDK to a real vendor is passed on.
    /// For async tests: `tokio::process::Command::from(python.command(…))`.
    #[must_use]
    pub fn command(&self, script: &str, args: &[&str], env: &[(&str, &str)]) -> Command {
        let mut command = Command::new(&self.interpreter);
        command
            .current_dir(SCRIPTS)
            .arg("watchdog.py")
            .arg(SCRIPT_SECONDS.to_string())
            .arg(script)
            .args(args)
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUNBUFFERED", "1")
            .stdin(Stdio::null());
        for name in NOT_INHERITED {
            command.env_remove(name);
        }
        command.envs(env.iter().copied());
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
        let output = self
            .command(script, args, env)
            .output()
            .expect("the interpreter was started when the environment was made");
        Output {
            succeeded: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn make(&self, environment: &Path) -> Result<(), String> {
        std::fs::remove_dir_all(environment).ok();
        output_of(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(environment),
        )
        .map_err(|reason| {
            format!("`python3 -m venv` failed ({reason}); on Debian install python3-venv")
        })?;
        output_of(
            Command::new(&self.interpreter)
                .args(["-m", "pip", "install", "--quiet", "--prefer-binary"])
                .args(["--disable-pip-version-check", "--requirement"])
                .arg(Path::new(SCRIPTS).join("requirements.txt")),
        )
        .map_err(|reason| format!("pip cannot install the SDKs ({reason}); is there a network?"))?;
        Ok(())
    }
}

/// Holds other processes off until the returned file is dropped.
fn lock(path: &Path) -> Result<File, String> {
    let problem = |error: std::io::Error| format!("cannot lock {}: {error}", path.display());
    let file = File::create(path).map_err(problem)?;
    file.lock().map_err(problem)?;
    Ok(file)
}

/// The environment's folder name: the same for the same requirements and interpreter.
fn key(version: &str) -> String {
    let mut hasher = DefaultHasher::new();
    REQUIREMENTS.hash(&mut hasher);
    version.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What a command writes to standard output, or why it failed: the last line of its standard error.
fn output_of(command: &mut Command) -> Result<String, String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let last = errors.lines().rfind(|line| !line.trim().is_empty());
    Err(last.unwrap_or("it said nothing").trim().to_owned())
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

    #[test]
    fn another_interpreter_gets_another_environment() {
        assert_ne!(key("Python 3.11.7"), key("Python 3.13.1"));
    }
}
