//! Leaves out one source after the other: how good a model is on prompts of authors it never saw.

use std::collections::BTreeSet;
use std::sync::Mutex;

use anstream::println;
use interline_routing::classifier::{Embedded, Task};

use crate::Result;
use crate::corpus::{Corpus, Labelled};
use crate::figures::{self, Judged, count};
use crate::model;
use crate::recipe::Recipe;

/// A source's prompts of one task count as at most this many, so that no large source decides.
const CELL: usize = 60;

/// One source that was left out.
struct Fold<'c> {
    name: String,
    model: Embedded,
    prompts: Vec<&'c Labelled>,
}

/// Prints each source's figures by a model that never saw it, and the mean over sources for each task.
pub(crate) fn print(corpus: &Corpus, recipe: &Recipe, mistakes: bool) -> Result<()> {
    let folds = folds(corpus, recipe)?;
    figures::header();
    let mut all: Vec<Judged> = Vec::new();
    let mut cells: Vec<(Task, f64, f64)> = Vec::new();
    for fold in &folds {
        let judged: Vec<Judged> = fold
            .prompts
            .iter()
            .map(|it| figures::judge(&fold.model, it))
            .collect();
        figures::line(&fold.name, &judged);
        for task in Task::ALL {
            let number = judged
                .iter()
                .filter(|it| it.truth == task)
                .count()
                .min(CELL);
            if let Some(recall) = figures::recall(&judged, task) {
                cells.push((task, recall, count(number)));
            }
        }
        all.extend(judged);
    }
    figures::line("all together", &all);
    let misled: Vec<Judged> = folds
        .iter()
        .flat_map(|fold| fold.prompts.iter().map(|prompt| (&fold.model, *prompt)))
        .filter(|(_, prompt)| prompt.misleads_keywords)
        .map(|(model, prompt)| figures::judge(model, prompt))
        .collect();
    figures::line("misleads keywords", &misled);
    let mut sum = 0.0;
    for task in Task::ALL
        .into_iter()
        .filter(|task| *task != Task::LongDocument)
    {
        let of = cells.iter().filter(|cell| cell.0 == task);
        let weight: f64 = of.clone().map(|cell| cell.2).sum();
        sum += of.map(|cell| cell.1 * cell.2).sum::<f64>() / weight.max(1.0);
    }
    println!(
        "mean recall over tasks, each source at most {CELL} a task: {:.3}",
        sum / 8.0
    );
    if mistakes {
        for fold in &folds {
            figures::mistakes(&fold.model, fold.prompts.iter().copied());
        }
    }
    figures::calibration(&all);
    let pairs = folds
        .iter()
        .flat_map(|fold| fold.prompts.iter().map(|prompt| (&fold.model, *prompt)));
    println!(
        "the temperature that fits best: {:.1} times the recipe's",
        figures::best_temperature(&pairs)
    );
    Ok(())
}

/// A model for each source, natural ones together; two at a time, each on one thread.
fn folds<'c>(corpus: &'c Corpus, recipe: &Recipe) -> Result<Vec<Fold<'c>>> {
    let name = |prompt: &Labelled| {
        if prompt.is_natural() {
            "natural".to_owned()
        } else {
            prompt.source.clone()
        }
    };
    let names: BTreeSet<String> = corpus
        .prompts
        .iter()
        .map(name)
        .filter(|name| name != "qmsum" && !name.starts_with("own/"))
        .collect();
    let waiting = Mutex::new(names.into_iter().rev().collect::<Vec<_>>());
    let next = || waiting.lock().ok()?.pop();
    let work = || -> Result<Vec<Fold<'c>>> {
        let mut done = Vec::new();
        while let Some(source) = next() {
            let weights = model::train(corpus, recipe, |prompt| name(prompt) != source)?;
            done.push(Fold {
                model: Embedded::new(weights),
                prompts: corpus
                    .prompts
                    .iter()
                    .filter(|it| name(it) == source)
                    .collect(),
                name: source,
            });
        }
        Ok(done)
    };
    let mut folds = std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut mine = work()?;
        let theirs = other.join().map_err(|_| "a fold panicked".to_owned())??;
        mine.extend(theirs);
        Ok::<_, String>(mine)
    })?;
    folds.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(folds)
}
