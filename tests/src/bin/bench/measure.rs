//! Times a case run by run, and counts what it allocates.
//!
//! Each run is timed alone, so that percentiles are those of runs and not of averages; what reading the
//! clock itself takes is measured in the same process and taken off.
//! The mean comes from runs back to back, with two readings of the clock in all.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::case::Case;

/// How long a case is warmed up, and then measured. Chosen, not measured: long enough for a hundred
/// thousand runs of a microsecond.
const WARM_UP: Duration = Duration::from_millis(200);
const MEASURE: Duration = Duration::from_secs(1);
/// The most runs that are timed alone.
const MAX_SAMPLES: usize = 400_000;
/// How many runs allocations are counted over: rare ones must show as well.
const COUNTED_RUNS: u64 = 1_000;

/// What a case costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) p50_ns: f64,
    pub(crate) p99_ns: f64,
    pub(crate) mean_ns: f64,
    pub(crate) samples: usize,
    /// Requests for memory in the [`COUNTED_RUNS`] runs together, by run.
    pub(crate) allocations: f64,
}

/// Measures one case.
pub(crate) fn measure(case: &mut Case) -> Figures {
    let start = now();
    while start.elapsed() < WARM_UP {
        case.run();
    }
    let counted = allocation_counter::measure(|| (0..COUNTED_RUNS).for_each(|_| case.run()));
    let clock = clock_cost();
    let mut samples = Vec::with_capacity(MAX_SAMPLES);
    let start = now();
    while samples.len() < MAX_SAMPLES && start.elapsed() < MEASURE {
        let before = now();
        case.run();
        samples.push(before.elapsed());
    }
    let back_to_back = samples.len().max(1);
    let before = now();
    (0..back_to_back).for_each(|_| case.run());
    let mean_ns = nanos(before.elapsed()) / count(back_to_back);
    samples.sort_unstable();
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a length fits a length"
        )]
        let place = (count(samples.len().saturating_sub(1)) * share).round() as usize;
        let sample = samples.get(place).copied().unwrap_or_default();
        (nanos(sample) - clock).max(0.0)
    };
    Figures {
        p50_ns: at(0.5),
        p99_ns: at(0.99),
        mean_ns,
        samples: samples.len(),
        allocations: count(usize::try_from(counted.count_total).unwrap_or(usize::MAX))
            / count(usize::try_from(COUNTED_RUNS).unwrap_or(usize::MAX)),
    }
}

/// The machine's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "a bench times the machine, not a virtual clock"
)]
fn now() -> Instant {
    Instant::now()
}

/// What timing nothing takes, in the median.
fn clock_cost() -> f64 {
    let mut empty: Vec<_> = (0..10_001)
        .map(|_| {
            let before = now();
            black_box(());
            before.elapsed()
        })
        .collect();
    empty.sort_unstable();
    empty.get(empty.len() / 2).copied().map_or(0.0, nanos)
}

fn nanos(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}
