//! The limiter's rules, one by one: bounds, settling, priorities, lines, learned limits.

use std::time::Duration;

use interline_core::{LimitUnit, LimitWindow, ToldLimit, Usage};
use proptest::prelude::*;
use tokio::time::Instant;

use super::{
    Bucket, Hold, LimitConfig, Limiter, Need, OutputReserve, Priority, QueueRule, Settlement,
    Spent, Turn, UntoldLimits,
};

const MS: fn(u64) -> Duration = Duration::from_millis;
const S: fn(u64) -> Duration = Duration::from_secs;
const MINUTE: Duration = Duration::from_secs(60);

fn limiter(config: LimitConfig) -> (Limiter, Instant) {
    let t0 = Instant::now();
    (Limiter::new(config, t0), t0)
}

fn exact() -> LimitConfig {
    LimitConfig::new().with_output(OutputReserve::MaxTokens)
}

fn tiny() -> Need {
    Need::new(1, 1)
}

/// Asks every `step` for `span`; gives the times at which it was let through.
fn admitted(limiter: &Limiter, t0: Instant, step: Duration, span: Duration) -> Vec<Instant> {
    let mut times = Vec::new();
    let mut now = t0;
    while now < t0 + span {
        if let Ok(hold) = limiter.reserve(now, &tiny()) {
            limiter.settle(hold, Settlement::Refused, now);
            times.push(now);
        }
        now += step;
    }
    times
}

/// The most of `times`, in order, that lie within any 60 s.
fn most_in_a_minute(times: &[Instant]) -> usize {
    let mut first = 0;
    let within = times.iter().enumerate().map(|(last, at)| {
        while times[first] + MINUTE <= *at {
            first += 1;
        }
        last + 1 - first
    });
    within.max().unwrap_or(0)
}

#[track_caller]
fn check_requests(limit: u64) {
    let (limiter, t0) = limiter(LimitConfig::new().with_rpm(limit));
    let times = admitted(&limiter, t0, MS(5), S(300));
    let most = most_in_a_minute(&times);
    assert!(most <= limit as usize, "{most} within a minute of {limit}");
    let share = times.len() as f64 / (5.0 * limit as f64);
    assert!(share >= 0.9, "only {share} of {limit} is used");
}

#[test]
fn a_limit_is_never_exceeded_in_any_minute_and_nine_tenths_of_it_are_used() {
    for limit in [1, 2, 7, 30, 60, 500, 3500] {
        check_requests(limit);
    }
}

#[test]
fn a_small_vendor_beside_a_large_one_is_never_overrun() {
    let (small, t0) = limiter(LimitConfig::new().with_rpm(30));
    let large = Limiter::new(LimitConfig::new().with_rpm(3500), t0);
    let (mut to_small, mut to_large, mut lost) = (Vec::new(), Vec::new(), 0);
    for step in 0..6000_u64 {
        let now = t0 + MS(20) * step as u32;
        if small.reserve(now, &tiny()).is_ok() {
            to_small.push(now);
        } else if large.reserve(now, &tiny()).is_ok() {
            to_large.push(now);
        } else {
            lost += 1;
        }
    }
    assert!(most_in_a_minute(&to_small) <= 30);
    assert!(most_in_a_minute(&to_large) <= 3500);
    assert_eq!(lost, 0, "3,000 requests a minute fit into 3,530");
}

#[test]
fn a_refused_reservation_changes_nothing_and_names_the_longest_wait() {
    let config = exact().with_rpm(60).with_tpm(6000).with_concurrency(4);
    let (limiter, t0) = limiter(config);
    let hold = limiter
        .reserve(t0, &Need::new(3000, 0))
        .expect("the bucket is full");
    let before: Vec<_> = limiter.uses(t0).collect();
    let wait = limiter
        .reserve(t0, &Need::new(600, 0))
        .expect_err("it is empty");
    assert_eq!(wait.bucket, Bucket::Tokens);
    assert_eq!(limiter.uses(t0).collect::<Vec<_>>(), before);
    assert_eq!((limiter.calls_held(), limiter.tokens_held()), (1, 3000));
    // What it says is when it is true, and not a millisecond earlier.
    let at = t0 + wait.retry_in;
    assert!(limiter.reserve(at - MS(1), &Need::new(600, 0)).is_err());
    assert!(limiter.reserve(at, &Need::new(600, 0)).is_ok());
    limiter.settle(hold, Settlement::Refused, at);
}

