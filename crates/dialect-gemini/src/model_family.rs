//! What a model's name tells of its generation, where generations take different requests.
//!
//! By Google's documentation (`ai.google.dev/gemini-api/docs/thinking`, `…/thought-signatures`); that
//! tools and JSON answers do not go together before Gemini 3 is what the API answers.

/// The generation of a model, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u32,
    minor: u32,
}

/// How the model is told how much to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThinkingControl {
    /// It is not: the model refuses the setting.
    None,
    /// By a number of tokens within these bounds; 0 switches thinking off where `can_be_off`.
    Budget {
        least: u64,
        most: u64,
        can_be_off: bool,
    },
    /// By a word; thinking cannot be switched off.
    Level {
        lowest: &'static str,
        middle: &'static str,
    },
}

/// What bears on how a request for a model is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ModelFamily {
    pub(crate) thinking: ThinkingControl,
    /// Whether a call in the history without its signature is refused.
    pub(crate) wants_signatures: bool,
    /// Whether tools and JSON answers go together.
    pub(crate) joins_tools_and_json: bool,
}

impl ModelFamily {
    /// Reads a name such as `gemini-2.5-flash` or `models/gemini-3-pro-preview`.
    ///
    /// A Gemini model without a number (`gemini-flash-latest`) counts as of the newest generation;
    /// other families, such as Gemma, as of the oldest.
    pub(crate) fn of(model: &str) -> Self {
        let name = model.rsplit('/').next().unwrap_or_default();
        let third = Version { major: 3, minor: 0 };
        let Some(rest) = name.strip_prefix("gemini-") else {
            return Self {
                thinking: ThinkingControl::None,
                wants_signatures: false,
                joins_tools_and_json: false,
            };
        };
        let version = Version::at_start(rest);
        let is_new = version.is_none_or(|version| version >= third);
        Self {
            thinking: thinking(version, rest),
            wants_signatures: is_new,
            joins_tools_and_json: is_new,
        }
    }
}

impl Version {
    const FIRST_THINKING: Self = Self { major: 2, minor: 5 };
    /// From here on Flash models refuse the level `minimal`; their Lite siblings take it.
    const WITHOUT_MINIMAL: Self = Self { major: 3, minor: 7 };

    /// The number that `text` begins with: `2.5-flash`, `3-pro-preview`.
    fn at_start(text: &str) -> Option<Self> {
        let number = text.split('-').next()?;
        let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }
}

fn thinking(version: Option<Version>, name: &str) -> ThinkingControl {
    let (is_flash, is_lite) = (name.contains("flash"), name.contains("lite"));
    let is_painter_or_speaker = name.contains("image") || name.contains("tts");
    match version {
        Some(Version { major: 2, .. }) if is_painter_or_speaker => ThinkingControl::None,
        Some(version) if version < Version::FIRST_THINKING => ThinkingControl::None,
        Some(Version { major: 2, .. }) => ThinkingControl::Budget {
            least: match (is_flash, is_lite) {
                (_, true) => 512,
                (true, false) => 1,
                (false, false) => 128,
            },
            most: if is_flash { 24_576 } else { 32_768 },
            can_be_off: is_flash,
        },
        _ => {
            let takes_minimal = is_lite
                || is_flash && version.is_some_and(|version| version < Version::WITHOUT_MINIMAL);
            ThinkingControl::Level {
                lowest: if takes_minimal { "minimal" } else { "low" },
                // The first model with levels knew only the outer two.
                middle: if name.starts_with("3-pro") {
                    "high"
                } else {
                    "medium"
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn level(model: &str, lowest: &str, middle: &str) {
        let family = ModelFamily::of(model);
        assert!(
            family.wants_signatures && family.joins_tools_and_json,
            "{model}"
        );
        match family.thinking {
            ThinkingControl::Level {
                lowest: low,
                middle: mid,
            } => {
                assert_eq!((low, mid), (lowest, middle), "{model}");
            }
            other => panic!("{model}: {other:?}"),
        }
    }

    #[track_caller]
    fn budget(model: &str, least: u64, most: u64, can_be_off: bool) {
        let family = ModelFamily::of(model);
        assert!(
            !family.wants_signatures && !family.joins_tools_and_json,
            "{model}"
        );
        let expected = ThinkingControl::Budget {
            least,
            most,
            can_be_off,
        };
        assert_eq!(family.thinking, expected, "{model}");
    }

    #[test]
    fn names_tell_how_thinking_is_measured() {
        budget("gemini-2.5-pro", 128, 32_768, false);
        budget("models/gemini-2.5-flash-preview-09-2025", 1, 24_576, true);
        budget("gemini-2.5-flash-lite", 512, 24_576, true);
        level("gemini-3-pro-preview", "low", "high");
        level("gemini-3.1-pro-preview", "low", "medium");
        level("gemini-3-flash-preview", "minimal", "medium");
        level("gemini-3.8-flash", "low", "medium");
        level("gemini-3.5-flash-lite", "minimal", "medium");
        level("gemini-4-argon", "low", "medium");
        level("gemini-flash-latest", "low", "medium");
        for model in [
            "gemini-2.0-flash-001",
            "gemini-2.5-flash-image",
            "gemini-1.5-pro",
            "gemma-3-27b-it",
            "",
        ] {
            assert_eq!(
                ModelFamily::of(model).thinking,
                ThinkingControl::None,
                "{model}"
            );
        }
    }
}
