//! The default classifier: a linear model over hashed n-grams that is compiled in.

use std::sync::Arc;

use interline_core::Error;

use super::features::{self, Dense, Sink};
use super::weights::{self, CLASSES, MAX_BITS, TABLES, Table, Weights};
use super::{Classification, Classifier, Complexity, Prompt, Task, Verdict};

/// The weights that `cargo xtask train-classifier` wrote.
const WEIGHTS: &[u8] = include_bytes!("../../data/classifier.bin");

/// How sure the length rule is. Chosen, not measured: no text in the data contradicts it.
const DOCUMENT_CONFIDENCE: f32 = 0.98;

/// A follow-up such as "and in French?" is shorter than this, in bytes. Chosen, not measured.
const FOLLOW_UP_BYTES: usize = 80;
/// What the message before a follow-up weighs against it. Chosen, not measured.
const EARLIER_WEIGHT: f32 = 0.5;

/// From here on a conversation is one level harder than its last message. Chosen, not measured.
const LONG_CONVERSATION_BYTES: usize = 16_000;

/// The default classifier: a rule for pasted documents, then a linear model over hashed n-grams.
///
/// Takes microseconds and no memory for each prompt, and abstains where its two best tasks are close.
/// How good it is, and how it was trained, is in `docs/routing.md`.
#[derive(Clone, Debug)]
pub struct Embedded {
    weights: Arc<Weights>,
    margin: f32,
}

impl Embedded {
    /// The model that is compiled in.
    #[must_use]
    pub fn standard() -> Self {
        let weights = Weights::from_bytes(WEIGHTS)
            .expect("a test reads the compiled-in weights in every build");
        Self::new(weights)
    }

    /// A model of your own, from [`Weights::from_bytes`].
    #[must_use]
    pub fn new(weights: Weights) -> Self {
        Self {
            margin: weights.margin,
            weights: Arc::new(weights),
        }
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

    /// What the prompt asks for; always with a best guess.
    #[must_use]
    pub fn classification(&self, prompt: &Prompt<'_>) -> Classification {
        let Reading { mut logits, dense } = self.read(&prompt.text);
        let of = |task, confidence| {
            let level = Complexity::of(task, prompt.text.len());
            let is_long = prompt.conversation_bytes > LONG_CONVERSATION_BYTES;
            let level = if is_long { level.harder() } else { level };
            Classification::new(task, level, confidence)
        };
        if prompt.has_document || dense.is_document() {
            return of(Task::LongDocument, DOCUMENT_CONFIDENCE);
        }
        let mut best = self.best(&logits);
        if best.lead < self.margin
            && prompt.text.len() < FOLLOW_UP_BYTES
            && let Some(earlier) = &prompt.earlier
        {
            let before = self.read(earlier).logits;
            for (logit, before) in logits.iter_mut().zip(before) {
                *logit += EARLIER_WEIGHT * before;
            }
            best = self.best(&logits);
        }
        let guess = of(best.task, best.probability);
        let has_nothing = dense.words() == 0 && prompt.earlier.is_none();
        if has_nothing || best.lead < self.margin {
            return guess.abstained();
        }
        guess
    }

    /// How likely each task but a long document is, in the order of [`Task::ALL`], by the text alone.
    #[must_use]
    pub fn probabilities(&self, text: &str) -> [f32; CLASSES] {
        self.softmax(&self.read(text).logits)
    }

    fn read(&self, text: &str) -> Reading {
        let weights = &self.weights;
        let mut scorer = Scorer::new(&weights.tables);
        let dense = features::read(text, &weights.lexicon, &mut scorer);
        let mut logits = scorer.logits(weights.offsets);
        for (value, weights) in dense.values().iter().zip(&weights.dense) {
            // Most numbers of a text are 0.
            if *value != 0.0 {
                for (logit, weight) in logits.iter_mut().zip(weights) {
                    *logit += value * weight;
                }
            }
        }
        Reading { logits, dense }
    }

    fn softmax(&self, logits: &[f32; CLASSES]) -> [f32; CLASSES] {
        let highest = logits.iter().copied().fold(f32::MIN, f32::max);
        let raised = logits.map(|logit| ((logit - highest) / self.weights.temperature).exp());
        let sum: f32 = raised.iter().sum();
        raised.map(|part| part / sum)
    }

    /// The best task, and how far it leads.
    fn best(&self, logits: &[f32; CLASSES]) -> Best {
        let mut first = (0, 0.0);
        let mut second = 0.0;
        for (class, probability) in self.softmax(logits).into_iter().enumerate() {
            if probability > first.1 {
                second = first.1;
                first = (class, probability);
            } else if probability > second {
                second = probability;
            }
        }
        Best {
            task: weights::task_of(first.0),
            probability: first.1,
            lead: first.1 - second,
        }
    }
}

impl Classifier for Embedded {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn classify(&self, prompt: &Prompt<'_>) -> Verdict {
        Verdict::of(self.classification(prompt))
    }
}

struct Best {
    task: Task,
    probability: f32,
    lead: f32,
}

struct Reading {
    logits: [f32; CLASSES],
    dense: Dense,
}

/// Adds up the weights of the distinct buckets that a text touches.
struct Scorer<'w> {
    tables: &'w [Table; TABLES],
    seen: [[u64; 1 << (MAX_BITS - 6)]; TABLES],
    sums: [[i32; CLASSES]; TABLES],
    counts: [u16; TABLES],
}

