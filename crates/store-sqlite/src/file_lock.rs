//! Keeps a second process away from the file; the system lets go of it when the process dies.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use interline_core::{Error, Result};

/// Held as long as the store is open.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock beside `file`.
    ///
    /// # Errors
    /// `InvalidRequest` where another process has it, or it cannot be made.
    pub(crate) fn take(file: &Path) -> Result<Self> {
        let path = beside(file);
        let shown = file.display();
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| {
                Error::invalid_request(format!(
                    "the spend file {shown} cannot be locked: {}: {error}; see that its folder exists and may \
                     be written, or name another file",
                    path.display()
                ))
            })?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _file: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::invalid_request(format!(
                "the spend file {shown} is in use by another process: stop that one, or give this one a file of \
                 its own"
            ))),
            Err(TryLockError::Error(error)) => Err(Error::invalid_request(format!(
                "the spend file {shown} cannot be locked: {error}; use a local disk"
            ))),
        }
    }
}

/// The file's own name with `.lock` behind it, so that two ways to one file meet at one lock.
fn beside(file: &Path) -> PathBuf {
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let mut name = OsString::from(file);
    name.push(".lock");
    PathBuf::from(name)
}
