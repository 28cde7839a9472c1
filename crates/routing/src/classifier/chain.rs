//! Several classifiers in a row: the next one is asked where one is not sure.

use std::sync::Arc;

use interline_core::Error;

use super::{Classification, Classifier, Prompt, Verdict};

/// Several classifiers in a row: the next one is asked where one abstains or is less sure than asked for.
///
/// The answer of the last one counts however sure it is. Where all abstain, the verdict is
/// [`Verdict::Abstain`] with the best guess of all.
#[derive(Clone, Debug)]
pub struct Chain {
    links: Arc<[Arc<dyn Classifier>]>,
    min_confidence: f32,
}

impl Chain {
    /// Asks `classifiers` in this order; answers count from a confidence of 0 on.
    pub fn new(classifiers: impl IntoIterator<Item = Arc<dyn Classifier>>) -> Self {
        Self {
            links: classifiers.into_iter().collect(),
            min_confidence: 0.0,
        }
    }

    /// Asks the next classifier also where an answer is less likely than `confidence`.
    ///
    /// # Errors
    /// `InvalidRequest` where it is not within 0–1.
    pub fn with_min_confidence(mut self, confidence: f32) -> Result<Self, Error> {
        if !(0.0..=1.0).contains(&confidence) {
            return Err(Error::invalid_request(format!(
                "`min_confidence` is {confidence}: it is a probability, from 0 to 1"
            ))
            .with_param("min_confidence"));
        }
        self.min_confidence = confidence;
        Ok(self)
    }

    /// Asks from link `place` on; `best` is the best guess so far.
    fn ask(
        &self,
        mut place: usize,
        prompt: &Prompt<'_>,
        mut best: Option<Classification>,
    ) -> Verdict {
        while let Some(link) = self.links.get(place) {
            match self.weigh(place, link.classify(prompt), &mut best) {
                Step::Done(verdict) => return verdict,
                Step::Next => place += 1,
                Step::Wait(question) => {
                    let (chain, prompt) = (self.clone(), prompt.clone().into_owned());
                    let resume = move |verdict| chain.resume(place, &prompt, best, verdict);
                    return Verdict::NeedsCall(question.then(resume));
                }
            }
        }
        Verdict::Abstain(best.map(Classification::abstained))
    }

    /// Goes on with what link `place` says after its call.
    fn resume(
        &self,
        place: usize,
        prompt: &Prompt<'static>,
        mut best: Option<Classification>,
        verdict: Verdict,
    ) -> Verdict {
        match self.weigh(place, verdict, &mut best) {
            Step::Done(verdict) => verdict,
            Step::Next => self.ask(place + 1, prompt, best),
            Step::Wait(question) => {
                let (chain, prompt) = (self.clone(), prompt.clone());
                let resume = move |verdict| chain.resume(place, &prompt, best, verdict);
                Verdict::NeedsCall(question.then(resume))
            }
        }
    }

    fn weigh(&self, place: usize, verdict: Verdict, best: &mut Option<Classification>) -> Step {
        let is_last = place + 1 == self.links.len();
        let guess = match verdict {
            Verdict::NeedsCall(question) => return Step::Wait(question),
            Verdict::Answer(answer) if is_last || answer.confidence >= self.min_confidence => {
                return Step::Done(Verdict::Answer(answer));
            }
            Verdict::Answer(guess) => Some(guess),
            Verdict::Abstain(guess) => guess,
        };
        if let Some(guess) = guess
            && best.is_none_or(|best| guess.confidence > best.confidence)
        {
            *best = Some(guess);
        }
        Step::Next
    }
}

enum Step {
    Done(Verdict),
    Next,
    Wait(super::Question),
}

impl Classifier for Chain {
    fn name(&self) -> &'static str {
        "chain"
    }

    fn classify(&self, prompt: &Prompt<'_>) -> Verdict {
        self.ask(0, prompt, None)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use interline_core::{ChatRequest, Message};

    use super::super::{Complexity, ModelCall, Question, Reply, Task};
    use super::*;

    /// Says what it is told to; asks a model first where told so.
    #[derive(Debug)]
    struct Fixed {
        said: Option<(Task, f32)>,
        abstains: bool,
        calls: bool,
    }

    impl Fixed {
        fn says(task: Task, confidence: f32) -> Self {
            Self {
                said: Some((task, confidence)),
                abstains: false,
                calls: false,
            }
        }

        fn verdict(said: Option<(Task, f32)>, abstains: bool) -> Verdict {
            let said = said.map(|(task, sure)| Classification::new(task, Complexity::Simple, sure));
            match said {
                Some(said) if !abstains => Verdict::Answer(said),
                said => Verdict::Abstain(said.map(Classification::abstained)),
            }
        }
    }

    impl Classifier for Fixed {
        fn name(&self) -> &'static str {
            "fixed"
        }

        fn classify(&self, _: &Prompt<'_>) -> Verdict {
            let (said, abstains) = (self.said, self.abstains);
            if !self.calls {
                return Self::verdict(said, abstains);
            }
            let call = ModelCall::Chat(ChatRequest::new("m", [Message::user("?")]));
            let read = move |reply: Reply<'_>| match reply {
                Reply::Failed => Verdict::Abstain(None),
                _ => Self::verdict(said, abstains),
            };
            Verdict::NeedsCall(Question::new("fixed", call, Duration::from_secs(1), read))
        }
    }

    fn chain(links: Vec<Fixed>) -> Chain {
        let links = links
            .into_iter()
            .map(|link| Arc::new(link) as Arc<dyn Classifier>);
        Chain::new(links)
            .with_min_confidence(0.5)
            .expect("in range")
    }

    #[track_caller]
    fn check(links: Vec<Fixed>, task: Task, is_answer: bool) {
        let mut verdict = chain(links).classify(&Prompt::of_text("x"));
        while let Verdict::NeedsCall(question) = verdict {
            verdict = question.answer(Reply::Failed);
        }
        assert_eq!(verdict.classification().map(|it| it.task), Some(task));
        assert_eq!(matches!(verdict, Verdict::Answer(_)), is_answer);
    }

    #[test]
    fn the_first_sure_answer_counts() {
        check(
            vec![
                Fixed::says(Task::Chat, 0.4),
                Fixed::says(Task::Math, 0.6),
                Fixed::says(Task::Coding, 0.9),
            ],
            Task::Math,
            true,
        );
    }

    #[test]
    fn the_last_answer_counts_however_sure() {
        check(
            vec![Fixed::says(Task::Chat, 0.4), Fixed::says(Task::Math, 0.1)],
            Task::Math,
            true,
        );
    }

    #[test]
    fn where_all_abstain_the_best_guess_is_kept() {
        let abstains = |task, sure| Fixed {
            abstains: true,
            ..Fixed::says(task, sure)
        };
        check(
            vec![abstains(Task::Chat, 0.3), abstains(Task::Math, 0.2)],
            Task::Chat,
            false,
        );
    }

    #[test]
    fn a_call_that_fails_asks_the_next_one() {
        let calls = Fixed {
            calls: true,
            ..Fixed::says(Task::Chat, 0.9)
        };
        check(vec![calls, Fixed::says(Task::Math, 0.9)], Task::Math, true);
        let calls = Fixed {
            calls: true,
            ..Fixed::says(Task::Chat, 0.9)
        };
        check(
            vec![Fixed::says(Task::Coding, 0.2), calls],
            Task::Coding,
            false,
        );
    }

    #[test]
    fn an_empty_chain_abstains() {
        let verdict = chain(Vec::new()).classify(&Prompt::of_text("x"));
        assert!(matches!(verdict, Verdict::Abstain(None)));
    }
}
