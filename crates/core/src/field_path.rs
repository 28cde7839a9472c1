//! Where in a request something stands, as a path that an error can name.
//!
//! There is one style of paths: field names joined by dots, positions in brackets, counted from 0.
//! Here they are paths through [`ChatRequest`]: `tools`, `response_format`, `messages[2].parts[0]`.
//! Whoever speaks with callers of a wire format says the same in that format's words.

use crate::{ChatRequest, Feature, Part, PartKind, Tool};

impl ChatRequest {
    /// The path of the field that asks for `feature`: of the first one, where several do.
    ///
    /// For a feature that the request does not ask for it is where it would stand.
    #[must_use]
    pub fn field_of(&self, feature: Feature) -> String {
        let place = match feature {
            Feature::JsonObject | Feature::JsonSchema => "response_format",
            Feature::TopPBesideTemperature => "top_p",
            Feature::StrictTools => return self.strict_tool(),
            Feature::CacheMarks => {
                return self.marked_tool().unwrap_or_else(|| self.place_of(feature));
            }
            Feature::ParticipantNames => {
                let named = self.messages.iter().position(|one| one.name.is_some());
                return named.map_or_else(messages, |at| format!("messages[{at}].name"));
            }
            Feature::Images
            | Feature::Audio
            | Feature::Files
            | Feature::ImageDetail
            | Feature::ToolErrors
            | Feature::UnsignedReasoning => return self.place_of(feature),
            other => other.name(),
        };
        place.to_owned()
    }

    /// The part at a path such as `messages[2].parts[0]` or `messages[2].parts[0].content[1]`; what
    /// follows behind it is not looked at.
    #[must_use]
    pub fn part_at(&self, path: &str) -> Option<&Part> {
        let (message, rest) = position(path, "messages[")?;
        let (part, rest) = position(rest, ".parts[")?;
        let part = self.messages.get(message)?.parts.get(part)?;
        match (&part.kind, position(rest, ".content[")) {
            (PartKind::ToolResult(result), Some((inner, _))) => result.content.get(inner),
            _ => Some(part),
        }
    }

    fn strict_tool(&self) -> String {
        let is_strict = |tool: &Tool| matches!(tool, Tool::Function(it) if it.strict == Some(true));
        match self.tools.iter().position(is_strict) {
            Some(at) => format!("tools[{at}].strict"),
            None => "tools".to_owned(),
        }
    }

    fn marked_tool(&self) -> Option<String> {
        let is_marked =
            |tool: &Tool| matches!(tool, Tool::Function(it) if it.cache_control.is_some());
        let at = self.tools.iter().position(is_marked)?;
        Some(format!("tools[{at}].cache_control"))
    }

    /// The first part that asks for a feature of parts.
    fn place_of(&self, feature: Feature) -> String {
        for (message, one) in self.messages.iter().enumerate() {
            for (at, part) in one.parts.iter().enumerate() {
                let path = || format!("messages[{message}].parts[{at}]");
                if asks(part, feature) {
                    return path();
                }
                if let PartKind::ToolResult(result) = &part.kind
                    && let Some(inner) = result.content.iter().position(|part| asks(part, feature))
                {
                    return format!("{}.content[{inner}]", path());
                }
            }
        }
        messages()
    }
}

fn messages() -> String {
    "messages".to_owned()
}

fn asks(part: &Part, feature: Feature) -> bool {
    match (&part.kind, feature) {
        (_, Feature::CacheMarks) => part.cache_control.is_some(),
        (PartKind::Image(_), Feature::Images)
        | (PartKind::Audio(_), Feature::Audio)
        | (PartKind::File(_), Feature::Files) => true,
        (PartKind::Image(media), Feature::ImageDetail) => media.detail.is_some(),
        (PartKind::ToolResult(result), Feature::ToolErrors) => result.is_error == Some(true),
        (PartKind::Reasoning(thought), Feature::UnsignedReasoning) => thought.signature.is_none(),
        _ => false,
    }
}

/// The number behind `before`, and what follows the bracket that closes it.
fn position<'p>(path: &'p str, before: &str) -> Option<(usize, &'p str)> {
    let (number, rest) = path.strip_prefix(before)?.split_once(']')?;
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FunctionTool, Media, Message, ResponseFormat, Role};

    #[test]
    fn a_feature_is_asked_for_at_a_path() {
        let picture = || Part::image(Media::inline("image/png", "AA"));
        let result = Part::tool_result("c", [Part::text("see"), picture()]);
        let mut strict = FunctionTool::new("f", serde_json::json!({}));
        strict.strict = Some(true);
        let request = ChatRequest::new(
            "m",
            [
                Message::system("Be brief."),
                Message::new(Role::Tool, [result]),
                Message::new(Role::User, [Part::text("and"), picture()]).with_name("Ada"),
            ],
        )
        .with_tool(FunctionTool::new("g", serde_json::json!({})))
        .with_tool(strict)
        .with_response_format(ResponseFormat::JsonObject);
        for (feature, path) in [
            (Feature::Images, "messages[1].parts[0].content[1]"),
            (Feature::ParticipantNames, "messages[2].name"),
            (Feature::StrictTools, "tools[1].strict"),
            (Feature::JsonObject, "response_format"),
            (Feature::PresencePenalty, "presence_penalty"),
            (Feature::Files, "messages"),
        ] {
            assert_eq!(request.field_of(feature), path);
        }
        let inner = request.part_at("messages[1].parts[0].content[1]");
        assert!(inner.is_some_and(|part| matches!(part.kind, PartKind::Image(_))));
        let outer = request.part_at("messages[2].parts[0].text");
        assert_eq!(outer.and_then(Part::as_text), Some("and"));
        for nowhere in [
            "messages",
            "messages[9].parts[0]",
            "messages[x].parts[0]",
            "tools[0]",
        ] {
            assert!(request.part_at(nowhere).is_none(), "{nowhere}");
        }
    }
}
