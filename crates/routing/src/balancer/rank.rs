//! Orders targets: standings first, then what the strategy thinks, then affinity.
//!
//! Every target becomes one word whose order is the order of the targets, so that sorting compares integers:
//!
//! | bits | `fallback` | every other strategy |
//! |---|---|---|
//! | 52–63 | group | |
//! | 49–51 | standing | |
//! | 16–48 | figure | |
//! | 61–63 | | standing |
//! | 60 | | 0 for prepaid capacity that is ready |
//! | 28–59 | | figure |
//! | 16–27 | | a draw, for targets that are alike |
//! | 12–14 | standing | standing |
//! | 0–11 | place | place |

use interline_core::History;

use super::draws::Draws;
use super::figures::{self, Best};
use super::{Affinity, Balance, Capacity, Entrant, SessionKey, affinity};
use crate::{Rotation, Strategy};

/// How many calls at once a target may have that nobody heard from yet, while others are known (chosen, not
/// measured): enough to learn from, and few enough to lose.
const FIRST_CALLS: u32 = 4;

/// A target keeps a session while it looks at most so many times as bad as the one that would be chosen
/// without (resilience.md §2.6).
const BONUS: f32 = 2.0;

/// How a target stands before any strategy is asked; the order is that of the targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// It is well and has room.
    #[default]
    Ready,
    /// Nobody heard from it yet, and it has calls enough to begin with.
    New,
    /// It recovers, and this call does not belong to its share.
    Recovering,
    /// Its limits have no room.
    Limited,
    /// It is out of service.
    Closed,
}

impl Standing {
    /// The stable snake_case word that users see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::New => "new",
            Self::Recovering => "recovering",
            Self::Limited => "limited",
            Self::Closed => "closed",
        }
    }
}

/// The place of one target in an order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rank {
    word: u64,
    figure: f32,
    /// Below zero for none.
    share: f32,
}

impl Rank {
    /// Which target: its place among the entrants.
    #[must_use]
    pub const fn place(&self) -> usize {
        (self.word & PLACE_MASK) as usize
    }

    /// How it stands.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match (self.word >> STANDING_SHIFT) & 7 {
            0 => Standing::Ready,
            1 => Standing::New,
            2 => Standing::Recovering,
            3 => Standing::Limited,
            _ => Standing::Closed,
        }
    }

    /// What the strategy thinks of it, the lower the better; its unit is the strategy's own. For a target
    /// that is limited or closed: for how many seconds.
    #[must_use]
    pub const fn figure(&self) -> f32 {
        self.figure
    }

    /// The share that it gets while it recovers, where this call belongs to it: nobody need draw again.
    #[must_use]
    pub fn drawn_share(&self) -> Option<f32> {
        (self.share >= 0.0).then_some(self.share)
    }

    pub(crate) const fn set_figure(&mut self, figure: f32) {
        self.figure = figure;
    }
}

/// Places are told apart up to here; routes are shorter.
const PLACE_MASK: u64 = 0xfff;
const STANDING_SHIFT: u32 = 12;
const NOT_DRAWN: f32 = -1.0;

/// How an order came about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ranking {
    /// Whether the session had its way.
    pub stickiness: Stickiness,
}

/// Whether a session had its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stickiness {
    /// There is no session.
    #[default]
    None,
    /// Its target comes first.
    Kept,
    /// Its target is much worse than another one just now.
    Overridden,
}

impl Stickiness {
    /// The stable snake_case word that users see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Kept => "kept",
            Self::Overridden => "overridden",
        }
    }
}

/// Orders `entrants`, best first, into `ranks`, which is as long; of a route of more than 4096 targets it
/// orders that many.
///
/// `rotation` is the memory of `round_robin`, which takes a turn with every call; `session` what the call
/// belongs to, `draw` a random number.
pub fn rank(
    balance: &Balance,
    entrants: &[Entrant],
    rotation: &Rotation,
    session: Option<SessionKey>,
    draw: u64,
    ranks: &mut [Rank],
) -> Ranking {
    let mut draws = Draws::new(draw);
    let strategy = balance.strategy;
    let count = entrants.len().min(PLACE_MASK as usize + 1);
    let entrants = entrants.get(..count).unwrap_or_default();
    let ranks = ranks.get_mut(..count).unwrap_or_default();
    stand(strategy, entrants, &mut draws, ranks);
    let session = session.filter(|_| balance.affinity != Affinity::Off);
    let sticky = session.and_then(|session| holder(session, strategy, entrants, ranks));
    think(balance, entrants, rotation, sticky, &mut draws, ranks);
    for (rank, entrant) in ranks.iter_mut().zip(entrants) {
        rank.word = word(strategy, rank, entrant, &mut draws);
    }
    sort(ranks);
    if is_of_two(strategy) {
        choose_of_two(&mut draws, ranks);
    }
    Ranking {
        stickiness: stick(strategy, sticky, ranks),
    }
}

