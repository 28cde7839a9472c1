//! What a classifier says of a prompt.

use super::{Complexity, Task};

/// What a classifier says of a prompt.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Classification {
    /// The best guess, also where the classifier would not act on it.
    pub task: Task,
    /// How hard it is.
    pub complexity: Complexity,
    /// How likely the task is right, 0–1.
    pub confidence: f32,
    /// Whether the guess is too close to the next best one to act on.
    pub is_abstained: bool,
}

impl Classification {
    /// A guess to act on. A confidence that is no number counts as 0, others are held to 0–1.
    #[must_use]
    pub fn new(task: Task, complexity: Complexity, confidence: f32) -> Self {
        let confidence = if confidence.is_nan() { 0.0 } else { confidence };
        Self {
            task,
            complexity,
            confidence: confidence.clamp(0.0, 1.0),
            is_abstained: false,
        }
    }

    /// The same guess, not to be acted on.
    #[must_use]
    pub const fn abstained(mut self) -> Self {
        self.is_abstained = true;
        self
    }
}
