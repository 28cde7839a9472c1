//! Configuration files: YAML or JSON, checked as a whole, with the place of every mistake.
//!
//! A file is read in two steps: its shape when it is parsed, its meaning when a client is made of
//! it, because only then the kinds of providers and the environment are known.
//! Secrets are references, `${NAME}` or `file:/path`, which are looked up in the second step and
//! never printed.

mod balance_check;
mod budget_check;
mod budget_entry;
mod classifier_check;
mod durations;
mod extra_attempts;
mod inbound_keys;
mod limits;
mod located;
mod mistakes;
mod model_entry;
mod money;
mod provider_check;
mod route_check;
mod router_check;
mod router_entry;
mod schema;
mod secrets;
mod shape;
mod shared;
mod switch;
mod targets;
mod terms_entry;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use interline_core::{Error, Result};
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::{ClientBuilder, Registry, Route, RouteOptions, UnknownPrice};
pub use inbound_keys::InboundKey;

use mistakes::Mistakes;
use provider_check::Built;
use secrets::Secrets;
use shape::File;

/// A configuration: connections, routes, and where the gateway listens.
#[derive(Clone)]
pub struct Config {
    /// Where it came from, for messages.
    source: String,
    file: File,
    /// Connections that the program added; their settings are taken as they are.
    added_providers: BTreeMap<String, Value>,
    added_routes: Vec<(String, Route, RouteOptions)>,
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    /// A configuration without connections and routes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            source: "configuration".to_owned(),
            file: File::default(),
            added_providers: BTreeMap::new(),
            added_routes: Vec::new(),
        }
    }

    /// Reads YAML or JSON; `source` is what messages call it, for instance the file's name.
    ///
    /// # Errors
    /// `InvalidRequest` with line and column where the text is malformed, or a key is unknown.
    pub fn parse(text: &str, source: impl Into<String>) -> Result<Self> {
        let source = source.into();
        let file = shape::parse(text, &source)?;
        Ok(Self {
            source,
            file,
            ..Self::new()
        })
    }

    /// Reads a file of YAML or JSON.
    ///
    /// # Errors
    /// `InvalidRequest` where it cannot be read, else as [`Config::parse`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::invalid_request(format!("cannot read `{}`: {error}", path.display()))
        })?;
        Self::parse(&text, path.display().to_string())
    }

    /// A configuration from environment variables: each kind whose key variable is set becomes a
    /// connection of the same name. There are no routes, so callers name targets or models.
    ///
    /// `variable` looks one up; pass `|name| std::env::var(name).ok()` for the process's own.
    #[must_use]
    pub fn from_environment(
        registry: &Registry,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let mut config = Self::new();
        "environment".clone_into(&mut config.source);
        for factory in registry.factories() {
            let Some(name) = factory.key_variable() else {
                continue;
            };
            if let Some(key) = variable(name).filter(|key| !key.trim().is_empty()) {
                let settings = Map::from_iter([("api_key".to_owned(), Value::from(key.trim()))]);
                config = config.with_provider(factory.kind(), factory.kind(), settings);
            }
        }
        config
    }

    /// Adds a connection of a kind; `settings` are taken as they are, secrets included.
    #[must_use]
    pub fn with_provider(
        mut self,
        name: impl Into<String>,
        kind: impl Into<String>,
        mut settings: Map<String, Value>,
    ) -> Self {
        settings.insert("kind".to_owned(), Value::from(kind.into()));
        self.added_providers
            .insert(name.into(), Value::Object(settings));
        self
    }

    /// Adds a route.
    #[must_use]
    pub fn with_route(
        mut self,
        name: impl Into<String>,
        route: Route,
        options: RouteOptions,
    ) -> Self {
        self.added_routes.push((name.into(), route, options));
        self
    }

    /// The names of the connections, in alphabetical order.
    #[must_use]
    pub fn provider_names(&self) -> Vec<&str> {
        let written = self.file.providers.keys();
        let mut names: Vec<_> = written
            .chain(self.added_providers.keys())
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names
    }

    /// The names of the routes, those of the file first.
    #[must_use]
    pub fn route_names(&self) -> Vec<&str> {
        let written = self.file.routes.keys().map(String::as_str);
        let added = self.added_routes.iter().map(|(name, ..)| name.as_str());
        written.chain(added).collect()
    }

    /// Where the gateway listens, where the file says so.
    ///
    /// # Errors
    /// `InvalidRequest` where the text is not of the form `ADDRESS:PORT`.
    pub fn listen(&self) -> Result<Option<SocketAddr>> {
        let mut mistakes = Mistakes::new(&self.source);
        let address = self.listen_address(&mut mistakes);
        mistakes.into_result()?;
        Ok(address)
    }

    /// The keys that callers of the gateway may present; with none, everybody may call. Secrets come
    /// from the process's environment.
    ///
    /// # Errors
    /// `InvalidRequest` that names each key that is not a reference, or leads nowhere.
    pub fn inbound_keys(&self) -> Result<Vec<InboundKey>> {
        let variable = |name: &str| std::env::var(name).ok();
        let mut mistakes = Mistakes::new(&self.source);
        let keys = inbound_keys::read(&self.file.keys, &Secrets::new(&variable), &mut mistakes);
        mistakes.into_result()?;
        Ok(keys)
    }

    /// What callers of the admin API present; it is off where there is none. Secrets come from the process's
    /// environment.
    ///
    /// # Errors
    /// `InvalidRequest` where it is not a reference, or leads nowhere.
    pub fn admin_token(&self) -> Result<Option<SecretString>> {
        let variable = |name: &str| std::env::var(name).ok();
        let mut mistakes = Mistakes::new(&self.source);
        let token = self.read_admin_token(&Secrets::new(&variable), &mut mistakes);
        mistakes.into_result()?;
        Ok(token)
    }

    fn read_admin_token(
        &self,
        secrets: &Secrets<'_>,
        mistakes: &mut Mistakes<'_>,
    ) -> Option<SecretString> {
        let token = &self.file.admin.as_ref()?.token;
        inbound_keys::secret("admin.token", &token.value, token.place, secrets, mistakes)
    }

    /// Whether a gateway without keys may listen on other addresses than loopback.
    #[must_use]
    pub const fn allows_unauthenticated(&self) -> bool {
        self.file.allow_unauthenticated
    }

    fn listen_address(&self, mistakes: &mut Mistakes<'_>) -> Option<SocketAddr> {
        let text = self.file.listen.as_ref()?;
        let address = text.value.parse().ok();
        if address.is_none() {
            let message = format!(
                "`{}` is not of the form `ADDRESS:PORT`, such as `127.0.0.1:8080`",
                text.value
            );
            mistakes.add("listen", text.place, message);
        }
        address
    }

    /// Starts a client from this configuration; secrets come from the process's environment.
    ///
    /// # Errors
    /// `InvalidRequest` that lists every mistake with its place, one per line.
    pub fn client_builder(&self, registry: &Registry) -> Result<ClientBuilder> {
        self.client_builder_with(registry, |name| std::env::var(name).ok())
    }

    /// As [`Config::client_builder`], with another way to look up environment variables.
    ///
    /// # Errors
    /// As [`Config::client_builder`].
    pub fn client_builder_with(
        &self,
        registry: &Registry,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<ClientBuilder> {
        self.fill(crate::Client::builder(), registry, variable)
    }

    /// As [`Config::client_builder`], for a client that takes over from `predecessor`; see
    /// [`ClientBuilder::succeeding`].
    ///
    /// # Errors
    /// As [`Config::client_builder`].
    pub fn client_builder_after(
        &self,
        registry: &Registry,
        predecessor: &crate::Client,
    ) -> Result<ClientBuilder> {
        let builder = crate::Client::builder().succeeding(predecessor);
        self.fill(builder, registry, |name| std::env::var(name).ok())
    }

    /// Adds everything to a builder.
    fn fill(
        &self,
        mut builder: ClientBuilder,
        registry: &Registry,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<ClientBuilder> {
        let secrets = Secrets::new(&variable);
        let mut mistakes = Mistakes::new(&self.source);
        self.check_version(&mut mistakes);
        let hashes = builder.hashes().clone();
        self.listen_address(&mut mistakes);
        inbound_keys::read(&self.file.keys, &secrets, &mut mistakes);
        self.read_admin_token(&secrets, &mut mistakes);
        for (name, entry) in &self.file.providers {
            let built =
                provider_check::build(name, entry, registry, &secrets, &hashes, &mut mistakes);
            builder = connected(builder, name, built);
        }
        for (name, settings) in &self.added_providers {
            let built =
                provider_check::build_added(name, settings, registry, &hashes, &mut mistakes);
            builder = connected(builder, name, built);
        }
        let providers = self.provider_names();
        if providers.is_empty() {
            mistakes.add_without_place("providers", "no provider is configured: add at least one");
        }
        for (name, entry) in &self.file.routes {
            if let Some((route, options)) =
                route_check::read(name, entry, &providers, &mut mistakes)
            {
                builder = builder.route_with(name.as_str(), route, options);
            }
        }
        for (name, entry) in &self.file.models {
            if let Some((target, change)) = model_entry::read(name, entry, &mut mistakes) {
                builder = builder.model(target, |info| change.make(info));
            }
        }
        if let Some(entry) = &self.file.router
            && let Some(auto) = router_check::read(entry, &providers, &mut mistakes)
        {
            builder = builder.auto(auto);
        }
        if let Some(entry) = &self.file.budget {
            let keys: Vec<_> = self.file.keys.iter().map(|key| key.value.name()).collect();
            let known = budget_check::KnownNames {
                providers: &providers,
                keys: &keys,
            };
            if let Some(spend) = budget_check::read(entry, known, &mut mistakes) {
                builder = with_budget(builder, spend);
            }
        }
        builder = builder.unknown_price(self.unknown_price(&mut mistakes));
        mistakes.into_result()?;
        for (name, route, options) in &self.added_routes {
            builder = builder.route_with(name.as_str(), route.clone(), options.clone());
        }
        Ok(builder)
    }

    /// Finds every mistake, in the environment and in the settings of providers too. The file that keeps spend
    /// is not opened, because a gateway that runs has it.
    ///
    /// # Errors
    /// As [`Config::client_builder`].
    pub fn check(&self, registry: &Registry) -> Result<()> {
        let builder = self.client_builder(registry)?;
        builder.spend_in_memory().build().map(drop)
    }

    /// JSON Schema of configuration files, for editors.
    #[must_use]
    pub fn schema(registry: &Registry) -> Value {
        schema::of_file(registry)
    }

    fn unknown_price(&self, mistakes: &mut Mistakes<'_>) -> UnknownPrice {
        let Some(word) = &self.file.unknown_price else {
            return UnknownPrice::default();
        };
        match word.value.as_str() {
            "allow" => UnknownPrice::Allow,
            "exclude" => UnknownPrice::Exclude,
            other => {
                let message = format!("`{other}` is no rule: write allow or exclude");
                mistakes.add("unknown_price", word.place, message);
                UnknownPrice::default()
            }
        }
    }

    fn check_version(&self, mistakes: &mut Mistakes<'_>) {
        if let Some(version) = &self.file.version
            && version.value != 1
        {
            let message = format!("version {} is unknown: write 1", version.value);
            mistakes.add("version", version.place, message);
        }
    }
}

impl fmt::Debug for Config {
    /// Names only, because settings may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("source", &self.source)
            .field("providers", &self.provider_names())
            .field("routes", &self.route_names())
            .finish_non_exhaustive()
    }
}

/// Adds a connection, where it could be made.
fn connected(builder: ClientBuilder, name: &str, built: Option<Built>) -> ClientBuilder {
    let Some(built) = built else {
        return builder;
    };
    let builder = builder
        .provider_of_kind(name, built.kind, built.set)
        .limits(name, built.limits)
        .regions(name, built.regions)
        .shared(name, built.shared);
    match built.health_check {
        Some(every) => builder.health_check(name, every),
        None => builder,
    }
}

/// Sets the budgets, and where spend is kept.
fn with_budget(builder: ClientBuilder, spend: budget_check::Spend) -> ClientBuilder {
    let builder = builder.budget(spend.config);
    match spend.file {
        #[cfg(feature = "sqlite")]
        Some(path) => builder.spend_file(path),
        // Without the feature a file is a mistake already.
        _ => builder,
    }
}
