//! What a caller may say about one call, beside the request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use interline_core::CallId;
use interline_resilience::Priority;

/// What a caller may say about one call, beside the request.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CallOptions {
    /// How long the caller waits for the whole call; the shorter of it and the route's total
    /// timeout holds.
    pub timeout: Option<Duration>,
    /// Names the call in events, logs and traces; a fresh UUID of version 7 where absent.
    pub call_id: Option<CallId>,
    /// How urgent the call is where rate limits or budgets leave no room for all. Default: standard.
    pub priority: Priority,
    /// Labels that the call's tracing span carries. They never reach a vendor or a metric.
    ///
    /// Rules of the router may look at them, `task` names the task of a call that is routed automatically,
    /// and budgets and spend tell calls apart by them (`name=value`, or `name` where it has no value).
    pub tags: BTreeMap<String, String>,
    /// The name of the key that the call was made with, never the key itself: budgets and spend tell calls
    /// apart by it.
    pub key: Option<Arc<str>>,
    /// Who makes the call.
    pub(crate) caller: Caller,
}

/// Who makes a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The program.
    #[default]
    Program,
    /// The client itself, in the middle of another call: to classify it or to judge an answer. Such a
    /// call is neither routed automatically nor judged, so it cannot come back to itself.
    Ourselves,
}

impl CallOptions {
    /// A patient, unnamed call without labels.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            timeout: None,
            call_id: None,
            priority: Priority::Standard,
            tags: BTreeMap::new(),
            key: None,
            caller: Caller::Program,
        }
    }

    /// A call that the client makes itself in the middle of a call with `options`: as urgent, as tagged,
    /// and with a name of its own.
    pub(crate) fn of_ourselves(options: &Self) -> Self {
        let mut own = Self::new()
            .with_priority(options.priority)
            .with_timeout(options.timeout);
        own.tags.clone_from(&options.tags);
        own.key.clone_from(&options.key);
        own.caller = Caller::Ourselves;
        own
    }

    /// Says how long the caller waits.
    #[must_use]
    pub fn with_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Names the call.
    #[must_use]
    pub fn with_call_id(mut self, id: impl Into<CallId>) -> Self {
        self.call_id = Some(id.into());
        self
    }

    /// Says how urgent the call is.
    #[must_use]
    pub const fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Names the key that the call was made with.
    #[must_use]
    pub fn with_key(mut self, name: impl Into<Arc<str>>) -> Self {
        self.key = Some(name.into());
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn with_tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }
}
