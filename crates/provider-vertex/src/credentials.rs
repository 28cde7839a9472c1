//! Who the connection is: settings for a credential, checked and turned into a source of tokens.

use std::path::{Path, PathBuf};

use gcp_auth::CustomServiceAccount;
use http::HeaderValue;
use interline_core::{Error, Result};
use interline_transport::bearer_header;
use secrecy::SecretString;
use serde_json::Value;

use crate::tokens::Tokens;

/// Who the connection is.
#[derive(Debug, Default)]
pub(crate) enum Credentials {
    /// Whoever the machine's default Google credentials say, found at the first call.
    #[default]
    Default,
    /// The bearer of a token that somebody else renews.
    AccessToken(SecretString),
    /// The service account whose key is in this file.
    File(PathBuf),
}

/// What authorizes every request.
#[derive(Debug)]
pub(crate) enum Authority {
    /// The same header every time.
    Fixed(HeaderValue),
    /// A token that is renewed.
    Renewed(Box<Tokens>),
}

/// An authority, and the project it belongs to where it says so.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) authority: Authority,
    pub(crate) project: Option<String>,
}

impl Credentials {
    /// Reads what is to be read. Nothing is sent.
    ///
    /// # Errors
    /// `InvalidRequest` where the token cannot be sent, or the file is no key of a service account.
    pub(crate) fn identify(self) -> Result<Identity> {
        match self {
            Self::Default => Ok(Identity {
                authority: Authority::Renewed(Box::new(Tokens::of_default_credentials())),
                project: None,
            }),
            Self::AccessToken(token) => Ok(Identity {
                authority: Authority::Fixed(bearer_header(&token)?),
                project: None,
            }),
            Self::File(path) => {
                let account = service_account(&path)?;
                Ok(Identity {
                    project: account.project_id().map(str::to_owned),
                    authority: Authority::Renewed(Box::new(Tokens::of_account(account, &path))),
                })
            }
        }
    }
}

fn service_account(path: &Path) -> Result<CustomServiceAccount> {
    if path.to_string_lossy().trim_start().starts_with('{') {
        // A reference such as `file:/path` puts the content, a private key, in the path's place.
        return Err(Error::invalid_request(
            "credentials_file holds the content of a file: write the path alone, without `file:`",
        )
        .with_param("credentials_file"));
    }
    let shown = path.display();
    let wrong = |what: &str| {
        Error::invalid_request(format!("credentials_file `{shown}` {what}"))
            .with_param("credentials_file")
    };
    let text = std::fs::read_to_string(path)
        .map_err(|source| wrong("cannot be read").with_source(source))?;
    // The parser's own words are not repeated: they could quote the key.
    let value: Value =
        serde_json::from_str(&text).map_err(|_| wrong("is not JSON: download the key again"))?;
    match value.get("type").and_then(Value::as_str) {
        None | Some("service_account") => {}
        Some(other) => {
            return Err(wrong(&format!(
                "holds credentials of type `{other}`: give the key of a service account, or leave \
                 credentials_file out and log in with `gcloud auth application-default login`"
            )));
        }
    }
    CustomServiceAccount::from_json(&text).map_err(|source| {
        let what = crate::tokens::summary(&source);
        wrong(&format!("is no usable key of a service account ({what})"))
    })
}

#[cfg(test)]
mod tests {
    use interline_core::ErrorKind;

    use super::*;

    fn refused(name: &str, text: &str) -> Error {
        let file = format!("interline-vertex-{}-{name}.json", std::process::id());
        let path = std::env::temp_dir().join(file);
        std::fs::write(&path, text).expect("a writable temporary folder");
        let refused = Credentials::File(path.clone()).identify();
        std::fs::remove_file(&path).expect("it was just written");
        refused.expect_err("no key")
    }

    #[test]
    fn a_file_that_is_no_key_is_named_and_not_quoted() {
        for (name, text, told) in [
            ("text", "hunter2", "is not JSON"),
            (
                "user",
                r#"{"type":"authorized_user"}"#,
                "type `authorized_user`",
            ),
            (
                "key",
                r#"{"type":"service_account","private_key":"hunter2","client_email":"a@b",
                    "token_uri":"http://127.0.0.1:1"}"#,
                "no usable key",
            ),
            ("empty", "{}", "no usable key"),
        ] {
            let error = refused(name, text);
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{name}");
            assert_eq!(error.param(), Some("credentials_file"));
            assert!(error.message().contains(told), "{error}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        let content = r#"{"private_key":"hunter2"}"#;
        let error = Credentials::File(content.into()).identify();
        let error = error.expect_err("no path");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        let missing = Credentials::File("/no/such/file.json".into()).identify();
        let error = missing.expect_err("no file");
        assert!(error.message().contains("`/no/such/file.json`"), "{error}");
    }
}
