//! Node with the JavaScript clients, in a folder of modules that the tests install once.
//!
//! The folder is keyed by `tests/node/package-lock.json` and Node's version: when either changes, a new one is made.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::environment::{self, Output, output_of};
use crate::skip;

/// Where the scripts lie.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node");
const LOCK_FILE: &str = include_str!("../node/package-lock.json");
/// What npm needs to install.
const MANIFESTS: [&str; 2] = ["package.json", "package-lock.json"];

/// A Node that can import the clients.
#[derive(Clone, Debug)]
pub struct Node {
    /// Holds `node_modules` and copies of the scripts, because Node looks for modules beside a script.
    folder: PathBuf,
}

impl Node {
    /// The interpreter, or `None` after saying aloud that the clients could not be tested.
    ///
    /// # Panics
    ///
    /// When `CI` is set and the modules cannot be installed.
    #[must_use]
    pub fn or_skip() -> Option<Self> {
        match Self::prepare() {
            Ok(node) => Some(node),
            Err(reason) if skip::in_ci() => {
                panic!("the JavaScript clients cannot be tested: {reason}")
            }
            Err(reason) => {
                skip::announce(&format!("the JavaScript clients were not tested: {reason}"));
                None
            }
        }
    }

    /// Installs the modules unless they are there already.
    ///
    /// # Errors
    ///
    /// When `node`, `npm` or the package index is missing: a sentence that says which, and the way out.
    pub fn prepare() -> Result<Self, String> {
        let version = output_of(Command::new("node").arg("--version"))
            .map_err(|reason| format!("node is missing ({reason}); install it"))?;
        let folder = environment::made_once("node-clients", &[&version, LOCK_FILE], install)?;
        Ok(Self { folder })
    }

    /// Runs a script of `tests/node` to its end and blocks meanwhile.
    ///
    /// In an async test call this in `tokio::task::spawn_blocking`, or servers on the same runtime stand still.
    ///
    /// # Panics
    ///
    /// When the interpreter cannot be started, or the scripts cannot be copied beside the modules.
    #[must_use]
    pub fn run(&self, script: &str, env: &[(&str, &str)]) -> Output {
        for name in ["checks.mjs", script] {
            copy(name, &self.folder).expect("the scripts can be copied into the target folder");
        }
        let mut command = environment::sheltered(Path::new("node"), env);
        command.current_dir(&self.folder).arg(script);
        Output::of(command)
    }
}

fn install(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    for name in MANIFESTS {
        copy(name, folder)?;
    }
    output_of(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .current_dir(folder),
    )
    .map_err(|reason| format!("npm cannot install the clients ({reason}); is there a network?"))?;
    Ok(())
}

/// Copies a file of `tests/node` whole or not at all, since other test processes may be reading it.
fn copy(name: &str, folder: &Path) -> Result<(), String> {
    let problem = |error: std::io::Error| format!("cannot copy {name}: {error}");
    let half = folder.join(format!("{name}.{}", std::process::id()));
    std::fs::copy(Path::new(SCRIPTS).join(name), &half).map_err(problem)?;
    std::fs::rename(&half, folder.join(name)).map_err(problem)
}
