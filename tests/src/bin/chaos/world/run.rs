//! One run: builds the world, lets the calls come, and joins what everybody saw.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use interline_core::{ProviderId, Target};
use interline_resilience::Observer;
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinSet;
use tokio::time::{Instant, advance, sleep, sleep_until};

use super::client::Callers;
use super::endpoint::Endpoint;
use super::rig::{Reach, Rig};
use super::vendor::Vendor;
use crate::faults::FaultWindow;
use crate::history::{EventLog, Evidence, History, Ledger, Raw};
use crate::load::arrivals;
use crate::plan::{Plan, TargetSpec};

/// How long after the last call everything must be over.
const SETTLE: Duration = Duration::from_secs(5);

/// Runs a plan once.
pub(crate) fn run(plan: &Plan, seed: u64, rig: Rig) -> Evidence {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without IO needs nothing from the machine");
    Evidence::of(runtime.block_on(drive(plan.clone(), seed, rig)))
}

async fn drive(plan: Plan, seed: u64, rig: Rig) -> Raw {
    let start = Instant::now();
    let calls = arrivals(&plan, seed);
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
    let targets: Vec<Target> = plan.targets.iter().map(|spec| name(&plan, spec)).collect();
    let places: HashMap<Target, usize> = targets.iter().cloned().zip(0..).collect();
    let log = Arc::new(EventLog::new(start, places, calls.len()));
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
    let arrivals: Vec<Duration> = calls.iter().map(|call| call.at).collect();
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
        tasks.spawn(Arc::clone(&callers).call(number));
        while let Some(joined) = tasks.try_join_next() {
            panics += usize::from(joined.is_err());
        }
    }
    // Every call has a deadline, so this ends; a call that outlives it would be found as lost.
    let longest = plan.policy.timeouts.total + Duration::from_secs(600);
    let over = tokio::time::timeout(longest, async {
        while let Some(joined) = tasks.join_next().await {
            panics += usize::from(joined.is_err());
        }
    });
    if over.await.is_err() {
        tasks.abort_all();
    }
    sleep(SETTLE).await;
    let tasks_after = Handle::current().metrics().num_alive_tasks();
    Raw {
        calls: callers.history.take(),
        ledger: ledger.take(),
        heard: log.take(),
        fired: fired.iter().map(|n| n.load(Ordering::Relaxed)).collect(),
        tasks_left: tasks_after.saturating_sub(tasks_before),
        panics,
        plan,
    }
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
