//! Classifies by meaning: the vector of the prompt against the centres of labelled examples.

use std::sync::Arc;
use std::time::Duration;

use interline_core::{EmbedPurpose, EmbedRequest, Error, ModelId};

use super::{
    Centroids, Classification, Classifier, Complexity, Embedded, ModelCall, Prompt, Question,
    Reply, Task, Verdict,
};

/// Chosen, not measured: embeddings take tens of milliseconds.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Bytes sent from either end. Chosen, not measured: small models read about 500 tokens.
const HEAD_BYTES: usize = 1_400;
const TAIL_BYTES: usize = 600;
/// What cosines are multiplied with to be logits. Chosen, not measured: a lead of 0.05 is then e to 1.
const SHARPNESS: f32 = 20.0;
/// The lead below which it abstains, as a probability; that of the embedded model.
const MARGIN: f32 = 0.1;

/// Classifies by the nearest centroid of labelled examples; needs one embeddings call a prompt.
///
/// A bare nearest centroid was measured behind the compiled-in model (`docs/routing.md`), so both can be
/// fused: [`EmbeddingClassifier::fused_with`] adds their log-probabilities.
#[derive(Clone, Debug)]
pub struct EmbeddingClassifier {
    model: ModelId,
    centroids: Arc<Centroids>,
    companion: Option<Embedded>,
    timeout: Duration,
    margin: f32,
}

impl EmbeddingClassifier {
    /// Asks `model`, the one whose vectors the centroids were built from, and waits 1 s.
    pub fn new(model: impl Into<ModelId>, centroids: Centroids) -> Self {
        Self {
            model: model.into(),
            centroids: Arc::new(centroids),
            companion: None,
            timeout: TIMEOUT,
            margin: MARGIN,
        }
    }

    /// Adds the compiled-in model's log-probabilities to those of the centroids.
    #[must_use]
    pub fn fused_with(mut self, companion: Embedded) -> Self {
        self.companion = Some(companion);
        self
    }

    /// Waits this long for the vector.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Abstains where the best task leads the next one by less than `margin`, a probability.
    ///
    /// # Errors
    /// `InvalidRequest` where it is not within 0–1.
    pub fn with_margin(mut self, margin: f32) -> Result<Self, Error> {
        if !(0.0..=1.0).contains(&margin) {
            return Err(Error::invalid_request(format!(
                "`margin` is {margin}: it is a probability, from 0 to 1"
            ))
            .with_param("margin"));
        }
        self.margin = margin;
        Ok(self)
    }
}

impl Classifier for EmbeddingClassifier {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn classify(&self, prompt: &Prompt<'_>) -> Verdict {
        if prompt.text.trim().is_empty() {
            return Verdict::Abstain(None);
        }
        let companion = self.companion.as_ref();
        let bytes = prompt.text.len();
        let beside = companion.map(|companion| companion.probabilities(&prompt.text));
        let excerpt = prompt.excerpt(HEAD_BYTES, TAIL_BYTES);
        let request = EmbedRequest::new(self.model.clone(), [excerpt.as_ref()])
            .with_purpose(EmbedPurpose::Classification);
        let (centroids, margin) = (Arc::clone(&self.centroids), self.margin);
        let read = move |reply: Reply<'_>| {
            let Reply::Embed(response) = reply else {
                return Verdict::Abstain(None);
            };
            let vector = response.embeddings.first();
            let nearness = vector.and_then(|vector| centroids.nearness(vector));
            let Some(mut logits) = nearness else {
                return Verdict::Abstain(None);
            };
            for (task, logit) in &mut logits {
                *logit *= SHARPNESS;
                if let Some(probabilities) = &beside {
                    let place = Task::ALL.iter().position(|known| known == task);
                    let probability = place.and_then(|place| probabilities.get(place));
                    // A task that the companion does not know is neither helped nor ruled out.
                    *logit += probability.map_or(0.0, |it| it.max(1e-6).ln());
                }
            }
            decide(&logits, bytes, margin)
        };
        let call = ModelCall::Embed(request);
        Verdict::NeedsCall(Question::new(self.name(), call, self.timeout, read))
    }
}

/// The best task, as a probability, if it leads by enough.
fn decide(logits: &[(Task, f32)], bytes: usize, margin: f32) -> Verdict {
    let mut order: Vec<&(Task, f32)> = logits.iter().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    let Some((task, highest)) = order.first() else {
        return Verdict::Abstain(None);
    };
    let raised = |logit: f32| (logit - highest).exp();
    let sum: f32 = logits.iter().map(|(_, logit)| raised(*logit)).sum();
    let second = order.get(1).map_or(0.0, |(_, logit)| raised(*logit));
    let said = Classification::new(*task, Complexity::of(*task, bytes), 1.0 / sum);
    let lead = (1.0 - second) / sum;
    Verdict::of(if lead < margin {
        said.abstained()
    } else {
        said
    })
}

#[cfg(test)]
mod tests {
    use interline_core::EmbedResponse;

    use super::*;

    fn classifier() -> EmbeddingClassifier {
        let vectors = [(Task::Math, vec![1.0, 0.0]), (Task::Chat, vec![0.0, 1.0])];
        let centroids = Centroids::build(&vectors, 1, 1).expect("sound");
        EmbeddingClassifier::new("e", centroids)
    }

    fn verdict(classifier: &EmbeddingClassifier, reply: Reply<'_>) -> Verdict {
        match classifier.classify(&Prompt::of_text("what is 2 + 2")) {
            Verdict::NeedsCall(question) => question.answer(reply),
            other => other,
        }
    }

    #[track_caller]
    fn check(vector: Vec<f32>, task: Option<Task>, is_answer: bool) {
        let response = EmbedResponse::new("e", vec![vector]);
        let verdict = verdict(&classifier(), Reply::Embed(&response));
        assert_eq!(verdict.classification().map(|it| it.task), task);
        assert_eq!(matches!(verdict, Verdict::Answer(_)), is_answer);
    }

    #[test]
    fn the_nearest_centroid_decides_where_it_leads() {
        check(vec![3.0, 0.1], Some(Task::Math), true);
        check(vec![0.1, 3.0], Some(Task::Chat), true);
        check(vec![1.0, 1.0001], Some(Task::Chat), false);
    }

    #[test]
    fn an_answer_that_does_not_fit_abstains() {
        check(vec![1.0], None, false);
        check(vec![0.0, 0.0], None, false);
        check(vec![f32::NAN, 1.0], None, false);
        assert!(matches!(
            verdict(&classifier(), Reply::Failed),
            Verdict::Abstain(None)
        ));
        let none = EmbedResponse::new("e", Vec::new());
        assert!(matches!(
            verdict(&classifier(), Reply::Embed(&none)),
            Verdict::Abstain(None)
        ));
    }

    #[test]
    fn the_companion_breaks_a_tie() {
        let fused = classifier().fused_with(Embedded::standard());
        let response = EmbedResponse::new("e", vec![vec![1.0, 1.0]]);
        let verdict = verdict(&fused, Reply::Embed(&response));
        assert_eq!(verdict.classification().map(|it| it.task), Some(Task::Math));
    }
}
