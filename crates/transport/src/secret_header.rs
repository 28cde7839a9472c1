//! Header values that hold a secret: marked sensitive, never shown.

use http::HeaderValue;
use interline_core::{Error, Result};
use secrecy::{ExposeSecret, SecretString};

/// The secret as a header value, marked sensitive.
///
/// # Errors
/// `InvalidRequest` where the secret holds characters that no header may hold, such as a line break
/// at its end; the message does not show it.
pub fn secret_header(secret: &SecretString) -> Result<HeaderValue> {
    sensitive(secret.expose_secret())
}

/// `Bearer` and the secret as a header value, marked sensitive.
///
/// # Errors
/// As [`secret_header`].
pub fn bearer_header(secret: &SecretString) -> Result<HeaderValue> {
    sensitive(&format!("Bearer {}", secret.expose_secret()))
}

fn sensitive(text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::invalid_request(
            "the API key holds a character that no HTTP header may hold; \
             look for a line break or quotes around it",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_sent_and_never_shown() {
        let secret = SecretString::from("sk-secret");
        let value = bearer_header(&secret).unwrap();
        assert_eq!(value.as_bytes(), b"Bearer sk-secret");
        assert!(!format!("{value:?}").contains("secret"), "{value:?}");
        let value = secret_header(&secret).unwrap();
        assert_eq!(value.as_bytes(), b"sk-secret");
        assert!(value.is_sensitive());
    }

    #[test]
    fn a_secret_that_no_header_may_hold_is_an_error_without_it() {
        let error = secret_header(&SecretString::from("sk-sec\nret")).unwrap_err();
        assert_eq!(error.kind(), interline_core::ErrorKind::InvalidRequest);
        assert!(!error.message().contains("ret\""), "{error}");
        assert!(!error.message().contains("sk-"), "{error}");
    }
}
