//! What a strategy thinks of each target: a figure, the lower the better, never negative and never NaN.

use interline_core::History;

use super::draws::Draws;
use super::{Entrant, Metric, ScoreWeights};

/// A target all whose calls fail counts as one that succeeds this often (chosen, see `reluctance`).
const LEAST_SUCCESS: f32 = 0.1;

/// Where no limit is known, so many calls under way make a target half full (chosen, not measured): a target
/// that tells nothing about its limits is neither endless nor full.
const HALF_FULL_AT: f32 = 16.0;

/// What a target counts as of which no latency is known, in seconds, where none is known of anybody.
const UNKNOWN_LATENCY: f32 = 1.0;

/// No latency is told apart from less than that, in seconds, or the calls under way would mean nothing.
const LEAST_LATENCY: f32 = 0.001;

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

/// The usual latency among targets: the harmonic mean of those that are known, which a single slow or failing
/// target hardly moves. (A median does as well, and takes as long as everything else together.)
pub(super) fn usual_latency(entrants: &[Entrant]) -> f32 {
    let (mut count, mut speeds) = (0.0, 0.0);
    for entrant in entrants {
        if let Some(latency) = entrant.health.load.latency {
            count += 1.0;
            speeds += 1.0 / latency.value.max(LEAST_LATENCY);
        }
    }
    if count > 0.0 {
        count / speeds
    } else {
        UNKNOWN_LATENCY
    }
}

/// How long a call will take to answer: peak EWMA of the latency, times the calls under way.
pub(super) fn wait(entrant: &Entrant, usual: f32) -> f32 {
    let latency = entrant.health.load.latency;
    let latency = latency.map_or(usual, |latency| latency.or_usual(usual));
    latency.max(LEAST_LATENCY) * pending(entrant)
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
    exponential(draws.unit()) / weight(entrant)
}

/// `log2(1 + x) / x` in [0, 1] as a polynomial, lowest power first: interpolated at Chebyshev's nodes, off by
/// less than 10⁻⁵ once it is multiplied with x.
const LOG2: [f32; 6] = [
    1.442_683_3,
    -0.720_442_4,
    0.469_301_7,
    -0.303_389_67,
    0.146_433_6,
    -0.034_595_21,
];

/// About `-ln(unit)` for a number in (0, 1], off by less than 10⁻⁵ and never negative: sixteen exact
/// logarithms would take longer than sorting.
pub(super) fn exponential(unit: f32) -> f32 {
    // A power of two, and what it is multiplied with less 1.
    let bits = unit.to_bits();
    let power = (bits >> 23) as f32 - 127.0;
    let rest = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000) - 1.0;
    let log2 = rest
        * LOG2
            .iter()
            .rev()
            .fold(0.0, |sum, factor| sum * rest + factor);
    ((power + log2) * -std::f32::consts::LN_2).max(0.0)
}

/// What `score` compares with: the best of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Best {
    wait: f32,
    price: f32,
}

impl Best {
    /// Nothing is known yet.
    pub(super) const NONE: Self = Self {
        wait: f32::MAX,
        price: f32::MAX,
    };

    /// Takes note of a target and of how long a call waits for it.
    pub(super) fn add(&mut self, entrant: &Entrant, wait: f32) {
        if wait < self.wait {
            self.wait = wait;
        }
        if let Some(price) = entrant.price {
            let price = price.get().max(0) as f32;
            if price < self.price {
                self.price = price;
            }
        }
    }
}

/// `score`: 1 for a target that is the best in everything, and more for the others. Failures count whatever
/// the weights, or a target that fails at once would be the best in everything else.
pub(super) fn score(entrant: &Entrant, wait: f32, best: &Best, weights: &ScoreWeights) -> f32 {
    // The share of the best price is that over this one; nothing over anything where it is unknown.
    let (best_price, price) = match entrant.price {
        Some(price) => (best.price + 1.0, price.get().max(0) as f32 + 1.0),
        None => (0.0, 1.0),
    };
    let success = success(entrant);
    let others = weights.of(Metric::ErrorRate) * success
        + weights.of(Metric::Quality) * entrant.quality.unwrap_or(UNKNOWN_QUALITY)
        + weights.of(Metric::Headroom) * (1.0 - used(entrant).min(1.0));
    // All fractions over one denominator: dividing is what takes time here.
    let scored = weights.of(Metric::Latency) * best.wait.min(wait) * price
        + weights.of(Metric::Cost) * best_price.min(price) * wait
        + others * wait * price;
    let whole = wait * price;
    whole / (scored * success * success * success).max(whole * LEAST_SCORE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_logarithm_is_close_to_the_exact_one() {
        for step in 1..=1_u32 << 16 {
            let unit = step as f32 / (1_u32 << 16) as f32;
            let (quick, exact) = (exponential(unit), -unit.ln());
            assert!((quick - exact).abs() < 1.5e-5, "{unit}: {quick}, {exact}");
            assert!(quick >= 0.0, "{unit}");
        }
    }
}
