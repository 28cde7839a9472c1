//! Word lists: the caller's rules, for house vocabulary that no model can know.

use interline_core::Error;

use super::{Classification, Classifier, Complexity, Prompt, Task, Verdict};

/// How far a match is trusted. Plain rules are right on 0.45 of foreign prompts, measured with the length
/// rule (`docs/routing.md`); rules about a house's own words may deserve more.
const CONFIDENCE: f32 = 0.45;

/// Bytes read at either end. Chosen, not measured.
const HEAD_BYTES: usize = 4_000;
const TAIL_BYTES: usize = 2_000;

/// Words and phrases that speak for a task.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeywordRule {
    /// What they speak for.
    pub task: Task,
    /// Words and phrases, in any case; each counts where it stands as whole words.
    pub phrases: Vec<String>,
}

impl KeywordRule {
    /// `phrases` speak for `task`.
    pub fn new<P: Into<String>>(task: Task, phrases: impl IntoIterator<Item = P>) -> Self {
        Self {
            task,
            phrases: phrases.into_iter().map(Into::into).collect(),
        }
    }
}

/// Classifies by word lists: the task most phrases speak for.
///
/// Abstains where none is found, and where two tasks tie, with the one listed first as the guess.
#[derive(Clone, Debug)]
pub struct Keywords {
    rules: Vec<KeywordRule>,
    confidence: f32,
}

impl Keywords {
    /// The caller's rules.
    ///
    /// # Errors
    /// `InvalidRequest` where there is no rule, or a rule has no phrase or an empty one.
    pub fn new(rules: impl IntoIterator<Item = KeywordRule>) -> Result<Self, Error> {
        let refuse = |message: String| Err(Error::invalid_request(message).with_param("rules"));
        let mut rules: Vec<KeywordRule> = rules.into_iter().collect();
        if rules.is_empty() {
            return refuse("there are no keyword rules: list words for a task".to_owned());
        }
        for rule in &mut rules {
            for phrase in &mut rule.phrases {
                *phrase = phrase.trim().to_lowercase();
            }
            if rule.phrases.is_empty() || rule.phrases.iter().any(String::is_empty) {
                return refuse(format!(
                    "the keywords of `{}` are empty or hold an empty one",
                    rule.task
                ));
            }
        }
        Ok(Self {
            rules,
            confidence: CONFIDENCE,
        })
    }

    /// A few unmistakable English words for each task. Far behind [`Embedded`](super::Embedded): meant
    /// as a start for lists of your own.
    #[must_use]
    pub fn standard() -> Self {
        let rules = STANDARD.map(|(task, phrases)| KeywordRule::new(task, phrases.split(", ")));
        Self {
            rules: rules.into(),
            confidence: CONFIDENCE,
        }
    }

    /// How likely a match is right, 0–1; an undisputed one gets all of it.
    ///
    /// # Errors
    /// `InvalidRequest` where it is not within 0–1.
    pub fn with_confidence(mut self, confidence: f32) -> Result<Self, Error> {
        if !(0.0..=1.0).contains(&confidence) {
            return Err(Error::invalid_request(format!(
                "`confidence` is {confidence}: it is a probability, from 0 to 1"
            ))
            .with_param("confidence"));
        }
        self.confidence = confidence;
        Ok(self)
    }
}

const STANDARD: [(Task, &str); 8] = [
    (
        Task::Coding,
        "code, function, python, javascript, java, rust, sql, regex, bug, compile, debug, script, api, stack trace",
    ),
    (
        Task::Translation,
        "translate, translation, how do you say, into english, into french, into german, into spanish",
    ),
    (
        Task::Summarization,
        "summarize, summarise, summary, tldr, tl;dr, key points, condense, gist",
    ),
    (
        Task::Math,
        "calculate, solve, equation, integral, derivative, probability, how many, percent, square root",
    ),
    (
        Task::Creative,
        "poem, story, haiku, lyrics, song, slogan, tagline, screenplay, limerick, blog post",
    ),
    (
        Task::Analysis,
        "compare, analyze, analyse, classify, evaluate, extract, rank, critique, pros and cons",
    ),
    (
        Task::Chat,
        "hello, hi, hey, how are you, i feel, should i, thank you, who are you",
    ),
    (
        Task::SimpleQa,
        "who is, who was, when was, when did, where is, capital of, what is the, define, definition of",
    ),
];