/// So many targets are sorted without branches.
const FEW: usize = 16;

/// Sorts by word: every rank's place is how many words are smaller, and no two are alike.
///
/// The order is random, so where a usual sort branches it is wrong every other time.
fn sort(ranks: &mut [Rank]) {
    let mut copies = [Rank::default(); FEW];
    let Some(copies) = copies.get_mut(..ranks.len()) else {
        ranks.sort_unstable_by_key(|rank| rank.word);
        return;
    };
    copies.copy_from_slice(ranks);
    for rank in &*copies {
        let smaller = copies
            .iter()
            .map(|other| usize::from(other.word < rank.word));
        if let Some(slot) = ranks.get_mut(smaller.sum::<usize>()) {
            *slot = *rank;
        }
    }
}

/// Whether a strategy compares two targets that it draws, and not all: so that many callers who see the same
/// figures do not all go to the same target.
const fn is_of_two(strategy: Strategy) -> bool {
    matches!(strategy, Strategy::LeastLatency | Strategy::LeastBusy)
}

/// Whether a strategy looks at figures that one call can change; the others keep the shares that an operator
/// wrote.
const fn is_measured(strategy: Strategy) -> bool {
    matches!(
        strategy,
        Strategy::LeastLatency
            | Strategy::LeastBusy
            | Strategy::Capacity
            | Strategy::Cost
            | Strategy::Score
    )
}

/// How every target stands.
fn stand(strategy: Strategy, entrants: &[Entrant], draws: &mut Draws, ranks: &mut [Rank]) {
    let is_heard_of = |one: &Entrant| one.health.load.history == History::Some;
    let begins_slowly = is_measured(strategy) && entrants.iter().any(is_heard_of);
    for (place, (rank, entrant)) in ranks.iter_mut().zip(entrants).enumerate() {
        let (health, load) = (&entrant.health, &entrant.health.load);
        let recovers = health.share < 1.0 && !is_probe(entrant) && strategy != Strategy::Fallback;
        let mut share = NOT_DRAWN;
        let (standing, figure) = if let Some(left) = health.closed_for {
            (Standing::Closed, left.as_secs_f32())
        } else if let Some(left) = load.limited_for {
            (Standing::Limited, left.as_secs_f32())
        } else if recovers && draws.unit() > health.share {
            (Standing::Recovering, 0.0)
        } else {
            if recovers {
                share = health.share;
            }
            let is_full_of_firsts =
                begins_slowly && !is_heard_of(entrant) && load.in_flight >= FIRST_CALLS;
            let standing = if is_full_of_firsts {
                Standing::New
            } else {
                Standing::Ready
            };
            (standing, 0.0)
        };
        *rank = Rank {
            word: (standing as u64) << STANDING_SHIFT | place as u64,
            figure,
            share,
        };
    }
}

/// Whether a call may find out if the target is back.
fn is_probe(entrant: &Entrant) -> bool {
    entrant.health.share <= 0.0 && entrant.health.is_available()
}

/// Which block of targets the first one comes from: prepaid capacity before the rest, and one group after the
/// other under `fallback`.
fn block(strategy: Strategy, entrant: &Entrant) -> u64 {
    if entrant.capacity == Capacity::Prepaid {
        return 0;
    }
    match strategy {
        Strategy::Fallback => group(entrant),
        _ => 1,
    }
}

/// A group's number, from 1; those from 4095 on are one.
fn group(entrant: &Entrant) -> u64 {
    u64::from(entrant.priority).clamp(1, 0xfff)
}

/// The target that a session belongs to: among those that are ready, in the first block that has any.
fn holder(
    session: SessionKey,
    strategy: Strategy,
    entrants: &[Entrant],
    ranks: &[Rank],
) -> Option<usize> {
    let ready = || {
        let pairs = ranks.iter().zip(entrants);
        pairs.filter(|(rank, _)| rank.standing() == Standing::Ready)
    };
    let first = ready().map(|(_, entrant)| block(strategy, entrant)).min()?;
    ready()
        .filter(|(_, entrant)| block(strategy, entrant) == first)
        .map(|(rank, entrant)| (affinity::lot(session, entrant), rank.place()))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, place)| place)
}

