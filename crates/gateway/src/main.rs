//! The `interline` binary: the command line over every vendor that is compiled in.
//!
//! A team with providers of its own builds the same binary in three lines; see [`interline_gateway`].

use std::process::ExitCode;

use interline::Registry;

fn main() -> ExitCode {
    interline_gateway::cli::run(Registry::standard())
}
