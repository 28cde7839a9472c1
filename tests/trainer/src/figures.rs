//! How good a model is: accuracy, macro-F1, recalls, confusion, calibration.

use anstream::println;
use interline_routing::classifier::weights::Weights;
use interline_routing::classifier::{Embedded, Prompt, Task};

use crate::corpus::{Corpus, Labelled};

/// One prompt, judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged {
    pub(crate) truth: Task,
    pub(crate) guess: Task,
    pub(crate) confidence: f64,
    pub(crate) is_abstained: bool,
}

/// Judges one prompt.
pub(crate) fn judge(model: &Embedded, prompt: &Labelled) -> Judged {
    let said = model.classification(&Prompt::of_text(&prompt.text));
    Judged {
        truth: prompt.task,
        guess: said.task,
        confidence: f64::from(said.confidence),
        is_abstained: said.is_abstained,
    }
}

/// Prints the figures of a model on the dev file and on parts of it.
pub(crate) fn print(weights: &Weights, corpus: &Corpus) {
    let model = Embedded::new(weights.clone());
    let part = |name: &str, keep: fn(&Labelled) -> bool| {
        let dev = corpus.prompts.iter().filter(|prompt| prompt.is_dev());
        let judged: Vec<Judged> = dev
            .filter(|prompt| keep(prompt))
            .map(|it| judge(&model, it))
            .collect();
        line(name, &judged);
        judged
    };
    header();
    let all = part("dev", |_| true);
    part("natural", Labelled::is_natural);
    part("misleads keywords", |prompt| prompt.misleads_keywords);
    confusion(&all);
    calibration(&all);
}

/// The head of a table of [`line`]s.
pub(crate) fn header() {
    let recalls: String = Task::ALL
        .iter()
        .map(|task| format!(" {:>6}", short(*task)))
        .collect();
    println!(
        "{:<20} {:>6} {:>6} {:>6} {:>6} {:>6} {recalls}",
        "prompts", "number", "right", "F1", "acted", "right"
    );
}

/// One line: how many, accuracy, macro-F1, the share acted on and its accuracy, the recall of each task.
pub(crate) fn line(name: &str, judged: &[Judged]) {
    let acted: Vec<Judged> = judged
        .iter()
        .copied()
        .filter(|it| !it.is_abstained)
        .collect();
    let recalls: String = Task::ALL
        .iter()
        .map(|task| match recall(judged, *task) {
            Some(recall) => format!(" {recall:>6.2}"),
            None => format!(" {:>6}", "-"),
        })
        .collect();
    println!(
        "{name:<20} {:>6} {:>6.3} {:>6.3} {:>6.2} {:>6.3} {recalls}",
        judged.len(),
        accuracy(judged),
        macro_f1(judged),
        count(acted.len()) / count(judged.len().max(1)),
        accuracy(&acted),
    );
}

pub(crate) fn accuracy(judged: &[Judged]) -> f64 {
    let right = judged.iter().filter(|it| it.guess == it.truth).count();
    count(right) / count(judged.len().max(1))
}

/// The recall of a task; `None` where no prompt is of it.
pub(crate) fn recall(judged: &[Judged], task: Task) -> Option<f64> {
    let of: Vec<Judged> = judged
        .iter()
        .copied()
        .filter(|it| it.truth == task)
        .collect();
    (!of.is_empty()).then(|| accuracy(&of))
}

/// The mean F1 of the tasks that occur as truth or guess.
fn macro_f1(judged: &[Judged]) -> f64 {
    let scores: Vec<f64> = Task::ALL
        .iter()
        .filter_map(|task| {
            let right = judged
                .iter()
                .filter(|it| it.truth == *task && it.guess == *task)
                .count();
            let true_ones = judged.iter().filter(|it| it.truth == *task).count();
            let guessed = judged.iter().filter(|it| it.guess == *task).count();
            let all = true_ones + guessed;
            (all > 0).then(|| 2.0 * count(right) / count(all))
        })
        .collect();
    scores.iter().sum::<f64>() / count(scores.len().max(1))
}

