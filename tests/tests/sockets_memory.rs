//! Bombs over sockets, alone in their process, because its memory is measured.

use interline_tests::sockets::{Size, scenarios};

#[tokio::test]
async fn bombs_are_cut_at_limits() {
    let all = scenarios();
    let bombs = all.iter().find(|scenario| scenario.name == "bombs");
    let report = bombs
        .expect("the catalogue has bombs")
        .play(Size::Smoke)
        .await;
    assert!(report.faults_fired > 0, "nothing was played");
    let seen: Vec<String> = report.seen.iter().map(ToString::to_string).collect();
    assert!(
        report.is_passed(),
        "{}\nwhat was seen:\n{}",
        report.breaches().join("\n"),
        seen.join("\n")
    );
}
