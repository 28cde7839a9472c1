//! Every setting of the training, chosen by leaving out one source after the other.

use crate::Result;

/// The settings. `docs/routing.md` says what was tried around them.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    /// Bits of the tables of words, letters and places.
    pub(crate) bits: [u32; 3],
    /// What each table weighs against the others; a small weight is a strong penalty.
    pub(crate) table_weights: [f64; 3],
    /// What the numbers of the shape weigh.
    pub(crate) shape_weight: f64,
    /// What the numbers of the lexicon weigh.
    pub(crate) lexicon_weight: f64,
    /// Weight of the squared weights against the mean loss of a prompt, times the number of prompts.
    pub(crate) penalty: f64,
    /// The share of the truth that is spread over all classes.
    pub(crate) smoothing: f64,
    /// What a prompt of the project's own counts.
    pub(crate) own_weight: f64,
    /// What a filled frame counts.
    pub(crate) frame_weight: f64,
    /// What a prompt of a natural source counts.
    pub(crate) natural_weight: f64,
    /// A source's prompts of a class count together as at most this many.
    pub(crate) source_cap: f64,
    /// What an augmented copy counts against its original; 0 makes none.
    pub(crate) copy_weight: f64,
    /// How far rare classes are lifted: 0 not at all, 1 to the same sum for each class.
    pub(crate) balance: f64,
    /// Steps of the optimiser, at most.
    pub(crate) steps: usize,
    /// What logits are divided by; the held-out sources say what makes probabilities honest.
    pub(crate) temperature: f32,
    /// The lead below which the model abstains.
    pub(crate) margin: f32,
    /// Weight of the squared weights in what is tried on difficulty.
    pub(crate) difficulty_penalty: f64,
}

impl Recipe {
    pub(crate) const fn standard() -> Self {
        Self {
            bits: [14, 14, 13],
            table_weights: [1.3, 0.5, 0.5],
            shape_weight: 0.07,
            lexicon_weight: 0.15,
            penalty: 1.0,
            smoothing: 0.0,
            own_weight: 2.0,
            frame_weight: 0.1,
            natural_weight: 1.0,
            source_cap: 1e9,
            copy_weight: 0.0,
            balance: 1.0,
            steps: 200,
            temperature: 0.75,
            margin: 0.1,
            difficulty_penalty: 100.0,
        }
    }

    /// Applies `name=number`.
    pub(crate) fn change(&mut self, setting: &str) -> Result<()> {
        let wrong = || format!("`{setting}` is no setting: it is like `penalty=2`; see recipe.rs");
        let (name, value) = setting.split_once('=').ok_or_else(wrong)?;
        let number: f64 = value.parse().map_err(|_| wrong())?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts are small, and a negative one becomes 0"
        )]
        let count = number as u32;
        match name {
            "words" => self.bits[0] = count,
            "letters" => self.bits[1] = count,
            "places" => self.bits[2] = count,
            "word_weight" => self.table_weights[0] = number,
            "letter_weight" => self.table_weights[1] = number,
            "place_weight" => self.table_weights[2] = number,
            "shape_weight" => self.shape_weight = number,
            "lexicon_weight" => self.lexicon_weight = number,
            "penalty" => self.penalty = number,
            "smoothing" => self.smoothing = number,
            "own_weight" => self.own_weight = number,
            "frame_weight" => self.frame_weight = number,
            "natural_weight" => self.natural_weight = number,
            "source_cap" => self.source_cap = number,
            "copy_weight" => self.copy_weight = number,
            "balance" => self.balance = number,
            "steps" => self.steps = count as usize,
            "difficulty_penalty" => self.difficulty_penalty = number,
            _ => return Err(wrong()),
        }
        Ok(())
    }
}