impl<'w> Scorer<'w> {
    const fn new(tables: &'w [Table; TABLES]) -> Self {
        Self {
            tables,
            seen: [[0; 1 << (MAX_BITS - 6)]; TABLES],
            sums: [[0; CLASSES]; TABLES],
            counts: [0; TABLES],
        }
    }

    fn add<const TABLE: usize>(&mut self, hash: u32) {
        let cells = &self.tables[TABLE].cells;
        let bucket = hash as usize & (cells.len() - 1);
        let (word, bit) = (bucket >> 6, 1 << (bucket & 63));
        if self.seen[TABLE][word] & bit != 0 {
            return;
        }
        self.seen[TABLE][word] |= bit;
        self.counts[TABLE] += 1;
        for (sum, weight) in self.sums[TABLE].iter_mut().zip(&cells[bucket]) {
            *sum += i32::from(*weight);
        }
    }

    fn logits(&self, mut logits: [f32; CLASSES]) -> [f32; CLASSES] {
        for ((table, sums), count) in self.tables.iter().zip(&self.sums).zip(self.counts) {
            let length = f32::from(count.max(1)).sqrt();
            for ((logit, sum), scale) in logits.iter_mut().zip(sums).zip(&table.scales) {
                #[expect(clippy::cast_precision_loss, reason = "sums stay far below 2^24")]
                let sum = *sum as f32;
                *logit += sum * scale / length;
            }
        }
        logits
    }
}

impl Sink for Scorer<'_> {
    fn word(&mut self, hash: u32) {
        self.add::<0>(hash);
    }

    fn letters(&mut self, hash: u32) {
        self.add::<1>(hash);
    }

    fn place(&mut self, hash: u32) {
        self.add::<2>(hash);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use interline_core::{ChatRequest, Message};
    use proptest::prelude::{any, prop, proptest};

    use super::super::Examples;
    use super::*;

    /// Read once: property tests ask thousands of times.
    static MODEL: LazyLock<Embedded> = LazyLock::new(Embedded::standard);

    fn classified(text: &str) -> Classification {
        MODEL.classification(&Prompt::of_text(text))
    }

    #[test]
    fn foreign_examples_are_classified_far_better_than_by_chance() {
        let model = Embedded::standard();
        let examples = Examples::standard();
        let wrong: Vec<_> = examples
            .as_slice()
            .iter()
            .map(|it| (it, model.classification(&Prompt::of_text(&it.prompt))))
            .filter(|(it, said)| said.task != it.task)
            .map(|(it, said)| format!("{} as {}: {}", it.task, said.task, it.prompt))
            .collect();
        // 72 prompts that no training saw; the floor leaves room for another training.
        assert!(wrong.len() <= 14, "{wrong:#?}");
    }

    #[test]
    fn a_pasted_document_is_told_by_its_length_and_an_attached_one_by_being_there() {
        let minutes = "The board met and spoke about the roof of the old hall. ".repeat(130);
        let said = classified(&format!("Who wanted to wait?\n\n{minutes}"));
        assert_eq!(said.task, Task::LongDocument);
        assert!(said.complexity >= Complexity::Medium && !said.is_abstained);
        let mut prompt = Prompt::of_text("Who signed it?");
        prompt.has_document = true;
        let said = Embedded::standard().classification(&prompt);
        assert_eq!(said.task, Task::LongDocument);
    }

    #[test]
    fn nothing_to_judge_by_abstains() {
        for text in ["", " ", "\n\n", "\u{feff}", "???", "🤷"] {
            assert!(classified(text).is_abstained, "{text:?}");
        }
    }

    #[test]
    fn a_follow_up_is_read_after_the_message_before_it() {
        let request = ChatRequest::new(
            "m",
            [
                Message::user("Translate into French: the shop opens at nine"),
                Message::assistant("La boutique ouvre à neuf heures"),
                Message::user("and the next one"),
            ],
        );
        let mut model = Embedded::standard();
        let alone = model.probabilities("and the next one");
        // Whatever the words alone say, a wide margin makes the model look back.
        model = model.with_margin(1.0).expect("in range");
        let said = model.classification(&Prompt::of(&request));
        let translation = 5;
        assert!(
            said.task == Task::Translation || alone[translation] < 0.05,
            "{said:?}"
        );
    }

    #[test]
    fn a_margin_that_is_no_probability_is_refused() {
        for margin in [-0.1, 1.1, f32::NAN] {
            let error = Embedded::standard()
                .with_margin(margin)
                .expect_err("refused");
            assert_eq!(error.param(), Some("margin"));
        }
    }

    #[test]
    fn probabilities_sum_to_one() {
        for text in ["", "write a haiku", &"long ".repeat(10_000)] {
            let sum: f32 = Embedded::standard().probabilities(text).iter().sum();
            assert!((sum - 1.0).abs() < 1e-4, "{sum}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), times in 1_usize..400) {
            classified(&text.repeat(times));
        }

        #[test]
        fn no_letter_is_cut_at_the_borders_of_the_window(
            letters in prop::collection::vec(any::<char>(), 1..8),
            shift in 0_usize..8,
        ) {
            let letters: String = letters.into_iter().collect();
            classified(&format!("{}{}", "x".repeat(shift), letters.repeat(900)));
        }
    }
}
