//! What can be learned of how hard a prompt is: regressions of the share of models that failed.
//!
//! Measured with whole benchmark families left out, beside the rule of task and length that is in use.
//! Nothing here is shipped: what was learned on some families ranks the others no better than chance.

use std::collections::{BTreeMap, BTreeSet};

use anstream::println;
use interline_routing::classifier::{Complexity, Embedded, Prompt};
use owo_colors::OwoColorize as _;

use crate::corpus::{Corpus, Measured};
use crate::design;
use crate::recipe::Recipe;

fn numbers(prompt: &Measured, corpus: &Corpus, recipe: &Recipe) -> Vec<f64> {
    let lexicon = corpus.lexicon.build();
    let dense = design::count(&prompt.text, &lexicon, recipe).dense;
    dense.into_iter().map(f64::from).collect()
}

/// Weights and offset of least squares with a penalty, through the normal equations.
fn ridge(rows: &[Vec<f64>], targets: &[f64], penalty: f64) -> (Vec<f64>, f64) {
    let width = rows.first().map_or(0, Vec::len);
    let number = f64::from(u32::try_from(rows.len()).unwrap_or(u32::MAX));
    let means: Vec<f64> = (0..width)
        .map(|column| rows.iter().map(|row| row[column]).sum::<f64>() / number)
        .collect();
    let mean = targets.iter().sum::<f64>() / number;
    let mut matrix = vec![vec![0.0; width]; width];
    let mut right = vec![0.0; width];
    for (row, target) in rows.iter().zip(targets) {
        let centred: Vec<f64> = row
            .iter()
            .zip(&means)
            .map(|(value, mean)| value - mean)
            .collect();
        for (i, value) in centred.iter().enumerate() {
            if *value == 0.0 {
                continue;
            }
            right[i] += value * (target - mean);
            for (cell, other) in matrix[i].iter_mut().zip(&centred) {
                *cell += value * other;
            }
        }
    }
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += penalty;
    }
    let weights = solve(matrix, right);
    let shift: f64 = weights
        .iter()
        .zip(&means)
        .map(|(weight, mean)| weight * mean)
        .sum();
    (weights, mean - shift)
}