#[test]
fn calls_at_a_time_are_limited_and_given_back() {
    let (limiter, t0) = limiter(LimitConfig::new().with_concurrency(2));
    let critical = tiny().with_priority(Priority::Critical);
    let first = limiter.reserve(t0, &critical).expect("two are free");
    let _second = limiter.reserve(t0, &critical).expect("one is free");
    let wait = limiter.reserve(t0, &critical).expect_err("none is free");
    assert_eq!(wait.bucket, Bucket::Concurrency);
    limiter.settle(first, Settlement::Refused, t0 + S(1));
    assert!(limiter.reserve(t0 + S(1), &critical).is_ok());
}

/// How many tokens fit into a fresh bucket of 100,000 after one call that held 1,000 + 1,000 settled.
fn room_after(settlement: Settlement) -> u64 {
    let (limiter, t0) = limiter(exact().with_tpm(100_000).with_burst_share(0.1));
    let hold = limiter
        .reserve(t0, &Need::new(1000, 1000).with_priority(Priority::Critical))
        .expect("the bucket is full");
    limiter.settle(hold, settlement, t0);
    let used = limiter.uses(t0).next().expect("tokens are limited").used;
    (10_000.0 * (1.0 - used)).round() as u64
}

#[test]
fn settling_follows_what_is_known_of_the_use() {
    let spent = |input, output| Spent::new(Usage::new(input, output));
    let nothing = Spent::default();
    assert_eq!(room_after(Settlement::Answered(spent(900, 100))), 9000);
    assert_eq!(room_after(Settlement::Answered(spent(3000, 2000))), 5000);
    assert_eq!(room_after(Settlement::Answered(nothing)), 8000);
    assert_eq!(room_after(Settlement::Broken(nothing)), 8000);
    assert_eq!(room_after(Settlement::Broken(spent(10, 10))), 8000);
    assert_eq!(room_after(Settlement::Broken(spent(3000, 10))), 6000);
    assert_eq!(
        room_after(Settlement::Broken(nothing.with_emitted(4000))),
        5000
    );
    assert_eq!(room_after(Settlement::Refused), 10_000);
    assert_eq!(room_after(Settlement::Unsent), 10_000);
}

#[test]
fn only_a_call_that_was_never_sent_gives_its_request_back() {
    let (limiter, t0) = limiter(LimitConfig::new().with_rpm(1));
    let hold = limiter.reserve(t0, &tiny()).expect("one is free");
    limiter.settle(hold, Settlement::Refused, t0);
    assert!(limiter.reserve(t0, &tiny()).is_err());
    let hold = limiter
        .reserve(t0 + MINUTE, &tiny())
        .expect("a minute later");
    limiter.settle(hold, Settlement::Unsent, t0 + MINUTE);
    assert!(limiter.reserve(t0 + MINUTE, &tiny()).is_ok());
}

#[test]
fn debt_is_at_most_one_window() {
    let (limiter, t0) = limiter(exact().with_tpm(1000));
    let hold = limiter.reserve(t0, &Need::new(10, 10)).expect("it is full");
    let spent = Spent::new(Usage::new(1_000_000, 1_000_000));
    limiter.settle(hold, Settlement::Answered(spent), t0);
    let wait = limiter
        .reserve(t0, &Need::new(0, 1))
        .expect_err("it is in debt");
    assert!(wait.retry_in > S(50) && wait.retry_in <= S(61), "{wait:?}");
}

