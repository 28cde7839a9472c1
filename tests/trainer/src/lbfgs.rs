//! Limited-memory BFGS with a backtracking line search: finds the minimum of a smooth convex function.
//!
//! Own code rather than a crate: ninety lines, and the order of every addition is fixed.

use std::collections::VecDeque;

/// Steps whose curvature is remembered.
const MEMORY: usize = 10;

/// Walks from `point` to the minimum: until the gradient has shrunk to `tolerance` of what it was, or
/// after `steps`.
///
/// `evaluate` writes the gradient and returns the value.
pub(crate) fn minimise(
    point: &mut Vec<f64>,
    steps: usize,
    tolerance: f64,
    mut evaluate: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> f64 {
    let size = point.len();
    let mut gradient = vec![0.0; size];
    let mut value = evaluate(point, &mut gradient);
    let goal = norm(&gradient) * tolerance;
    let mut memory: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
    for step in 0..steps {
        if norm(&gradient) <= goal {
            break;
        }
        let mut direction = descent(&gradient, &memory);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            memory.clear();
            direction = gradient.iter().map(|part| -part).collect();
            slope = dot(&direction, &gradient);
        }
        let mut length = if step == 0 {
            1.0 / norm(&gradient)
        } else {
            1.0
        };
        let mut next_gradient = vec![0.0; size];
        let mut next;
        loop {
            next = along(point, &direction, length);
            let next_value = evaluate(&next, &mut next_gradient);
            if next_value <= value + 1e-4 * length * slope {
                value = next_value;
                break;
            }
            length *= 0.5;
            if length < 1e-12 {
                return value;
            }
        }
        let moved: Vec<f64> = next.iter().zip(point.iter()).map(|(a, b)| a - b).collect();
        let bent: Vec<f64> = next_gradient
            .iter()
            .zip(&gradient)
            .map(|(a, b)| a - b)
            .collect();
        let curvature = dot(&moved, &bent);
        if curvature > 1e-12 {
            if memory.len() == MEMORY {
                memory.pop_front();
            }
            memory.push_back((moved, bent, 1.0 / curvature));
        }
        *point = next;
        gradient = next_gradient;
    }
    value
}

/// The two-loop recursion: minus the inverse Hessian, as far as it is known, times the gradient.
fn descent(gradient: &[f64], memory: &VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|part| -part).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for (moved, bent, inverse) in memory.iter().rev() {
        let share = inverse * dot(moved, &direction);
        add(&mut direction, bent, -share);
        shares.push(share);
    }
    if let Some((_, bent, inverse)) = memory.back() {
        let scale = 1.0 / (inverse * dot(bent, bent));
        direction.iter_mut().for_each(|part| *part *= scale);
    }
    for ((moved, bent, inverse), share) in memory.iter().zip(shares.iter().rev()) {
        let other = inverse * dot(bent, &direction);
        add(&mut direction, moved, share - other);
    }
    direction
}

fn along(point: &[f64], direction: &[f64], length: f64) -> Vec<f64> {
    let parts = point.iter().zip(direction);
    parts.map(|(from, way)| from + length * way).collect()
}

fn add(to: &mut [f64], vector: &[f64], scale: f64) {
    for (to, part) in to.iter_mut().zip(vector) {
        *to += scale * part;
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bottom_of_a_crooked_valley_is_found() {
        // Rosenbrock's function; its bottom is at (1, 1).
        let mut point = vec![-1.2, 1.0];
        let value = minimise(&mut point, 200, 1e-9, |at, gradient| {
            let (x, y) = (at[0], at[1]);
            let bend = y - x * x;
            gradient[0] = -2.0 * (1.0 - x) - 400.0 * x * bend;
            gradient[1] = 200.0 * bend;
            (1.0 - x).powi(2) + 100.0 * bend * bend
        });
        assert!(value < 1e-10, "{value}");
        assert!((point[0] - 1.0).abs() < 1e-4 && (point[1] - 1.0).abs() < 1e-4);
    }
}
