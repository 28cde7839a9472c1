//! The task that asks vendors how they are; it ends with the client that owns it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use interline_core::{ProviderId, Target};
use interline_resilience::{Activity, Admission, HealthMonitor, Observer, Watch};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::Connection;
use crate::route_table::ReadyRoute;

/// The task that asks vendors how they are.
#[derive(Debug)]
pub(crate) struct HealthTask(JoinHandle<()>);

impl HealthTask {
    /// Starts it on the runtime that this is called on; without one nobody is asked.
    pub(crate) fn start(monitor: HealthMonitor) -> Option<Self> {
        match Handle::try_current() {
            Ok(runtime) => Some(Self(runtime.spawn(monitor.run()))),
            Err(_) => {
                tracing::warn!(
                    target: "interline",
                    "the client is built outside of a Tokio runtime: no health checks are made"
                );
                None
            }
        }
    }
}

impl HealthTask {
    /// Ends it.
    pub(crate) fn end(&self) {
        self.0.abort();
    }
}

impl Drop for HealthTask {
    fn drop(&mut self) {
        self.end();
    }
}

/// What is to be asked: each connection with an interval, for the targets that routes have there.
pub(crate) fn monitor(
    intervals: &[(ProviderId, Duration)],
    connections: &BTreeMap<ProviderId, Connection>,
    routes: &BTreeMap<String, Arc<ReadyRoute>>,
    activity: Arc<Activity>,
    observer: Arc<dyn Observer>,
    seed: u64,
) -> Option<HealthMonitor> {
    let watch = |(name, every): &(ProviderId, Duration)| {
        let chat = &connections.get(name)?.offers.chat;
        let mut watch = Watch::new(name.clone(), Arc::clone(chat), *every);
        // Routes with equal breakers share what is known of a target: one of them is told.
        let mut told: Vec<(&Target, *const ())> = Vec::new();
        for route in routes.values() {
            let lane = Arc::as_ptr(&route.lane).cast::<()>();
            for gate in route
                .gates
                .iter()
                .filter(|gate| gate.target().provider == *name)
            {
                if told.contains(&(gate.target(), lane)) {
                    continue;
                }
                told.push((gate.target(), lane));
                let admission = Arc::clone(gate) as Arc<dyn Admission>;
                watch = watch.with_target(gate.target().clone(), admission);
            }
        }
        Some(watch)
    };
    let watches: Vec<_> = intervals.iter().filter_map(watch).collect();
    (!watches.is_empty()).then(|| HealthMonitor::new(watches, activity, observer, seed))
}