#[test]
fn a_call_greater_than_the_limit_waits_for_a_full_bucket_and_no_longer() {
    let (limiter, t0) = limiter(exact().with_tpm(1000));
    let huge = Need::new(50_000, 0);
    assert!(limiter.reserve(t0, &huge).is_ok());
    let wait = limiter.reserve(t0, &huge).expect_err("it is empty");
    assert!(wait.retry_in > S(55) && wait.retry_in <= MINUTE, "{wait:?}");
    assert!(limiter.reserve(t0 + wait.retry_in, &huge).is_ok());
}

#[test]
fn a_days_limit_may_be_used_at_any_hour_and_starts_anew_after_a_day() {
    let (limiter, t0) = limiter(LimitConfig::new().with_rpd(10));
    let critical = tiny().with_priority(Priority::Critical);
    for _ in 0..10 {
        let _hold = limiter.reserve(t0 + S(5), &critical).expect("ten a day");
    }
    let later = t0 + S(3600);
    let wait = limiter
        .reserve(later, &critical)
        .expect_err("the day is used up");
    assert_eq!(wait.bucket, Bucket::RequestsPerDay);
    let at = later + wait.retry_in;
    assert_eq!(at, t0 + S(5) + S(24 * 3600));
    assert!(limiter.reserve(at - MS(1), &critical).is_err());
    assert!(limiter.reserve(at, &critical).is_ok());
}

#[test]
fn less_urgent_calls_leave_room_for_more_urgent_ones() {
    let (limiter, t0) = limiter(exact().with_rpm(1000).with_burst_share(0.1));
    let count = |priority| {
        let need = tiny().with_priority(priority);
        (0..200)
            .filter(|_| limiter.reserve(t0, &need).is_ok())
            .count()
    };
    assert_eq!(count(Priority::Low), 70);
    assert_eq!(count(Priority::Standard), 20);
    assert_eq!(count(Priority::Critical), 10);
}

fn told(unit: LimitUnit, limit: u64, remaining: u64) -> [ToldLimit; 1] {
    [ToldLimit::new(unit, LimitWindow::Minute)
        .with_limit(limit)
        .with_remaining(remaining)]
}

fn count(limiter: &Limiter, now: Instant) -> usize {
    let critical = tiny().with_priority(Priority::Critical);
    (0..10_000)
        .take_while(|_| limiter.reserve(now, &critical).is_ok())
        .count()
}

fn first_hold(limiter: &Limiter, now: Instant) -> Hold {
    limiter.reserve(now, &tiny()).expect("nothing is used yet")
}

#[test]
fn a_told_limit_holds_and_may_be_used_at_once() {
    let (limiter, t0) = limiter(LimitConfig::new());
    let hold = first_hold(&limiter, t0);
    assert_eq!(count(&limiter, t0), 10_000);
    limiter.learn(&hold, &[], t0);
    let (limiter, t0) = self::limiter(LimitConfig::new());
    let hold = first_hold(&limiter, t0);
    limiter.learn(&hold, &told(LimitUnit::Requests, 500, 499), t0);
    assert_eq!(count(&limiter, t0), 499);
}

#[test]
fn what_remains_only_ever_lowers() {
    let (limiter, t0) = limiter(LimitConfig::new());
    let hold = first_hold(&limiter, t0);
    limiter.learn(&hold, &told(LimitUnit::Requests, 500, 20), t0);
    limiter.learn(&hold, &told(LimitUnit::Requests, 500, 400), t0);
    assert_eq!(count(&limiter, t0), 20);
}

#[test]
fn calls_that_the_vendor_has_not_counted_yet_come_off_what_remains() {
    let (limiter, t0) = limiter(LimitConfig::new());
    let hold = first_hold(&limiter, t0);
    for _ in 0..5 {
        let _later = first_hold(&limiter, t0);
    }
    limiter.learn(&hold, &told(LimitUnit::Requests, 500, 20), t0);
    assert_eq!(count(&limiter, t0), 15);
}

#[test]
fn answers_to_older_calls_are_ignored() {
    let (limiter, t0) = limiter(LimitConfig::new());
    let older = first_hold(&limiter, t0);
    let newer = first_hold(&limiter, t0 + MS(1));
    limiter.learn(&newer, &told(LimitUnit::Requests, 500, 400), t0 + MS(1));
    limiter.learn(&older, &told(LimitUnit::Requests, 500, 3), t0 + MS(1));
    assert_eq!(count(&limiter, t0 + MS(1)), 400);
}

