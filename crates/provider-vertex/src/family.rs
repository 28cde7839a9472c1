//! Which of Vertex AI's APIs serves a model.

/// A group of models that are called alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Anthropic's, over the Messages format.
    Claude,
    /// Those of many makers, named `publisher/model`, over Chat Completions.
    Open,
    /// Google's own, over generateContent.
    Gemini,
}

impl Family {
    /// The family of the model, by its name alone.
    pub(crate) fn of(model: &str) -> Self {
        if model.starts_with("claude") {
            Self::Claude
        } else if model.contains('/') {
            Self::Open
        } else {
            Self::Gemini
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_decides() {
        for (model, family) in [
            ("claude-3-7-sonnet@20250219", Family::Claude),
            ("meta/llama-3.3-70b-instruct-maas", Family::Open),
            ("google/gemini-2.5-flash", Family::Open),
            ("anthropic/claude-x", Family::Open),
            ("gemini-2.5-flash", Family::Gemini),
            ("text-embedding-005", Family::Gemini),
        ] {
            assert_eq!(Family::of(model), family, "{model}");
        }
    }
}
