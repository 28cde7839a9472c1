//! Pictures, sound, video and documents: Bedrock's blocks and core's media.
//!
//! Bytes travel in base64 or lie in S3; Bedrock fetches nothing from the web, so a web address is
//! `Unsupported`. Core has no word for video, which is a file of a video type.
//! A document needs a name of few characters; one that breaks the rule is mended, see [`DocumentNames`].

use std::collections::BTreeSet;

use interline_core::{Error, ErrorKind, Media, MediaSource, Part, PartKind};
use serde_json::{Map, Value, json};

use crate::{FORMAT, format};
use interline_transport::json::{Fields, Flaw};

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaKind {
    Image,
    Audio,
    Video,
    Document,
}

use MediaKind::{Audio, Document, Image, Video};

/// The kinds by the key of their blocks.
const KINDS: [(&str, MediaKind); 4] = [
    ("image", Image),
    ("audio", Audio),
    ("video", Video),
    ("document", Document),
];

/// Bedrock's word and the MIME type of each form; the first row of a MIME type is written.
const FORMS: [(MediaKind, &str, &str); 38] = [
    (Image, "png", "image/png"),
    (Image, "jpeg", "image/jpeg"),
    (Image, "jpeg", "image/jpg"),
    (Image, "gif", "image/gif"),
    (Image, "webp", "image/webp"),
    (Document, "pdf", "application/pdf"),
    (Document, "csv", "text/csv"),
    (Document, "doc", "application/msword"),
    (
        Document,
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (Document, "xls", "application/vnd.ms-excel"),
    (
        Document,
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    (Document, "html", "text/html"),
    (Document, "txt", "text/plain"),
    (Document, "md", "text/markdown"),
    (Video, "mp4", "video/mp4"),
    (Video, "mov", "video/quicktime"),
    (Video, "mkv", "video/x-matroska"),
    (Video, "webm", "video/webm"),
    (Video, "flv", "video/x-flv"),
    (Video, "mpeg", "video/mpeg"),
    (Video, "mpg", "video/mpg"),
    (Video, "wmv", "video/x-ms-wmv"),
    (Video, "three_gp", "video/3gpp"),
    (Audio, "mp3", "audio/mpeg"),
    (Audio, "mp3", "audio/mp3"),
    (Audio, "wav", "audio/wav"),
    (Audio, "wav", "audio/x-wav"),
    (Audio, "aac", "audio/aac"),
    (Audio, "x-aac", "audio/x-aac"),
    (Audio, "flac", "audio/flac"),
    (Audio, "ogg", "audio/ogg"),
    (Audio, "opus", "audio/opus"),
    (Audio, "mp4", "audio/mp4"),
    (Audio, "m4a", "audio/m4a"),
    (Audio, "webm", "audio/webm"),
    (Audio, "mkv", "audio/x-matroska"),
    (Audio, "mka", "audio/mka"),
    (Audio, "pcm", "audio/pcm"),
];

/// How a form begins in base64; stands in for a missing MIME type.
const SIGNATURES: [(&str, &str); 5] = [
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
    ("JVBERi", "application/pdf"),
];

/// Fields of a block that become typed and nothing else.
const KNOWN: [&str; 3] = ["format", "name", "source"];

/// The key of an S3 object's owner, on the wire and in the extra of its part.
const OWNER: &str = "bucketOwner";

impl MediaKind {
    /// The kind of the block with this key.
    pub(crate) fn of_key(key: &str) -> Option<Self> {
        let (_, kind) = KINDS.iter().find(|(known, _)| *known == key)?;
        Some(*kind)
    }

    fn key(self) -> &'static str {
        KINDS
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("document", |(key, _)| *key)
    }
}

/// Reads a block of this kind; `None` where its source has no word in core.
pub(crate) fn decode(kind: MediaKind, block: Fields<'_>) -> Result<Option<Part>, Flaw> {
    let source = block.required_object("source")?;
    let mut rest = block.rest(&KNOWN);
    let place = if let Some(bytes) = source.str("bytes").map_err(within("source"))? {
        MediaSource::Base64(bytes.to_owned())
    } else if let Some(object) = source.object("s3Location").map_err(within("source"))? {
        let uri = object
            .required_str("uri")
            .map_err(|flaw| flaw.within("s3Location").within("source"))?;
        rest.extend(object.rest(&["uri"]));
        MediaSource::Url(uri.to_owned())
    } else if let Some(text) = source.str("text").map_err(within("source"))? {
        MediaSource::Text(text.to_owned())
    } else {
        return Ok(None);
    };
    let mut media = Media::new(place);
    media.mime = block.str("format")?.map(|form| mime_of(kind, form));
    media.name = block.str("name")?.map(str::to_owned);
    let part = Part::new(match kind {
        Image => PartKind::Image(media),
        Audio => PartKind::Audio(media),
        Video | Document => PartKind::File(media),
    });
    if rest.is_empty() {
        return Ok(Some(part));
    }
    Ok(Some(
        part.with_extra(format::mark(kind.key(), Value::Object(rest))),
    ))
}

fn within(key: &'static str) -> impl Fn(Flaw) -> Flaw {
    move |flaw| flaw.within(key)
}

/// The MIME type of one of Bedrock's words.
pub(crate) fn mime_of(kind: MediaKind, form: &str) -> String {
    FORMS
        .iter()
        .find(|(known, word, _)| *known == kind && *word == form)
        .map_or_else(
            || format!("{}/{form}", kind.key()),
            |(_, _, mime)| (*mime).to_owned(),
        )
}

/// Writes the medium of a part; `None` where the part is none.
///
/// # Errors
/// `Unsupported` for web addresses, ids of uploaded files and types that Bedrock does not take;
/// `InvalidRequest` for bytes whose type is neither said nor visible.
pub(crate) fn encode(part: &Part, names: &mut DocumentNames) -> Result<Option<Value>, Error> {
    let (PartKind::Image(media) | PartKind::Audio(media) | PartKind::File(media)) = &part.kind
    else {
        return Ok(None);
    };
    let form = form_of(media)?;
    let kind = form.map_or(Document, |(kind, _)| kind);
    let rest = part
        .extra
        .get(&FORMAT, kind.key())
        .and_then(Value::as_object);
    let mut block = Map::new();
    if let Some((_, form)) = form {
        block.insert("format".into(), json!(form));
    }
    if kind == Document {
        block.insert("name".into(), json!(names.name(media.name.as_deref())));
    }
    let owner = rest.and_then(|rest| rest.get(OWNER));
    block.insert("source".into(), source(media, owner)?);
    for (key, value) in rest.into_iter().flatten() {
        if key != OWNER {
            block.entry(key.as_str()).or_insert_with(|| value.clone());
        }
    }
    Ok(Some(json!({kind.key(): block})))
}

fn source(media: &Media, owner: Option<&Value>) -> Result<Value, Error> {
    Ok(match &media.source {
        MediaSource::Base64(data) => json!({"bytes": data}),
        MediaSource::Text(text) => json!({"text": text}),
        MediaSource::Url(url) if url.starts_with("s3://") => {
            let mut object = json!({"uri": url});
            if let Some(owner) = owner {
                object[OWNER] = owner.clone();
            }
            json!({"s3Location": object})
        }
        MediaSource::Url(_) => {
            return Err(unsupported(
                "Bedrock fetches nothing from the web: send the bytes, or an s3:// address",
            ));
        }
        _ => {
            return Err(unsupported(
                "Bedrock does not know this file: send the bytes, or an s3:// address",
            ));
        }
    })
}

/// Kind and word; `None` for plain text of no type.
fn form_of(media: &Media) -> Result<Option<(MediaKind, &str)>, Error> {
    let mime = match (&media.mime, &media.source) {
        (Some(mime), _) => mime.as_str(),
        (None, MediaSource::Text(_)) => return Ok(None),
        (None, MediaSource::Base64(data)) => seen_in(data)?,
        (None, MediaSource::Url(url)) => seen_in_name(url)?,
        (None, _) => {
            return Err(unsupported(
                "Bedrock does not know this file: send its bytes",
            ));
        }
    };
    let plain = mime.split(';').next().unwrap_or_default().trim();
    let known = FORMS
        .iter()
        .find(|(_, _, known)| known.eq_ignore_ascii_case(plain))
        .map(|(kind, form, _)| (*kind, *form));
    // What Bedrock itself named and this table does not know.
    let own = || {
        let (kind, form) = plain.split_once('/')?;
        (!form.is_empty()).then_some((MediaKind::of_key(kind)?, form))
    };
    match known.or_else(|| own().filter(|(kind, _)| *kind != Image)) {
        Some(form) => Ok(Some(form)),
        None => Err(unsupported(format!(
            "Bedrock takes no media of type `{plain}`"
        ))),
    }
}

fn seen_in(data: &str) -> Result<&'static str, Error> {
    SIGNATURES
        .iter()
        .find(|(start, _)| data.starts_with(start))
        .map(|(_, mime)| *mime)
        .ok_or_else(|| {
            Error::invalid_request(
                "inline data without a MIME type is no PNG, JPEG, GIF, WebP or PDF: say its type",
            )
        })
}