#[test]
fn the_lower_of_told_and_configured_limit_holds() {
    let (limiter, t0) = limiter(LimitConfig::new().with_rpm(100));
    let hold = first_hold(&limiter, t0);
    limiter.learn(&hold, &told(LimitUnit::Requests, 5000, 4999), t0);
    assert_eq!(count(&limiter, t0), 4, "a twentieth of 100, less one");
    let hold = limiter
        .reserve(t0 + MINUTE, &tiny())
        .expect("a minute later");
    limiter.learn(&hold, &told(LimitUnit::Requests, 50, 49), t0 + MINUTE);
    let most = limiter.uses(t0 + MINUTE).next().map(|one| one.limit);
    assert_eq!(most, Some(50));
}

#[test]
fn a_halved_limit_is_learned_from_one_answer() {
    let (limiter, t0) = limiter(LimitConfig::new());
    let hold = first_hold(&limiter, t0);
    limiter.learn(&hold, &told(LimitUnit::Tokens, 100_000, 90_000), t0);
    let hold = first_hold(&limiter, t0 + S(1));
    limiter.learn(&hold, &told(LimitUnit::Tokens, 50_000, 2000), t0 + S(1));
    let need = Need::new(2500, 0).with_priority(Priority::Critical);
    assert!(limiter.reserve(t0 + S(1), &need).is_err());
}

#[test]
fn a_told_day_ends_when_the_vendor_says() {
    let (limiter, t0) = limiter(LimitConfig::new());
    let hold = first_hold(&limiter, t0);
    let day = ToldLimit::new(LimitUnit::Requests, LimitWindow::Day)
        .with_limit(14_400)
        .with_remaining(0)
        .with_reset(S(600));
    limiter.learn(&hold, &[day], t0);
    let wait = limiter.reserve(t0, &tiny()).expect_err("nothing remains");
    assert_eq!(
        (wait.bucket, wait.retry_in),
        (Bucket::RequestsPerDay, S(600))
    );
    assert!(limiter.reserve(t0 + S(600), &tiny()).is_ok());
}

#[test]
fn an_untold_limit_is_cut_by_refusals_and_grows_in_clean_minutes() {
    let (limiter, t0) = limiter(LimitConfig::new());
    let holds: Vec<_> = (0..100).map(|_| first_hold(&limiter, t0)).collect();
    for hold in &holds {
        limiter.refused_for_rate(hold, t0 + S(1));
    }
    let limit = |now| limiter.uses(now).next().map(|one| one.limit);
    let answered = |now| limiter.settle(holds[0], Settlement::Answered(Spent::default()), now);
    let refused = |now| {
        let hold = limiter.reserve(now, &tiny()).expect("there is room");
        limiter.refused_for_rate(&hold, now + S(1));
    };
    assert_eq!(
        limit(t0 + S(1)),
        Some(420),
        "a hundred in ten seconds are 600 in a minute, and one burst of refusals cuts once"
    );
    answered(t0 + S(5));
    assert_eq!(limit(t0 + S(5)), Some(420), "a refusal was not long ago");
    for (second, grown) in [(7, 840), (7, 840), (8, 1680)] {
        answered(t0 + S(second));
        assert_eq!(limit(t0 + S(second)), Some(grown), "after {second} s");
    }
    refused(t0 + S(20));
    assert_eq!(limit(t0 + S(21)), Some(1176));
    answered(t0 + S(31));
    assert_eq!(
        limit(t0 + S(31)),
        Some(1176),
        "the limit turned out to be real, so it is tried half as often"
    );
    answered(t0 + S(32));
    assert_eq!(limit(t0 + S(32)), Some(2352));
}

