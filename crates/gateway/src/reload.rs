//! Reloads the configuration of a gateway that serves: read, validated, swapped at once, or not at all.
//!
//! Requests in flight keep the client that they began with. What is known of targets, credentials and limits
//! goes over by key, so a reload neither calls a vendor well that is ill nor forgets what it may be sent.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use interline::Registry;
use interline::config::{Config, InboundKey};
use interline_core::{Error, ErrorKind, Result};
use secrecy::SecretString;

use crate::HangUps;
use crate::app::{App, Configured};
use crate::gateway::{DEFAULT_LISTEN, Exposure, refuse_exposure};
use crate::inbound_keys::InboundKeys;
use crate::metrics::ReloadOutcome;

/// Where a gateway's configuration came from, and what the program said besides.
pub(crate) struct Origin {
    pub(crate) file: PathBuf,
    pub(crate) registry: Registry,
    pub(crate) keys: Vec<InboundKey>,
    pub(crate) admin: Option<SecretString>,
    pub(crate) exposure: Exposure,
    /// What the file said of the address; `None` where the program decides on it.
    pub(crate) listen: Option<Option<SocketAddr>>,
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// Reloads the configuration of a gateway that serves. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reloader {
    app: Arc<App>,
    origin: Option<Arc<Origin>>,
    address: SocketAddr,
}

impl Reloader {
    pub(crate) const fn new(
        app: Arc<App>,
        origin: Option<Arc<Origin>>,
        address: SocketAddr,
    ) -> Self {
        Self {
            app,
            origin,
            address,
        }
    }

    /// Reads the configuration file again and serves new requests by it; requests in flight end as they
    /// began. Secrets in files are read again too; the environment of a process does not change.
    ///
    /// Another `listen` takes a restart: that is logged as a warning, and everything else is taken over.
    /// What came of it is logged and counted in `interline_config_reloads_total`.
    ///
    /// # Errors
    /// `InvalidRequest` with the place of every mistake, or where there is no file; the old
    /// configuration stays in force then.
    pub async fn reload(&self) -> Result<()> {
        let reloader = self.clone();
        // Files are read, and certificates loaded, which may block.
        let done = tokio::task::spawn_blocking(move || reloader.take_over()).await;
        let done = done.unwrap_or_else(|panic| {
            Err(Error::new(ErrorKind::Internal, "the reload broke off").with_source(panic))
        });
        match &done {
            Ok(routes) => {
                self.app.metrics.reloaded(ReloadOutcome::Good);
                tracing::info!(routes, "configuration reloaded");
            }
            Err(error) => {
                self.app.metrics.reloaded(ReloadOutcome::Bad);
                // A configuration may have several mistakes, one a line; a log has one line for all.
                let mistakes = error.message().replace('\n', "; ");
                tracing::error!(
                    "configuration not reloaded, the old one stays in force: {mistakes}"
                );
            }
        }
        done.map(drop)
    }

    /// Reloads at each hang-up, for ever.
    pub async fn reload_at_each(&self, mut hang_ups: HangUps) {
        loop {
            hang_ups.next().await;
            // What came of it is logged.
            let _ = self.reload().await;
        }
    }

    /// How many routes there are now.
    fn take_over(&self) -> Result<usize> {
        let Some(origin) = &self.origin else {
            return Err(Error::invalid_request(
                "there is no configuration file to read again: start with --config FILE",
            ));
        };
        let config = Config::load(&origin.file)?;
        let predecessor = self.app.client();
        let builder = config.client_builder_after(&origin.registry, &predecessor)?;
        let listen = config.listen()?;
        let keys = [origin.keys.clone(), config.inbound_keys()?].concat();
        let keys = InboundKeys::new(keys);
        let admin = origin.admin.clone().or(config.admin_token()?);
        if keys.is_open() {
            let exposure = if config.allows_unauthenticated() {
                Exposure::Anywhere
            } else {
                origin.exposure
            };
            refuse_exposure(self.address, exposure)?;
        }
        let client = builder.metrics(self.app.metrics.recorder()).build()?;
        if let Some(before) = origin.listen
            && before != listen
        {
            let wanted = listen.map_or_else(|| DEFAULT_LISTEN.to_owned(), |one| one.to_string());
            tracing::warn!(
                "`listen` is {wanted} now, which takes a restart; the gateway stays on {}",
                self.address
            );
        }
        let routes = client.routes().len();
        self.app.configure(Configured {
            client,
            keys,
            admin,
        });
        Ok(routes)
    }
}
