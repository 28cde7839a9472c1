//! The settings that every HTTP vendor shares: where, with which key, which extra headers, how long.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use interline_core::{Error, ProviderId, ProviderSettings, Result};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::peer::parse_url;
use crate::{HttpConfig, HttpTransport, Transport, parse_duration};

/// The settings, in the order in which messages list them.
const KNOWN: [&str; 4] = ["base_url", "api_key", "headers", "timeouts"];

/// Headers that belong to the connection or the message; setting them breaks one of the two.
const FORBIDDEN_HEADERS: [HeaderName; 7] = [
    header::HOST,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
    header::ACCEPT_ENCODING,
];

/// The settings that every HTTP vendor shares.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ConnectionSettings {
    /// Where the API lives, without a slash at its end; the vendor's own place where absent.
    pub base_url: Option<String>,
    /// The key.
    pub api_key: Option<SecretString>,
    /// Headers to send with every request, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// How long things may take.
    pub timeouts: ConnectTimeouts,
}

/// How long reaching a vendor may take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectTimeouts {
    /// Name lookup, TCP and TLS handshake together; [`HttpConfig`]'s default where absent.
    pub connect: Option<Duration>,
}

/// The error of a connection that lacks the key which its `kind` needs and which usually stands in the
/// environment variable `variable`.
#[must_use]
pub fn missing_key(id: &ProviderId, kind: &str, variable: &str) -> Error {
    Error::invalid_request(format!(
        "provider `{id}` of kind `{kind}` has no api_key: set api_key, for example to \
         \"${{{variable}}}\" in a configuration file"
    ))
    .with_param("api_key")
}

impl ConnectionSettings {
    /// The same settings with a key.
    #[must_use]
    pub fn with_api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(SecretString::from(key.into()));
        self
    }

    /// Reads the settings of a connection that has no others.
    ///
    /// # Errors
    /// `InvalidRequest` that names the connection and the setting that is unknown or wrong, and
    /// lists the known ones.
    pub fn from_settings(settings: &ProviderSettings) -> Result<Self> {
        Ok(Self::with_own(settings, &[])?.0)
    }

    /// Reads the settings of a connection whose kind has settings of its `own`, and gives the
    /// values of those.
    ///
    /// # Errors
    /// As [`Self::from_settings`].
    pub fn with_own(
        settings: &ProviderSettings,
        own: &[&str],
    ) -> Result<(Self, Map<String, Value>)> {
        let in_connection = |error: Error| {
            let message = format!("provider `{}`: {}", settings.id, error.message());
            Error::invalid_request(message)
        };
        let values = object("settings", &settings.values).map_err(in_connection)?;
        let mut read = Self::default();
        let mut others = Map::new();
        for (key, value) in values {
            if own.contains(&key.as_str()) {
                others.insert(key.clone(), value.clone());
                continue;
            }
            if let Some(result) = read.set(key, value) {
                result.map_err(in_connection)?;
            } else {
                let known = [&KNOWN[..], own].concat();
                return Err(in_connection(unknown("setting", key, &known)));
            }
        }
        Ok((read, others))
    }

    /// Takes over one setting; `None` where it is unknown. `null` means absent.
    fn set(&mut self, key: &str, value: &Value) -> Option<Result<()>> {
        if !KNOWN.contains(&key) {
            return None;
        }
        if value.is_null() {
            return Some(Ok(()));
        }
        Some(match key {
            "base_url" => base_url(value).map(|url| self.base_url = Some(url)),
            "api_key" => api_key(value).map(|secret| self.api_key = Some(secret)),
            "headers" => headers(value).map(|headers| self.headers = headers),
            "timeouts" => timeouts(value).map(|timeouts| self.timeouts = timeouts),
            _ => return None,
        })
    }

    /// JSON Schema of the settings; a kind with more of them adds its own `properties`.
    #[must_use]
    pub fn schema() -> Value {
        json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "base_url": {
                    "type": "string",
                    "format": "uri",
                    "pattern": "^https?://",
                    "description": "Where the API lives, up to and with its version path. Default: the vendor's own place."
                },
                "api_key": {
                    "type": "string",
                    "minLength": 1,
                    "description": "The key, as ${ENV} or file:/path."
                },
                "headers": {
                    "type": "object",
                    "additionalProperties": { "type": "string" },
                    "description": "Headers to send with every request."
                },
                "timeouts": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "connect": {
                            "type": "string",
                            "pattern": "^([0-9]+(\\.[0-9]+)?(d|h|ms|us|µs|ns|m|s))+$",
                            "default": "5s",
                            "description": "How long name lookup, TCP and TLS handshake may take together."
                        }
                    }
                }
            }
        })
    }

    /// The extra headers, marked sensitive because keys may be among them.
    ///
    /// # Errors
    /// `InvalidRequest` that names the header whose name or value is not allowed.
    pub fn header_map(&self) -> Result<HeaderMap> {
        self.headers
            .iter()
            .map(|(name, value)| checked_header(name, value))
            .collect()
    }

    /// A transport that follows the settings.
    ///
    /// # Errors
    /// As [`HttpTransport::new`].
    pub fn transport(&self) -> Result<Arc<dyn Transport>> {
        let mut config = HttpConfig::default();
        if let Some(connect) = self.timeouts.connect {
            config = config.with_connect_timeout(connect);
        }
        Ok(Arc::new(HttpTransport::new(&config)?))
    }
}