#[test]
fn a_guess_never_goes_below_one_request_in_a_second_and_is_back_in_seconds() {
    let (limiter, t0) = limiter(LimitConfig::new());
    let hold = first_hold(&limiter, t0);
    let limit = |now| limiter.uses(now).next().map(|one| one.limit);
    let mut now = t0;
    for _ in 0..60 {
        now += MS(1100);
        let hold = limiter.reserve(now, &tiny()).expect("one in a second");
        limiter.refused_for_rate(&hold, now);
        assert_eq!(limit(now), Some(60));
    }
    for _ in 0..10 {
        now += S(1);
        limiter.settle(hold, Settlement::Answered(Spent::default()), now);
    }
    assert_eq!(limit(now), Some(60 << 5));
}

#[test]
fn a_guess_is_not_made_where_that_is_switched_off() {
    let config = LimitConfig::new().with_untold(UntoldLimits::Ignore);
    let (limiter, t0) = limiter(config);
    let hold = first_hold(&limiter, t0);
    limiter.refused_for_rate(&hold, t0 + S(1));
    assert_eq!(limiter.uses(t0 + S(1)).count(), 0);
}

#[test]
fn a_vendor_that_refuses_although_room_is_left_gets_its_limit_spread() {
    let (limiter, t0) = limiter(LimitConfig::new());
    let hold = first_hold(&limiter, t0);
    let need = tiny().with_priority(Priority::Critical);
    let at_once = |now| {
        (0..1000)
            .map_while(|_| limiter.reserve(now, &need).ok())
            .count()
    };
    limiter.learn(&hold, &told(LimitUnit::Requests, 600, 590), t0);
    assert!(at_once(t0) > 500, "all that remains may be used at once");
    let now = t0 + S(120);
    limiter.refused_for_rate(&hold, now);
    assert_eq!(at_once(now), 0);
    assert_eq!(at_once(now + S(60)), 30, "a twentieth of it");
    let hold = first_hold(&limiter, now + S(120));
    limiter.learn(&hold, &told(LimitUnit::Requests, 1200, 1190), now + S(120));
    assert!(at_once(now + S(180)) <= 60, "that holds for other limits");
}

#[test]
fn a_vendor_that_refuses_because_nothing_is_left_may_be_used_up_at_once() {
    let (limiter, t0) = limiter(LimitConfig::new());
    let hold = first_hold(&limiter, t0);
    limiter.learn(&hold, &told(LimitUnit::Requests, 600, 0), t0);
    limiter.refused_for_rate(&hold, t0);
    let need = tiny().with_priority(Priority::Critical);
    let later = t0 + S(120);
    let at_once = (0..1000).map_while(|_| limiter.reserve(later, &need).ok());
    assert_eq!(at_once.count(), 600);
}

#[test]
fn a_line_is_served_in_order_and_newcomers_do_not_pass_it() {
    let rule = QueueRule::new(256, S(30));
    let (limiter, t0) = limiter(LimitConfig::new().with_rpm(60).with_queue(rule));
    while limiter.reserve(t0, &tiny()).is_ok() {}
    let deadline = t0 + S(600);
    let places: Vec<_> = (0..5)
        .map(|_| {
            limiter
                .enter(t0, deadline, &tiny())
                .expect("the line is short")
        })
        .collect();
    let mut served = Vec::new();
    let mut now = t0;
    while served.len() < places.len() {
        assert!(now < t0 + S(30), "the line does not move");
        assert!(limiter.reserve(now, &tiny()).is_err(), "newcomers wait");
        // The last one asks first, and still is served last.
        for (index, place) in places.iter().enumerate().rev() {
            if !served.contains(&index) && matches!(limiter.claim(place, now), Turn::Go(_)) {
                served.push(index);
            }
        }
        now += MS(50);
    }
    assert_eq!(served, [0, 1, 2, 3, 4]);
    assert_eq!(limiter.queued(), 0);
}

