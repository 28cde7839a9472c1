//! How a command ends when it does not succeed.

use std::io;
use std::process::ExitCode;

use interline_core::{Error, ErrorKind};
use owo_colors::OwoColorize;

/// Why a command ends with a code other than 0.
#[derive(Debug)]
pub(super) struct Exit {
    code: u8,
    message: String,
}

impl Exit {
    /// The work failed: code 1.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self {
            code: 1,
            message: message.into(),
        }
    }

    /// The usage or the configuration is wrong: code 2.
    pub(super) fn misused(message: impl Into<String>) -> Self {
        Self {
            code: 2,
            message: message.into(),
        }
    }

    /// Says why on standard error and gives the code.
    pub(super) fn report(self) -> ExitCode {
        // A configuration may have several mistakes, one a line.
        for line in self.message.lines() {
            anstream::eprintln!("{} {line}", "error:".red().bold());
        }
        ExitCode::from(self.code)
    }
}

impl From<Error> for Exit {
    /// Code 2 where the usage or the configuration is at fault, else code 1.
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::InvalidRequest | ErrorKind::NotFound => Self::misused(error.message()),
            _ => Self::failed(error.to_string()),
        }
    }
}

impl From<io::Error> for Exit {
    /// A reader that went away has seen enough: that is an end, not a failure.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self {
                code: 0,
                message: String::new(),
            };
        }
        Self::failed(error.to_string())
    }
}

/// Prints what clap has to say: help on standard output with code 0, anything else on standard error with code 2.
pub(super) fn of_clap(error: &clap::Error) -> ExitCode {
    // Nothing is left to tell where even this cannot be printed.
    let _ = error.print();
    if error.use_stderr() {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    }
}
