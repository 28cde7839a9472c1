//! Every scenario of the sockets tier, in small.

use interline_tests::sockets::{Size, scenarios};

async fn play(name: &str) {
    let all = scenarios();
    let scenario = all.iter().find(|scenario| scenario.name == name);
    let report = scenario
        .expect("the scenario is in the catalogue")
        .play(Size::Smoke)
        .await;
    assert!(
        report.requests > 0 && report.faults_fired > 0,
        "nothing was played"
    );
    let seen: Vec<String> = report.seen.iter().map(ToString::to_string).collect();
    assert!(
        report.is_passed(),
        "{name}:\n{}\nwhat was seen:\n{}",
        report.breaches().join("\n"),
        seen.join("\n")
    );
}

macro_rules! scenario_tests {
    ($($test:ident: $name:literal,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                play($name).await;
            }
        )*

        #[test]
        fn every_scenario_has_a_test() {
            // Bombs have a process of their own, because its memory is measured.
            let tested = ["bombs", $($name),*];
            for scenario in scenarios() {
                assert!(tested.contains(&scenario.name), "{} is not tested", scenario.name);
            }
        }
    };
}

scenario_tests! {
    broken_connections_move_on: "broken-connections",
    what_is_charged_unused_is_marked: "charged-unused",
    every_form_of_retry_after_is_read: "429-formats-on-the-wire",
    enforced_limits_are_kept: "enforced-limits",
    slow_headers_meet_a_timer: "slow-headers",
    trickles_meet_a_timer: "trickle-body",
    stalls_meet_a_timer: "stall-mid-stream",
    no_truncation_is_silent: "truncated-stream",
    error_events_are_errors: "error-event-mid-sse",
    tortured_events_are_read: "sse-torture",
    malformed_answers_move_on: "malformed-200",
    http2_trouble_is_survived: "h2-trouble",
    stale_connections_cost_nothing: "stale-pool",
    false_certificates_and_unknown_hosts_move_on: "tls-and-dns",
}
