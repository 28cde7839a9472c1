//! Access tokens that run out: asked for with every request, renewed once for all that wait.
//!
//! gcp_auth keeps a token until it runs out, but then every waiting request fetches one of its own, one
//! after the other. Here one request fetches and the others take what it got; a failure stands for two
//! seconds. A turn is taken by a semaphore, which frees itself when its holder is dropped.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gcp_auth::{CustomServiceAccount, Token, TokenProvider};
use http::HeaderValue;
use interline_core::{Error, ErrorKind, Result};
use interline_transport::bearer_header;
use secrecy::SecretString;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;

/// What the token may be used for: Google offers nothing narrower that covers Vertex AI.
const SCOPES: [&str; 1] = ["https://www.googleapis.com/auth/cloud-platform"];

/// How long a failure answers for later requests, too, before the next fetch (chosen, not measured): a
/// search for default credentials that finds none takes three seconds, and no request should wait for
/// that just after another has.
const QUIET: Duration = Duration::from_secs(2);

/// A source of tokens, with the latest one.
pub(crate) struct Tokens {
    source: Source,
    /// What to do where the source gives none.
    way_out: String,
    turn: Semaphore,
    kept: Mutex<Kept>,
}

enum Source {
    Account(Box<CustomServiceAccount>),
    Default(OnceCell<Arc<dyn TokenProvider>>),
}

/// What came of earlier fetches.
#[derive(Default)]
struct Kept {
    token: Option<(Arc<Token>, HeaderValue)>,
    failure: Option<(Instant, Error)>,
}

impl Tokens {
    /// Tokens of a service account, whose key came from `path`.
    pub(crate) fn of_account(account: CustomServiceAccount, path: &Path) -> Self {
        Self::new(
            Source::Account(Box::new(account)),
            format!(
                "check that the service account in credentials_file `{}` exists and its key is not \
                 disabled",
                path.display()
            ),
        )
    }

    /// Tokens of the machine's default Google credentials.
    pub(crate) fn of_default_credentials() -> Self {
        Self::new(
            Source::Default(OnceCell::new()),
            "log in with `gcloud auth application-default login`, let GOOGLE_APPLICATION_CREDENTIALS \
             name the key of a service account, or set access_token or credentials_file"
                .to_owned(),
        )
    }

    fn new(source: Source, way_out: String) -> Self {
        Self {
            source,
            way_out,
            turn: Semaphore::new(1),
            kept: Mutex::default(),
        }
    }

    /// The `authorization` header of a request that is sent now.
    ///
    /// # Errors
    /// `Authentication` that names the way out.
    pub(crate) async fn header(&self) -> Result<HeaderValue> {
        if let Some(header) = self.fresh() {
            return Ok(header);
        }
        let _turn = self.turn.acquire().await.map_err(|source| {
            Error::new(ErrorKind::Internal, "the turn to fetch a token is gone").with_source(source)
        })?;
        if let Some(header) = self.fresh() {
            return Ok(header);
        }
        if let Some(error) = self.failed_lately() {
            return Err(error);
        }
        let fetched = match self.fetch().await {
            Ok(token) => {
                bearer_header(&SecretString::from(token.as_str())).map(|header| (token, header))
            }
            Err(error) => Err(self.refused(error)),
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok((token, header)) => {
                kept.token = Some((token, header.clone()));
                Ok(header)
            }
            Err(error) => {
                kept.failure = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    fn fresh(&self) -> Option<HeaderValue> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, header) = kept.token.as_ref()?;
        (!token.has_expired()).then(|| header.clone())
    }

    /// The failure of a fetch that ended just now, or while this request waited for its turn.
    fn failed_lately(&self) -> Option<Error> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (failed, error) = kept.failure.as_ref()?;
        (failed.elapsed() < QUIET).then(|| error.clone())
    }

    async fn fetch(&self) -> Result<Arc<Token>, gcp_auth::Error> {
        match &self.source {
            Source::Account(account) => account.token(&SCOPES).await,
            Source::Default(found) => {
                let provider = found.get_or_try_init(gcp_auth::provider).await?;
                provider.token(&SCOPES).await
            }
        }
    }

    fn refused(&self, error: gcp_auth::Error) -> Error {
        let what = summary(&error);
        let message = format!("no access token for Vertex AI ({what}): {}", self.way_out);
        Error::new(ErrorKind::Authentication, message).with_source(error)
    }
}

/// What went wrong, without anything that came from a file or a server.
pub(crate) const fn summary(error: &gcp_auth::Error) -> &'static str {
    match error {
        gcp_auth::Error::NoAuthMethod(..) => "no credentials found",
        gcp_auth::Error::Http(what, _)
        | gcp_auth::Error::Io(what, _)
        | gcp_auth::Error::Json(what, _)
        | gcp_auth::Error::Other(what, _)
        | gcp_auth::Error::Str(what) => what,
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match &self.source {
            Source::Account(_) => "service account",
            Source::Default(_) => "default credentials",
        };
        f.debug_struct("Tokens")
            .field("source", &source)
            .finish_non_exhaustive()
    }
}
