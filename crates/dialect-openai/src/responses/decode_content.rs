//! Reads the content of messages and of tool results.

use interline_core::{Extra, Media, MediaSource, Part, PartKind, Result};
use serde_json::Value;

use super::FORMAT;
use super::item::{Place, type_of, unknown};
use crate::chat::fields::{Fields, invalid, kind_of};

/// Reads `content`: a string, or an array of parts.
pub(crate) fn decode_content(content: Value, path: &str) -> Result<Vec<Part>> {
    match content {
        Value::String(text) => Ok(vec![Part::text(text)]),
        Value::Array(parts) => parts
            .into_iter()
            .enumerate()
            .map(|(position, part)| decode_part(part, format!("{path}[{position}]")))
            .collect(),
        other => {
            let kind = kind_of(&other);
            let what = format_args!("must be a string or an array of parts, not {kind}");
            Err(invalid(path, what))
        }
    }
}

fn decode_part(part: Value, path: String) -> Result<Part> {
    let word = type_of(&part).to_owned();
    let known = [
        "input_text",
        "output_text",
        "text",
        "refusal",
        "input_image",
        "input_audio",
        "input_file",
    ];
    if !known.contains(&word.as_str()) {
        // A part must at least say its type.
        Fields::of(part.clone(), path)?.required_string("type")?;
        return Ok(unknown(part, Place::Content));
    }
    let mut fields = Fields::of(part, path)?;
    fields.take("type");
    let kind = match word.as_str() {
        "refusal" => PartKind::Refusal(fields.required_string("refusal")?),
        "input_image" => PartKind::Image(image(&mut fields)?),
        "input_audio" => PartKind::Audio(audio(&mut fields)?),
        "input_file" => PartKind::File(file(&mut fields)?),
        _ => PartKind::Text(fields.required_string("text")?),
    };
    Ok(Part::new(kind).with_extra(Extra::new(FORMAT, fields.into_map())))
}

fn image(fields: &mut Fields) -> Result<Media> {
    let mut media = match (fields.string("image_url")?, fields.string("file_id")?) {
        (Some(url), _) => Media::from_url(url),
        (None, Some(id)) => Media::new(MediaSource::FileId(id)),
        (None, None) => {
            return Err(invalid(fields.path(), "needs `image_url` or `file_id`"));
        }
    };
    media.detail = fields.string("detail")?;
    Ok(media)
}

fn audio(fields: &mut Fields) -> Result<Media> {
    let mut audio = fields.object("input_audio")?.ok_or_else(|| {
        let path = fields.path_of("input_audio");
        invalid(&path, "is required and must be an object")
    })?;
    let data = audio.required_string("data")?;
    let mime = match audio.required_string("format")?.as_str() {
        "mp3" => "audio/mpeg".to_owned(),
        other => format!("audio/{other}"),
    };
    fields.keep_rest("input_audio", audio);
    Ok(Media::inline(mime, data))
}

fn file(fields: &mut Fields) -> Result<Media> {
    let data = fields.string("file_data")?;
    let url = fields.string("file_url")?;
    let mut media = match (data, url, fields.string("file_id")?) {
        (Some(data), ..) if data.starts_with("data:") => Media::from_url(data),
        (Some(data), ..) => Media::new(MediaSource::Base64(data)),
        (None, Some(url), _) => Media::from_url(url),
        (None, None, Some(id)) => Media::new(MediaSource::FileId(id)),
        (None, None, None) => {
            return Err(invalid(
                fields.path(),
                "needs `file_data`, `file_url` or `file_id`",
            ));
        }
    };
    media.name = fields.string("filename")?;
    Ok(media)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(part: &Value, expected: &PartKind) {
        let parts = decode_content(json!([part]), "content").expect("a good part");
        assert_eq!(&parts[0].kind, expected);
    }

    #[test]
    fn media_are_read_in_every_form() {
        check(
            &json!({"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"}),
            &PartKind::Image(Media::inline("image/png", "AAAA").with_detail("low")),
        );
        check(
            &json!({"type": "input_image", "file_id": "file-1"}),
            &PartKind::Image(Media::new(MediaSource::FileId("file-1".into()))),
        );
        check(
            &json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}),
            &PartKind::Audio(Media::inline("audio/mpeg", "AAAA")),
        );
        check(
            &json!({"type": "input_file", "filename": "a.pdf",
                "file_data": "data:application/pdf;base64,AAAA"}),
            &PartKind::File(Media::inline("application/pdf", "AAAA").with_name("a.pdf")),
        );
        check(
            &json!({"type": "input_file", "file_url": "https://x.example/a.pdf"}),
            &PartKind::File(Media::from_url("https://x.example/a.pdf")),
        );
    }

    #[test]
    fn unknown_parts_stay_whole_and_unknown_fields_stay_beside() {
        let video = json!({"type": "input_video", "url": "https://x.example"});
        let parts = decode_content(
            json!([video, {"type": "output_text", "text": "a",
            "annotations": [], "logprobs": []}]),
            "content",
        );
        let parts = parts.expect("good parts");
        assert_eq!(parts[0], Part::other(FORMAT, video));
        assert_eq!(parts[1].extra.get(&FORMAT, "annotations"), Some(&json!([])));
    }

    #[test]
    fn a_part_that_lacks_something_is_refused_by_path() {
        for (part, param) in [
            (json!({"text": "x"}), "content[0].type"),
            (json!({"type": "input_text"}), "content[0].text"),
            (json!({"type": "input_image"}), "content[0]"),
            (json!({"type": "input_file"}), "content[0]"),
            (json!("x"), "content[0]"),
        ] {
            let error = decode_content(json!([part]), "content").expect_err("a bad part");
            assert_eq!(error.param(), Some(param), "{error}");
        }
    }
}
