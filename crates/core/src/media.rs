//! Pictures, sound and files inside a message: where the bytes are, and what they are.

use std::fmt;

/// Where the bytes of a medium are.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaSource {
    /// A public address that the vendor fetches.
    Url(String),
    /// The bytes themselves, in standard base64, as every wire format carries them.
    Base64(String),
    /// A file that was uploaded to the vendor before, by the vendor's id.
    FileId(String),
    /// Plain text, for documents that are text.
    Text(String),
}

impl fmt::Debug for MediaSource {
    /// Shows the length of inline data instead of the data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(f, "Url({url:?})"),
            Self::Base64(data) => write!(f, "Base64({} characters)", data.len()),
            Self::FileId(id) => write!(f, "FileId({id:?})"),
            Self::Text(text) => write!(f, "Text({} characters)", text.len()),
        }
    }
}

/// A picture, a sound or a file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Media {
    /// Where the bytes are.
    pub source: MediaSource,
    /// The MIME type, such as `image/png`, where it is known.
    pub mime: Option<String>,
    /// The file's name, where it has one.
    pub name: Option<String>,
    /// How closely to look at a picture: `low`, `high` or `auto`.
    pub detail: Option<String>,
}

impl Media {
    /// A medium at `source` of which nothing else is known.
    #[must_use]
    pub const fn new(source: MediaSource) -> Self {
        Self {
            source,
            mime: None,
            name: None,
            detail: None,
        }
    }

    /// A medium that the vendor fetches from `url`.
    ///
    /// A `data:` address becomes inline data with its MIME type.
    pub fn from_url(url: impl Into<String>) -> Self {
        let url = url.into();
        match parse_data_url(&url) {
            Some((mime, data)) => Self::inline(mime, data),
            None => Self::new(MediaSource::Url(url)),
        }
    }

    /// Inline bytes of a known MIME type, given in standard base64.
    pub fn inline(mime: impl Into<String>, base64: impl Into<String>) -> Self {
        Self::new(MediaSource::Base64(base64.into())).with_mime(mime)
    }

    /// Says what the bytes are.
    #[must_use]
    pub fn with_mime(mut self, mime: impl Into<String>) -> Self {
        self.mime = Some(mime.into());
        self
    }

    /// Names the file.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says how closely to look at a picture.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The address to put on the wire for formats that take one: the URL, or a `data:` address.
    ///
    /// `None` where the medium has no address (an uploaded file, plain text).
    #[must_use]
    pub fn to_url(&self) -> Option<String> {
        match &self.source {
            MediaSource::Url(url) => Some(url.clone()),
            MediaSource::Base64(data) => {
                let mime = self.mime.as_deref().unwrap_or("application/octet-stream");
                Some(format!("data:{mime};base64,{data}"))
            }
            MediaSource::FileId(_) | MediaSource::Text(_) => None,
        }
    }
}

fn parse_data_url(url: &str) -> Option<(&str, &str)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let mime = head.strip_suffix(";base64")?;
    Some((mime, data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_address_becomes_inline_data_and_back() {
        let media = Media::from_url("data:image/png;base64,AAAA");
        assert_eq!(media.source, MediaSource::Base64("AAAA".into()));
        assert_eq!(media.mime.as_deref(), Some("image/png"));
        assert_eq!(
            media.to_url().as_deref(),
            Some("data:image/png;base64,AAAA")
        );
    }

    #[test]
    fn debug_never_prints_inline_data() {
        let shown = format!("{:?}", Media::inline("image/png", "SECRET"));
        assert!(!shown.contains("SECRET"), "{shown}");
    }
}
