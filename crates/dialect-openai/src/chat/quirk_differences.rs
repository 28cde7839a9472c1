//! What is done differently for a vendor, in sentences: for pages and reports.
//!
//! It is written next to the choices, so that a new choice cannot be forgotten there.

use super::{
    CacheMarks, CallIds, DeveloperRole, DocumentParts, EarlierReasoning, OutputLimit,
    ParticipantNames, Quirks, SoundParts, StreamEnd, StreamUsage, TextParts, ThinkingControl,
};

impl Quirks {
    /// What is done differently for a vendor than for one that follows the reference, one sentence
    /// each, with field names in backticks. Features are not among them: they are a table of their own.
    #[must_use]
    pub fn differences(&self) -> Vec<String> {
        let chosen = [
            self.developer_role.difference(),
            self.output_limit.difference(),
            self.participant_names.difference(),
            self.text_parts.difference(),
            self.call_ids.difference(),
            self.documents.difference(),
            self.sound.difference(),
            self.cache_marks.difference(),
            self.thinking.difference(),
            self.earlier_reasoning.difference(),
            self.stream_usage.difference(),
            self.stream_end.difference(),
        ];
        let mut sentences: Vec<String> = chosen.into_iter().flatten().map(Into::into).collect();
        sentences.extend(left_out("Fields", self.refused_fields));
        sentences.extend(left_out("Fields of messages", self.refused_message_fields));
        for (name, vendors) in self.renamed_fields {
            sentences.push(format!("`{name}` is sent as `{vendors}`."));
        }
        if let Some(envelope) = self.envelope {
            sentences.push(format!(
                "`usage` and `error` are read from `{envelope}` of stream chunks, too."
            ));
        }
        sentences
    }
}

/// Names what the vendor would refuse.
pub(crate) fn left_out(what: &str, fields: &[&str]) -> Option<String> {
    let names: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
    (!names.is_empty()).then(|| {
        format!(
            "{what} that the vendor refuses are left out: {}.",
            names.join(", ")
        )
    })
}

impl DeveloperRole {
    const fn difference(self) -> Option<&'static str> {
        match self {
            Self::Kept => None,
            Self::AsSystem => Some("The role `developer` is sent as `system`."),
        }
    }
}

impl OutputLimit {
    const fn difference(self) -> Option<&'static str> {
        match self {
            Self::MaxCompletionTokens => None,
            Self::MaxTokens => Some("The bound on answers is sent as `max_tokens`."),
        }
    }
}

impl ParticipantNames {
    const fn difference(self) -> Option<&'static str> {
        match self {
            Self::Kept => None,
            Self::Dropped => Some("The `name` of messages is left out."),
        }
    }
}

impl TextParts {
    const fn difference(self) -> Option<&'static str> {
        match self {
            Self::Kept => None,
            Self::Joined => Some("Several texts of a message that is not the user's are joined."),
        }
    }
}

impl CallIds {
    const fn difference(self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::NineAlphanumeric => Some(
                "Ids of tool calls that are not nine letters or digits are replaced, the same by the same.",
            ),
        }
    }
}

impl DocumentParts {
    const fn difference(self) -> Option<&'static str> {
        match self {
            Self::Inline => None,
            Self::InlineOrAddress => {
                Some("Documents are `file` parts, where an address may stand for the data.")
            }
            Self::DocumentUrl => Some("Documents are `document_url` parts."),
            Self::FileUrl => Some("Documents are `file_url` parts."),
        }
    }
}

impl SoundParts {
    const fn difference(self) -> Option<&'static str> {
        match self {
            Self::Object => None,
            Self::Data => Some("Sound is `input_audio` with the bare data."),
        }
    }
}

impl CacheMarks {
    const fn difference(self) -> Option<&'static str> {
        match self {
            Self::Dropped => None,
            Self::Kept => {
                Some("Marks for the vendor's cache are sent as `cache_control` of parts.")
            }
        }
    }
}

impl ThinkingControl {
    const fn difference(self) -> Option<&'static str> {
        match self {
            Self::Effort => None,
            Self::EffortAndSwitch => Some(
                "Thinking that is switched off is said as `thinking`, an effort as `reasoning_effort`.",
            ),
            Self::ReasoningObject => Some("Thinking is asked for with an object `reasoning`."),
        }
    }
}

impl EarlierReasoning {
    const fn difference(self) -> Option<&'static str> {
        match self {
            Self::Dropped => None,
            Self::ReasoningContent => Some("Earlier thoughts are sent as `reasoning_content`."),
            Self::EitherName => {
                Some("Earlier thoughts are sent as `reasoning_content` and as `reasoning`.")
            }
            Self::ReasoningContentRequired => Some(
                "Earlier thoughts are sent as `reasoning_content`; a message that calls tools gets a blank one where they are unknown.",
            ),
            Self::ThinkingParts => Some(
                "Earlier thoughts are sent as `thinking` parts; those of answers, which come as parts too, are shown as `reasoning_content` beside a plain text to callers of `openai.chat`.",
            ),
            Self::ReasoningDetails => Some(
                "Earlier thoughts are sent as `reasoning`, with `reasoning_details` where the vendor signed or sealed them.",
            ),
        }
    }
}

impl StreamUsage {
    const fn difference(self) -> Option<&'static str> {
        match self {
            Self::Requested => None,
            Self::Unasked => Some("Streams tell their tokens unasked."),
        }
    }
}

impl StreamEnd {
    const fn difference(self) -> Option<&'static str> {
        match self {
            Self::Done => None,
            Self::DoneOrFinished => {
                Some("A stream may end behind its finish reason, without `[DONE]`.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_that_follows_the_reference_differs_in_nothing() {
        assert_eq!(Quirks::new().differences(), Vec::<String>::new());
    }

    #[test]
    fn every_difference_is_told() {
        let quirks = Quirks::new()
            .with_developer_role(DeveloperRole::AsSystem)
            .with_renamed_fields(&[("seed", "random_seed")])
            .with_refused_fields(&["store", "logit_bias"])
            .with_envelope("x_groq");
        assert_eq!(
            quirks.differences(),
            [
                "The role `developer` is sent as `system`.",
                "Fields that the vendor refuses are left out: `store`, `logit_bias`.",
                "`seed` is sent as `random_seed`.",
                "`usage` and `error` are read from `x_groq` of stream chunks, too.",
            ]
        );
    }
}
