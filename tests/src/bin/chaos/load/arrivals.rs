//! Poisson arrivals with bursts: every call of a run, planned before it begins.

use std::time::Duration;

use super::{Call, GiveUp, Load, Priority};
use crate::plan::Plan;
use crate::random::{Purpose, Stream};

/// Every call of the run, in order of arrival.
pub(crate) fn arrivals(plan: &Plan, seed: u64) -> Vec<Call> {
    let load = &plan.load;
    let mut calls = stream_of_calls(plan, seed, Priority::Interactive, load.rate);
    if load.batch > 0.0 {
        calls.extend(stream_of_calls(
            plan,
            seed,
            Priority::Batch,
            load.rate * load.batch,
        ));
        calls.sort_by_key(|call| call.at);
    }
    calls
}

fn stream_of_calls(plan: &Plan, seed: u64, priority: Priority, rate: f64) -> Vec<Call> {
    let mut draws = Stream::of(seed, Purpose::Load, &[priority as u64]);
    let (mut at, until) = match priority {
        Priority::Interactive => (Duration::ZERO, plan.phases.end),
        Priority::Batch => (plan.phases.storm, plan.phases.heal),
    };
    let mut calls = Vec::new();
    loop {
        at += draws.gap(rate * burst_factor(&plan.load, at));
        if at >= until {
            return calls;
        }
        calls.push(call(&plan.load, at, priority, &mut draws));
    }
}

/// One call that comes at a time, as the load says.
pub(super) fn call(load: &Load, at: Duration, priority: Priority, draws: &mut Stream) -> Call {
    let tokens = draws.whole(load.tokens.0, load.tokens.1);
    let streamed = draws.chance(load.streamed);
    let tenant = draws.whole(0, u32::from(load.tenants.max(1)) - 1);
    let prompt = draws.whole(load.prompt.0, load.prompt.1);
    let gives_up = draws.chance(load.give_up);
    let early = draws.chance(0.5);
    let patience = Duration::from_secs_f64(draws.between(0.0, 2.0));
    let token = draws.whole(1, tokens);
    let give_up = gives_up.then_some(if early || !streamed {
        GiveUp::After(patience)
    } else {
        GiveUp::AtToken(token)
    });
    Call {
        at,
        tenant: u16::try_from(tenant).unwrap_or(0),
        priority,
        streamed,
        tokens,
        prompt,
        give_up,
    }
}

fn burst_factor(load: &Load, at: Duration) -> f64 {
    load.bursts
        .iter()
        .filter(|burst| (burst.from..burst.until).contains(&at))
        .map(|burst| burst.factor)
        .fold(1.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Burst;
    use crate::plan::{Phases, VendorSpec};

    #[test]
    fn bursts_bring_more_calls_while_they_last() {
        let second = Duration::from_secs;
        let mut load = Load::of(50.0);
        load.bursts.push(Burst {
            from: second(10),
            until: second(20),
            factor: 4.0,
        });
        let plan = Plan::new([VendorSpec::new("a")], load, Phases::of(10, 10, 10));
        let calls = arrivals(&plan, 3);
        let within = |from, until| {
            let window = second(from)..second(until);
            calls
                .iter()
                .filter(|call| window.contains(&call.at))
                .count()
        };
        assert!((400..600).contains(&within(0, 10)), "{}", within(0, 10));
        assert!(
            (1_800..2_200).contains(&within(10, 20)),
            "{}",
            within(10, 20)
        );
        assert!(calls.is_sorted_by_key(|call| call.at));
    }
}
