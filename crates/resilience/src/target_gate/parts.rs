//! What a gate shares with other gates: host, credential, and what concerns a model with a credential.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::breaker::Breaker;
use crate::health::{Pause, Quarantine};
use crate::{LimitConfig, Limiter};

use super::Load;

/// What a gate shares with other gates.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) host: Option<Arc<Breaker>>,
    pub(crate) credential: Arc<Quarantine>,
    pub(crate) model: Arc<ModelState>,
    /// The configured limits of the connection.
    pub(crate) configured: Option<Arc<Limiter>>,
    /// How busy and how fast the target is, over all routes.
    pub(crate) load: Arc<Load>,
    /// How long the first quarantine of a credential is.
    pub(crate) quarantine: Duration,
    /// The longest wish of a vendor to wait that is believed.
    pub(crate) max_pause: Duration,
}

/// What concerns one model, or group of models with one limit, with one credential.
#[derive(Debug)]
pub(crate) struct ModelState {
    /// Whether the credential may use the model at all.
    pub(crate) access: Quarantine,
    pub(crate) pause: Pause,
    /// Limits as the vendor tells them.
    pub(crate) limits: Limiter,
}

impl ModelState {
    /// Nothing is known yet. `config` says how callers queue and how output is reserved; its limits are
    /// the connection's, and not repeated here.
    pub(crate) fn new(config: LimitConfig, now: Instant) -> Self {
        Self {
            access: Quarantine::new(now),
            pause: Pause::new(now),
            limits: Limiter::new(config.without_limits(), now),
        }
    }
}
