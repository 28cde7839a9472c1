//! `cargo xtask vendors`: writes the page about vendors, or checks that it says what the code does.

use std::process::ExitCode;

use clap::Parser;
use interline_tests::vendors_page;

/// Writes `docs/vendors.md`.
#[derive(Debug, Parser)]
struct Arguments {
    /// Writes nothing; fails where the page is stale.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (file, text) = (vendors_page::file(), vendors_page::text());
    if arguments.check {
        if std::fs::read_to_string(&file).is_ok_and(|page| page == text) {
            return ExitCode::SUCCESS;
        }
        anstream::eprintln!("docs/vendors.md is stale: run `cargo xtask vendors` and commit it");
        return ExitCode::FAILURE;
    }
    match std::fs::write(&file, text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("docs/vendors.md cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}
