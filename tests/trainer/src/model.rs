//! From prompts to weights: count, weigh, fit, round to eight bits.

use std::collections::BTreeMap;

use interline_routing::classifier::Task;
use interline_routing::classifier::weights::{CLASSES, Table, Weights};

use crate::Result;
use crate::augment;
use crate::corpus::{Corpus, Labelled, Origin};
use crate::design::{self, Columns, Counted, Rows};
use crate::logistic::{Problem, Solution};
use crate::recipe::Recipe;

/// Fits a model to the prompts that `keep` lets through.
pub(crate) fn train(
    corpus: &Corpus,
    recipe: &Recipe,
    keep: impl Fn(&Labelled) -> bool,
) -> Result<Weights> {
    let kept: Vec<&Labelled> = corpus
        .prompts
        .iter()
        .filter(|prompt| keep(prompt))
        .collect();
    let lexicon = corpus.lexicon.build();
    let mut counted: Vec<Counted> = Vec::new();
    let mut classes = Vec::new();
    let mut counts = Vec::new();
    let weights = prompt_weights(&kept, recipe);
    for (prompt, weight) in kept.iter().zip(weights) {
        // A pasted document is told by its length; the linear model never sees one.
        let Some(class) = class_of(prompt.task) else {
            continue;
        };
        let mut add = |text: &str, weight: f64| {
            let prompt = design::count(text, &lexicon, recipe);
            if !prompt.is_document {
                counted.push(prompt);
                classes.push(class);
                counts.push(weight);
            }
        };
        let copies = if recipe.copy_weight > 0.0 {
            augment::copies(&prompt.text)
        } else {
            Vec::new()
        };
        let shares =
            1.0 + recipe.copy_weight * f64::from(u8::try_from(copies.len()).unwrap_or(u8::MAX));
        add(&prompt.text, weight / shares);
        for copy in &copies {
            add(copy, weight * recipe.copy_weight / shares);
        }
    }
    balance(&classes, &mut counts, recipe.balance);

    let columns = Columns::of(counted.iter(), lexicon.groups(), recipe);
    let mut rows = Rows::default();
    for prompt in &counted {
        rows.push(prompt, &columns);
    }
    let solution = Problem {
        rows: &rows,
        classes: &classes,
        counts: &counts,
        columns: columns.starts[3],
        penalty: recipe.penalty,
        smoothing: recipe.smoothing,
    }
    .solve(recipe.steps);
    round(&solution, &columns, corpus, recipe)
}

/// The class of a task; `None` for a long document.
pub(crate) fn class_of(task: Task) -> Option<usize> {
    let place = Task::ALL.iter().position(|known| *known == task);
    place.filter(|place| *place < CLASSES)
}

/// What each prompt counts, by its source.
fn prompt_weights(prompts: &[&Labelled], recipe: &Recipe) -> Vec<f64> {
    let mut cells: BTreeMap<(&str, Task), f64> = BTreeMap::new();
    for prompt in prompts {
        *cells.entry((&prompt.source, prompt.task)).or_default() += 1.0;
    }
    prompts
        .iter()
        .map(|prompt| {
            let kind = match prompt.origin {
                Origin::Own => recipe.own_weight,
                Origin::Frame => recipe.frame_weight,
                _ if prompt.is_natural() => recipe.natural_weight,
                _ => 1.0,
            };
            let many = cells.get(&(prompt.source.as_str(), prompt.task)).copied();
            kind * (recipe.source_cap / many.unwrap_or(1.0)).min(1.0)
        })
        .collect()
}

/// Lifts rare classes towards the same sum for each, and keeps the sum over all.
fn balance(classes: &[usize], counts: &mut [f64], how_far: f64) {
    let mut sums = [0.0; CLASSES];
    for (class, count) in classes.iter().zip(counts.iter()) {
        sums[*class] += count;
    }
    let all: f64 = sums.iter().sum();
    let even = all / 8.0;
    let lifts = sums.map(|sum| libm::pow(even / sum, how_far));
    for (class, count) in classes.iter().zip(counts.iter_mut()) {
        *count *= lifts[*class];
    }
}

/// Folds what columns were multiplied with into the weights, and rounds those of tables to eight bits.
#[expect(clippy::cast_possible_truncation, reason = "rounding is the point")]
fn round(
    solution: &Solution,
    columns: &Columns,
    corpus: &Corpus,
    recipe: &Recipe,
) -> Result<Weights> {
    let weight =
        |column: usize, class: usize| solution[column * CLASSES + class] * columns.factors[column];
    let classes = |column: usize| std::array::from_fn(|class| weight(column, class) as f32);
    let dense = (0..columns.dense).map(classes).collect();
    let offsets = &solution[columns.starts[3] * CLASSES..];
    let table = |number: usize| {
        let range = columns.starts[number]..columns.starts[number + 1];
        let scales: [f64; CLASSES] = std::array::from_fn(|class| {
            let heights = range.clone().map(|column| weight(column, class).abs());
            heights.fold(1e-9, f64::max) / 127.0
        });
        let cells = range
            .clone()
            .map(|column| {
                std::array::from_fn(|class| (weight(column, class) / scales[class]).round() as i8)
            })
            .collect();
        Table::new(scales.map(|scale| scale as f32), cells)
            .ok_or_else(|| format!("a table of {} bits is too large", recipe.bits[number]))
    };
    Weights::new(
        corpus.lexicon.build(),
        dense,
        std::array::from_fn(|class| offsets[class] as f32),
        [table(0)?, table(1)?, table(2)?],
        recipe.temperature,
        recipe.margin,
    )
    .map_err(|error| error.message().to_owned())
}
