//! The gateway: a client behind a port.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use interline::config::{Config, InboundKey};
use interline::{Client, ClientBuilder, Registry};
use interline_core::{Error, ErrorKind, Result};
use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::app::{self, App, Configured};
use crate::inbound_keys::InboundKeys;
use crate::metrics::Metrics;
use crate::reload::{Origin, Reloader};
use crate::server::{self, Drained};
use crate::{HangUps, ServerLimits, Signals};

/// Where the gateway listens unless it is told otherwise.
pub(crate) const DEFAULT_LISTEN: &str = "127.0.0.1:8080";

/// Who may reach a gateway that has no inbound keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exposure {
    /// Only this machine; any other address is refused at start.
    #[default]
    LoopbackOnly,
    /// Everybody who can reach the port. They spend your money.
    Anywhere,
}

/// A gateway that does not listen yet.
#[must_use = "nothing listens before `serve` or `bind`"]
pub struct Gateway {
    source: Source,
    listen: Option<String>,
    keys: Vec<InboundKey>,
    admin: Option<SecretString>,
    exposure: Exposure,
    limits: ServerLimits,
    file: Option<PathBuf>,
}

/// Where the client comes from.
enum Source {
    Config(Box<Config>, Registry),
    Builder(Box<ClientBuilder>),
}

impl Gateway {
    /// A gateway for a configuration; mistakes in it come up in [`Gateway::bind`].
    pub fn new(config: Config, registry: Registry) -> Self {
        Self::over(Source::Config(Box::new(config), registry))
    }

    /// A gateway over a client that a program puts together.
    pub fn over_client(client: ClientBuilder) -> Self {
        Self::over(Source::Builder(Box::new(client)))
    }

    fn over(source: Source) -> Self {
        Self {
            source,
            listen: None,
            keys: Vec::new(),
            admin: None,
            exposure: Exposure::default(),
            limits: ServerLimits::default(),
            file: None,
        }
    }

    /// Says which file the configuration came from, so that [`Reloader::reload`] can read it again.
    pub fn with_config_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Listens on `address`, such as `0.0.0.0:8080` or `127.0.0.1:0` (any free port), whatever the
    /// configuration says. Without either it is `127.0.0.1:8080`.
    pub fn with_listen(mut self, address: impl Into<String>) -> Self {
        self.listen = Some(address.into());
        self
    }

    /// Asks callers for one of these keys, or of those that the configuration names.
    ///
    /// Budgets and spend call them `key-1`, `key-2` and so on; [`Gateway::with_named_keys`] names them.
    pub fn with_keys(self, keys: Vec<SecretString>) -> Self {
        let named = (1..).zip(keys);
        let named = named.map(|(number, key)| InboundKey::new(format!("key-{number}"), key));
        self.with_named_keys(named)
    }

    /// The same with names, by which budgets and spend tell callers apart.
    pub fn with_named_keys(mut self, keys: impl IntoIterator<Item = InboundKey>) -> Self {
        self.keys = keys.into_iter().collect();
        self
    }

    /// Opens the admin API to callers who present this token, whatever the configuration says.
    pub fn with_admin_token(mut self, token: SecretString) -> Self {
        self.admin = Some(token);
        self
    }

    /// Says who may reach a gateway without keys; the configuration can only widen it.
    pub const fn with_exposure(mut self, exposure: Exposure) -> Self {
        self.exposure = exposure;
        self
    }

