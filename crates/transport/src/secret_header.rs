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