impl Classifier for Keywords {
    fn name(&self) -> &'static str {
        "keyword"
    }

    fn classify(&self, prompt: &Prompt<'_>) -> Verdict {
        let text = prompt.excerpt(HEAD_BYTES, TAIL_BYTES).to_lowercase();
        let mut hits: Vec<(Task, u16)> = Vec::new();
        for rule in &self.rules {
            let found = rule.phrases.iter().filter(|phrase| holds(&text, phrase));
            let count = u16::try_from(found.count()).unwrap_or(u16::MAX);
            match hits.iter_mut().find(|(task, _)| *task == rule.task) {
                Some((_, so_far)) => *so_far = so_far.saturating_add(count),
                None => hits.push((rule.task, count)),
            }
        }
        let all: f32 = hits.iter().map(|(_, count)| f32::from(*count)).sum();
        let most = hits.iter().map(|(_, count)| *count).max().unwrap_or(0);
        if most == 0 {
            return Verdict::Abstain(None);
        }
        let mut best = hits.iter().filter(|(_, count)| *count == most);
        let Some((task, _)) = best.next() else {
            return Verdict::Abstain(None);
        };
        let confidence = self.confidence * f32::from(most) / all;
        let complexity = Complexity::of(*task, prompt.text.len());
        let guess = Classification::new(*task, complexity, confidence);
        match best.next() {
            Some(_) => Verdict::Abstain(Some(guess.abstained())),
            None => Verdict::Answer(guess),
        }
    }
}

/// Whether `phrase` stands in `text` as whole words.
fn holds(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(place, found)| {
        let before = text.get(..place).and_then(|text| text.chars().next_back());
        let after = text
            .get(place + found.len()..)
            .and_then(|text| text.chars().next());
        let first = found.chars().next();
        let last = found.chars().next_back();
        let is_inside_word = (joins(before) && joins(first)) || (joins(last) && joins(after));
        !is_inside_word
    })
}

/// Whether a letter makes a longer word with its neighbour; those of scripts without spaces do not.
fn joins(letter: Option<char>) -> bool {
    letter.is_some_and(|letter| letter.is_alphanumeric() && letter < '\u{0e00}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, task: Option<Task>, is_answer: bool) {
        let verdict = Keywords::standard().classify(&Prompt::of_text(text));
        assert_eq!(verdict.classification().map(|it| it.task), task, "{text}");
        assert_eq!(matches!(verdict, Verdict::Answer(_)), is_answer, "{text}");
    }

    #[test]
    fn whole_words_in_any_case_speak_for_a_task() {
        check("Please SUMMARIZE this", Some(Task::Summarization), true);
        check("a decoded message", None, false);
        check("", None, false);
    }

    #[test]
    fn two_tasks_that_tie_abstain_with_the_first_listed() {
        check("a poem about python", Some(Task::Coding), false);
        check(
            "a python script that prints a poem",
            Some(Task::Coding),
            true,
        );
    }

    #[test]
    fn words_of_scripts_without_spaces_are_found_inside_runs() {
        let rules = [KeywordRule::new(Task::Translation, ["翻译"])];
        let keywords = Keywords::new(rules).expect("sound");
        let verdict = keywords.classify(&Prompt::of_text("请把这句话翻译成英文"));
        assert!(matches!(verdict, Verdict::Answer(_)));
    }

    #[test]
    fn rules_without_words_are_refused() {
        assert!(Keywords::new([]).is_err());
        let error = Keywords::new([KeywordRule::new(Task::Math, [" "])]).expect_err("empty");
        assert_eq!(
            error.message(),
            "the keywords of `math` are empty or hold an empty one"
        );
        let error = Keywords::standard()
            .with_confidence(1.5)
            .expect_err("too much");
        assert_eq!(error.param(), Some("confidence"));
    }
}