impl fmt::Debug for ConnectionSettings {
    /// Shows the names of headers, not their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionSettings")
            .field("base_url", &self.base_url)
            .field("api_key", &self.api_key)
            .field("headers", &self.headers.keys())
            .field("timeouts", &self.timeouts)
            .finish()
    }
}

fn base_url(value: &Value) -> Result<String> {
    let text = string("base_url", value)?.trim();
    let (url, _) = parse_url(text)
        .map_err(|error| Error::invalid_request(format!("base_url: {}", error.message())))?;
    let shown = crate::url::without_secrets(text);
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::invalid_request(format!(
            "base_url: `{shown}` has a user or password in it; use api_key or headers"
        )));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Error::invalid_request(format!(
            "base_url: `{shown}` has a query or fragment behind it; end it with the path"
        )));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn api_key(value: &Value) -> Result<SecretString> {
    // A file's last line break is not part of the key.
    let text = string("api_key", value)?.trim();
    if text.is_empty() {
        return Err(Error::invalid_request(
            "api_key is empty; leave it out if the server needs none",
        ));
    }
    let secret = SecretString::from(text);
    crate::secret_header(&secret)?;
    Ok(secret)
}

fn headers(value: &Value) -> Result<BTreeMap<String, String>> {
    let mut headers = BTreeMap::new();
    for (name, value) in object("headers", value)? {
        let value = string(&format!("headers.{name}"), value)?;
        let (lower, _) = checked_header(name, value)?;
        if headers
            .insert(lower.to_string(), value.to_owned())
            .is_some()
        {
            return Err(Error::invalid_request(format!(
                "headers.{name} is given twice, in different letter case"
            )));
        }
    }
    Ok(headers)
}

fn checked_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let wrong = |what: &str| Error::invalid_request(format!("headers.{name} {what}"));
    let header = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| wrong("is not a header name; use letters, digits and dashes"))?;
    if FORBIDDEN_HEADERS.contains(&header) {
        return Err(wrong("belongs to the connection and cannot be set"));
    }
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| wrong("has a value that no header may hold; look for a line break"))?;
    value.set_sensitive(true);
    Ok((header, value))
}

fn timeouts(value: &Value) -> Result<ConnectTimeouts> {
    let mut timeouts = ConnectTimeouts::default();
    for (key, value) in object("timeouts", value)? {
        if key != "connect" {
            return Err(unknown(
                "setting",
                &format!("timeouts.{key}"),
                &["timeouts.connect"],
            ));
        }
        if value.is_null() {
            continue;
        }
        let Some(text) = value.as_str() else {
            return Err(Error::invalid_request(format!(
                "timeouts.connect is {value}; write a duration with its unit, such as \"5s\""
            )));
        };
        let connect = parse_duration(text).map_err(|error| {
            Error::invalid_request(format!("timeouts.connect: {}", error.message()))
        })?;
        if connect.is_zero() {
            return Err(Error::invalid_request(
                "timeouts.connect is zero, so nothing could ever connect; write at least 1ms",
            ));
        }
        timeouts.connect = Some(connect);
    }
    Ok(timeouts)
}

fn string<'a>(key: &str, value: &'a Value) -> Result<&'a str> {
    value
        .as_str()
        .ok_or_else(|| wrong_type(key, value, "a string"))
}

fn object<'a>(key: &str, value: &'a Value) -> Result<&'a Map<String, Value>> {
    value
        .as_object()
        .ok_or_else(|| wrong_type(key, value, "a mapping"))
}

/// Names the type found instead of the value, which may be a secret.
fn wrong_type(key: &str, value: &Value, expected: &str) -> Error {
    let found = match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    };
    Error::invalid_request(format!("{key} must be {expected}, but is {found}"))
}

