//! The workspace on disk: its root, its cargo, its files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{Metadata, MetadataCommand};

use crate::Result;

/// Variables that `cargo run` sets for this process and that must not reach the cargo started from here:
/// build scripts that watch them (ring's does) would otherwise rebuild at every change between the two.
const OF_THIS_PACKAGE: [&str; 5] = [
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_BIN_",
    "CARGO_CRATE_NAME",
    "CARGO_PRIMARY_PACKAGE",
];

/// The workspace that this task runner belongs to.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    cargo: OsString,
}

impl Workspace {
    /// Finds the workspace from the folder that cargo started this package in.
    pub(crate) fn find() -> Result<Self> {
        let package = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package
            .parent()
            .ok_or("the xtask package has no parent folder: run it as `cargo xtask`")?;
        Ok(Self {
            root: root.to_path_buf(),
            cargo: std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        })
    }

    /// The folder that holds the workspace's `Cargo.toml`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A program to be run at the workspace's root, without this package's own cargo variables.
    pub(crate) fn program(&self, name: impl Into<OsString>) -> Command {
        let mut command = Command::new(name.into());
        command.current_dir(&self.root);
        for (name, _) in std::env::vars_os() {
            let own = name
                .to_str()
                .is_some_and(|name| OF_THIS_PACKAGE.iter().any(|own| name.starts_with(own)));
            if own {
                command.env_remove(name);
            }
        }
        command
    }

    /// A cargo command at the workspace's root: the same toolchain that built this program.
    pub(crate) fn cargo<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = self.program(&self.cargo);
        command.args(arguments);
        command
    }

    /// Every package that any feature of the workspace can pull in.
    pub(crate) fn metadata(&self) -> Result<Metadata> {
        let mut command = MetadataCommand::new();
        command
            .cargo_path(&self.cargo)
            .current_dir(&self.root)
            .features(cargo_metadata::CargoOpt::AllFeatures);
        Ok(command.exec()?)
    }

    /// The folder of the binaries that a development build makes.
    pub(crate) fn binaries(&self) -> Result<PathBuf> {
        Ok(self.target()?.join("debug"))
    }

    /// Cargo's target folder.
    pub(crate) fn target(&self) -> Result<PathBuf> {
        let mut command = MetadataCommand::new();
        command
            .cargo_path(&self.cargo)
            .current_dir(&self.root)
            .no_deps();
        Ok(command.exec()?.target_directory.into_std_path_buf())
    }

    /// The files under version control or about to be: relative paths with `/`, sorted.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let output = self
            .program("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .output()
            .map_err(|error| format!("cannot start git to list the files: {error}"))?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(format!("git cannot list the files (is this a clone?): {reason}").into());
        }
        let mut files: Vec<String> = String::from_utf8_lossy(&output.stdout)
            .split('\0')
            .filter(|path| !path.is_empty() && self.root.join(path).is_file())
            .map(str::to_owned)
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }
}