/// What the strategy thinks of every target that is not limited or closed.
fn think(
    balance: &Balance,
    entrants: &[Entrant],
    rotation: &Rotation,
    sticky: Option<usize>,
    draws: &mut Draws,
    ranks: &mut [Rank],
) {
    let weights = &balance.score;
    match balance.strategy {
        Strategy::RoundRobin => take_turn(entrants, rotation, sticky, ranks),
        Strategy::Random => each(entrants, ranks, |_| draws.unit()),
        Strategy::Weighted | Strategy::Fallback => {
            each(entrants, ranks, |entrant| figures::lottery(entrant, draws));
        }
        Strategy::LeastLatency => {
            let usual = figures::usual_latency(entrants);
            each(entrants, ranks, |entrant| figures::latency(entrant, usual));
        }
        Strategy::LeastBusy => each(entrants, ranks, figures::busy),
        Strategy::Capacity => each(entrants, ranks, figures::fullness),
        Strategy::Cost => each(entrants, ranks, figures::cost),
        Strategy::Score => {
            let usual = figures::usual_latency(entrants);
            let mut best = Best::NONE;
            each(entrants, ranks, |entrant| {
                let wait = figures::wait(entrant, usual);
                best.add(entrant, wait);
                wait
            });
            for (rank, entrant) in ranks.iter_mut().zip(entrants) {
                if rank.standing() < Standing::Limited {
                    rank.figure = figures::score(entrant, rank.figure, &best, weights);
                }
            }
        }
    }
}

/// Sets the figure of every target that is not limited or closed.
fn each(entrants: &[Entrant], ranks: &mut [Rank], mut figure: impl FnMut(&Entrant) -> f32) {
    for (rank, entrant) in ranks.iter_mut().zip(entrants) {
        if rank.standing() >= Standing::Limited {
            continue;
        }
        rank.figure = if is_probe(entrant) {
            // What it did before it was taken out of service must not keep it from being asked again.
            figure(&figures::forgiven(entrant))
        } else {
            figure(entrant)
        };
    }
}

/// Takes a turn among those that are ready; who cannot be asked neither gains nor pays.
fn take_turn(entrants: &[Entrant], rotation: &Rotation, sticky: Option<usize>, ranks: &mut [Rank]) {
    let strategy = Strategy::RoundRobin;
    let is_ready = |rank: &Rank| rank.standing() == Standing::Ready;
    let ready = ranks
        .iter()
        .zip(entrants)
        .filter(|(rank, _)| is_ready(rank));
    let first = ready.map(|(_, entrant)| block(strategy, entrant)).min();
    let takes_part =
        |rank: &Rank, entrant: &Entrant| is_ready(rank) && Some(block(strategy, entrant)) == first;
    rotation.take_turn(ranks, entrants, takes_part, sticky);
}

/// The word whose order is the order of the targets.
fn word(strategy: Strategy, rank: &Rank, entrant: &Entrant, draws: &mut Draws) -> u64 {
    // The bits of numbers that are not negative are in the order of the numbers.
    let figure = if rank.figure >= 0.0 {
        rank.figure
    } else {
        f32::MAX
    };
    let figure = u64::from(figure.to_bits());
    let standing = rank.word >> STANDING_SHIFT;
    let is_spare = standing != Standing::Ready as u64 || entrant.capacity != Capacity::Prepaid;
    if strategy == Strategy::Fallback {
        let group = if is_spare { group(entrant) } else { 0 };
        return group << 52 | standing << 49 | figure << 16 | rank.word;
    }
    // Rotations and lots hardly ever meet, and where they do, the place decides.
    let draw = if is_measured(strategy) {
        draws.next() >> 52
    } else {
        0
    };
    standing << 61 | u64::from(is_spare) << 60 | figure << 28 | draw << 16 | rank.word
}

/// Puts the better one of two first, of those that could be first.
fn choose_of_two(draws: &mut Draws, ranks: &mut [Rank]) {
    let Some(best) = ranks.first().copied() else {
        return;
    };
    let alike = ranks
        .iter()
        .take_while(|rank| rank.word >> 60 == best.word >> 60);
    let count = alike.count();
    if count < 3 || best.standing() > Standing::Recovering {
        return;
    }
    let one = draws.below(count);
    let other = (one + 1 + draws.below(count - 1)) % count;
    // They are in order already, so the better one comes earlier.
    bring_to_front(ranks, one.min(other));
}

/// Puts the target of the session first, unless it is much worse than the one that is first.
fn stick(strategy: Strategy, sticky: Option<usize>, ranks: &mut [Rank]) -> Stickiness {
    let Some(place) = sticky else {
        return Stickiness::None;
    };
    let Some(index) = ranks.iter().position(|rank| rank.place() == place) else {
        return Stickiness::None;
    };
    let front = match strategy {
        // A session never skips a group.
        Strategy::Fallback => {
            let group = ranks.get(index).map(|rank| rank.word >> 52);
            ranks.iter().position(|rank| Some(rank.word >> 52) == group)
        }
        _ => Some(0),
    };
    let front = front.unwrap_or(0);
    let figure = |index: usize| ranks.get(index).map_or(0.0, |rank| rank.figure);
    if is_measured(strategy) && figure(index) > BONUS * figure(front) {
        return Stickiness::Overridden;
    }
    let behind = ranks.get_mut(front..).unwrap_or_default();
    bring_to_front(behind, index - front);
    Stickiness::Kept
}

fn bring_to_front(ranks: &mut [Rank], index: usize) {
    if let Some(head) = ranks.get_mut(..=index) {
        head.rotate_right(1);
    }
}
