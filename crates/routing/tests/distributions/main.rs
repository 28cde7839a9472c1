//! How targets share traffic over time: the balancer above the real gates, in simulated time.
//!
//! Breakers, limits and load meters are those of the attempt engine; only the vendors and the clock are made
//! up: calls arrive at random (Poisson), answers take a log-normal time.
//! Every test prints its seed and what came out:
//! `cargo test -p interline-routing --test distributions -- --nocapture --test-threads 1`

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "the distributions are the point")]

mod world;

use std::time::Duration;

use interline_core::NanoUsd;
use interline_resilience::breaker::BreakerConfig;
use interline_resilience::{GateRules, LimitConfig};
use interline_routing::Strategy;
use interline_routing::balancer::{Affinity, Balance, Capacity, Metric, ScoreWeights};

use crate::world::{Vendor, World};

const S: Duration = Duration::from_secs(1);
const SEEDS: [u64; 3] = [7, 1_936_277, 0x1A7E_5EED];

const MEASURED: [Strategy; 5] = [
    Strategy::LeastLatency,
    Strategy::LeastBusy,
    Strategy::Capacity,
    Strategy::Cost,
    Strategy::Score,
];

/// Without a breaker, so that what is seen is the balancer's own doing.
fn alone(strategy: Strategy, vendors: Vec<Vendor>, seed: u64) -> World {
    World::new(Balance::new(strategy), GateRules::never(), vendors, seed)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[test]
fn a_fast_failing_target_is_not_preferred() {
    println!(
        "fast-failing: one of three fails within 1 ms, the others take 1 s; 40 calls/s for 120 s, no breaker"
    );
    for strategy in MEASURED {
        for seed in SEEDS {
            let good = || Vendor::new(1.0).at_price(NanoUsd::new(500));
            let lure = Vendor::new(1.0)
                .at_price(NanoUsd::new(100))
                .failing(|_| 1.0, 0.001);
            let mut world = alone(strategy, vec![lure, good(), good()], seed);
            world.run(40.0, 120 * S);
            let share = world.share_of_firsts(0);
            println!("  {strategy:<13} seed {seed:<10} share {}", percent(share));
            assert!(share <= 0.05, "{strategy} seed {seed}: {share}");
        }
    }
}

#[test]
fn a_target_that_fails_half_of_its_calls_gets_less_than_its_share() {
    println!(
        "half-failing: one of three fails every other call within 1 ms; 40 calls/s for 120 s, no breaker"
    );
    for strategy in [Strategy::LeastLatency, Strategy::LeastBusy, Strategy::Score] {
        for seed in SEEDS {
            let good = || Vendor::new(1.0).at_price(NanoUsd::new(100));
            let bad = good().failing(|_| 0.5, 0.001);
            let mut world = alone(strategy, vec![bad, good(), good()], seed);
            world.run(40.0, 120 * S);
            let share = world.share_of_firsts(0);
            println!("  {strategy:<13} seed {seed:<10} share {}", percent(share));
            assert!(share <= 1.0 / 3.0, "{strategy} seed {seed}: {share}");
        }
    }
}

#[test]
fn a_new_target_is_not_flooded() {
    println!(
        "new target: joins three that take 1 s, after 60 s at 40 calls/s; it takes 5 s itself"
    );
    for strategy in [
        Strategy::LeastLatency,
        Strategy::LeastBusy,
        Strategy::Capacity,
        Strategy::Score,
    ] {
        for seed in SEEDS {
            let old = || Vendor::new(1.0).at_price(NanoUsd::new(100));
            let new = Vendor::new(5.0).at_price(NanoUsd::new(100)).joining(60 * S);
            let mut world = alone(strategy, vec![old(), old(), old(), new], seed);
            world.run(40.0, 120 * S);
            let at_first = world.share_between(3, 60 * S, 62 * S);
            let later = world.share_between(3, 90 * S, 120 * S);
            let most = world.most_in_flight(3);
            println!(
                "  {strategy:<13} seed {seed:<10} first 2 s {}, after 30 s {}, at once at most {most}",
                percent(at_first),
                percent(later)
            );
            // A fair share of the calls is a quarter; of those under way at once some forty.
            assert!(at_first <= 0.5, "{strategy} seed {seed}: {at_first}");
            let fair = world.most_in_flight(0).max(world.most_in_flight(1));
            assert!(
                most <= fair * 2 + 4,
                "{strategy} seed {seed}: {most} of {fair}"
            );
        }
    }
    // The cheapest is what `cost` is for; still nobody is flooded whom nobody heard from.
    for seed in SEEDS {
        let old = || Vendor::new(1.0).at_price(NanoUsd::new(100));
        let new = Vendor::new(20.0).at_price(NanoUsd::new(1)).joining(60 * S);
        let mut world = alone(Strategy::Cost, vec![old(), old(), old(), new], seed);
        world.run(40.0, 65 * S);
        let most = world.most_in_flight(3);
        println!("  cost          seed {seed:<10} at once before its first answer {most}");
        assert!(most <= 4, "cost seed {seed}: {most}");
    }
}

#[test]
fn a_thousand_calls_at_once_are_spread() {
    println!("cold start: 1,000 calls in the first moment, four targets of which nothing is known");
    for strategy in Strategy::ALL {
        if strategy == Strategy::Fallback {
            continue;
        }
        for seed in SEEDS {
            let vendors = (0..4).map(|_| Vendor::new(1.0).at_price(NanoUsd::new(100)));
            let mut world = alone(strategy, vendors.collect(), seed);
            world.burst(1000);
            let shares: Vec<_> = (0..4).map(|place| world.share_of_firsts(place)).collect();
            let most = shares.iter().copied().fold(0.0, f64::max);
            println!(
                "  {strategy:<13} seed {seed:<10} largest share {}",
                percent(most)
            );
            assert!(most <= 0.5, "{strategy} seed {seed}: {shares:?}");
        }
    }
}

#[test]
fn a_small_limit_is_not_overrun_beside_a_large_one() {
    println!("30 RPM beside 3,500 RPM: 40 calls/s for 180 s");
    for strategy in Strategy::ALL {
        for seed in SEEDS {
            let limited = |rpm| {
                let vendor = Vendor::new(0.8).at_price(NanoUsd::new(100));
                vendor.limited(LimitConfig::new().with_rpm(rpm))
            };
            let mut world = alone(strategy, vec![limited(3500), limited(30)], seed);
            world.run(40.0, 180 * S);
            let most = world.most_per_minute(1);
            let refused = world.refused_first;
            println!(
                "  {strategy:<13} seed {seed:<10} small one: at most {most} in any minute, {} of all; asked in vain {refused}",
                percent(world.share_of_answers(1))
            );
            assert!(most <= 30, "{strategy} seed {seed}: {most}");
            assert_eq!(world.unserved, 0, "{strategy} seed {seed}");
            if strategy != Strategy::Fallback {
                assert_eq!(refused, 0, "{strategy} seed {seed}");
            }
            if strategy == Strategy::Capacity {
                let share = world.share_of_answers(1);
                assert!(share <= 0.02, "seed {seed}: {share}");
            }
        }
    }
}

#[test]
fn headroom_in_tokens_counts() {
    println!(
        "tokens: 6,000 TPM beside 400,000 TPM, 200 tokens a call; 20 calls/s for 120 s, `capacity`"
    );
    for seed in SEEDS {
        let limited = |tpm| Vendor::new(0.8).limited(LimitConfig::new().with_tpm(tpm));
        let vendors = vec![limited(6_000), limited(400_000)];
        let mut world = alone(Strategy::Capacity, vendors, seed);
        world.run(20.0, 120 * S);
        let most = world.most_per_minute(0);
        println!("  seed {seed:<10} small one: at most {most} calls in any minute");
        assert!(most <= 30, "seed {seed}: {most}");
        assert_eq!(world.unserved, 0, "seed {seed}");
    }
}

#[test]
fn latency_decides_and_a_brown_out_drains() {
    println!(
        "brown-out: one of three answers ten times slower from 60 s on; 30 calls/s, `least_latency`"
    );
    for seed in SEEDS {
        let good = || Vendor::new(0.5);
        let bad = Vendor::slowing(|at| if at < 60.0 { 0.5 } else { 5.0 });
        let mut world = alone(Strategy::LeastLatency, vec![bad, good(), good()], seed);
        world.run(30.0, 120 * S);
        let before = world.share_between(0, 20 * S, 60 * S);
        let after = world.share_between(0, 65 * S, 120 * S);
        println!(
            "  seed {seed:<10} before {}, from 5 s after {}",
            percent(before),
            percent(after)
        );
        assert!((0.2..0.47).contains(&before), "seed {seed}: {before}");
        assert!(after <= 0.1, "seed {seed}: {after}");
    }
}

#[test]
fn faster_targets_get_more() {
    println!("0.3 s, 0.6 s and 1.2 s: 30 calls/s for 120 s");
    for strategy in [Strategy::LeastLatency, Strategy::LeastBusy] {
        for seed in SEEDS {
            let vendors = [0.3, 0.6, 1.2].map(Vendor::new).to_vec();
            let mut world = alone(strategy, vendors, seed);
            world.run(30.0, 120 * S);
            let shares: Vec<_> = (0..3).map(|place| world.share_of_firsts(place)).collect();
            let shown: Vec<_> = shares.iter().map(|share| percent(*share)).collect();
            println!("  {strategy:<13} seed {seed:<10} {}", shown.join(", "));
            assert!(shares.is_sorted_by(|a, b| a > b), "{strategy} {shares:?}");
        }
    }
}

#[test]
fn a_recovering_target_gets_its_ramp() {
    println!("recovery: out from 30 s to 45 s, adaptive breaker; 60 calls/s, two targets");
    for strategy in [
        Strategy::RoundRobin,
        Strategy::Weighted,
        Strategy::LeastLatency,
        Strategy::LeastBusy,
    ] {
        for seed in SEEDS {
            let is_out = |at: f64| if (30.0..45.0).contains(&at) { 1.0 } else { 0.0 };
            let vendors = vec![Vendor::new(0.5).failing(is_out, 0.01), Vendor::new(0.5)];
            let rules = GateRules::new(BreakerConfig::adaptive());
            let mut world = World::new(Balance::new(strategy), rules, vendors, seed);
            world.run(60.0, 120 * S);
            let out = world.share_between(0, 32 * S, 45 * S);
            let back = world.back_in_service_after(0, 45 * S);
            let begin = world.share_between(0, back, back + 3 * S);
            let end = world.share_between(0, back + 12 * S, back + 40 * S);
            println!(
                "  {strategy:<13} seed {seed:<10} out {}, ramp's first 3 s {}, from 12 s {}",
                percent(out),
                percent(begin),
                percent(end)
            );
            assert!(out <= 0.02, "{strategy} seed {seed}: {out}");
            assert!(begin <= 0.25, "{strategy} seed {seed}: {begin}");
            assert!(end >= 0.35, "{strategy} seed {seed}: {end}");
        }
    }
}

#[test]
fn prepaid_capacity_spills_over_when_it_is_used_up() {
    println!("prepaid: 600 RPM paid for, 15 calls/s (900 a minute) for 180 s");
    for strategy in [Strategy::Fallback, Strategy::Weighted, Strategy::Cost] {
        for seed in SEEDS {
            let paid = Vendor::new(0.5)
                .limited(LimitConfig::new().with_rpm(600))
                .of(Capacity::Prepaid)
                .at_price(NanoUsd::new(900));
            let spare = Vendor::new(0.5).at_price(NanoUsd::new(100));
            let mut world = alone(strategy, vec![spare, paid], seed);
            world.run(15.0, 180 * S);
            let used = world.answers_between(1, 60 * S, 180 * S) as f64 / 2.0;
            println!("  {strategy:<13} seed {seed:<10} prepaid {used:.0} a minute");
            assert!(
                (480.0..=600.0).contains(&used),
                "{strategy} seed {seed}: {used}"
            );
            assert_eq!(world.unserved, 0);
        }
    }
}

#[test]
fn sessions_stay_and_move_only_with_health() {
    println!("affinity: 200 sessions, 30 calls/s for 120 s, one of three out from 60 s to 80 s");
    for strategy in [
        Strategy::RoundRobin,
        Strategy::Weighted,
        Strategy::LeastLatency,
    ] {
        for seed in SEEDS {
            let is_out = |at: f64| if (60.0..80.0).contains(&at) { 1.0 } else { 0.0 };
            let vendors = vec![
                Vendor::new(0.5).failing(is_out, 0.01),
                Vendor::new(0.5),
                Vendor::new(0.5),
            ];
            let balance = Balance::new(strategy).with_affinity(Affinity::Session);
            let rules = GateRules::new(BreakerConfig::simple());
            let mut world = World::new(balance, rules, vendors, seed).with_sessions(200);
            world.run(30.0, 120 * S);
            let kept = world.kept_sessions(0.0, 60.0);
            let out = world.share_between(0, 65 * S, 80 * S);
            println!(
                "  {strategy:<13} seed {seed:<10} calls with their session's usual target {}, to the ill one {}",
                percent(kept),
                percent(out)
            );
            let least = if strategy == Strategy::LeastLatency {
                0.8
            } else {
                1.0
            };
            assert!(kept >= least, "{strategy} seed {seed}: {kept}");
            assert!(out <= 0.02, "{strategy} seed {seed}: {out}");
        }
    }
}

#[test]
fn a_score_balances_what_it_weighs() {
    println!("score: fast and dear (0.4 s, 10), slow and cheap (1.2 s, 1); 20 calls/s for 120 s");
    let mut seen = Vec::new();
    for (latency, cost) in [(1.0, 0.0), (1.0, 1.0), (0.0, 1.0)] {
        let weights = [(Metric::Latency, latency), (Metric::Cost, cost)];
        let balance = Balance::new(Strategy::Score).with_score(ScoreWeights::new(weights).unwrap());
        let vendors = vec![
            Vendor::new(0.4).at_price(NanoUsd::new(1000)),
            Vendor::new(1.2).at_price(NanoUsd::new(100)),
        ];
        let mut world = World::new(balance, GateRules::never(), vendors, SEEDS[0]);
        world.run(20.0, 120 * S);
        let share = world.share_of_firsts(0);
        println!(
            "  latency {latency}, cost {cost}: seed {}: the fast one {}",
            SEEDS[0],
            percent(share)
        );
        seen.push(share);
    }
    assert!(seen.is_sorted_by(|a, b| a > b), "{seen:?}");
    assert!(seen[2] <= 0.05, "{seen:?}");
}