/// Prints the prompts that a model judges wrongly, shortened to a line.
pub(crate) fn mistakes<'a>(model: &Embedded, prompts: impl Iterator<Item = &'a Labelled>) {
    for prompt in prompts {
        let said = judge(model, prompt);
        if said.guess != said.truth {
            let start: String = prompt.text.chars().take(200).collect();
            println!(
                "{} as {} at {:.2}, {}: {start:?}",
                said.truth, said.guess, said.confidence, prompt.source
            );
        }
    }
}

fn confusion(judged: &[Judged]) {
    let heads: String = Task::ALL
        .iter()
        .map(|task| format!(" {:>6}", short(*task)))
        .collect();
    println!("\n{:<20}{heads}", "truth \\ guess");
    for truth in Task::ALL {
        let cells: String = Task::ALL
            .iter()
            .map(|guess| {
                let hits = judged
                    .iter()
                    .filter(|it| it.truth == truth && it.guess == *guess);
                match hits.count() {
                    0 => format!(" {:>6}", "·"),
                    hits => format!(" {hits:>6}"),
                }
            })
            .collect();
        println!("{:<20}{cells}", truth.name());
    }
}

/// Prints how often prompts of about the same confidence are right, and the mean gap.
pub(crate) fn calibration(judged: &[Judged]) {
    println!(
        "\n{:<20} {:>6} {:>10} {:>6}",
        "confidence", "number", "mean", "right"
    );
    let mut gap = 0.0;
    for bin in 0..10_u8 {
        let (low, high) = (f64::from(bin) / 10.0, f64::from(bin + 1) / 10.0);
        let is_in = |it: &&Judged| it.confidence >= low && (it.confidence < high || bin == 9);
        let of: Vec<Judged> = judged.iter().filter(is_in).copied().collect();
        if of.is_empty() {
            continue;
        }
        let mean = of.iter().map(|it| it.confidence).sum::<f64>() / count(of.len());
        gap += (mean - accuracy(&of)).abs() * count(of.len());
        println!(
            "{low:.1}–{high:.1} {:>19} {mean:>10.3} {:>6.3}",
            of.len(),
            accuracy(&of)
        );
    }
    println!(
        "expected calibration error {:.3}",
        gap / count(judged.len().max(1))
    );
}

/// The temperature that makes probabilities most honest on these prompts, by their likelihood.
pub(crate) fn best_temperature<'a>(
    judged: &(impl Iterator<Item = (&'a Embedded, &'a Labelled)> + Clone),
) -> f64 {
    let mut best = (f64::MAX, 1.0);
    for step in 4..40_u8 {
        let temperature = f64::from(step) / 10.0;
        let mut loss = 0.0;
        for (model, prompt) in judged.clone() {
            let Some(class) = crate::model::class_of(prompt.task) else {
                continue;
            };
            // Probabilities of another temperature are powers of these.
            let powers = model
                .probabilities(&prompt.text)
                .map(|it| libm::pow(f64::from(it).max(1e-12), 1.0 / temperature));
            let sum: f64 = powers.iter().sum();
            loss -= libm::log((powers[class] / sum).max(1e-12));
        }
        if loss < best.0 {
            best = (loss, temperature);
        }
    }
    best.1
}

fn short(task: Task) -> &'static str {
    match task {
        Task::Coding => "code",
        Task::Creative => "creat",
        Task::Analysis => "analy",
        Task::Chat => "chat",
        Task::Summarization => "summ",
        Task::Translation => "trans",
        Task::Math => "math",
        Task::SimpleQa => "qa",
        _ => "long",
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of prompts are far below 2^52"
)]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(truth: Task, guess: Task) -> Judged {
        Judged {
            truth,
            guess,
            confidence: 0.5,
            is_abstained: false,
        }
    }

    #[test]
    fn macro_f1_averages_over_the_tasks_that_occur() {
        let all = [
            judged(Task::Chat, Task::Chat),
            judged(Task::Chat, Task::Math),
            judged(Task::Math, Task::Math),
        ];
        assert!((macro_f1(&all) - 2.0 / 3.0).abs() < 1e-9);
        assert!((accuracy(&all) - 2.0 / 3.0).abs() < 1e-9);
        assert_eq!(recall(&all, Task::Coding), None);
    }
}