#[test]
fn the_urgent_line_goes_first() {
    let rule = QueueRule::new(256, S(30));
    let (limiter, t0) = limiter(LimitConfig::new().with_rpm(60).with_queue(rule));
    let need = |priority| tiny().with_priority(priority);
    while limiter.reserve(t0, &need(Priority::Critical)).is_ok() {}
    let enter = |priority| {
        limiter
            .enter(t0, t0 + S(99), &need(priority))
            .expect("short")
    };
    let low = enter(Priority::Low);
    let critical = enter(Priority::Critical);
    let soon = t0 + S(10);
    assert!(matches!(limiter.claim(&low, soon), Turn::At(_)));
    assert!(matches!(limiter.claim(&critical, soon), Turn::Go(_)));
    assert!(matches!(limiter.claim(&low, soon), Turn::Go(_)));
}

#[test]
fn nobody_enters_a_line_in_vain() {
    let (limiter, t0) = limiter(
        LimitConfig::new()
            .with_rpm(60)
            .with_queue(QueueRule::new(2, S(30))),
    );
    while limiter.reserve(t0, &tiny()).is_ok() {}
    let wait = limiter
        .enter(t0, t0 + MS(200), &tiny())
        .expect_err("too late for it");
    assert!(wait.retry_in > MS(200));
    let _first = limiter
        .enter(t0, t0 + S(99), &tiny())
        .expect("room for two");
    let _second = limiter
        .enter(t0, t0 + S(99), &tiny())
        .expect("room for two");
    assert!(limiter.enter(t0, t0 + S(99), &tiny()).is_err(), "full");
    let (limiter, t0) = self::limiter(LimitConfig::new().with_rpm(60));
    while limiter.reserve(t0, &tiny()).is_ok() {}
    let entered = (0..10).filter(|_| limiter.enter(t0, t0 + S(99), &tiny()).is_ok());
    assert_eq!(
        entered.count(),
        2,
        "two seconds of line at one call a second"
    );
}

#[test]
fn who_leaves_holds_nobody_up() {
    let (limiter, t0) = limiter(LimitConfig::new().with_rpm(60));
    while limiter.reserve(t0, &tiny()).is_ok() {}
    let first = limiter.enter(t0, t0 + S(99), &tiny()).expect("short");
    let second = limiter.enter(t0, t0 + S(99), &tiny()).expect("short");
    limiter.leave(&first);
    assert!(matches!(limiter.claim(&second, t0 + S(2)), Turn::Go(_)));
}

#[test]
fn a_line_that_hardly_moves_serves_the_newest_first() {
    let rule = QueueRule::new(256, S(30));
    let (limiter, t0) = limiter(LimitConfig::new().with_rpm(6).with_queue(rule));
    while limiter.reserve(t0, &tiny()).is_ok() {}
    let oldest = limiter.enter(t0, t0 + S(99), &tiny()).expect("short");
    let newest = limiter.enter(t0, t0 + S(99), &tiny()).expect("short");
    let late = t0 + S(11);
    assert!(matches!(limiter.claim(&oldest, late), Turn::At(_)));
    assert!(matches!(limiter.claim(&newest, late), Turn::Go(_)));
}

proptest! {
    #[test]
    fn tokens_of_any_size_exceed_a_limit_by_less_than_one_call(
        limit in 100_u64..100_000,
        sizes in proptest::collection::vec(1_u64..20_000, 1..200),
        gaps in proptest::collection::vec(0_u64..3000, 200),
    ) {
        let (limiter, t0) = limiter(exact().with_tpm(limit));
        let mut now = t0;
        let mut admitted: Vec<(Instant, u64)> = Vec::new();
        for (size, gap) in sizes.iter().zip(gaps) {
            now += MS(gap);
            if limiter.reserve(now, &Need::new(*size, 0)).is_ok() {
                admitted.push((now, (*size).min(limit)));
            }
        }
        let largest = admitted.iter().map(|(_, size)| *size).max().unwrap_or(0);
        for (first, _) in &admitted {
            let sum: u64 = admitted
                .iter()
                .filter(|(at, _)| at >= first && *at < *first + MINUTE)
                .map(|(_, size)| size)
                .sum();
            prop_assert!(sum < limit + largest, "{sum} of {limit}");
            if largest <= limit / 20 {
                prop_assert!(sum <= limit, "{sum} of {limit}");
            }
        }
    }
}