/// Solves a symmetric positive definite system by Cholesky's factors.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for i in 0..size {
        for j in 0..=i {
            let product: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
            let rest = matrix[i][j] - product;
            matrix[i][j] = if i == j {
                rest.max(1e-12).sqrt()
            } else {
                rest / matrix[j][j]
            };
        }
    }
    for i in 0..size {
        let known: f64 = (0..i).map(|k| matrix[i][k] * right[k]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    for i in (0..size).rev() {
        let known: f64 = (i + 1..size).map(|k| matrix[k][i] * right[k]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    right
}

/// What is taken off rows and targets before a fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Centre {
    /// The mean over all.
    Overall,
    /// The mean of each family, so that only differences inside of families are learned.
    Family,
}

/// Takes each family's means off its rows and targets.
fn centre(rows: &mut [Vec<f64>], targets: &mut [f64], families: &[&str]) {
    let mut sums: BTreeMap<&str, (Vec<f64>, f64, f64)> = BTreeMap::new();
    for ((row, target), family) in rows.iter().zip(targets.iter()).zip(families) {
        let sum = sums
            .entry(family)
            .or_insert_with(|| (vec![0.0; row.len()], 0.0, 0.0));
        sum.0
            .iter_mut()
            .zip(row)
            .for_each(|(sum, value)| *sum += value);
        sum.1 += target;
        sum.2 += 1.0;
    }
    for ((row, target), family) in rows.iter_mut().zip(targets.iter_mut()).zip(families) {
        if let Some((means, mean, number)) = sums.get(family) {
            row.iter_mut()
                .zip(means)
                .for_each(|(value, sum)| *value -= sum / number);
            *target -= mean / number;
        }
    }
}

/// Prints how well difficulty is told for families of prompts that were left out.
pub(crate) fn print(corpus: &Corpus, recipe: &Recipe, model: &Embedded) {
    let subjects: BTreeSet<&str> = corpus
        .measured
        .iter()
        .map(|it| it.subject.as_str())
        .collect();
    let rows: Vec<Vec<f64>> = corpus
        .measured
        .iter()
        .map(|prompt| numbers(prompt, corpus, recipe))
        .collect();
    let lengths: Vec<Vec<f64>> = rows.iter().map(|row| vec![row[0]]).collect();
    let truths: Vec<f64> = corpus.measured.iter().map(|it| it.failing).collect();
    println!(
        "\n{} {} families left out in turn",
        "Difficulty (share of nine models that fail):".bold(),
        subjects.len()
    );
    println!(
        "{:<28} {:>9} {:>9} {:>9} {:>12}",
        "model", "Spearman", "within", "mean off", "right level"
    );
    let ruled: Vec<f64> = corpus
        .measured
        .iter()
        .map(|it| by_rule(model, &it.text))
        .collect();
    let mut levels = BTreeMap::new();
    for truth in &truths {
        *levels.entry(level(*truth)).or_insert(0) += 1;
    }
    for (name, rows, centred) in [
        ("dense numbers", &rows, Centre::Overall),
        ("dense numbers, in families", &rows, Centre::Family),
        ("length alone", &lengths, Centre::Overall),
        ("length alone, in families", &lengths, Centre::Family),
    ] {
        let mut guesses = vec![0.0; truths.len()];
        let mut within = 0.0;
        for subject in &subjects {
            let (out, kept): (Vec<usize>, Vec<usize>) =
                (0..truths.len()).partition(|i| corpus.measured[*i].subject == *subject);
            let pick = |places: &[usize]| -> (Vec<Vec<f64>>, Vec<f64>) {
                places
                    .iter()
                    .map(|i| (rows[*i].clone(), truths[*i]))
                    .unzip()
            };
            let (mut kept_rows, mut kept_truths) = pick(&kept);
            let families: Vec<&str> = kept
                .iter()
                .map(|i| corpus.measured[*i].subject.as_str())
                .collect();
            if centred == Centre::Family {
                centre(&mut kept_rows, &mut kept_truths, &families);
            }
            let (weights, offset) = ridge(&kept_rows, &kept_truths, recipe.difficulty_penalty);
            for i in &out {
                let sum: f64 = weights
                    .iter()
                    .zip(&rows[*i])
                    .map(|(weight, value)| weight * value)
                    .sum();
                guesses[*i] = offset + sum;
            }
            let mine: Vec<f64> = out.iter().map(|i| guesses[*i]).collect();
            within += spearman(&mine, &pick(&out).1) * count(out.len()) / count(truths.len());
        }
        let off: f64 = guesses
            .iter()
            .zip(&truths)
            .map(|(guess, truth)| (guess - truth).abs())
            .sum();
        let right = guesses
            .iter()
            .zip(&truths)
            .filter(|(guess, truth)| level(**guess) == level(**truth));
        println!(
            "{name:<28} {:>9.3} {within:>9.3} {:>9.3} {:>12.3}",
            spearman(&guesses, &truths),
            off / count(truths.len()),
            count(right.count()) / count(truths.len()),
        );
    }
    let mut within = 0.0;
    for subject in &subjects {
        let of: Vec<usize> = (0..truths.len())
            .filter(|i| corpus.measured[*i].subject == *subject)
            .collect();
        let pick = |from: &[f64]| of.iter().map(|i| from[*i]).collect::<Vec<f64>>();
        within += spearman(&pick(&ruled), &pick(&truths)) * count(of.len()) / count(truths.len());
    }
    let right = ruled
        .iter()
        .zip(&truths)
        .filter(|(guess, truth)| level(**guess) == level(**truth));
    println!(
        "{:<28} {:>9.3} {within:>9.3} {:>9} {:>12.3}",
        "rule of task and length",
        spearman(&ruled, &truths),
        "-",
        count(right.count()) / count(truths.len()),
    );
    println!("levels measured: {levels:?}");
}

/// The middle of the level that the shipped rule gives.
fn by_rule(model: &Embedded, text: &str) -> f64 {
    match model.classification(&Prompt::of_text(text)).complexity {
        Complexity::Simple => 1.0 / 6.0,
        Complexity::Medium => 0.5,
        _ => 5.0 / 6.0,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a share needs no double precision"
)]
fn level(share: f64) -> Complexity {
    Complexity::of_failing_share(share as f32)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of prompts are far below 2^52"
)]
fn count(number: usize) -> f64 {
    number as f64
}

/// Spearman's rank correlation; ties share their ranks.
fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (count(a.len()) - 1.0) / 2.0;
    let product = |x: &[f64], y: &[f64]| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum()
    };
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt().max(1e-12)
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let same = order[start..]
            .iter()
            .take_while(|i| values[**i] == values[order[start]])
            .count();
        let shared = count(start) + (count(same) - 1.0) / 2.0;
        for i in &order[start..start + same] {
            ranks[*i] = shared;
        }
        start += same;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_is_found() {
        let rows: Vec<Vec<f64>> = (0..20)
            .map(|i| vec![f64::from(i), f64::from(i % 3)])
            .collect();
        let targets: Vec<f64> = rows.iter().map(|row| 2.0 * row[0] - row[1] + 0.5).collect();
        let (weights, offset) = ridge(&rows, &targets, 1e-9);
        assert!((weights[0] - 2.0).abs() < 1e-6 && (weights[1] + 1.0).abs() < 1e-6);
        assert!((offset - 0.5).abs() < 1e-6);
    }

    #[test]
    fn ranks_that_agree_correlate_fully() {
        assert!((spearman(&[1.0, 2.0, 3.0], &[10.0, 20.0, 90.0]) - 1.0).abs() < 1e-9);
        assert!((spearman(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]) + 1.0).abs() < 1e-9);
        assert_eq!(ranks(&[5.0, 1.0, 5.0]), [1.5, 0.0, 1.5]);
    }
}
