//! Reads the content of a message.

use interline_core::{Media, MediaSource, Part, PartKind, Reasoning, Result};
use serde_json::Value;

use super::FORMAT;
use super::adapt_messages::thinking_words;
use super::fields::{Fields, invalid, kind_of};

/// Reads `content`: a string, or an array of parts.
pub(crate) fn decode_content(content: Value, path: &str) -> Result<Vec<Part>> {
    match content {
        Value::String(text) => Ok(vec![Part::text(text)]),
        Value::Array(parts) => parts
            .into_iter()
            .enumerate()
            .map(|(position, part)| decode_part(part, format!("{path}[{position}]")))
            .collect(),
        other => Err(invalid(
            path,
            format_args!(
                "must be a string or an array of parts, not {}",
                kind_of(&other)
            ),
        )),
    }
}

fn decode_part(part: Value, path: String) -> Result<Part> {
    // Older clients put bare strings into the array.
    if let Value::String(text) = part {
        return Ok(Part::text(text));
    }
    if let Some(thoughts) = thinking_words(&part) {
        return Ok(Part::reasoning(Reasoning::new(thoughts)));
    }
    let word = part.get("type").and_then(Value::as_str).map(str::to_owned);
    let known = ["text", "refusal", "image_url", "input_audio", "file"];
    let Some(word) = word.filter(|word| known.contains(&word.as_str())) else {
        return unknown_part(part, path);
    };
    let mut fields = Fields::of(part, path)?;
    fields.take("type");
    let kind = match word.as_str() {
        "text" => PartKind::Text(fields.required_string("text")?),
        "refusal" => PartKind::Refusal(fields.required_string("refusal")?),
        "image_url" => PartKind::Image(image(&mut fields)?),
        "input_audio" => PartKind::Audio(audio(&mut fields)?),
        _ => PartKind::File(file(&mut fields)?),
    };
    let mark = fields.cache_control()?;
    Ok(Part::new(kind)
        .with_cache_control(mark)
        .with_extra(fields.into_extra()))
}

/// A part of a type that is not known here, whole; a part must at least say its type.
fn unknown_part(part: Value, path: String) -> Result<Part> {
    Fields::of(part.clone(), path)?.required_string("type")?;
    Ok(Part::other(FORMAT, part))
}

fn image(fields: &mut Fields) -> Result<Media> {
    // Some clients give the address itself.
    if fields.peek("image_url").is_some_and(Value::is_string) {
        return Ok(Media::from_url(fields.required_string("image_url")?));
    }
    let mut image = required_object(fields, "image_url")?;
    let mut media = Media::from_url(image.required_string("url")?);
    media.detail = image.string("detail")?;
    fields.keep_rest("image_url", image);
    Ok(media)
}

fn audio(fields: &mut Fields) -> Result<Media> {
    let mut audio = required_object(fields, "input_audio")?;
    let data = audio.required_string("data")?;
    let mime = match audio.required_string("format")?.as_str() {
        "mp3" => "audio/mpeg".to_owned(),
        other => format!("audio/{other}"),
    };
    fields.keep_rest("input_audio", audio);
    Ok(Media::inline(mime, data))
}

fn file(fields: &mut Fields) -> Result<Media> {
    let mut file = required_object(fields, "file")?;
    let mut media = match (file.string("file_id")?, file.string("file_data")?) {
        (Some(id), _) => Media::new(MediaSource::FileId(id)),
        (None, Some(data)) => file_data(data),
        (None, None) => {
            return Err(invalid(file.path(), "needs `file_id` or `file_data`"));
        }
    };
    media.name = file.string("filename")?;
    fields.keep_rest("file", file);
    Ok(media)
}

/// An address, or bare base64 without a type.
fn file_data(data: String) -> Media {
    let is_address = ["data:", "http://", "https://"]
        .iter()
        .any(|scheme| data.starts_with(scheme));
    if is_address {
        Media::from_url(data)
    } else {
        Media::new(MediaSource::Base64(data))
    }
}

fn required_object(fields: &mut Fields, key: &str) -> Result<Fields> {
    fields
        .object(key)?
        .ok_or_else(|| invalid(&fields.path_of(key), "is required and must be an object"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(part: &Value, expected: &PartKind) -> Part {
        let mut parts = decode_content(json!([part]), "content").expect("a good part");
        let part = parts.remove(0);
        assert_eq!(&part.kind, expected);
        part
    }

    #[test]
    fn media_are_read_in_every_form() {
        let picture = PartKind::Image(Media::from_url("https://x.example/a.png"));
        check(
            &json!({"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}),
            &picture,
        );
        check(
            &json!({"type": "image_url", "image_url": "https://x.example/a.png"}),
            &picture,
        );
        check(
            &json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}),
            &PartKind::Audio(Media::inline("audio/mpeg", "AAAA")),
        );
        check(
            &json!({"type": "file", "file": {"filename": "a.pdf",
                "file_data": "data:application/pdf;base64,AAAA"}}),
            &PartKind::File(Media::inline("application/pdf", "AAAA").with_name("a.pdf")),
        );
    }

    #[test]
    fn unknown_parts_stay_whole_and_unknown_fields_stay_beside() {
        let video = json!({"type": "video_url", "video_url": {"url": "https://x.example"}});
        check(
            &video.clone(),
            &PartKind::Other {
                format: FORMAT,
                value: video,
            },
        );
        let part = check(
            &json!({"type": "image_url", "image_url": {"url": "https://x.example", "fps": 2}}),
            &PartKind::Image(Media::from_url("https://x.example")),
        );
        assert_eq!(
            part.extra.get(&FORMAT, "image_url"),
            Some(&json!({"fps": 2}))
        );
    }

    #[test]
    fn a_part_without_a_type_is_refused_by_path() {
        let error =
            decode_content(json!([{"text": "x"}]), "messages[1].content").expect_err("no type");
        assert_eq!(error.param(), Some("messages[1].content[0].type"));
    }
}
