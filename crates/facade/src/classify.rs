//! Which task a call is: asks the classifier, and makes the model call that some classifiers need.
//!
//! Nothing here fails a request: who cannot tell abstains, and the default ranking serves.

use std::time::Duration;

use interline_core::ChatRequest;
use interline_routing::AutoModel;
use interline_routing::classifier::{
    Classification, ModelCall, Prompt, Question, Reply as CallReply, Verdict,
};
use tokio::time::Instant;

use crate::auto::asked_task;
use crate::{CallOptions, Client};

/// How many questions one classification may put: a chain has few links, and a classifier that asks
/// without end must not hold a call up.
const MOST_QUESTIONS: usize = 3;

impl Client {
    /// What a call's task is, where it is routed automatically and somebody can tell. Takes the time of
    /// model calls off `options`' timeout.
    pub(crate) async fn classified(
        &self,
        request: &ChatRequest,
        options: &mut CallOptions,
    ) -> Option<Classification> {
        let mut verdict = self.first_verdict(request)?;
        // Who names the task himself does not wait for a model to name it again.
        let is_named = !matches!(asked_task(options), Ok(None));
        for _ in 0..MOST_QUESTIONS {
            let Verdict::NeedsCall(question) = verdict else {
                break;
            };
            verdict = if is_named {
                question.answer(CallReply::Failed)
            } else {
                let began = Instant::now();
                let verdict = self.put(question, options).await;
                options.timeout = options.timeout.map(|left| {
                    left.saturating_sub(began.elapsed())
                        .max(Duration::from_millis(1))
                });
                verdict
            };
        }
        verdict.classification().copied()
    }

    /// The same without any model call.
    pub(crate) fn classified_at_once(&self, request: &ChatRequest) -> Option<Classification> {
        let mut verdict = self.first_verdict(request)?;
        for _ in 0..MOST_QUESTIONS {
            let Verdict::NeedsCall(question) = verdict else {
                break;
            };
            verdict = question.answer(CallReply::Failed);
        }
        verdict.classification().copied()
    }

    fn first_verdict(&self, request: &ChatRequest) -> Option<Verdict> {
        if !AutoModel::is_meant(request.model.as_str()) {
            return None;
        }
        let classifier = self.inner.names.auto.as_ref()?.classifier.as_ref()?;
        Some(classifier.classify(&Prompt::of(request)))
    }

    /// Makes the call that a classifier needs, and lets it read the reply.
    async fn put(&self, question: Question, options: &CallOptions) -> Verdict {
        let patience = question.timeout();
        let patience = options.timeout.map_or(patience, |own| own.min(patience));
        let own = CallOptions::of_ourselves(options).with_timeout(patience);
        let asker = question.asker().to_owned();
        let failed = |error: &interline_core::Error| {
            tracing::debug!(target: "interline", classifier = asker, error = %error.kind(), "the classifier's call failed");
        };
        match question.call().clone() {
            ModelCall::Chat(request) => match Box::pin(self.complete_with(request, own)).await {
                Ok(reply) => question.answer(CallReply::Chat(&reply.response)),
                Err(error) => {
                    failed(&error);
                    question.answer(CallReply::Failed)
                }
            },
            ModelCall::Embed(request) => match self.embed_with(request, own).await {
                Ok(reply) => question.answer(CallReply::Embed(&reply.response)),
                Err(error) => {
                    failed(&error);
                    question.answer(CallReply::Failed)
                }
            },
            _ => question.answer(CallReply::Failed),
        }
    }
}
