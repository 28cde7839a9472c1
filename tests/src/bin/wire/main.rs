//! `cargo xtask wire`: serves recorded vendor answers over real sockets and checks what the adapters make of them.
//!
//! Every answer is served whole, byte by byte where it is small, and cut at random offsets; the request that the
//! adapter sends is compared with the recorded one, both as it arrived and made anew from the types.

mod api;
mod cuts;
mod equivalence;
mod exchange;
mod rebuilt;
mod replay;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use interline_testkit::RecordedCase;

use crate::api::Served;
use crate::report::Report;

/// Replays recorded vendor traffic.
#[derive(Debug, Parser)]
struct Arguments {
    /// Folder with the recorded cases, one folder per vendor.
    #[arg(long, value_name = "DIR")]
    cases: PathBuf,
    /// Only this vendor's cases; may be given several times.
    #[arg(long, value_name = "P")]
    provider: Vec<String>,
    /// Seed of the random cuts; printed with every failure.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut cases = match RecordedCase::read_all(&arguments.cases) {
        Ok(cases) => cases,
        Err(error) => {
            anstream::eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    if !arguments.provider.is_empty() {
        cases.retain(|case| arguments.provider.contains(&case.provider));
    }
    if cases.is_empty() {
        anstream::eprintln!(
            "no cases in {} for these vendors",
            arguments.cases.display()
        );
        return ExitCode::from(2);
    }
    let mut report = Report::default();
    for case in &cases {
        match api::of(case) {
            Served::By(api) => {
                report.replayed(case, &replay::run(case, &api, arguments.seed).await);
                if let Some(comparison) = rebuilt::run(case, &api).await {
                    report.rebuilt(case, comparison);
                }
            }
            Served::OutOfScope(reason) => report.out_of_scope(case, reason),
            Served::NotYet => report.not_served(case),
        }
    }
    report.print(arguments.seed);
    if report.is_green() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
