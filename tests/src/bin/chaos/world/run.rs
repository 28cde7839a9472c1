//! One run: builds the world, lets the calls come, and joins what everybody saw.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use interline_core::{ProviderId, Target};
use interline_resilience::Observer;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;
use tokio::time::{Instant, advance, sleep, sleep_until};

use super::client::Callers;
use super::endpoint::Endpoint;
use super::rig::{Reach, Rig};
use super::vendor::Vendor;
use crate::faults::FaultWindow;
use crate::history::{EventLog, Evidence, History, Ledger, Raw};
use crate::load::{Call, arrivals};
use crate::plan::{Plan, TargetSpec};

/// How long after the last call everything must be over.
const SETTLE: Duration = Duration::from_secs(5);

/// Runs a plan once.
pub(crate) fn run(plan: &Plan, seed: u64, rig: Rig) -> Evidence {
    Evidence::of(runtime().block_on(drive(plan.clone(), seed, rig)))
}

/// A runtime on a clock that jumps to whatever is due next.
pub(super) fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without IO needs nothing from the machine")
}

/// A world that is set up: vendors, what is under test, and everything that is written down.
pub(super) struct World {
    pub(super) start: Instant,
    pub(super) callers: Arc<Callers>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) log: Arc<EventLog>,
    fired: Arc<[AtomicU64]>,
}

impl World {
    /// Sets it up for these calls; more may be added to the callers' history, `most` in all.
    pub(super) fn of(plan: &Plan, seed: u64, rig: Rig, calls: Vec<Call>, most: usize) -> Self {
        let start = Instant::now();
        let ledger = Arc::new(Ledger::new(start));
        let fired: Arc<[AtomicU64]> = plan.faults.iter().map(|_| AtomicU64::new(0)).collect();
        let faults: Arc<[FaultWindow]> = plan.faults.clone().into();
        let vendors: Vec<Arc<Vendor>> = plan
            .vendors
            .iter()
            .enumerate()
            .map(|(index, spec)| {
                Arc::new(Vendor::new(
                    index,
                    spec.clone(),
                    Arc::clone(&ledger),
                    Arc::clone(&faults),
                    Arc::clone(&fired),
                    seed,
                ))
            })
            .collect();
        let targets: Vec<Target> = plan.targets.iter().map(|spec| name(plan, spec)).collect();
        let places: HashMap<Target, usize> = targets.iter().cloned().zip(0..).collect();
        let log = Arc::new(EventLog::new(start, places, most));
        let observer: Arc<dyn Observer> = Arc::clone(&log) as Arc<dyn Observer>;

        let reached: Vec<Reach> = plan
            .targets
            .iter()
            .zip(&targets)
            .filter_map(|(spec, target)| {
                let vendor = vendors.get(spec.vendor)?;
                let (id, key) = (target.provider.clone(), spec.key);
                Some(Reach {
                    target: target.clone(),
                    provider: Arc::new(Endpoint::new(
                        id,
                        key,
                        Arc::clone(vendor),
                        rig.hears_limits(),
                    )),
                    domain: vendor.spec.domain,
                    host: vendor.spec.name,
                    credential: spec.vendor as u64 * 65_536 + u64::from(key),
                    limits: vendor.spec.limits,
                })
            })
            .collect();
        let policy = rig.policy(&plan.policy, plan.hedge);
        let memory = rig.memory(start);
        let gates = Rig::gates(&observer);
        let of_tenant = |tenant: u16| {
            let own = |spec: &TargetSpec| spec.tenant.is_none_or(|only| only == tenant);
            let pairs = plan.targets.iter().zip(&reached);
            let own: Vec<&Reach> = pairs
                .filter(|(spec, _)| own(spec))
                .map(|(_, reach)| reach)
                .collect();
            rig.candidates(&own, &gates, memory.as_ref(), &policy, start)
        };
        let callers = Arc::new(Callers {
            subject: rig.assemble(observer, seed),
            candidates: (0..plan.load.tenants.max(1)).map(of_tenant).collect(),
            policy,
            memory,
            order: plan.order,
            history: History::of(calls),
            ledger: Arc::clone(&ledger),
            patience: plan.load.patience,
            reader_pause: plan.load.reader_pause,
            seed,
        });
        Self {
            start,
            callers,
            ledger,
            log,
            fired,
        }
    }

    /// How often each fault fired.
    pub(super) fn fired(&self) -> Vec<u64> {
        let counts = self.fired.iter();
        counts.map(|count| count.load(Ordering::Relaxed)).collect()
    }
}

async fn drive(plan: Plan, seed: u64, rig: Rig) -> Raw {
    let calls = arrivals(&plan, seed);
    let arrivals: Vec<Duration> = calls.iter().map(|call| call.at).collect();
    let world = World::of(&plan, seed, rig, calls, arrivals.len());
    let start = world.start;

    let tasks_before = Handle::current().metrics().num_alive_tasks();
    let mut tasks = JoinSet::new();
    if let Some((at, pause)) = plan.standstill {
        tasks.spawn(async move {
            sleep_until(start + at).await;
            advance(pause).await;
        });
    }
    let mut panics = 0;
    for (number, at) in arrivals.into_iter().enumerate() {
        sleep_until(start + at).await;
        tasks.spawn(Arc::clone(&world.callers).call(number));
        while let Some(joined) = tasks.try_join_next() {
            panics += usize::from(joined.is_err());
        }
    }
    panics += end(&mut tasks, plan.policy.timeouts.total).await;
    let tasks_after = Handle::current().metrics().num_alive_tasks();
    Raw {
        calls: world.callers.history.take(),
        ledger: world.ledger.take(),
        heard: world.log.take(),
        fired: world.fired(),
        tasks_left: tasks_after.saturating_sub(tasks_before),
        panics,
        plan,
    }
}

/// Waits until all calls are over, and a moment longer; how many of them panicked.
pub(super) async fn end(tasks: &mut JoinSet<()>, total: Duration) -> usize {
    let mut panics = 0;
    // Every call has a deadline, so this ends; a call that outlives it would be found as lost.
    let longest = total + Duration::from_secs(600);
    let over = tokio::time::timeout(longest, async {
        while let Some(joined) = tasks.join_next().await {
            panics += usize::from(joined.is_err());
        }
    });
    if over.await.is_err() {
        tasks.abort_all();
    }
    sleep(SETTLE).await;
    panics
}

/// What the engine calls a target: the vendor, with the key where it has several.
pub(crate) fn name(plan: &Plan, spec: &TargetSpec) -> Target {
    let vendor = plan.vendors.get(spec.vendor).map_or("?", |spec| spec.name);
    let provider = match spec.key {
        0 => ProviderId::new(vendor),
        key => ProviderId::new(format!("{vendor}-{key}")),
    };
    Target::new(provider, "model")
}
