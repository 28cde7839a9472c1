//! Where a caller finds what an error is about: a path through the request types, said as a path
//! through the document that the caller sent.
//!
//! The types number messages and parts in their own way: a system prompt is a message, calls and
//! results of tools are parts. So a part is found again by its kind and by how many of that kind stand
//! before it, which every format keeps.

use interline_core::{ChatRequest, Part, PartKind};
use serde_json::Value;

/// How a format calls what the request types have other names for.
#[derive(Clone, Copy, Debug)]
pub struct CallerWords {
    /// The field that holds the conversation.
    pub conversation: &'static str,
    /// Names of the types, each with the paths where the format says the same: the first whose field
    /// the caller sent counts, else the first.
    pub names: &'static [(&'static str, &'static [&'static str])],
}

/// The kinds of parts that an error may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Picture,
    Sound,
    File,
    /// One that no type knows.
    Other,
}

/// Says `path`, a path through `request` such as `messages[1].parts[0]`, in the words of the format that
/// it arrived in. A field of the caller's own is said as it is.
///
/// Without the bytes that arrived it is the path in the words of the types.
#[must_use]
pub fn caller_field(request: &ChatRequest, path: &str, words: &CallerWords) -> String {
    let document = request.origin().and_then(|origin| {
        let document: Value = serde_json::from_slice(&origin.body).ok()?;
        document.is_object().then_some(document)
    });
    let Some(document) = document else {
        return path.to_owned();
    };
    let is_sent = |name: &str| document.get(first_key(name)).is_some();
    if !path.contains('[') && is_sent(path) {
        return path.to_owned();
    }
    if let Some(part) = request.part_at(path) {
        return piece(request, part, &document, words)
            .unwrap_or_else(|| words.conversation.to_owned());
    }
    let (first, rest) = path.split_at(first_key(path).len());
    if first == "messages" {
        let rest = if rest.starts_with("[].") { rest } else { "" };
        return format!("{}{rest}", words.conversation);
    }
    match words.names.iter().find(|(name, _)| *name == first) {
        Some((_, places)) => {
            let sent = places.iter().find(|place| is_sent(place));
            sent.or(places.first())
                .map_or_else(|| path.to_owned(), |place| (*place).to_owned())
        }
        None => path.to_owned(),
    }
}

/// The top-level field that a path begins with.
fn first_key(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

fn piece(
    request: &ChatRequest,
    wanted: &Part,
    document: &Value,
    words: &CallerWords,
) -> Option<String> {
    let kind = Kind::of_part(wanted)?;
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    let parts = parts.flat_map(|part| match &part.kind {
        PartKind::ToolResult(result) => result.content.as_slice(),
        _ => std::slice::from_ref(part),
    });
    let place = parts
        .filter(|part| Kind::of_part(part) == Some(kind))
        .position(|part| std::ptr::eq(part, wanted))?;
    let mut pieces = Vec::new();
    for list in ["system", words.conversation] {
        walk(document.get(list), list, &mut pieces);
    }
    let mut alike = pieces.into_iter().filter(|(_, found)| *found == kind);
    alike.nth(place).map(|(path, _)| path)
}

/// Notes the pieces below `value` that an error may be about, with their paths, in their order.
fn walk(value: Option<&Value>, path: &str, pieces: &mut Vec<(String, Kind)>) {
    for (at, item) in value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
    {
        let path = format!("{path}[{at}]");
        if let Some(kind) = item
            .get("type")
            .and_then(Value::as_str)
            .and_then(Kind::of_word)
        {
            pieces.push((path.clone(), kind));
            continue;
        }
        for inner in ["content", "output"] {
            walk(item.get(inner), &format!("{path}.{inner}"), pieces);
        }
    }
}

impl Kind {
    const fn of_part(part: &Part) -> Option<Self> {
        match &part.kind {
            PartKind::Image(_) => Some(Self::Picture),
            PartKind::Audio(_) => Some(Self::Sound),
            PartKind::File(_) => Some(Self::File),
            PartKind::Other { .. } => Some(Self::Other),
            _ => None,
        }
    }

    /// By the word that callers' formats have for it.
    fn of_word(word: &str) -> Option<Self> {
        match word {
            "image" | "image_url" | "input_image" => Some(Self::Picture),
            "audio" | "input_audio" => Some(Self::Sound),
            "document" | "file" | "input_file" => Some(Self::File),
            ""
            | "text"
            | "input_text"
            | "output_text"
            | "refusal"
            | "message"
            | "reasoning"
            | "thinking"
            | "redacted_thinking"
            | "tool_use"
            | "tool_result"
            | "function_call"
            | "function_call_output"
            | "custom_tool_call"
            | "custom_tool_call_output" => None,
            _ => Some(Self::Other),
        }
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{FormatId, Media, Message, Origin, Role};
    use serde_json::json;

    use super::*;

    const WORDS: CallerWords = CallerWords {
        conversation: "input",
        names: &[
            ("response_format", &["text.format"]),
            ("reasoning", &["thinking", "output_config.effort"]),
        ],
    };

    #[track_caller]
    fn check(path: &str, expected: &str) {
        let document = json!({"tools": [], "output_config": {}, "input": [
            {"role": "user", "content": "Look."},
            {"type": "function_call", "call_id": "c"},
            {"type": "function_call_output", "output": [
                {"type": "input_text", "text": "here"}, {"type": "input_image"}]},
            {"role": "user", "content": [{"type": "input_image"}, {"type": "video"}]},
        ]});
        let picture = || Part::image(Media::inline("image/png", "AA"));
        let format = FormatId::from_static("f");
        let result = Part::tool_result("c", [Part::text("here"), picture()]);
        let request = ChatRequest::new(
            "m",
            [
                Message::system("Be brief."),
                Message::user("Look."),
                Message::new(Role::Tool, [result]),
                Message::new(
                    Role::User,
                    [picture(), Part::other(format.clone(), json!({}))],
                ),
            ],
        );
        assert_eq!(
            caller_field(&request, path, &WORDS),
            path,
            "no bytes arrived"
        );
        let origin = Origin::new(format, document.to_string().into());
        let request = request.with_origin(origin);
        assert_eq!(caller_field(&request, path, &WORDS), expected);
    }

    #[test]
    fn a_path_through_the_types_is_said_in_the_callers_words() {
        for (path, expected) in [
            ("tools", "tools"),
            ("tools[1].strict", "tools[1].strict"),
            ("response_format", "text.format"),
            ("reasoning", "output_config.effort"),
            ("seed", "seed"),
            ("messages", "input"),
            ("messages[].annotations", "input[].annotations"),
            ("messages[2].parts[0].content[1]", "input[2].output[1]"),
            ("messages[3].parts[0]", "input[3].content[0]"),
            ("messages[3].parts[1]", "input[3].content[1]"),
            ("messages[1].parts[0]", "input"),
            ("messages[9].name", "input"),
        ] {
            check(path, expected);
        }
    }
}
