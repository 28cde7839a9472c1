//! Pictures, sound and documents: `inlineData` and `fileData`, and core's media.

use interline_core::{Error, ErrorKind, Media, MediaSource, Part, PartKind};
use serde_json::{Value, json};

use interline_transport::json::{Fields, Flaw};

/// How each picture type begins in base64; stands in for a missing MIME type.
const PICTURE_SIGNATURES: [(&str, &str); 4] = [
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
];

/// MIME types by the ending of an address; Vertex AI demands one, the Gemini API guesses by itself.
const ENDINGS: [(&str, &str); 16] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("heic", "image/heic"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("html", "text/html"),
    ("csv", "text/csv"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("ogg", "audio/ogg"),
    ("flac", "audio/flac"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
];

/// The fields of `inlineData` and `fileData` that become typed.
pub(crate) const INLINE_KEYS: [&str; 3] = ["data", "mimeType", "displayName"];
pub(crate) const FILE_KEYS: [&str; 3] = ["fileUri", "mimeType", "displayName"];

/// Reads `inlineData`.
///
/// Clients send either base64 alphabet; core's media hold the standard one.
pub(crate) fn decode_inline(fields: Fields<'_>) -> Result<PartKind, Flaw> {
    let data = fields.required_str("data")?;
    let data = data.replace('-', "+").replace('_', "/");
    kind(Media::new(MediaSource::Base64(data)), fields)
}

/// Reads `fileData`.
pub(crate) fn decode_file(fields: Fields<'_>) -> Result<PartKind, Flaw> {
    let uri = fields.required_str("fileUri")?;
    kind(Media::new(MediaSource::Url(uri.to_owned())), fields)
}

fn kind(mut media: Media, fields: Fields<'_>) -> Result<PartKind, Flaw> {
    media.mime = fields.str("mimeType")?.map(str::to_owned);
    media.name = fields.str("displayName")?.map(str::to_owned);
    let family = media
        .mime
        .as_deref()
        .and_then(|mime| mime.split('/').next());
    Ok(match family {
        Some("image") => PartKind::Image(media),
        Some("audio") => PartKind::Audio(media),
        _ => PartKind::File(media),
    })
}

/// Writes the medium of a part; `None` where the part is none.
///
/// A document of plain text becomes text: the format has no other place for it.
///
/// # Errors
/// `InvalidRequest` where inline data has no MIME type and does not look like a picture;
/// `Unsupported` for a file that was uploaded to another vendor.
pub(crate) fn encode(part: &Part) -> Result<Option<Value>, Error> {
    let (media, fallback) = match &part.kind {
        PartKind::Image(media) => (media, None),
        PartKind::Audio(media) => (media, Some("audio/wav")),
        PartKind::File(media) => (media, Some("application/pdf")),
        _ => return Ok(None),
    };
    let wire = match &media.source {
        MediaSource::Base64(data) => {
            let known = media.mime.as_deref().or(fallback);
            let mime = known.map_or_else(|| picture_mime(data), Ok)?;
            json!({"inlineData": {"mimeType": mime, "data": data}})
        }
        MediaSource::Url(url) => {
            let mut file = json!({"fileUri": url});
            if let Some(mime) = media.mime.as_deref().or_else(|| mime_of(url)) {
                file["mimeType"] = json!(mime);
            }
            json!({"fileData": file})
        }
        MediaSource::Text(text) => json!({"text": text}),
        MediaSource::FileId(id) => {
            return Err(unsupported(format!(
                "file id `{id}` means nothing to Google: send the file's address or its bytes"
            )));
        }
        other => {
            return Err(unsupported(format!(
                "gemini.generate_content cannot carry {other:?}"
            )));
        }
    };
    Ok(Some(wire))
}

fn picture_mime(data: &str) -> Result<&'static str, Error> {
    PICTURE_SIGNATURES
        .iter()
        .find(|(start, _)| data.starts_with(start))
        .map(|(_, mime)| *mime)
        .ok_or_else(|| {
            Error::invalid_request(
                "inline data without a MIME type is no PNG, JPEG, GIF or WebP: say its type",
            )
        })
}

fn mime_of(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next()?;
    let (_, ending) = path.rsplit('/').next()?.rsplit_once('.')?;
    ENDINGS
        .iter()
        .find(|(known, _)| ending.eq_ignore_ascii_case(known))
        .map(|(_, mime)| *mime)
}

fn unsupported(message: String) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(part: &Part, wire: Value) {
        assert_eq!(encode(part).expect("encodable"), Some(wire));
    }

    #[test]
    fn bytes_and_addresses_carry_a_type() {
        check(
            &Part::image(Media::new(MediaSource::Base64("/9j/AA".into()))),
            json!({"inlineData": {"mimeType": "image/jpeg", "data": "/9j/AA"}}),
        );
        check(
            &Part::image(Media::from_url("https://a.example/b.PNG?x=1.pdf")),
            json!({"fileData": {"fileUri": "https://a.example/b.PNG?x=1.pdf", "mimeType": "image/png"}}),
        );
        check(
            &Part::image(Media::from_url("https://a.example/picture")),
            json!({"fileData": {"fileUri": "https://a.example/picture"}}),
        );
        check(
            &Part::new(PartKind::File(Media::new(MediaSource::Text("long".into())))),
            json!({"text": "long"}),
        );
    }

    #[test]
    fn what_google_cannot_reach_is_refused() {
        let part = Part::image(Media::new(MediaSource::FileId("file-1".into())));
        let error = encode(&part).expect_err("another vendor's file");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let part = Part::image(Media::new(MediaSource::Base64("AAAA".into())));
        let error = encode(&part).expect_err("no type");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }

    #[test]
    fn the_type_decides_what_a_medium_is() {
        let read = |mime: &str| {
            let value = json!({"data": "a-_b", "mimeType": mime});
            decode_inline(Fields::of(&value).expect("an object")).expect("inline data")
        };
        assert_eq!(
            read("image/png"),
            PartKind::Image(Media::inline("image/png", "a+/b"))
        );
        assert!(matches!(read("audio/mpeg"), PartKind::Audio(_)));
        assert!(matches!(read("video/mp4"), PartKind::File(_)));
    }
}
