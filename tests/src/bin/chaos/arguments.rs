//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::mechanism::Mechanism;
use crate::world::Preset;

/// Breaks virtual vendors and checks what the engine makes of it.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask chaos", bin_name = "cargo xtask chaos")]
pub(crate) struct Arguments {
    /// What to run; the sim tier and the sockets smoke set unless said otherwise
    #[arg(long, value_enum)]
    pub(crate) tier: Option<Tier>,
    /// The first seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many seeds each scenario is played with, the soup with 300 times as many; 3 and 1000 unless said
    /// otherwise
    #[arg(long, value_name = "N")]
    pub(crate) seeds: Option<u64>,
    /// Only this scenario; may be given several times; `large-day` is the long day
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario: Vec<String>,
    /// Switches one mechanism off; passes if exactly the scenarios fail that it guards
    #[arg(long, value_name = "MECHANISM")]
    pub(crate) without: Option<Mechanism>,
    /// The few minutes of `cargo xtask test`: one seed of each scenario, one control of each mechanism, and
    /// only what is known to be red may fail
    #[arg(long, conflicts_with_all = ["tier", "seed", "seeds", "scenario", "without", "breaker", "faults"])]
    pub(crate) smoke: bool,
    /// Which breaker the engine asks
    #[arg(long, value_enum, default_value_t)]
    pub(crate) breaker: Preset,
    /// Keeps only these faults of one scenario's schedule, by their place from 0, or `none`
    #[arg(long, value_name = "LIST", requires = "scenario")]
    pub(crate) faults: Option<String>,
    /// Writes the report as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Writes the report as Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Writes the report as a web page
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Lists the scenarios, what each guard guards, and what runs elsewhere
    #[arg(long)]
    pub(crate) list: bool,
}

/// Where scenarios are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tier {
    /// The engine over virtual vendors on a virtual clock
    Sim,
    /// Real sockets against a fault server
    Sockets,
    /// The built gateway as a process
    Process,
    /// Everything
    All,
}

impl Arguments {
    /// The places of the faults to keep, where that is said.
    ///
    /// # Errors
    /// What is wrong with the list.
    pub(crate) fn kept_faults(&self) -> Result<Option<Vec<usize>>, String> {
        let Some(list) = &self.faults else {
            return Ok(None);
        };
        if list == "none" {
            return Ok(Some(Vec::new()));
        }
        let parse = |place: &str| {
            let place = place.trim();
            place
                .parse()
                .map_err(|_| format!("`{place}` in --faults is no place: say for example 0,2"))
        };
        list.split(',')
            .map(parse)
            .collect::<Result<_, _>>()
            .map(Some)
    }
}
