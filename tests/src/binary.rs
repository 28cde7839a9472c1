//! The workspace's programs, fresh, for tests that start a process.

use std::path::PathBuf;
use std::process::Command;

/// Set by `cargo xtask test` to the folder of the binaries that it has just built.
const BINARIES: &str = "INTERLINE_TEST_BINARIES";

/// The path of a workspace binary, for example `path("interline-gateway", "interline")`.
///
/// Under `cargo xtask test` it is built already; under a plain `cargo test` this builds it, which cargo does not do
/// for another package's tests.
///
/// # Errors
///
/// When cargo cannot be started, the build fails, or the binary does not exist afterwards: a sentence for the reader.
pub fn path(package: &str, name: &str) -> Result<PathBuf, String> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let folder = match std::env::var_os(BINARIES) {
        Some(folder) => PathBuf::from(folder),
        None => {
            build(package, name, &[])?;
            target_folder()?.join("debug")
        }
    };
    let path = folder.join(file);
    if path.is_file() {
        return Ok(path);
    }
    Err(format!(
        "{} does not exist: run `cargo build -p {package} --bin {name}`",
        path.display()
    ))
}

/// As [`path`], built as the running program itself is: optimised beside an optimised one.
///
/// # Errors
///
/// As for [`path`].
pub fn beside(package: &str, name: &str) -> Result<PathBuf, String> {
    let itself = std::env::current_exe()
        .map_err(|error| format!("cannot tell where this program lies: {error}"))?;
    let target = target_folder()?;
    let is_release = itself.starts_with(target.join("release"));
    if std::env::var_os(BINARIES).is_some() || !is_release {
        return path(package, name);
    }
    build(package, name, &["--release"])?;
    let path = target
        .join("release")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("{} does not exist", path.display()))
}

/// Cargo's target folder, found from the running test's own path.
///
/// # Errors
///
/// When no folder above the test carries cargo's tag.
pub fn target_folder() -> Result<PathBuf, String> {
    let test = std::env::current_exe()
        .map_err(|error| format!("cannot tell where this test lies: {error}"))?;
    test.ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .map(PathBuf::from)
        .ok_or_else(|| format!("{} is not inside a cargo target folder", test.display()))
}

fn build(package: &str, name: &str, flags: &[&str]) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--package", package, "--bin", name])
        .args(flags)
        .arg("--target-dir")
        .arg(target_folder()?)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .map_err(|error| format!("cannot start cargo to build {name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{name} does not build:\n{}",
        String::from_utf8_lossy(&output.stderr)
    ))
}
