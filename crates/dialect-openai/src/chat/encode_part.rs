//! Writes one part of a message's content.

use interline_core::{Error, ErrorKind, Media, MediaSource, Part, PartKind, Result};
use serde_json::{Map, Value, json};

use super::merge::{merge_extra, object, set};
use super::{CacheMarks, DocumentParts, FORMAT, Quirks};

/// The name of a document that came without one; the format demands a name beside inline data.
const fn unnamed(mime: Option<&str>) -> &'static str {
    match mime {
        Some(mime) if mime.eq_ignore_ascii_case("application/pdf") => "document.pdf",
        _ => "document",
    }
}

/// What the format cannot carry, at `path` of the request.
pub(crate) fn unsupported(path: &str, what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("`{path}` {what}")).with_param(path)
}

/// Writes one part of the content of a system, developer, user, tool or assistant message.
///
/// # Errors
/// `Unsupported` where content of this format cannot hold the part.
pub(crate) fn encode_part(part: &Part, path: &str, quirks: &Quirks) -> Result<Value> {
    let mut fields = match &part.kind {
        PartKind::Text(text) => text_part(text),
        PartKind::Image(media) => image(media, path)?,
        PartKind::Audio(media) => audio(media, path)?,
        PartKind::File(media) => file(media, path, quirks)?,
        PartKind::Other { format, value } if *format == FORMAT => return Ok(value.clone()),
        PartKind::Other { format, .. } => {
            return Err(unsupported(
                path,
                &format!("is a part that only the format `{format}` knows"),
            ));
        }
        _ => {
            return Err(unsupported(
                path,
                "cannot stand in the content of this message",
            ));
        }
    };
    merge_extra(&mut fields, &part.extra);
    if let Some(mark) = part
        .cache_control
        .as_ref()
        .filter(|_| quirks.cache_marks == CacheMarks::Kept)
    {
        let mut control = object([("type", "ephemeral".into())]);
        set(&mut control, "ttl", mark.ttl.as_deref());
        fields.insert("cache_control".into(), control.into());
    }
    Ok(fields.into())
}

fn text_part(text: &str) -> Map<String, Value> {
    object([("type", "text".into()), ("text", text.into())])
}

fn image(media: &Media, path: &str) -> Result<Map<String, Value>> {
    let url = media.to_url().ok_or_else(|| {
        unsupported(
            path,
            "is a picture by file id; this format takes a URL or inline data",
        )
    })?;
    let mut image = object([("url", url.into())]);
    set(&mut image, "detail", media.detail.as_deref());
    Ok(object([
        ("type", "image_url".into()),
        ("image_url", image.into()),
    ]))
}

fn audio(media: &Media, path: &str) -> Result<Map<String, Value>> {
    let MediaSource::Base64(data) = &media.source else {
        return Err(unsupported(
            path,
            "is audio by reference; this format takes inline data",
        ));
    };
    let format = match media.mime.as_deref() {
        Some("audio/mpeg" | "audio/mp3") => "mp3",
        Some("audio/wav" | "audio/x-wav" | "audio/wave") | None => "wav",
        Some(other) => other.rsplit('/').next().unwrap_or(other),
    };
    Ok(object([
        ("type", "input_audio".into()),
        ("input_audio", json!({"data": data, "format": format})),
    ]))
}

fn file(media: &Media, path: &str, quirks: &Quirks) -> Result<Map<String, Value>> {
    let mut file = Map::new();
    match &media.source {
        MediaSource::FileId(id) => {
            file.insert("file_id".into(), id.as_str().into());
            set(&mut file, "filename", media.name.as_deref());
        }
        MediaSource::Base64(data) => {
            // Without a type there is no `data:` address; the bare data is what then arrived.
            let data = match &media.mime {
                Some(mime) => format!("data:{mime};base64,{data}"),
                None => data.clone(),
            };
            file.insert("file_data".into(), data.into());
            let name = media
                .name
                .as_deref()
                .unwrap_or_else(|| unnamed(media.mime.as_deref()));
            file.insert("filename".into(), name.into());
        }
        MediaSource::Url(url) if quirks.documents != DocumentParts::Inline => {
            file.insert("file_data".into(), url.as_str().into());
            set(&mut file, "filename", media.name.as_deref());
        }
        // A document that is text loses nothing as text.
        MediaSource::Text(text) => return Ok(text_part(text)),
        _ => {
            return Err(unsupported(
                path,
                "is a document by URL; this format takes inline data or a file id",
            ));
        }
    }
    Ok(object([("type", "file".into()), ("file", file.into())]))
}

#[cfg(test)]
mod tests {
    use interline_core::FormatId;

    use super::*;

    #[track_caller]
    fn check(kind: PartKind, expected: &Value) {
        let encoded =
            encode_part(&Part::new(kind), "p", &Quirks::default()).expect("carried by the format");
        assert_eq!(&encoded, expected);
    }

    #[test]
    fn media_are_written_as_the_format_has_them() {
        check(
            PartKind::Image(Media::inline("image/png", "AAAA").with_detail("low")),
            &json!({"type": "image_url",
                "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}}),
        );
        check(
            PartKind::Audio(Media::inline("audio/mpeg", "AAAA")),
            &json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}),
        );
        check(
            PartKind::File(Media::inline("application/pdf", "AAAA")),
            &json!({"type": "file",
                "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "document.pdf"}}),
        );
        check(
            PartKind::File(Media::new(MediaSource::Text("plain".into()))),
            &json!({"type": "text", "text": "plain"}),
        );
    }

    #[test]
    fn what_the_format_cannot_carry_is_named() {
        let foreign = FormatId::from_static("foreign");
        for kind in [
            PartKind::Image(Media::new(MediaSource::FileId("f".into()))),
            PartKind::Audio(Media::new(MediaSource::Url("https://x.example".into()))),
            PartKind::File(Media::new(MediaSource::Url("https://x.example".into()))),
            PartKind::Other {
                format: foreign,
                value: Value::Null,
            },
        ] {
            let error = encode_part(&Part::new(kind), "messages[1].parts[0]", &Quirks::default())
                .expect_err("no form");
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert_eq!(error.param(), Some("messages[1].parts[0]"));
        }
    }
}
