//! `cargo xtask train-classifier`: fits the compiled-in classifier, and says how good it is.
//!
//! Everything is a function of the files read: one thread adds up in one order, logarithms and
//! exponentials are `libm`'s, and nothing is drawn at random, so every machine writes the same bytes.
//!
//! 1. Fit on the train files and the project's own prompts, measure on the dev file.
//! 2. With `--held-out`, leave out one source after the other: the honest guess for prompts of other authors.
//! 3. Fit again with the dev file, and write that.

mod augment;
mod corpus;
mod design;
mod difficulty;
mod figures;
mod frames;
mod held_out;
mod lbfgs;
mod logistic;
mod model;
mod recipe;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstream::{eprintln, println};
use clap::Parser;
use interline_routing::classifier::Embedded;
use owo_colors::OwoColorize as _;

use crate::corpus::Corpus;
use crate::recipe::Recipe;

type Result<T> = std::result::Result<T, String>;

/// Fit the compiled-in classifier and print how good it is
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask train-classifier",
    bin_name = "cargo xtask train-classifier"
)]
struct Arguments {
    /// Folder with tasks-train.jsonl, tasks-dev.jsonl and routing-train.jsonl
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Write nothing; fail where the shipped weights are not what the files give
    #[arg(long)]
    check: bool,
    /// Also leave out one source after the other and measure on it; takes minutes
    #[arg(long)]
    held_out: bool,
    /// Print every prompt that is judged wrongly, too
    #[arg(long)]
    mistakes: bool,
    /// Change a setting of the recipe, such as `penalty=2`, and write nothing: for experiments
    #[arg(long = "try", value_name = "SETTING=NUMBER")]
    tries: Vec<String>,
}

fn main() -> ExitCode {
    match perform(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{} {message}", "error:".red().bold());
            ExitCode::FAILURE
        }
    }
}

fn perform(arguments: &Arguments) -> Result<bool> {
    let mut recipe = Recipe::standard();
    for setting in &arguments.tries {
        recipe.change(setting)?;
    }
    let home = routing_crate();
    let corpus = Corpus::read(&arguments.data, &home.join("training"))?;
    corpus.print();

    let before_dev = model::train(&corpus, &recipe, |prompt| !prompt.is_dev())?;
    println!("\n{}", "Fitted without dev, in eight bits, on dev:".bold());
    figures::print(&before_dev, &corpus);
    let model = Embedded::new(before_dev);
    if arguments.mistakes {
        let dev = corpus.prompts.iter().filter(|prompt| prompt.is_dev());
        figures::mistakes(&model, dev);
    }
    difficulty::print(&corpus, &recipe, &model);
    if arguments.held_out {
        println!("\n{}", "Each source by a model that never saw it:".bold());
        held_out::print(&corpus, &recipe, arguments.mistakes)?;
    }
    if !arguments.tries.is_empty() {
        return Ok(true);
    }

    let bytes = model::train(&corpus, &recipe, |_| true)?.to_bytes();
    let file = home.join("data/classifier.bin");
    if arguments.check {
        let is_same = std::fs::read(&file).is_ok_and(|shipped| shipped == bytes);
        if is_same {
            println!("\n{} is what these files give, bit for bit", file.display());
        } else {
            eprintln!(
                "{} {} is stale: run `cargo xtask train-classifier --data DIR` and commit it",
                "error:".red().bold(),
                file.display()
            );
        }
        return Ok(is_same);
    }
    std::fs::write(&file, &bytes)
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    println!(
        "\nwrote {}: {:.1} KiB, fitted on train, dev and the project's own prompts",
        file.display(),
        kibibytes(bytes.len())
    );
    Ok(true)
}

fn routing_crate() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/routing")
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn kibibytes(bytes: usize) -> f64 {
    bytes as f64 / 1024.0
}
