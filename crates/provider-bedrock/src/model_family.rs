//! What the makers behind Bedrock accept, judged by the model's name.
//!
//! Converse itself is one format, but caching, thinking and sampling differ by maker. Names carry the
//! maker (`us.anthropic.claude-…`, `amazon.nova-…`); the ARN of an application inference profile, an
//! import or a provisioned model does not, and such a model gets what the format allows.
//! Taken from the Bedrock user guide's pages on prompt caching, extended thinking and Nova's request
//! schema, read in August 2026; not tried against the live service.

/// Which maker's rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    Claude,
    Nova,
    OpenAi,
    /// Another maker, whose models take neither cache points nor a measure of thinking.
    Other,
    /// An ARN that does not tell.
    Unknown,
}

/// How a model is asked to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThinkingStyle {
    /// Not at all, or it thinks as it likes.
    None,
    /// Claude: `thinking` with a budget in tokens.
    Budget,
    /// Claude since 4.6: adaptive `thinking` with an effort.
    Adaptive,
    /// Nova 2: `reasoningConfig` with an effort.
    Nova,
    /// OpenAI's open models: `reasoning_effort`.
    Effort,
}

/// Which sampling parameters a model accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sampling {
    /// All of them.
    Free,
    /// `temperature` or `topP`, not both.
    OneOf,
    /// None.
    Fixed,
}

/// What a model accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ModelFamily {
    pub(crate) maker: Maker,
    pub(crate) thinking: ThinkingStyle,
    pub(crate) sampling: Sampling,
    /// Whether the model thinks unless it is told not to.
    pub(crate) thinks_unasked: bool,
}

impl ModelFamily {
    pub(crate) fn of(model: &str) -> Self {
        let model = model.to_ascii_lowercase();
        let row = |maker, thinking| Self {
            maker,
            thinking,
            sampling: Sampling::Free,
            thinks_unasked: thinking == ThinkingStyle::Effort,
        };
        if let Some((_, after)) = model.split_once("anthropic.claude") {
            return claude(after);
        }
        if let Some((_, after)) = model.split_once("amazon.nova") {
            let thinks = after.starts_with("-2");
            let thinking = if thinks {
                ThinkingStyle::Nova
            } else {
                ThinkingStyle::None
            };
            return row(Maker::Nova, thinking);
        }
        if model.contains("openai.") {
            return row(Maker::OpenAi, ThinkingStyle::Effort);
        }
        let names_none = model.starts_with("arn:")
            && !model.contains(":foundation-model/")
            && !model.contains(":inference-profile/");
        let maker = if names_none {
            Maker::Unknown
        } else {
            Maker::Other
        };
        row(maker, ThinkingStyle::None)
    }

    /// Whether `cachePoint` may stand in messages and instructions.
    pub(crate) const fn caches_messages(self) -> bool {
        matches!(self.maker, Maker::Claude | Maker::Nova | Maker::Unknown)
    }

    /// Whether answers and arguments can be held to a schema (`outputConfig`, `strict`): Claude since
    /// 4.5 and the open models that the user guide lists, not Nova.
    pub(crate) const fn enforces_schemas(self) -> bool {
        match self.maker {
            Maker::Claude => !matches!(self.sampling, Sampling::Free),
            Maker::Nova => false,
            Maker::OpenAi | Maker::Other | Maker::Unknown => true,
        }
    }

    /// Whether sampling can be bounded to the best k tokens.
    pub(crate) const fn takes_top_k(self) -> bool {
        matches!(self.maker, Maker::Claude | Maker::Nova)
    }

    /// Whether `cachePoint` may stand among tools.
    pub(crate) const fn caches_tools(self) -> bool {
        matches!(self.maker, Maker::Claude | Maker::Unknown)
    }
}

/// From which version of Claude on each row holds, newest first.
const CLAUDES: [((u8, u8), ThinkingStyle, Sampling); 4] = [
    ((4, 7), ThinkingStyle::Adaptive, Sampling::Fixed),
    ((4, 6), ThinkingStyle::Adaptive, Sampling::OneOf),
    ((4, 1), ThinkingStyle::Budget, Sampling::OneOf),
    ((3, 7), ThinkingStyle::Budget, Sampling::Free),
];

fn claude(after: &str) -> ModelFamily {
    // Dates have eight digits and are no version.
    let small = |word: &str| word.parse::<u8>().ok().filter(|_| word.len() <= 2);
    let mut words = after
        .split(|c: char| !c.is_ascii_alphanumeric())
        .skip_while(|word| small(word).is_none());
    // A name without a version is newer than this table.
    let major = words.next().and_then(small).unwrap_or(u8::MAX);
    let version = (major, words.next().and_then(small).unwrap_or(0));
    let row = CLAUDES.iter().find(|(from, ..)| version >= *from);
    let (thinking, sampling) =
        row.map_or((ThinkingStyle::None, Sampling::Free), |row| (row.1, row.2));
    ModelFamily {
        maker: Maker::Claude,
        thinking,
        sampling,
        thinks_unasked: version >= (5, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(model: &str, maker: Maker, thinking: ThinkingStyle, sampling: Sampling) {
        let family = ModelFamily::of(model);
        let read = (family.maker, family.thinking, family.sampling);
        assert_eq!(read, (maker, thinking, sampling), "{model}");
    }

    #[test]
    fn makers_are_read_from_all_naming_schemes() {
        use {Maker as M, Sampling as S, ThinkingStyle as T};
        let claude = |model, thinking, sampling| check(model, M::Claude, thinking, sampling);
        claude("anthropic.claude-v2:1", T::None, S::Free);
        claude("anthropic.claude-3-haiku-20240307-v1:0", T::None, S::Free);
        claude(
            "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
            T::Budget,
            S::Free,
        );
        claude(
            "anthropic.claude-sonnet-4-20250514-v1:0",
            T::Budget,
            S::Free,
        );
        claude(
            "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
            T::Budget,
            S::OneOf,
        );
        claude("global.anthropic.claude-opus-4-6-v1", T::Adaptive, S::OneOf);
        claude("us.anthropic.claude-sonnet-5", T::Adaptive, S::Fixed);
        let profile = "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-7";
        claude(profile, T::Adaptive, S::Fixed);
        check("us.amazon.nova-lite-v1:0", M::Nova, T::None, S::Free);
        check("us.amazon.nova-2-lite-v1:0", M::Nova, T::Nova, S::Free);
        check("openai.gpt-oss-120b-1:0", M::OpenAi, T::Effort, S::Free);
        check("us.deepseek.r1-v1:0", M::Other, T::None, S::Free);
        let own = "arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2";
        check(own, M::Unknown, T::None, S::Free);
    }
}
