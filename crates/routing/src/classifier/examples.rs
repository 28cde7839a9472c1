//! Labelled examples, whose vectors are the centres that an embedding is compared with.

use interline_core::{EmbedPurpose, EmbedRequest, EmbedResponse, Error, ModelId};
use serde_json::Value;

use super::{Centroids, Task};

/// Nine prompts a task, written for this project and no part of the training data.
const STANDARD: &str = include_str!("../../data/examples.jsonl");

/// A prompt with its task.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Example {
    /// The prompt.
    pub prompt: String,
    /// What it asks for.
    pub task: Task,
}

impl Example {
    /// `prompt` asks for `task`.
    pub fn new(prompt: impl Into<String>, task: Task) -> Self {
        Self {
            prompt: prompt.into(),
            task,
        }
    }
}

/// Labelled examples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examples(Vec<Example>);

impl Examples {
    /// The caller's own.
    pub fn new(examples: impl IntoIterator<Item = Example>) -> Self {
        Self(examples.into_iter().collect())
    }

    /// A few for each task but the long document, which is told by its length.
    #[must_use]
    pub fn standard() -> Self {
        Self::from_json_lines(STANDARD).expect("a test reads the compiled-in examples")
    }

    /// Reads `{"prompt", "task"}`, one object a line; empty lines are passed over.
    ///
    /// # Errors
    /// `InvalidRequest` that names the first broken line by its number.
    pub fn from_json_lines(text: &str) -> Result<Self, Error> {
        let lines = text.lines().enumerate();
        lines
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(index, line)| read(line).map_err(|what| at(index + 1, &what)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The examples.
    #[must_use]
    pub fn as_slice(&self) -> &[Example] {
        &self.0
    }

    /// The requests that get the examples' vectors from `model`, at most `batch` texts each.
    #[must_use]
    pub fn requests(&self, model: &ModelId, batch: usize) -> Vec<EmbedRequest> {
        let request = |examples: &[Example]| {
            let texts = examples.iter().map(|example| example.prompt.as_str());
            EmbedRequest::new(model.clone(), texts).with_purpose(EmbedPurpose::Classification)
        };
        self.0.chunks(batch.max(1)).map(request).collect()
    }

    /// The centres of the examples, from the answers to [`Examples::requests`] in their order.
    ///
    /// # Errors
    /// `Protocol` where there is not one vector for each example; else as [`Centroids::build`].
    pub fn centroids(
        &self,
        answers: &[EmbedResponse],
        per_task: usize,
        seed: u64,
    ) -> Result<Centroids, Error> {
        let vectors: Vec<&Vec<f32>> = answers.iter().flat_map(|it| &it.embeddings).collect();
        let (got, asked) = (vectors.len(), self.0.len());
        if got != asked {
            return Err(Error::protocol(format!(
                "asked for {asked} embeddings of examples and got {got}"
            )));
        }
        let labelled: Vec<(Task, Vec<f32>)> = self
            .0
            .iter()
            .zip(vectors)
            .map(|(example, vector)| (example.task, vector.clone()))
            .collect();
        Centroids::build(&labelled, per_task, seed)
    }
}

fn read(line: &str) -> Result<Example, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let field = |name: &str| {
        let text = value.get(name).and_then(Value::as_str);
        text.ok_or_else(|| format!("`{name}` is missing or no text"))
    };
    let task = field("task")?
        .parse()
        .map_err(|error: Error| error.message().to_owned())?;
    Ok(Example::new(field("prompt")?, task))
}

fn at(line: usize, what: &str) -> Error {
    Error::invalid_request(format!("examples, line {line}: {what}")).with_param("examples")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_examples_are_even() {
        let examples = Examples::standard();
        for task in Task::ALL
            .into_iter()
            .filter(|task| *task != Task::LongDocument)
        {
            let of = examples
                .as_slice()
                .iter()
                .filter(|example| example.task == task);
            assert_eq!(of.count(), 9, "{task}");
        }
    }

    #[test]
    fn a_broken_line_is_named() {
        for (text, message) in [
            (
                "{\"prompt\":\"a\",\"task\":\"chat\"}\n\n{",
                "examples, line 3: EOF",
            ),
            (
                "{\"task\":\"chat\"}",
                "examples, line 1: `prompt` is missing or no text",
            ),
            (
                "{\"prompt\":\"a\",\"task\":\"x\"}",
                "examples, line 1: unknown task `x`",
            ),
        ] {
            let error = Examples::from_json_lines(text).expect_err("broken");
            assert!(error.message().starts_with(message), "{}", error.message());
        }
    }

    #[test]
    fn answers_must_fit_the_examples() {
        let examples =
            Examples::new([Example::new("a", Task::Chat), Example::new("b", Task::Math)]);
        let model = ModelId::new("m");
        assert_eq!(examples.requests(&model, 1).len(), 2);
        assert_eq!(examples.requests(&model, 100).len(), 1);
        let answer = |vectors| [EmbedResponse::new("m", vectors)];
        let fits = answer(vec![vec![1.0, 0.0], vec![0.0, 1.0]]);
        assert!(examples.centroids(&fits, 1, 1).is_ok());
        let error = examples
            .centroids(&answer(vec![vec![1.0]]), 1, 1)
            .expect_err("one short");
        assert_eq!(
            error.message(),
            "asked for 2 embeddings of examples and got 1"
        );
    }
}
