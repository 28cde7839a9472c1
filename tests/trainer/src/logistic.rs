//! Multinomial logistic regression: the loss of weights over rows, and its gradient.

use interline_routing::classifier::weights::CLASSES;

use crate::design::Rows;
use crate::lbfgs;

/// What is fitted: rows, the class of each, what each counts.
#[derive(Debug)]
pub(crate) struct Problem<'a> {
    pub(crate) rows: &'a Rows,
    pub(crate) classes: &'a [usize],
    pub(crate) counts: &'a [f64],
    pub(crate) columns: usize,
    pub(crate) penalty: f64,
    pub(crate) smoothing: f64,
}

/// A weight for each column and class, then an offset for each class.
pub(crate) type Solution = Vec<f64>;

const TOLERANCE: f64 = 1e-4;

impl Problem<'_> {
    /// The weights of the least loss.
    pub(crate) fn solve(&self, steps: usize) -> Solution {
        let mut point = vec![0.0; (self.columns + 1) * CLASSES];
        lbfgs::minimise(&mut point, steps, TOLERANCE, |at, gradient| {
            self.evaluate(at, gradient)
        });
        point
    }

    fn evaluate(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
        // Offsets are free: what a class starts from is no complication of the model.
        let offsets = self.columns * CLASSES;
        let mut loss = 0.0;
        for (place, (slope, weight)) in gradient.iter_mut().zip(at).enumerate() {
            let weight = if place < offsets { *weight } else { 0.0 };
            *slope = self.penalty * weight;
            loss += 0.5 * self.penalty * weight * weight;
        }
        for ((row, class), count) in self.rows.iter().zip(self.classes).zip(self.counts) {
            let mut errors = probabilities(row, at, self.columns);
            for (index, error) in errors.iter_mut().enumerate() {
                let spread = self.smoothing / 8.0;
                let truth = if index == *class {
                    1.0 - self.smoothing + spread
                } else {
                    spread
                };
                loss -= count * truth * libm::log(error.max(1e-300));
                *error = count * (*error - truth);
            }
            for (column, value) in row {
                let start = *column as usize * CLASSES;
                let slopes = &mut gradient[start..start + CLASSES];
                for (slope, error) in slopes.iter_mut().zip(&errors) {
                    *slope += f64::from(*value) * error;
                }
            }
            for (slope, error) in gradient[offsets..].iter_mut().zip(&errors) {
                *slope += error;
            }
        }
        loss
    }
}

/// How likely each class is for a row.
pub(crate) fn probabilities(row: &[(u32, f32)], at: &[f64], columns: usize) -> [f64; CLASSES] {
    let mut logits = [0.0; CLASSES];
    logits.copy_from_slice(&at[columns * CLASSES..]);
    for (column, value) in row {
        let start = *column as usize * CLASSES;
        for (logit, weight) in logits.iter_mut().zip(&at[start..start + CLASSES]) {
            *logit += f64::from(*value) * weight;
        }
    }
    let highest = logits.iter().copied().fold(f64::MIN, f64::max);
    let raised = logits.map(|logit| libm::exp(logit - highest));
    let sum: f64 = raised.iter().sum();
    raised.map(|part| part / sum)
}
