//! A run too long to be kept whole: calls come part by part, and each part is handed over as soon as it is over.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::rig::Rig;
use super::run::{World, end, runtime};
use crate::history::{Entry, Evidence, Move, Raw};
use crate::load::Diurnal;
use crate::plan::{Phases, Plan};

/// How long a part is. Calls of one part are over when the next one is: they wait a minute at most.
pub(crate) const PART: Duration = Duration::from_secs(600);

/// How long after the end of its part a call may still be under way.
const TAIL: Duration = Duration::from_secs(120);

/// What is known when all parts are over.
#[derive(Debug)]
pub(crate) struct Over {
    /// Changes of health, in order.
    pub(crate) moves: Vec<Move>,
    /// How often each fault fired.
    pub(crate) fired: Vec<u64>,
    /// How many events the engine told.
    pub(crate) events: u64,
    /// Tasks that were left, and tasks that panicked.
    pub(crate) loose_ends: usize,
}

/// Plays a plan whose calls come with the hour of the day. `most` calls come, or fewer; `take` gets each part.
pub(crate) fn run_in_parts(
    plan: &Plan,
    seed: u64,
    rig: Rig,
    most: usize,
    take: impl FnMut(&Evidence),
) -> Over {
    runtime().block_on(drive(plan, seed, rig, most, take))
}

async fn drive(
    plan: &Plan,
    seed: u64,
    rig: Rig,
    most: usize,
    mut take: impl FnMut(&Evidence),
) -> Over {
    let world = World::of(plan, seed, rig, Vec::new(), most);
    let tasks_before = Handle::current().metrics().num_alive_tasks();
    let mut load = Diurnal::new(plan.load.clone(), seed);
    let mut tasks = JoinSet::new();
    let mut harvest = Harvest::default();
    let mut loose_ends = 0;
    let mut from = Duration::ZERO;
    while from < plan.phases.end {
        let until = (from + PART).min(plan.phases.end);
        let calls = load.until(until);
        let arrivals: Vec<Duration> = calls.iter().map(|call| call.at).collect();
        let first = world.callers.history.add(calls);
        for (number, at) in (first..).zip(arrivals) {
            sleep_until(world.start + at).await;
            tasks.spawn(Arc::clone(&world.callers).call(number));
            while let Some(joined) = tasks.try_join_next() {
                loose_ends += usize::from(joined.is_err());
            }
        }
        // The part before this one is over by now.
        if let Some(evidence) = harvest.take(&world, plan, first, from) {
            take(&evidence);
        }
        from = until;
    }
    loose_ends += end(&mut tasks, plan.policy.timeouts.total).await;
    if let Some(evidence) = harvest.take(&world, plan, usize::MAX, from) {
        take(&evidence);
    }
    let tasks_after = Handle::current().metrics().num_alive_tasks();
    let fired = world.fired();
    let heard = world.log.take();
    Over {
        moves: heard.moves,
        fired,
        events: heard.events,
        loose_ends: loose_ends + tasks_after.saturating_sub(tasks_before),
    }
}

/// What was taken out of the books so far.
#[derive(Debug, Default)]
struct Harvest {
    /// The number of the first call that was not taken.
    first: usize,
    /// Exchanges that were taken with the calls before theirs.
    carried: Vec<Entry>,
    /// When the part that comes next began.
    from: Duration,
}

impl Harvest {
    /// Takes out the calls below a number, all of which came before `until`.
    fn take(
        &mut self,
        world: &World,
        plan: &Plan,
        number: usize,
        until: Duration,
    ) -> Option<Evidence> {
        let calls = world.callers.history.take_until(number);
        if calls.is_empty() {
            return None;
        }
        let (first, last) = (self.first, self.first + calls.len());
        let mut entries = std::mem::take(&mut self.carried);
        entries.extend(world.ledger.take_before(until + TAIL));
        let (mut ledger, carried): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| entry.call < last);
        // Within a part calls are numbered from nought.
        for entry in &mut ledger {
            entry.call -= first;
        }
        let mut heard = world.log.part(first, last);
        for (call, _) in &mut heard.perhaps_billed {
            *call -= first;
        }
        let phases = Phases {
            storm: self.from,
            heal: until,
            end: until,
        };
        self.first = last;
        self.carried = carried;
        self.from = until;
        Some(Evidence::of(Raw {
            plan: Plan {
                phases,
                ..plan.clone()
            },
            calls,
            ledger,
            heard,
            fired: Vec::new(),
            tasks_left: 0,
            panics: 0,
        }))
    }
}
