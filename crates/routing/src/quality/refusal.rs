//! Words that usually mean that a model declines.
//!
//! Read at the beginning of a short answer only: a long one that begins with regret usually goes on to
//! answer. The list is written by hand from what models say in English; nothing was measured on it.

/// How much of the beginning is read, and how long an answer may be to count, in characters. Chosen.
const HEAD_CHARS: usize = 160;
const SHORT_CHARS: usize = 600;

/// Openings of refusals, in lower case with straight apostrophes.
const PHRASES: [&str; 20] = [
    "i can't help with",
    "i cannot help with",
    "i can't assist",
    "i cannot assist",
    "i can't comply",
    "i cannot comply",
    "i can't provide",
    "i cannot provide",
    "i can't fulfill",
    "i cannot fulfill",
    "i won't be able to help",
    "i'm unable to",
    "i am unable to",
    "i'm not able to",
    "i am not able to",
    "i must decline",
    "i have to decline",
    "i'm sorry, but i can't",
    "i'm sorry, but i cannot",
    "as an ai language model, i can",
];

/// Whether an answer reads like a refusal.
pub(super) fn reads_like_a_refusal(text: &str) -> bool {
    let text = text.trim_start();
    if text.chars().nth(SHORT_CHARS).is_some() {
        return false;
    }
    let head: String = text
        .chars()
        .take(HEAD_CHARS)
        .map(|letter| if letter == '\u{2019}' { '\'' } else { letter })
        .flat_map(char::to_lowercase)
        .collect();
    PHRASES.iter().any(|phrase| head.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_answers_that_decline_are_found() {
        for text in [
            "I\u{2019}m sorry, but I can\u{2019}t help with that request.",
            "Sorry. I cannot assist with this.",
            "  I'M UNABLE TO do that.",
        ] {
            assert!(reads_like_a_refusal(text), "{text}");
        }
    }

    #[test]
    fn answers_are_not_taken_for_refusals() {
        for text in [
            "Here is the plan. Step one: we cannot help but begin.",
            "The function returns an error when it cannot parse its input.",
            "",
        ] {
            assert!(!reads_like_a_refusal(text), "{text}");
        }
        let long = format!(
            "I cannot provide exact figures, but {}",
            "here is what I know. ".repeat(40)
        );
        assert!(!reads_like_a_refusal(&long));
    }
}