fn unknown(what: &str, key: &str, known: &[&str]) -> Error {
    let known = known.join(", ");
    Error::invalid_request(format!("unknown {what} `{key}`; known are {known}"))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(values: Value) -> Result<ConnectionSettings> {
        ConnectionSettings::from_settings(&ProviderSettings::new("mine", values))
    }

    #[test]
    fn all_settings_are_read() {
        let settings = read(json!({
            "base_url": "http://127.0.0.1:11434/v1/",
            "api_key": "sk-test\n",
            "headers": { "X-Team": "blue" },
            "timeouts": { "connect": "250ms" },
        }))
        .unwrap();
        assert_eq!(
            settings.base_url.as_deref(),
            Some("http://127.0.0.1:11434/v1")
        );
        assert_eq!(
            settings.api_key.as_ref().unwrap().expose_secret(),
            "sk-test"
        );
        assert_eq!(settings.timeouts.connect, Some(Duration::from_millis(250)));
        let headers = settings.header_map().unwrap();
        assert_eq!(headers["x-team"], "blue");
        assert!(headers["x-team"].is_sensitive());
        settings.transport().unwrap();
    }

    #[test]
    fn nothing_and_null_are_defaults() {
        let settings = read(json!({ "api_key": null, "timeouts": { "connect": null } })).unwrap();
        assert!(settings.api_key.is_none());
        assert_eq!(settings.timeouts, ConnectTimeouts::default());
    }

    #[track_caller]
    fn check_error(values: Value, expected: &str) {
        let error = read(values).unwrap_err();
        assert_eq!(error.kind(), interline_core::ErrorKind::InvalidRequest);
        assert_eq!(error.message(), format!("provider `mine`: {expected}"));
    }

    #[test]
    fn a_wrong_setting_is_named_with_the_way_out() {
        check_error(
            json!({ "api_keys": "x" }),
            "unknown setting `api_keys`; known are base_url, api_key, headers, timeouts",
        );
        check_error(
            json!({ "timeouts": { "total": "5s" } }),
            "unknown setting `timeouts.total`; known are timeouts.connect",
        );
        check_error(
            json!({ "timeouts": { "connect": 5 } }),
            "timeouts.connect is 5; write a duration with its unit, such as \"5s\"",
        );
        check_error(
            json!({ "timeouts": { "connect": "5" } }),
            "timeouts.connect: `5` is not a duration; write numbers with units, such as 250ms, 30s, 2m or 1h30m",
        );
        check_error(
            json!({ "timeouts": { "connect": "0s" } }),
            "timeouts.connect is zero, so nothing could ever connect; write at least 1ms",
        );
        check_error(json!([]), "settings must be a mapping, but is a list");
        check_error(
            json!({ "api_key": 12345 }),
            "api_key must be a string, but is a number",
        );
        check_error(
            json!({ "api_key": " " }),
            "api_key is empty; leave it out if the server needs none",
        );
        check_error(
            json!({ "base_url": "localhost:11434" }),
            "base_url: `localhost:11434` is not a URL to send to: the scheme is neither http nor https; write http://host or https://host",
        );
        check_error(
            json!({ "base_url": "https://me:pw@h/v1" }),
            "base_url: `https://h/v1` has a user or password in it; use api_key or headers",
        );
        check_error(
            json!({ "base_url": "https://h/v1?key=k" }),
            "base_url: `https://h/v1` has a query or fragment behind it; end it with the path",
        );
        check_error(
            json!({ "headers": { "x y": "1" } }),
            "headers.x y is not a header name; use letters, digits and dashes",
        );
        check_error(
            json!({ "headers": { "Host": "h" } }),
            "headers.Host belongs to the connection and cannot be set",
        );
        check_error(
            json!({ "headers": { "x-a": "a\nb" } }),
            "headers.x-a has a value that no header may hold; look for a line break",
        );
        check_error(
            json!({ "headers": { "x-a": 1 } }),
            "headers.x-a must be a string, but is a number",
        );
        check_error(
            json!({ "headers": { "x-a": "1", "X-A": "2" } }),
            "headers.x-a is given twice, in different letter case",
        );
    }

    #[test]
    fn secrets_appear_in_no_error_and_no_debug() {
        let wrong = json!({ "api_key": "sk-se\ncret" });
        let error = read(wrong).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("cret"), "{error}");
        let settings = read(json!({
            "api_key": "sk-secret",
            "headers": { "x-key": "other-secret" },
        }))
        .unwrap();
        assert!(
            !format!("{settings:?}").contains("secret\""),
            "{settings:?}"
        );
        assert!(!format!("{settings:?}").contains("sk-"), "{settings:?}");
        assert!(!format!("{:?}", settings.header_map().unwrap()).contains("secret"));
    }

    #[test]
    fn a_kinds_own_settings_are_handed_back() {
        let settings = ProviderSettings::new("mine", json!({ "region": "eu", "api_key": "k" }));
        let (read, own) = ConnectionSettings::with_own(&settings, &["region"]).unwrap();
        assert!(read.api_key.is_some());
        assert_eq!(own["region"], "eu");
        let settings = ProviderSettings::new("mine", json!({ "regoin": "eu" }));
        let error = ConnectionSettings::with_own(&settings, &["region"]).unwrap_err();
        assert!(error.message().ends_with("timeouts, region"), "{error}");
    }

    #[test]
    fn the_schema_lists_what_is_read() {
        let schema = ConnectionSettings::schema();
        let mut listed: Vec<&str> = schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut known = KNOWN.to_vec();
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(listed, known);
    }
}
