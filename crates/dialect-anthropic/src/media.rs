//! Pictures and documents: `source` objects and core's media.

use interline_core::{Error, ErrorKind, Media, MediaSource};
use serde_json::{Value, json};

use interline_transport::json::{Fields, Flaw};

/// The prefix of every file id that Anthropic gives out; ids of other vendors mean nothing to it.
const FILE_ID_PREFIX: &str = "file_";

/// How each picture type begins in base64; stands in for a missing MIME type.
const PICTURE_SIGNATURES: [(&str, &str); 4] = [
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
];

/// Reads a `source` object; `None` where its type is one that core has no word for.
pub(crate) fn decode(source: Fields<'_>) -> Result<Option<Media>, Flaw> {
    let mime = source.str("media_type")?;
    let media = match source.required_str("type")? {
        "base64" => Media::new(MediaSource::Base64(source.required_str("data")?.to_owned())),
        "text" => Media::new(MediaSource::Text(source.required_str("data")?.to_owned())),
        "url" => Media::new(MediaSource::Url(source.required_str("url")?.to_owned())),
        "file" => Media::new(MediaSource::FileId(
            source.required_str("file_id")?.to_owned(),
        )),
        _ => return Ok(None),
    };
    Ok(Some(match mime {
        Some(mime) => media.with_mime(mime),
        None => media,
    }))
}

/// What a `source` object is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Picture,
    Document,
}

/// Writes a `source` object.
///
/// # Errors
/// `InvalidRequest` where inline data has no MIME type and does not look like a picture;
/// `Unsupported` for what the format cannot carry: another vendor's file id, a picture as plain text.
pub(crate) fn encode(media: &Media, purpose: Purpose) -> Result<Value, Error> {
    match &media.source {
        MediaSource::Url(url) => Ok(json!({"type": "url", "url": url})),
        MediaSource::Base64(data) => {
            let mime = match (media.mime.as_deref(), purpose) {
                (Some(mime), _) => mime,
                (None, Purpose::Document) => "application/pdf",
                (None, Purpose::Picture) => picture_mime(data)?,
            };
            Ok(json!({"type": "base64", "media_type": mime, "data": data}))
        }
        MediaSource::FileId(id) if id.starts_with(FILE_ID_PREFIX) => {
            Ok(json!({"type": "file", "file_id": id}))
        }
        MediaSource::FileId(id) => Err(unsupported(format!(
            "file id `{id}` is not Anthropic's (`{FILE_ID_PREFIX}…`): send the bytes instead"
        ))),
        MediaSource::Text(text) if purpose == Purpose::Document => Ok(json!({
            "type": "text",
            "media_type": media.mime.as_deref().unwrap_or("text/plain"),
            "data": text,
        })),
        other => Err(unsupported(format!(
            "anthropic.messages cannot carry this as a picture: {other:?}"
        ))),
    }
}

fn picture_mime(data: &str) -> Result<&'static str, Error> {
    PICTURE_SIGNATURES
        .iter()
        .find(|(start, _)| data.starts_with(start))
        .map(|(_, mime)| *mime)
        .ok_or_else(|| {
            Error::invalid_request(
                "an inline picture has no MIME type and is neither PNG, JPEG, GIF nor WebP",
            )
        })
}

fn unsupported(message: String) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn round_trip(source: &Value, purpose: Purpose) {
        let media = decode(Fields::of(source).expect("an object"))
            .expect("a good source")
            .expect("a known type");
        assert_eq!(&encode(&media, purpose).expect("encodable"), source);
    }

    #[test]
    fn every_kind_of_source_survives() {
        round_trip(
            &json!({"type": "base64", "media_type": "image/png", "data": "AAAA"}),
            Purpose::Picture,
        );
        round_trip(
            &json!({"type": "url", "url": "https://a.example/b.png"}),
            Purpose::Picture,
        );
        round_trip(
            &json!({"type": "file", "file_id": "file_1"}),
            Purpose::Document,
        );
        round_trip(
            &json!({"type": "text", "media_type": "text/plain", "data": "hi"}),
            Purpose::Document,
        );
    }

    #[test]
    fn a_missing_picture_type_is_read_from_the_bytes() {
        let source = encode(
            &Media::new(MediaSource::Base64("/9j/4AAQ".into())),
            Purpose::Picture,
        );
        assert_eq!(source.expect("a JPEG")["media_type"], "image/jpeg");
    }

    #[test]
    fn another_vendors_file_is_unsupported_not_sent() {
        let media = Media::new(MediaSource::FileId("file-abc".into()));
        let error = encode(&media, Purpose::Document).expect_err("not Anthropic's");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}
