//! What a strategy thinks of each target: a figure, the lower the better, never negative and never NaN.

use interline_core::{Faded, History};

use super::draws::Draws;
use super::{Entrant, Metric, ScoreWeights};

/// A target all whose calls fail counts as one that succeeds this often (chosen, see `reluctance`).
const LEAST_SUCCESS: f32 = 0.1;

/// Where no limit is known, so many calls under way make a target half full (chosen, not measured): a target
/// that tells nothing about its limits is neither endless nor full.
const HALF_FULL_AT: f32 = 16.0;

/// What a target counts as of which no latency is known, in seconds, where none is known of anybody.
const UNKNOWN_LATENCY: f32 = 1.0;

/// More than any price; ordinary numbers still fit above it.
const UNKNOWN_PRICE: f32 = 1e20;

/// The quality of a target of which nobody said anything: in the middle.
const UNKNOWN_QUALITY: f32 = 0.5;

/// The least score that is told apart from none.
const LEAST_SCORE: f32 = 1e-6;

/// Calls under way once this one is. A target that nobody heard from yet may be slow without its showing, so
/// its calls count twice.
pub(super) fn pending(entrant: &Entrant) -> f32 {
    let calls = entrant.health.load.in_flight as f32;
    match entrant.health.load.history {
        History::None => 2.0 * calls + 1.0,
        _ => calls + 1.0,
    }
}

/// Which share of its calls succeed of late.
fn success(entrant: &Entrant) -> f32 {
    let errors = entrant.health.load.errors;
    let errors = errors.map_or(0.0, |errors| errors.or_usual(0.0));
    (1.0 - errors).clamp(LEAST_SUCCESS, 1.0)
}

/// How many times worse than it looks a target is because of its failures: the cube of the tries that one
/// answer takes, 1.4 at 10 % failures, 8 at half, 1,000 at most.
///
/// The tries alone are not enough: who fails half of its calls at once has so few of them under way that it
/// would get more than its share (37 % of three, simulated).
fn reluctance(entrant: &Entrant) -> f32 {
    let tries = 1.0 / success(entrant);
    tries * tries * tries
}

/// The target without what is known of its latency and errors.
pub(super) fn forgiven(entrant: &Entrant) -> Entrant {
    let mut forgiven = *entrant;
    forgiven.health.load.latency = None;
    forgiven.health.load.errors = None;
    forgiven
}

fn weight(entrant: &Entrant) -> f32 {
    entrant.weight.get() as f32
}

/// The usual latency among targets: the lower median of those that are known, of the first 32.
pub(super) fn usual_latency(entrants: &[Entrant]) -> f32 {
    let mut known = [0.0_f32; 32];
    let mut count = 0;
    for entrant in entrants {
        let Some(Faded { value, .. }) = entrant.health.load.latency else {
            continue;
        };
        let Some(slot) = known.get_mut(count) else {
            break;
        };
        *slot = value;
        count += 1;
    }
    let Some(known) = known.get_mut(..count).filter(|known| !known.is_empty()) else {
        return UNKNOWN_LATENCY;
    };
    let middle = (count - 1) / 2;
    let (_, median, _) = known.select_nth_unstable_by(middle, f32::total_cmp);
    *median
}

/// How long a call will take to answer: peak EWMA of the latency, times the calls under way.
fn wait(entrant: &Entrant, usual: f32) -> f32 {
    let latency = entrant.health.load.latency;
    let latency = latency.map_or(usual, |latency| latency.or_usual(usual));
    // A millisecond is what latencies are kept in; none may make the number of calls meaningless.
    latency.max(0.001) * pending(entrant)
}

/// `least_latency`.
pub(super) fn latency(entrant: &Entrant, usual: f32) -> f32 {
    wait(entrant, usual) * reluctance(entrant) / weight(entrant)
}

/// `least_busy`.
pub(super) fn busy(entrant: &Entrant) -> f32 {
    pending(entrant) * reluctance(entrant) / weight(entrant)
}

/// How full it would be with this call.
fn used(entrant: &Entrant) -> f32 {
    let calls = pending(entrant);
    let told = entrant.health.load.used;
    told.unwrap_or(calls / (calls + HALF_FULL_AT))
}

/// `capacity`.
pub(super) fn fullness(entrant: &Entrant) -> f32 {
    used(entrant) * reluctance(entrant)
}

/// `cost`: what an answer costs, and how reluctantly a call is given; an unknown price after every known one.
pub(super) fn cost(entrant: &Entrant) -> f32 {
    let price = entrant.price.map(|price| price.get().max(0) as f32);
    // The nano-USD more keeps free targets apart that fail and do not.
    (price.unwrap_or(UNKNOWN_PRICE) + 1.0) * reluctance(entrant)
}

/// `weighted` and the groups of `fallback`: drawing without putting back, each as likely as its weight says.
///
/// After Efraimidis and Spirakis (2006): sorting by `-ln(u) / weight` is such a draw.
pub(super) fn lottery(entrant: &Entrant, draws: &mut Draws) -> f32 {
    -draws.unit().ln() / weight(entrant)
}

/// What `score` compares with: the best of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Best {
    usual: f32,
    wait: f32,
    price: f32,
}

impl Best {
    pub(super) fn of(entrants: &[Entrant]) -> Self {
        let usual = usual_latency(entrants);
        let mut best = Self {
            usual,
            wait: f32::MAX,
            price: f32::MAX,
        };
        for entrant in entrants.iter().filter(|one| one.health.is_available()) {
            best.wait = best.wait.min(wait(entrant, usual));
            if let Some(price) = entrant.price {
                best.price = best.price.min(price.get().max(0) as f32);
            }
        }
        best
    }
}

/// `score`: 1 for a target that is the best in everything, and more for the others. Failures count whatever
/// the weights, or a target that fails at once would be the best in everything else.
pub(super) fn score(entrant: &Entrant, best: &Best, weights: &ScoreWeights) -> f32 {
    let cost = entrant.price.map_or(0.0, |price| {
        (best.price + 1.0) / (price.get().max(0) as f32 + 1.0)
    });
    // In the order of `Metric::ALL`.
    let figures: [f32; Metric::ALL.len()] = [
        best.wait / wait(entrant, best.usual),
        success(entrant),
        cost,
        entrant.quality.unwrap_or(UNKNOWN_QUALITY),
        1.0 - used(entrant).min(1.0),
    ];
    let figures = figures.map(|figure| figure.clamp(0.0, 1.0));
    reluctance(entrant) / weights.mean(figures).max(LEAST_SCORE)
}
