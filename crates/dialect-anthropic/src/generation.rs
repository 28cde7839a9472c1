//! What the generations of Claude accept: how thinking is asked for, and which sampling parameters.
//!
//! Taken from public reports of what the API refuses, which quote Anthropic's migration guide
//! (`platform.claude.com/docs/en/about-claude/models/migration-guide`), and from recorded traffic; not
//! tried against the live API. Only requests that are written from types need this: a caller of the
//! Messages format has chosen for itself.

/// How a model is asked to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThinkingStyle {
    /// `enabled` with a budget in tokens.
    Budget,
    /// `adaptive` with an effort; a budget is refused.
    Adaptive,
}

/// How a model is told not to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThinkingOff {
    /// By saying nothing; `disabled` is refused.
    Silent,
    /// By `disabled`.
    Disabled,
}

/// Which sampling parameters a model accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sampling {
    /// All of them.
    Free,
    /// `temperature` or `top_p`, not both.
    OneOf,
    /// None.
    Fixed,
}

/// What one generation accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation {
    pub(crate) thinking: ThinkingStyle,
    pub(crate) off: ThinkingOff,
    pub(crate) sampling: Sampling,
}

const fn row(thinking: ThinkingStyle, off: ThinkingOff, sampling: Sampling) -> Generation {
    Generation {
        thinking,
        off,
        sampling,
    }
}

/// The newest generation, which also stands for Claude models whose name shows no version.
const NEWEST: Generation = row(
    ThinkingStyle::Adaptive,
    ThinkingOff::Disabled,
    Sampling::Fixed,
);

/// The oldest, which also stands for models that other vendors serve in this format.
const OLDEST: Generation = row(ThinkingStyle::Budget, ThinkingOff::Disabled, Sampling::Free);

/// From which version on each row holds, newest first.
const GENERATIONS: [((u8, u8), Generation); 4] = [
    ((5, 0), NEWEST),
    (
        (4, 7),
        row(
            ThinkingStyle::Adaptive,
            ThinkingOff::Silent,
            Sampling::Fixed,
        ),
    ),
    (
        (4, 6),
        row(
            ThinkingStyle::Adaptive,
            ThinkingOff::Disabled,
            Sampling::OneOf,
        ),
    ),
    (
        (4, 1),
        row(
            ThinkingStyle::Budget,
            ThinkingOff::Disabled,
            Sampling::OneOf,
        ),
    ),
];

impl Generation {
    /// What `model` accepts, judged by its name.
    pub(crate) fn of(model: &str) -> Self {
        let Some(version) = version(model) else {
            return OLDEST;
        };
        let Some(version) = version else {
            return NEWEST;
        };
        GENERATIONS
            .iter()
            .find(|(from, _)| version >= *from)
            .map_or(OLDEST, |(_, generation)| *generation)
    }
}

/// Outer `None`: not a Claude model; inner `None`: one without a version in its name.
#[allow(
    clippy::option_option,
    reason = "the two absences mean different things"
)]
fn version(model: &str) -> Option<Option<(u8, u8)>> {
    let model = model.to_ascii_lowercase();
    let (_, after) = model.split_once("claude")?;
    // Dates have eight digits and are no version.
    let small = |word: &str| word.parse::<u8>().ok().filter(|_| word.len() <= 2);
    let mut words = after
        .split(|c: char| !c.is_ascii_alphanumeric())
        .skip_while(|word| small(word).is_none());
    let Some(major) = words.next().and_then(small) else {
        return Some(None);
    };
    Some(Some((major, words.next().and_then(small).unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(model: &str, expected: Option<Option<(u8, u8)>>) {
        assert_eq!(version(model), expected, "{model}");
    }

    #[test]
    fn versions_are_read_from_all_naming_schemes() {
        check("claude-3-5-sonnet-20241022", Some(Some((3, 5))));
        check("claude-3-opus-20240229", Some(Some((3, 0))));
        check("claude-sonnet-4-20250514", Some(Some((4, 0))));
        check("claude-opus-4-1-20250805", Some(Some((4, 1))));
        check("anthropic/claude-opus-4.7", Some(Some((4, 7))));
        check("eu.anthropic.claude-opus-4-6-v1", Some(Some((4, 6))));
        check("claude-sonnet-4-5@20250929", Some(Some((4, 5))));
        check("claude-opus-5", Some(Some((5, 0))));
        check("claude-mythos-preview", Some(None));
        check("kimi-k2", None);
    }

    #[test]
    fn each_version_finds_its_row() {
        assert_eq!(Generation::of("claude-3-7-sonnet-latest"), OLDEST);
        assert_eq!(
            Generation::of("claude-haiku-4-5").thinking,
            ThinkingStyle::Budget
        );
        assert_eq!(Generation::of("claude-opus-4-8").off, ThinkingOff::Silent);
        assert_eq!(Generation::of("claude-mythos-preview"), NEWEST);
        assert_eq!(Generation::of("glm-4.6"), OLDEST);
    }
}
