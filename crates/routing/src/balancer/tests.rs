//! The rules of ranking, one by one; how targets share traffic over time is in `tests/distributions.rs`.

use std::num::NonZeroU32;
use std::time::Duration;

use interline_core::{Faded, History, NanoUsd, Target, TargetHealth, TargetLoad};
use proptest::prelude::{ProptestConfig, any, prop, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::Rotation;

/// Fixed, so that a failure comes back; printed by every failing check.
const SEED: u64 = 0x1A7E_5EED;
const DRAWS: u32 = 20_000;

fn well() -> Entrant {
    Entrant::new(TargetHealth::default())
}

/// A target of which everything is known: latency in seconds and calls under way.
fn known(latency: f32, in_flight: u32) -> Entrant {
    let load = TargetLoad::UNKNOWN
        .with_history(History::Some)
        .with_latency(Some(Faded::new(latency, 1.0)))
        .with_in_flight(in_flight);
    Entrant::new(TargetHealth::default().with_load(load))
}

fn loaded(mut entrant: Entrant, change: impl FnOnce(TargetLoad) -> TargetLoad) -> Entrant {
    entrant.health.load = change(entrant.health.load);
    entrant
}

fn closed(seconds: u64) -> Entrant {
    Entrant::new(TargetHealth::closed_for(Duration::from_secs(seconds), 3))
}

fn limited(seconds: u64) -> Entrant {
    let wait = Some(Duration::from_secs(seconds));
    loaded(known(0.1, 0), |load| load.with_limits(Some(1.5), wait))
}

fn weighing(weight: u32) -> Entrant {
    well().with_weight(NonZeroU32::new(weight).expect("a weight"))
}

fn ranked(balance: Balance, entrants: &[Entrant], session: Option<&str>, draw: u64) -> Vec<Rank> {
    let mut ranks = vec![Rank::default(); entrants.len()];
    let session = session.map(SessionKey::named);
    let rotation = Rotation::new();
    rank(&balance, entrants, &rotation, session, draw, &mut ranks);
    ranks
}

fn places(strategy: Strategy, entrants: &[Entrant], draw: u64) -> Vec<usize> {
    let ranks = ranked(Balance::new(strategy), entrants, None, draw);
    ranks.iter().map(Rank::place).collect()
}

/// How often each place came first, as a share of all draws.
fn shares(balance: Balance, entrants: &[Entrant]) -> Vec<f64> {
    let rotation = Rotation::new();
    let mut firsts = vec![0_u32; entrants.len()];
    let mut ranks = vec![Rank::default(); entrants.len()];
    for draw in 0..DRAWS {
        let draw = SEED.wrapping_add(u64::from(draw).wrapping_mul(0x9E37_79B9));
        rank(&balance, entrants, &rotation, None, draw, &mut ranks);
        firsts[ranks[0].place()] += 1;
    }
    let share = |count| f64::from(count) / f64::from(DRAWS);
    firsts.into_iter().map(share).collect()
}

/// Four standard deviations of a share over 20,000 draws are at most 0.0142.
#[track_caller]
fn share(strategy: Strategy, entrants: &[Entrant], expected: &[f64]) {
    let seen = shares(Balance::new(strategy), entrants);
    for (seen, expected) in seen.iter().zip(expected) {
        assert!(
            (seen - expected).abs() < 0.0142,
            "{strategy}: share {seen}, expected {expected}, seed {SEED:#x}"
        );
    }
}

fn slotted(entrants: impl IntoIterator<Item = Entrant>) -> Vec<Entrant> {
    let slots = entrants.into_iter().enumerate();
    slots.map(|(slot, one)| one.with_slot(slot)).collect()
}

const MEASURED: [Strategy; 5] = [
    Strategy::LeastLatency,
    Strategy::LeastBusy,
    Strategy::Capacity,
    Strategy::Cost,
    Strategy::Score,
];

#[test]
fn lots_and_turns_follow_the_weights() {
    let entrants = slotted([weighing(1), weighing(7), weighing(2)]);
    share(Strategy::Random, &entrants, &[1.0 / 3.0; 3]);
    share(Strategy::Weighted, &entrants, &[0.1, 0.7, 0.2]);
    share(Strategy::RoundRobin, &entrants, &[0.1, 0.7, 0.2]);
    share(Strategy::Weighted, &slotted([well(), well()]), &[0.5, 0.5]);
}

#[test]
fn groups_come_one_after_the_other_and_share_by_weight_within() {
    let entrants = [
        weighing(1).with_priority(1),
        weighing(3).with_priority(1),
        weighing(9).with_priority(2),
    ];
    share(Strategy::Fallback, &entrants, &[0.25, 0.75, 0.0]);
    for draw in 0..100 {
        assert_eq!(places(Strategy::Fallback, &entrants, draw)[2], 2);
    }
}

#[test]
fn fallback_keeps_its_groups_whatever_their_health() {
    let entrants = [
        closed(30).with_priority(1),
        limited(5).with_priority(2),
        well().with_priority(3),
    ];
    assert_eq!(places(Strategy::Fallback, &entrants, SEED), [0, 1, 2]);
}

#[test]
fn within_a_group_of_fallback_health_comes_first() {
    let group = |one: Entrant| one.with_priority(1);
    let entrants = [
        group(closed(30)),
        group(limited(5)),
        group(well()),
        well().with_priority(2),
    ];
    assert_eq!(places(Strategy::Fallback, &entrants, SEED), [2, 1, 0, 3]);
}

#[test]
fn health_comes_before_every_strategy() {
    let entrants = slotted([
        closed(30).with_price(Some(NanoUsd::ZERO)),
        closed(5),
        limited(9),
        limited(2),
        known(9.0, 50),
    ]);
    for strategy in Strategy::ALL {
        if strategy != Strategy::Fallback {
            let seen = places(strategy, &entrants, SEED);
            assert_eq!(seen, [4, 3, 2, 1, 0], "{strategy}");
        }
    }
}

#[test]
fn a_recovering_target_gets_its_share_and_no_more() {
    let recovering = Entrant::new(TargetHealth::default().with_share(0.2));
    let entrants = slotted([recovering, well()]);
    // Half of the calls would be its own in full health.
    share(Strategy::Random, &entrants, &[0.1, 0.9]);
    for draw in 0..200 {
        let ranks = ranked(Balance::new(Strategy::Random), &entrants, None, draw);
        let own = ranks.iter().find(|rank| rank.place() == 0).expect("ranked");
        let is_drawn = own.drawn_share().is_some();
        assert_eq!(is_drawn, own.standing() == Standing::Ready, "draw {draw}");
    }
}

#[test]
fn a_target_that_nobody_heard_from_begins_with_a_few_calls() {
    let new = loaded(well(), |load| load.with_in_flight(4));
    let entrants = [new, known(8.0, 40)];
    for strategy in MEASURED {
        assert_eq!(places(strategy, &entrants, SEED), [1, 0], "{strategy}");
    }
    let first = loaded(well(), |load| load.with_in_flight(3));
    let entrants = [first, known(8.0, 40)];
    assert_eq!(places(Strategy::LeastLatency, &entrants, SEED), [0, 1]);
    // Where nobody is known, there is nobody to leave the calls to.
    let both = slotted([new, new]);
    for strategy in MEASURED {
        let ranks = ranked(Balance::new(strategy), &both, None, SEED);
        assert_eq!(ranks[0].standing(), Standing::Ready, "{strategy}");
    }
}

#[test]
fn an_unknown_latency_is_taken_for_the_usual_one() {
    let entrants = [known(0.3, 0), known(0.6, 0), known(0.6, 0), well()];
    let ranks = ranked(Balance::new(Strategy::LeastLatency), &entrants, None, SEED);
    let new = ranks.iter().find(|rank| rank.place() == 3).expect("ranked");
    // Three over 1/0.3 + 1/0.6 + 1/0.6.
    assert!((new.figure() - 0.45).abs() < 1e-5, "{new:?}");
}

#[test]
fn the_worst_of_several_is_never_chosen_by_two() {
    let entrants = [known(0.5, 0), known(0.5, 0), known(0.5, 0), known(5.0, 0)];
    for strategy in [Strategy::LeastLatency] {
        let seen = shares(Balance::new(strategy), &entrants);
        assert_eq!(seen[3], 0.0, "{strategy}");
        for good in &seen[..3] {
            assert!((good - 1.0 / 3.0).abs() < 0.0142, "{seen:?}");
        }
    }
}

#[test]
fn targets_that_are_alike_share_alike() {
    let entrants = vec![known(0.5, 3); 16];
    for strategy in MEASURED {
        share(strategy, &entrants, &[1.0 / 16.0; 16]);
    }
}

#[test]
fn errors_make_a_target_dear_whatever_it_shows() {
    let failing = loaded(known(0.001, 0), |load| {
        load.with_errors(Some(Faded::new(1.0, 1.0)))
            .with_limits(Some(0.01), None)
    })
    .with_price(Some(NanoUsd::new(1)));
    let good = loaded(known(0.001, 10), |load| load.with_limits(Some(0.4), None))
        .with_price(Some(NanoUsd::new(40)));
    for strategy in MEASURED {
        assert_eq!(
            places(strategy, &[failing, good], SEED),
            [1, 0],
            "{strategy}"
        );
    }
}

#[test]
fn an_unknown_price_comes_after_every_known_one() {
    let entrants = [
        known(0.1, 0),
        known(0.1, 0).with_price(Some(NanoUsd::new(i64::MAX))),
        known(0.1, 0).with_price(Some(NanoUsd::ZERO)),
    ];
    assert_eq!(places(Strategy::Cost, &entrants, SEED), [2, 1, 0]);
}

#[test]
fn capacity_goes_where_one_call_fills_least() {
    let used = |share| loaded(known(0.5, 0), |load| load.with_limits(Some(share), None));
    let entrants = [used(0.33), used(0.003), known(0.5, 4)];
    assert_eq!(places(Strategy::Capacity, &entrants, SEED), [1, 2, 0]);
}

#[test]
fn a_score_weighs_what_it_is_told_to_weigh() {
    let fast = known(0.2, 0)
        .with_price(Some(NanoUsd::new(1000)))
        .with_quality(Some(0.3));
    let cheap = known(1.0, 0)
        .with_price(Some(NanoUsd::new(100)))
        .with_quality(Some(0.4));
    let good = known(0.9, 0)
        .with_price(Some(NanoUsd::new(900)))
        .with_quality(Some(1.0));
    let entrants = [fast, cheap, good];
    for (metric, first) in [
        (Metric::Latency, 0),
        (Metric::Cost, 1),
        (Metric::Quality, 2),
    ] {
        let weights = ScoreWeights::new([(metric, 1.0)]).expect("good weights");
        let balance = Balance::new(Strategy::Score).with_score(weights);
        let ranks = ranked(balance, &entrants, None, SEED);
        assert_eq!(ranks[0].place(), first, "{metric}");
        assert!((ranks[0].figure() - 1.0).abs() < 1e-6, "the best is 1");
    }
}

#[test]
fn prepaid_capacity_comes_first_while_it_has_room() {
    let prepaid = |one: Entrant| one.with_capacity(Capacity::Prepaid);
    let later = |one: Entrant| one.with_priority(2);
    for strategy in Strategy::ALL {
        let entrants = slotted([known(0.1, 0), later(prepaid(known(9.0, 9)))]);
        assert_eq!(places(strategy, &entrants, SEED), [1, 0], "{strategy}");
        let entrants = slotted([known(0.1, 0), later(prepaid(limited(1)))]);
        assert_eq!(places(strategy, &entrants, SEED), [0, 1], "{strategy}");
    }
}

fn named(count: usize) -> Vec<Entrant> {
    let name = |slot: usize| Target::new(format!("p{slot}"), "m");
    let one = |slot| known(0.5, 0).with_name(&name(slot)).with_slot(slot);
    (0..count).map(one).collect()
}

fn holder_of(strategy: Strategy, entrants: &[Entrant], session: &str, draw: u64) -> usize {
    let balance = Balance::new(strategy).with_affinity(Affinity::Session);
    ranked(balance, entrants, Some(session), draw)[0].place()
}

#[test]
fn a_session_stays_and_sessions_spread() {
    let entrants = named(4);
    for strategy in Strategy::ALL {
        let mut held = [0_u32; 4];
        for session in 0..2000 {
            let name = format!("session {session}");
            let first = holder_of(strategy, &entrants, &name, session);
            let again = holder_of(strategy, &entrants, &name, session + 1);
            assert_eq!(first, again, "{strategy} {name}");
            held[first] += 1;
        }
        for count in held {
            assert!((400..600).contains(&count), "{strategy}: {held:?}");
        }
    }
}

#[test]
fn only_the_sessions_of_an_ill_target_move() {
    let entrants = named(4);
    let mut one_ill = entrants.clone();
    one_ill[2].health = closed(9).health;
    for session in 0..500 {
        let name = format!("session {session}");
        let before = holder_of(Strategy::Random, &entrants, &name, session);
        let after = holder_of(Strategy::Random, &one_ill, &name, session);
        assert_ne!(after, 2);
        assert!(before == 2 || before == after, "{name}");
    }
}

#[test]
fn a_session_gives_way_where_its_target_is_much_worse() {
    let session = "a session";
    let mut entrants = named(3);
    let own = holder_of(Strategy::LeastLatency, &entrants, session, SEED);
    entrants[own].health = known(0.9, 0).health;
    assert_eq!(
        holder_of(Strategy::LeastLatency, &entrants, session, SEED),
        own,
        "less than twice as slow"
    );
    entrants[own].health = known(1.1, 0).health;
    let balance = Balance::new(Strategy::LeastLatency).with_affinity(Affinity::Session);
    let mut ranks = vec![Rank::default(); 3];
    let key = Some(SessionKey::named(session));
    let ranking = rank(&balance, &entrants, &Rotation::new(), key, SEED, &mut ranks);
    assert_ne!(ranks[0].place(), own, "more than twice as slow");
    assert_eq!(ranking.stickiness, Stickiness::Overridden);
}

#[test]
fn a_session_never_skips_a_group() {
    let mut entrants = named(6);
    for (place, entrant) in entrants.iter_mut().enumerate() {
        entrant.priority = if place < 3 { 1 } else { 2 };
    }
    for session in 0..200 {
        let name = format!("session {session}");
        assert!(holder_of(Strategy::Fallback, &entrants, &name, session) < 3);
    }
}

#[test]
fn nonsense_figures_come_last_and_do_no_harm() {
    let nonsense = known(f32::NAN, 0).with_price(Some(NanoUsd::new(-5)));
    for strategy in MEASURED {
        let seen = places(strategy, &[nonsense, known(0.5, 0)], SEED);
        assert_eq!(seen.len(), 2, "{strategy}");
    }
    let nan = [known(f32::NAN, 0), known(0.5, 0)];
    assert_eq!(places(Strategy::LeastBusy, &nan, SEED).len(), 2);
    assert_eq!(places(Strategy::Random, &[], SEED), Vec::<usize>::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn everybody_is_ranked_once_and_the_same_draw_gives_the_same_order(
        figures in prop::collection::vec(
            (0_u8..5, 0.0_f32..100.0, 0_u32..99, 1_u32..9, 1_u32..4, any::<Option<i64>>(), 0.0_f32..=1.0),
            0..40,
        ),
        draw in any::<u64>(),
        sticks in any::<bool>(),
    ) {
        let one = |(kind, latency, calls, weight, priority, price, share): (u8, f32, u32, u32, u32, Option<i64>, f32)| {
            let base = match kind {
                0 => closed(u64::from(calls)),
                1 => limited(u64::from(calls)),
                2 => well(),
                _ => known(latency, calls),
            };
            let mut base = base.with_priority(priority).with_price(price.map(NanoUsd::new));
            base.health.share = if kind == 3 { share } else { 1.0 };
            base.with_weight(NonZeroU32::new(weight).unwrap_or(NonZeroU32::MIN))
        };
        let entrants = slotted(figures.into_iter().map(one));
        for strategy in Strategy::ALL {
            let balance = Balance::new(strategy).with_affinity(Affinity::Session);
            let session = sticks.then_some("s");
            let ranks = ranked(balance, &entrants, session, draw);
            prop_assert_eq!(&ranks, &ranked(balance, &entrants, session, draw));
            let mut seen: Vec<_> = ranks.iter().map(Rank::place).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..entrants.len()).collect::<Vec<_>>());
            if strategy != Strategy::Fallback {
                prop_assert!(ranks.is_sorted_by_key(Rank::standing), "{strategy}");
            }
        }
    }
}
