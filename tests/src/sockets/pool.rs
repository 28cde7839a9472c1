//! Stale pool (catalogue 33): the vendor closes idle connections, and the client finds out when it uses one.

use std::time::Duration;

use interline_simulator::{Door, Vendor};
use interline_transport::HttpConfig;

use super::report::SocketReport;
use super::stage::{DELIVERIES, DIALECTS, Ended, Stage};
use super::{Size, SocketScenario};

const NAME: &str = "stale-pool";
const IDLE: Duration = Duration::from_millis(30);

pub(super) fn scenario() -> SocketScenario {
    SocketScenario {
        number: 33,
        name: NAME,
        about: "connections that the vendor closes while they idle, also at the moment of their next use",
        play: |size| {
            Box::pin(async move {
                let mut report = SocketReport::new(NAME);
                let rounds = match size {
                    Size::Smoke => 12,
                    Size::Whole => 100,
                };
                for dialect in DIALECTS {
                    let vendor = Vendor::builder(dialect, "broken").with_idle_timeout(IDLE);
                    let mut stage = Stage::with(vendor, &HttpConfig::default()).await;
                    // Nobody else to go to: the retry on the same target has to do.
                    stage.alone();
                    play(&stage, rounds, &mut report).await;
                }
                report
            })
        },
    }
}

async fn play(stage: &Stage, rounds: u32, report: &mut SocketReport) {
    for round in 0..rounds {
        for delivery in DELIVERIES {
            let called = stage.call(delivery, report).await;
            let failed = !matches!(called.ended, Ended::Whole { .. });
            report.check(
                "I6",
                failed.then(|| format!("round {round}, {delivery}: {}", called.ended)),
            );
            let extra = called.attempts.len().saturating_sub(1);
            report.check(
                "seen",
                (extra > 1).then(|| format!("{extra} retries on the same target")),
            );
            // Before, at and behind the time at which the vendor closes.
            tokio::time::sleep(
                IDLE + Duration::from_millis(u64::from(round % 5)) - Duration::from_millis(2),
            )
            .await;
        }
    }
    // Once more with all connections closed at one moment, as a restart behind a load balancer does.
    let restart = async {
        stage.broken.set_door(Door::Refuse).await?;
        stage.broken.set_door(Door::Open).await
    };
    restart.await.expect("the port can be changed");
    for delivery in DELIVERIES {
        let called = stage.call(delivery, report).await;
        report.saw(
            format!("idle closed ({delivery}, {:?})", stage.broken.dialect()),
            &called,
        );
        let failed = !matches!(called.ended, Ended::Whole { .. });
        report.check(
            "I6",
            failed.then(|| format!("after a restart, {delivery}: {}", called.ended)),
        );
    }
    let closed = stage
        .broken
        .faults_fired()
        .get("idle_closed")
        .copied()
        .unwrap_or_default();
    report.check(
        "I26",
        (closed == 0).then(|| "no idle connection was closed".to_owned()),
    );
    stage.count_faults(report);
}
