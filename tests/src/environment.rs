//! Environments of foreign languages: made once, under cargo's target folder, and shared by all test binaries.
//!
//! Test binaries run in parallel and as separate processes, so a file lock lets one of them make an environment
//! while the others wait; a changed key makes a new one.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::binary;

/// Variables of the developer's shell that would send a client to a real vendor or away from loopback.
const NOT_INHERITED: [&str; 9] = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "NODE_OPTIONS",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "PYTHONPATH",
];

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
    /// Runs a command to its end.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub(crate) fn of(mut command: Command) -> Self {
        let output = command
            .output()
            .expect("the program was started when the environment was made");
        Self {
            succeeded: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

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

/// The folder of an environment: `name` under the target folder, one below it for each `key`.
///
/// `make` is called unless an earlier run finished it.
///
/// # Errors
///
/// What `make` says, or which folder cannot be written.
pub(crate) fn made_once(
    name: &str,
    key: &[&str],
    make: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let folder = binary::target_folder()?.join(name);
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let _lock = lock(&folder.join("lock"))?;
    let environment = folder.join(hashed(key));
    // The mark is written last, so a run that was stopped half-way is not taken for a finished one.
    let ready = environment.join("ready");
    if !ready.is_file() {
        std::fs::remove_dir_all(&environment).ok();
        make(&environment)?;
        std::fs::write(&ready, key.join("\n"))
            .map_err(|error| format!("cannot write {}: {error}", ready.display()))?;
    }
    Ok(environment)
}

/// A command of which nothing leads to a real vendor, with additional variables.
pub(crate) fn sheltered(program: &Path, env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program);
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    command
        .env("NO_PROXY", "127.0.0.1,localhost")
        .envs(env.iter().copied())
        .stdin(Stdio::null());
    command
}

/// What a command writes to standard output, or why it failed: the last line of its standard error.
pub(crate) fn output_of(command: &mut Command) -> Result<String, String> {
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

/// Holds other processes off until the returned file is dropped.
fn lock(path: &Path) -> Result<File, String> {
    let problem = |error: std::io::Error| format!("cannot lock {}: {error}", path.display());
    let file = File::create(path).map_err(problem)?;
    file.lock().map_err(problem)?;
    Ok(file)
}

/// The same folder name for the same key.
fn hashed(key: &[&str]) -> String {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_key_is_another_folder() {
        assert_ne!(hashed(&["a", "1"]), hashed(&["a", "2"]));
        assert_eq!(hashed(&["a", "1"]), hashed(&["a", "1"]));
    }

    #[test]
    fn an_environment_is_made_once_and_again_after_a_failure() {
        let name = format!("environment-test-{}", std::process::id());
        let made = |result: Result<(), String>| {
            made_once(&name, &["k"], |folder| {
                std::fs::create_dir_all(folder).expect("the target folder can be written");
                result
            })
        };
        made(Err("no network".to_owned())).expect_err("the maker failed");
        let folder = made(Ok(())).expect("made");
        let again = made(Err("not called".to_owned())).expect("made before");
        assert_eq!(folder, again);
        std::fs::remove_dir_all(folder.parent().expect("a parent")).expect("removed");
    }
}
