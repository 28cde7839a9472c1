//! Who is told what happens: the callback trait, a closure adapter and a fan-out.

use std::fmt;
use std::sync::Arc;

use crate::CallEvent;

/// Is told what happens to calls and targets.
///
/// Called on the task that makes the call, between its steps: it must be quick and must not block.
pub trait Observer: fmt::Debug + Send + Sync {
    /// Takes note of one event.
    fn on_event(&self, event: &CallEvent);
}

/// Turns a closure into an [`Observer`].
pub fn on_event<F>(callback: F) -> OnEvent<F>
where
    F: Fn(&CallEvent) + Send + Sync,
{
    OnEvent { callback }
}

/// A closure as an [`Observer`]; made by [`on_event`].
#[derive(Clone)]
pub struct OnEvent<F> {
    callback: F,
}

impl<F> fmt::Debug for OnEvent<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnEvent").finish_non_exhaustive()
    }
}

impl<F> Observer for OnEvent<F>
where
    F: Fn(&CallEvent) + Send + Sync,
{
    fn on_event(&self, event: &CallEvent) {
        (self.callback)(event);
    }
}

/// Several observers, told in order; none by default.
#[derive(Clone, Debug, Default)]
pub struct Observers(Vec<Arc<dyn Observer>>);

impl Observers {
    /// Nobody is told.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// All of `observers` are told.
    pub fn new(observers: impl Into<Vec<Arc<dyn Observer>>>) -> Self {
        Self(observers.into())
    }

    /// Tells one more.
    #[must_use]
    pub fn with(mut self, observer: impl Observer + 'static) -> Self {
        self.0.push(Arc::new(observer));
        self
    }
}

impl Observer for Observers {
    fn on_event(&self, event: &CallEvent) {
        for observer in &self.0 {
            observer.on_event(event);
        }
    }
}