fn seen_in_name(url: &str) -> Result<&'static str, Error> {
    let ending = url.rsplit_once('.').map(|(_, ending)| ending);
    FORMS
        .iter()
        .find(|(_, word, _)| ending.is_some_and(|ending| ending.eq_ignore_ascii_case(word)))
        .map(|(_, _, mime)| *mime)
        .ok_or_else(|| {
            Error::invalid_request(
                "an address without a MIME type has no known ending: say its type",
            )
        })
}

fn unsupported(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

/// Names for documents: letters, digits, single spaces, `-`, `(`, `)`, `[` and `]`, at most 200.
///
/// A good name stays. Any other is mended (its ending goes, since the format says it; what may not be
/// becomes `-`) and made unlike the other mended ones, because Bedrock refuses two of one name.
#[derive(Debug, Default)]
pub(crate) struct DocumentNames(BTreeSet<String>);

/// The longest name, in characters.
const LONGEST_NAME: usize = 200;

impl DocumentNames {
    fn name(&mut self, given: Option<&str>) -> String {
        if let Some(name) = given
            && is_good(name)
        {
            return name.to_owned();
        }
        let given = given.unwrap_or_default();
        let stem = match given.rsplit_once('.') {
            Some((stem, ending)) if FORMS.iter().any(|(_, word, _)| *word == ending) => stem,
            _ => given,
        };
        let mended: String = stem
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .map(|c| if may_stand(c) { c } else { '-' })
            // Room for the number that tells two of one name apart.
            .take(LONGEST_NAME - 10)
            .collect();
        let base = if mended.is_empty() {
            "document"
        } else {
            &mended
        };
        let mut name = base.to_owned();
        let mut number = 2;
        while !self.0.insert(name.clone()) {
            name = format!("{base} {number}");
            number += 1;
        }
        name
    }
}

fn may_stand(c: char) -> bool {
    c.is_ascii_alphanumeric() || " -()[]".contains(c)
}

fn is_good(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name.chars().all(may_stand)
        && !name.contains("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn round_trip(key: &str, block: &Value) {
        let kind = MediaKind::of_key(key).expect("a kind");
        let fields = Fields::of(block).expect("an object");
        let part = decode(kind, fields).expect("good").expect("a medium");
        let wire = encode(&part, &mut DocumentNames::default()).expect("encodable");
        assert_eq!(wire, Some(json!({key: block})));
    }

    #[test]
    fn blocks_survive() {
        round_trip(
            "image",
            &json!({"format": "webp", "source": {"bytes": "AAAA"}}),
        );
        round_trip(
            "video",
            &json!({"format": "three_gp", "source": {"s3Location":
            {"uri": "s3://b/v", "bucketOwner": "111122223333"}}}),
        );
        round_trip(
            "audio",
            &json!({"format": "mka", "source": {"bytes": "AAAA"}}),
        );
        round_trip(
            "document",
            &json!({"format": "txt", "name": "Document 1",
            "source": {"text": "facts"}, "citations": {"enabled": true}, "context": "c"}),
        );
        round_trip(
            "document",
            &json!({"name": "facts", "source": {"text": "facts"}}),
        );
        round_trip(
            "document",
            &json!({"format": "new", "name": "n", "source": {"bytes": "AA"}}),
        );
    }

    #[test]
    fn a_source_without_a_word_in_core_is_left_whole() {
        let block = json!({"name": "n", "source": {"content": [{"text": "a"}]}});
        let fields = Fields::of(&block).expect("an object");
        assert_eq!(decode(Document, fields), Ok(None));
    }

    #[track_caller]
    fn refused(media: Media, kind: ErrorKind) {
        let error = encode(&Part::image(media), &mut DocumentNames::default());
        assert_eq!(error.expect_err("refused").kind(), kind);
    }

    #[test]
    fn what_bedrock_cannot_reach_or_read_is_refused() {
        refused(
            Media::from_url("https://h/a.png").with_mime("image/png"),
            ErrorKind::Unsupported,
        );
        refused(
            Media::new(MediaSource::FileId("f".into())),
            ErrorKind::Unsupported,
        );
        refused(Media::inline("image/tiff", "AAAA"), ErrorKind::Unsupported);
        refused(
            Media::new(MediaSource::Base64("AAAA".into())),
            ErrorKind::InvalidRequest,
        );
    }

    #[test]
    fn types_are_seen_in_the_bytes_or_the_address() {
        let wire = |media| {
            let wire = encode(&Part::image(media), &mut DocumentNames::default());
            wire.expect("encodable").expect("a medium")
        };
        let jpeg = wire(Media::new(MediaSource::Base64("/9j/AA".into())));
        assert_eq!(jpeg["image"]["format"], "jpeg");
        let png = wire(Media::from_url("s3://bucket/a.b.png"));
        assert_eq!(
            png,
            json!({"image": {"format": "png",
            "source": {"s3Location": {"uri": "s3://bucket/a.b.png"}}}})
        );
    }

    #[test]
    fn names_are_mended_only_where_they_must_be() {
        let mut names = DocumentNames::default();
        assert_eq!(names.name(Some("Document 1")), "Document 1");
        assert_eq!(names.name(Some("q3_report.pdf")), "q3-report");
        assert_eq!(names.name(Some("q3_report.docx")), "q3-report 2");
        assert_eq!(names.name(Some("a  b")), "a b");
        assert_eq!(names.name(None), "document");
        assert_eq!(names.name(Some("")), "document 2");
        assert!(is_good(&names.name(Some(&"é".repeat(500)))));
    }
}
