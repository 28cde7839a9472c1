//! Script: which fault strikes which request.
//!
//! Only model calls (completions and messages) are counted and struck by the schedule, so that a health check in between
//! does not shift it; a standing fault strikes every request.

use std::collections::{BTreeMap, VecDeque};

use crate::fault::Fault;

/// A schedule of faults by the number of the model call, the first being 1.
///
/// Where several apply, the queue comes first, then the call's number, then the share, then the standing fault.
///
/// ```
/// use interline_simulator::{ErrorCase, Fault, Script};
///
/// let script = Script::new()
///     .next(2, Fault::error(ErrorCase::ServerError)) // calls 1 and 2
///     .at(5, Fault::Closed);
/// # drop(script);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Script {
    calls: u64,
    queue: VecDeque<Option<Fault>>,
    at: BTreeMap<u64, Fault>,
    share: Option<Share>,
    standing: Option<Fault>,
}

#[derive(Debug, Clone)]
struct Share {
    ratio: f64,
    seed: u64,
    fault: Fault,
}

/// Whether a request is a model call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    Model,
    Other,
}

impl Script {
    /// No faults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Queues `fault` for the next `calls` model calls that have none queued yet.
    #[must_use]
    pub fn next(mut self, calls: usize, fault: Fault) -> Self {
        self.queue.extend(std::iter::repeat_n(Some(fault), calls));
        self
    }

    /// Queues `calls` model calls without a fault, whatever else applies to them.
    #[must_use]
    pub fn pass(mut self, calls: usize) -> Self {
        self.queue.extend(std::iter::repeat_n(None, calls));
        self
    }

    /// Strikes the model call with this number.
    #[must_use]
    pub fn at(mut self, call: u64, fault: Fault) -> Self {
        self.at.insert(call, fault);
        self
    }

    /// Strikes a share (0 to 1) of the model calls; the seed and the call's number decide which.
    #[must_use]
    pub fn share(mut self, ratio: f64, seed: u64, fault: Fault) -> Self {
        self.share = Some(Share { ratio, seed, fault });
        self
    }

    /// Strikes every request that nothing else decides, model lists included.
    #[must_use]
    pub fn always(mut self, fault: Fault) -> Self {
        self.standing = Some(fault);
        self
    }

    pub(crate) fn set_standing(&mut self, fault: Option<Fault>) {
        self.standing = fault;
    }

    pub(crate) fn push(&mut self, fault: Fault) {
        self.queue.push_back(Some(fault));
    }

    /// The fault for the request that arrives now; counts it if it is a model call.
    pub(crate) fn strike(&mut self, kind: CallKind) -> Option<Fault> {
        if kind == CallKind::Model {
            self.calls += 1;
            if let Some(queued) = self.queue.pop_front() {
                return queued;
            }
            if let Some(fault) = self.at.get(&self.calls) {
                return Some(fault.clone());
            }
            if let Some(share) = &self.share
                && unit_interval(share.seed, self.calls) < share.ratio
            {
                return Some(share.fault.clone());
            }
        }
        self.standing.clone()
    }
}

/// A number in 0..1 that depends on nothing but its arguments (the output function of splitmix64).
pub(crate) fn unit_interval(seed: u64, call: u64) -> f64 {
    let mut mixed = seed.wrapping_add(call.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    // 53 bits are what a double holds exactly.
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::{CallKind, Script};
    use crate::fault::Fault;

    fn strikes(script: &mut Script, calls: usize) -> Vec<Option<Fault>> {
        (0..calls).map(|_| script.strike(CallKind::Model)).collect()
    }

    #[test]
    fn queue_goes_before_number_and_number_before_standing_fault() {
        let mut script = Script::new()
            .next(1, Fault::Closed)
            .pass(1)
            .at(1, Fault::Reset)
            .at(3, Fault::Reset)
            .always(Fault::Silence);
        assert_eq!(
            strikes(&mut script, 4),
            [
                Some(Fault::Closed),
                None,
                Some(Fault::Reset),
                Some(Fault::Silence)
            ]
        );
    }

    #[test]
    fn other_requests_meet_only_the_standing_fault() {
        let mut script = Script::new().next(1, Fault::Closed);
        assert_eq!(script.strike(CallKind::Other), None);
        script.set_standing(Some(Fault::Reset));
        assert_eq!(script.strike(CallKind::Other), Some(Fault::Reset));
        assert_eq!(script.strike(CallKind::Model), Some(Fault::Closed));
    }

    #[test]
    fn share_depends_on_the_seed_alone_and_is_near_its_ratio() {
        let run = |seed| strikes(&mut Script::new().share(0.3, seed, Fault::Reset), 2000);
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let struck = run(7).iter().flatten().count();
        assert!((500..700).contains(&struck), "{struck} of 2000");
    }
}
