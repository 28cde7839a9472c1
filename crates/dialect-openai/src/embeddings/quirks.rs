//! What a vendor of this format does differently, as declared data.
//!
//! The default is the format's own reference: OpenAI's documentation of embeddings, read in November
//! 2026. A vendor's crate declares its differences and gives the reason there.

use crate::chat::quirk_differences::left_out;

/// What a vendor of this format does differently.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmbeddingQuirks {
    /// The field that says how many numbers each vector shall have; `None` where there is no such
    /// field, so that the wish is `Unsupported`.
    pub dimensions: Option<&'static str>,
    /// Whether inputs may be tokens.
    pub token_inputs: TokenInputs,
    /// How vectors may come.
    pub encodings: VectorEncodings,
    /// Fields that the vendor answers with a refusal, so that they are left out.
    pub refused_fields: &'static [&'static str],
}

/// Whether inputs may be tokens in place of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenInputs {
    /// They may.
    Taken,
    /// The vendor takes words only: such a request is `Unsupported`.
    Refused,
}

/// How vectors may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VectorEncodings {
    /// As arrays of numbers, or, where `encoding_format` says `base64`, as 32-bit floats, the lowest
    /// byte first.
    FloatOrBase64,
    /// As arrays of numbers only; `encoding_format` is not sent.
    FloatOnly,
    /// As base64 of one signed byte for each number; `encoding_format` is not sent.
    SignedBytes,
}

impl EmbeddingQuirks {
    /// A vendor that follows the reference.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            dimensions: Some("dimensions"),
            token_inputs: TokenInputs::Taken,
            encodings: VectorEncodings::FloatOrBase64,
            refused_fields: &[],
        }
    }

    /// What is done differently for a vendor than for one that follows the reference, one sentence
    /// each, with field names in backticks.
    #[must_use]
    pub fn differences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        match self.dimensions {
            Some("dimensions") => {}
            Some(field) => sentences.push(format!("The length of vectors is asked as `{field}`.")),
            None => sentences.push("A length of vectors is refused: `unsupported`.".to_owned()),
        }
        if self.token_inputs == TokenInputs::Refused {
            sentences.push("Inputs of tokens are refused: `unsupported`.".to_owned());
        }
        match self.encodings {
            VectorEncodings::FloatOrBase64 => {}
            VectorEncodings::FloatOnly => {
                sentences.push("Vectors come as numbers only.".to_owned());
            }
            VectorEncodings::SignedBytes => {
                sentences.push("Vectors come as one signed byte for each number.".to_owned());
            }
        }
        sentences.extend(left_out("Fields of embeddings", self.refused_fields));
        sentences
    }

    /// Names the field that says how many numbers each vector shall have; `None` where there is none.
    #[must_use]
    pub const fn with_dimensions(mut self, field: Option<&'static str>) -> Self {
        self.dimensions = field;
        self
    }

    /// Says whether inputs may be tokens.
    #[must_use]
    pub const fn with_token_inputs(mut self, token_inputs: TokenInputs) -> Self {
        self.token_inputs = token_inputs;
        self
    }

    /// Says how vectors may come.
    #[must_use]
    pub const fn with_encodings(mut self, encodings: VectorEncodings) -> Self {
        self.encodings = encodings;
        self
    }

    /// Names the fields that the vendor refuses.
    #[must_use]
    pub const fn with_refused_fields(mut self, refused_fields: &'static [&'static str]) -> Self {
        self.refused_fields = refused_fields;
        self
    }
}

impl Default for EmbeddingQuirks {
    fn default() -> Self {
        Self::new()
    }
}