    /// Sets how long things may take, and how many connections there may be.
    pub const fn with_limits(mut self, limits: ServerLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes the port.
    ///
    /// # Errors
    /// `InvalidRequest` where the configuration is wrong, or where everybody could call without a
    /// key; `Unavailable` where the address cannot be taken.
    pub async fn bind(mut self) -> Result<BoundGateway> {
        let own_keys = self.keys.clone();
        let own_exposure = self.exposure;
        let own_admin = self.admin.clone();
        let (builder, origin) = match self.source {
            Source::Builder(builder) => (*builder, None),
            Source::Config(config, registry) => {
                let builder = config.client_builder(&registry)?;
                self.keys.extend(config.inbound_keys()?);
                self.admin = self.admin.or(config.admin_token()?);
                if config.allows_unauthenticated() {
                    self.exposure = Exposure::Anywhere;
                }
                let configured = config.listen()?;
                let origin = self.file.map(|file| Origin {
                    file,
                    registry,
                    keys: own_keys,
                    admin: own_admin,
                    exposure: own_exposure,
                    // What the program says stands whatever a file says.
                    listen: self.listen.is_none().then_some(configured),
                });
                self.listen = self
                    .listen
                    .or_else(|| configured.map(|address| address.to_string()));
                (builder, origin)
            }
        };
        let metrics = Metrics::new();
        let client = builder.metrics(metrics.recorder()).build()?;
        let keys = InboundKeys::new(self.keys);
        let wanted = self.listen.as_deref().unwrap_or(DEFAULT_LISTEN);
        let listener = TcpListener::bind(wanted)
            .await
            .map_err(|error| cannot_listen(wanted, &error))?;
        let address = listener
            .local_addr()
            .map_err(|error| cannot_listen(wanted, &error))?;
        if keys.is_open() {
            refuse_exposure(address, self.exposure)?;
            if !address.ip().is_loopback() {
                tracing::warn!(%address, "no inbound key: everybody who reaches this address may call");
            }
        }
        let admin = self.admin;
        let configured = Configured {
            client,
            keys,
            admin,
        };
        let app = App::new(configured, metrics, self.limits.keep_alive);
        Ok(BoundGateway {
            app: Arc::new(app),
            origin: origin.map(Arc::new),
            listener,
            address,
            limits: self.limits,
        })
    }

    /// Listens and serves until SIGTERM or Ctrl-C, then finishes what is in flight. SIGHUP reloads the
    /// configuration, as [`Reloader::reload`] says.
    ///
    /// # Errors
    /// As [`Gateway::bind`], and `Internal` where signals cannot be listened for.
    pub async fn serve(self) -> Result<()> {
        let bound = self.bind().await?;
        let deaf = |error: std::io::Error| {
            Error::new(ErrorKind::Internal, "cannot listen for signals").with_source(error)
        };
        let mut signals = Signals::listen().map_err(deaf)?;
        let hang_ups = HangUps::listen().map_err(deaf)?;
        let reloader = bound.reloader();
        tracing::info!(address = %bound.address(), "listening");
        tokio::select! {
            () = bound.serve_until(async move { signals.next().await }) => {}
            () = reloader.reload_at_each(hang_ups) => {}
        }
        Ok(())
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("listen", &self.listen)
            .field("keys", &self.keys.len())
            .field("exposure", &self.exposure)
            .finish_non_exhaustive()
    }
}

/// A gateway that holds its port.
#[derive(Debug)]
#[must_use = "nobody is answered before `serve_until`"]
pub struct BoundGateway {
    app: Arc<App>,
    origin: Option<Arc<Origin>>,
    listener: TcpListener,
    address: SocketAddr,
    limits: ServerLimits,
}

impl BoundGateway {
    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The client behind it, as configured now.
    #[must_use]
    pub fn client(&self) -> Client {
        self.app.client()
    }

    /// What reloads its configuration while it serves.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        Reloader::new(Arc::clone(&self.app), self.origin.clone(), self.address)
    }

    /// Serves until `shutdown` is ready, then stops to accept and finishes what is in flight, for at
    /// most [`ServerLimits::drain`].
    ///
    /// # Cancellation
    /// Dropping the future closes the port; connections that are open live on until they end.
    pub async fn serve_until(self, shutdown: impl Future<Output = ()>) {
        let router = app::router(&self.app);
        let app = Arc::clone(&self.app);
        let shutdown = async move {
            shutdown.await;
            app.start_draining();
            tracing::info!("draining: requests in flight are finished, new ones are refused");
        };
        let drained = tokio::select! {
            drained = server::serve(self.listener, router, self.limits, shutdown) => drained,
            () = self.app.metrics.upkeep() => return,
        };
        // What was spent must outlive the process.
        if let Err(error) = self.app.client().ledger().flush().await {
            tracing::error!(error = %error, "what was spent last could not be written");
        }
        match drained {
            Drained::Finished => tracing::info!("every request in flight was finished"),
            Drained::Cut(connections) => {
                tracing::warn!(connections, "time ran out; connections were cut");
            }
        }
    }
}

/// Refuses an address where everybody could call without a key, unless that is wanted.
///
/// # Errors
/// `InvalidRequest` that says what to set.
pub(crate) fn refuse_exposure(address: SocketAddr, exposure: Exposure) -> Result<()> {
    if exposure == Exposure::Anywhere || address.ip().is_loopback() {
        return Ok(());
    }
    Err(Error::invalid_request(format!(
        "{address} is not loopback and no inbound key is configured, so everybody who reaches it could \
         spend your money: set `keys: [\"${{INTERLINE_KEY}}\"]`, or, if something in front of it \
         authenticates, say `allow_unauthenticated: true` (`--allow-unauthenticated`)"
    )))
}

fn cannot_listen(address: &str, error: &std::io::Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("cannot listen on `{address}`: {error}"),
    )
}
