//! Writes one part of a message's content, or of what a tool gave back.

use interline_core::{Media, MediaSource, Part, PartKind, Result};
use serde_json::{Map, Value, json};

use super::FORMAT;
use super::item::ITEM;
use crate::chat::encode_part::unsupported;
use crate::chat::merge::{merge_missing, object, set};

/// Who says the content: what the model said earlier has types of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// The model.
    Model,
    /// Everybody else.
    Others,
}

/// Writes one part of the content.
///
/// # Errors
/// `Unsupported` where content of this format cannot hold the part.
pub(crate) fn encode_content(part: &Part, speaker: Speaker, path: &str) -> Result<Value> {
    let mut fields = match &part.kind {
        PartKind::Text(text) => text_part(text, speaker),
        PartKind::Refusal(text) if speaker == Speaker::Model => object([
            ("type", "refusal".into()),
            ("refusal", text.as_str().into()),
        ]),
        PartKind::Refusal(text) => text_part(text, speaker),
        PartKind::Image(media) => image(media, path)?,
        PartKind::Audio(media) => audio(media, path)?,
        PartKind::File(media) => file(media, speaker, path)?,
        PartKind::Other { format, value } if *format == FORMAT => return Ok(value.clone()),
        PartKind::Other { format, .. } => {
            let what = format!("is a part that only the format `{format}` knows");
            return Err(unsupported(path, &what));
        }
        _ => {
            return Err(unsupported(
                path,
                "cannot stand in the content of this message",
            ));
        }
    };
    if let Some(extra) = part.extra.for_format(&FORMAT) {
        merge_missing(&mut fields, extra);
        fields.remove(ITEM);
    }
    Ok(fields.into())
}

fn text_part(text: &str, speaker: Speaker) -> Map<String, Value> {
    let word = match speaker {
        Speaker::Model => "output_text",
        Speaker::Others => "input_text",
    };
    object([("type", word.into()), ("text", text.into())])
}

fn image(media: &Media, path: &str) -> Result<Map<String, Value>> {
    let mut image = object([("type", "input_image".into())]);
    match (&media.source, media.to_url()) {
        (MediaSource::FileId(id), _) => set(&mut image, "file_id", Some(id.as_str())),
        (_, Some(url)) => set(&mut image, "image_url", Some(url)),
        (_, None) => {
            return Err(unsupported(
                path,
                "is a picture without an address; give a URL, inline data or a file id",
            ));
        }
    }
    set(&mut image, "detail", media.detail.as_deref());
    Ok(image)
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

fn file(media: &Media, speaker: Speaker, path: &str) -> Result<Map<String, Value>> {
    let mut file = object([("type", "input_file".into())]);
    match &media.source {
        MediaSource::FileId(id) => set(&mut file, "file_id", Some(id.as_str())),
        MediaSource::Url(url) => set(&mut file, "file_url", Some(url.as_str())),
        MediaSource::Base64(data) => {
            // Without a type there is no `data:` address; the bare data is what then arrived.
            let data = match &media.mime {
                Some(mime) => format!("data:{mime};base64,{data}"),
                None => data.clone(),
            };
            set(&mut file, "file_data", Some(data));
            // The format demands a name beside inline data.
            let name = media.name.as_deref();
            let name = name.unwrap_or_else(|| unnamed(media.mime.as_deref()));
            set(&mut file, "filename", Some(name));
        }
        // A document that is text loses nothing as text.
        MediaSource::Text(text) => return Ok(text_part(text, speaker)),
        _ => return Err(unsupported(path, "is a document by an unknown reference")),
    }
    if !matches!(media.source, MediaSource::Base64(_)) {
        set(&mut file, "filename", media.name.as_deref());
    }
    Ok(file)
}

/// The name of a document that came without one.
const fn unnamed(mime: Option<&str>) -> &'static str {
    match mime {
        Some(mime) if mime.eq_ignore_ascii_case("application/pdf") => "document.pdf",
        _ => "document",
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{Extra, FormatId};

    use super::*;

    #[track_caller]
    fn check(part: &Part, speaker: Speaker, expected: Value) {
        let Value::Object(expected) = expected else {
            panic!("{expected} is no object");
        };
        let written = encode_content(part, speaker, "p").expect("carried");
        assert_eq!(written.as_object(), Some(&expected));
    }

    #[test]
    fn the_model_and_the_others_have_types_of_their_own() {
        check(
            &Part::text("hi"),
            Speaker::Others,
            json!({"type": "input_text", "text": "hi"}),
        );
        check(
            &Part::text("hi"),
            Speaker::Model,
            json!({"type": "output_text", "text": "hi"}),
        );
        let refusal = Part::new(PartKind::Refusal("no".into()));
        check(
            &refusal,
            Speaker::Model,
            json!({"type": "refusal", "refusal": "no"}),
        );
        check(
            &refusal,
            Speaker::Others,
            json!({"type": "input_text", "text": "no"}),
        );
    }

    #[test]
    fn media_stand_flat_by_address_data_or_id() {
        let by_id = || Media::new(MediaSource::FileId("file-1".into()));
        check(
            &Part::image(Media::from_url("https://x.example/a.png").with_detail("low")),
            Speaker::Others,
            json!({"type": "input_image", "image_url": "https://x.example/a.png", "detail": "low"}),
        );
        check(
            &Part::image(by_id()),
            Speaker::Others,
            json!({"type": "input_image", "file_id": "file-1"}),
        );
        let file = |media| Part::new(PartKind::File(media));
        check(
            &file(Media::inline("application/pdf", "QUJD")),
            Speaker::Others,
            json!({"type": "input_file", "filename": "document.pdf",
                   "file_data": "data:application/pdf;base64,QUJD"}),
        );
        check(
            &file(Media::from_url("https://x.example/a.pdf")),
            Speaker::Others,
            json!({"type": "input_file", "file_url": "https://x.example/a.pdf"}),
        );
        check(
            &file(Media::new(MediaSource::Text("plain".into()))),
            Speaker::Others,
            json!({"type": "input_text", "text": "plain"}),
        );
        check(
            &Part::new(PartKind::Audio(Media::inline("audio/mpeg", "QUJD"))),
            Speaker::Others,
            json!({"type": "input_audio", "input_audio": {"data": "QUJD", "format": "mp3"}}),
        );
    }

    #[test]
    fn unknown_fields_return_without_those_of_the_item() {
        let fields = json!({"annotations": [1], "item": {"id": "msg_1"}});
        let fields = fields.as_object().expect("an object").clone();
        let part = Part::text("hi").with_extra(Extra::new(FORMAT, fields));
        check(
            &part,
            Speaker::Model,
            json!({"type": "output_text", "text": "hi", "annotations": [1]}),
        );
    }

    #[test]
    fn what_cannot_stand_here_is_refused_by_path() {
        let other = FormatId::from_static("anthropic.messages");
        let cases = [
            Part::other(other, json!({"type": "search_result"})),
            Part::new(PartKind::Audio(Media::from_url("https://x.example/a.mp3"))),
            Part::image(Media::new(MediaSource::Text("x".into()))),
        ];
        for part in cases {
            let error = encode_content(&part, Speaker::Others, "messages[0].parts[1]");
            let error = error.expect_err("refused");
            assert_eq!(error.kind(), interline_core::ErrorKind::Unsupported);
            assert_eq!(error.param(), Some("messages[0].parts[1]"));
        }
    }
}
