//! Truncation (catalogue 27): an answer that ends at any byte, in each way in which a body can end.

use interline_simulator::{Ending, Fault};

use super::report::SocketReport;
use super::stage::{DELIVERIES, DIALECTS, Delivery, Ended, Stage};
use super::{Size, SocketScenario};

const NAME: &str = "truncated-stream";

pub(super) fn scenario() -> SocketScenario {
    SocketScenario {
        number: 27,
        name: NAME,
        about: "the body ends at every byte offset: cleanly, by FIN, by RST",
        play: |size| {
            Box::pin(async move {
                let mut report = SocketReport::new(NAME);
                for dialect in DIALECTS {
                    let stage = Stage::new(dialect).await;
                    for delivery in DELIVERIES {
                        play(&stage, delivery, size, &mut report).await;
                    }
                    stage.count_faults(&mut report);
                }
                report
            })
        },
    }
}

async fn play(stage: &Stage, delivery: Delivery, size: Size, report: &mut SocketReport) {
    // The offset of the smoke test moves on by a prime, so that it meets every place of a line sooner or later.
    let (step, endings): (usize, &[Ending]) = match size {
        Size::Smoke => (37, &[Ending::Clean, Ending::Fin]),
        Size::Whole => (1, &[Ending::Clean, Ending::Fin, Ending::Rst]),
    };
    for ending in endings {
        let (mut restarted, mut told, mut whole) = (0, 0, 0);
        for bytes in (0..).step_by(step) {
            let fired = stage.broken.ledger().faults_fired_total();
            stage.broken.push_fault(Fault::TruncateAt {
                bytes,
                ending: *ending,
            });
            let called = stage.call(delivery, report).await;
            if stage.broken.ledger().faults_fired_total() == fired {
                // The offset is beyond the end.
                break;
            }
            match &called.ended {
                Ended::Whole { text } if text.starts_with("beta") => restarted += 1,
                // Only what follows the terminal event may be missing.
                Ended::Whole { .. } => whole += 1,
                Ended::Part { .. } => told += 1,
                Ended::Nothing { .. } | Ended::Hung => report.check(
                    "I18",
                    Some(format!(
                        "{delivery} cut at {bytes} ({ending:?}): {}",
                        called.ended
                    )),
                ),
            }
            let is_lost = delivery == Delivery::Unary && called.first_error().is_none();
            report.check(
                "I18",
                is_lost.then(|| format!("an answer cut at {bytes} passed for a whole one")),
            );
            if bytes == 0 {
                report.saw(
                    format!(
                        "cut at 0 ({delivery}, {:?}, {ending:?})",
                        stage.broken.dialect()
                    ),
                    &called,
                );
            }
        }
        report.note(
            format!(
                "cut at every offset ({delivery}, {:?}, {ending:?})",
                stage.broken.dialect()
            ),
            format!("{restarted} before content, {told} after, {whole} behind the terminal event"),
            "restarted, told, or whole; never part without an error",
        );
    }
}
