//! Accept-then-close (catalogue 5): what the client marks as maybe billed is what the vendor charged for nothing.

use interline_simulator::{Ending, Fault, Price, Vendor};
use interline_transport::HttpConfig;

use super::SocketScenario;
use super::report::SocketReport;
use super::stage::{DELIVERIES, DIALECTS, Stage};

const NAME: &str = "charged-unused";

pub(super) fn scenario() -> SocketScenario {
    SocketScenario {
        number: 5,
        name: NAME,
        about: "vendors that charge and then close, reset, stall or cut: the marks and the bill agree",
        play: |_| {
            Box::pin(async {
                let mut report = SocketReport::new(NAME);
                for dialect in DIALECTS {
                    let vendor = Vendor::builder(dialect, "broken")
                        .with_price(Price::new(2_500_000, 10_000_000));
                    let stage = Stage::with(vendor, &HttpConfig::default()).await;
                    play(&stage, &mut report).await;
                }
                report
            })
        },
    }
}

async fn play(stage: &Stage, report: &mut SocketReport) {
    let ending = Ending::Rst;
    let faults = [
        Some(Fault::Closed),
        Some(Fault::Reset),
        Some(Fault::Silence),
        Some(Fault::TruncateAt { bytes: 30, ending }),
        Some(Fault::Stall { events: 1 }),
        // These are not charged.
        Some(Fault::status(500)),
        Some(Fault::status(429)),
        None,
    ];
    let mut marked = 0;
    for fault in faults.iter().flatten().cloned().map(Some).chain([None]) {
        for delivery in DELIVERIES {
            let name = fault.as_ref().map_or("none", Fault::name);
            if let Some(fault) = fault.clone() {
                stage.broken.push_fault(fault);
            }
            let called = stage.call(delivery, report).await;
            report.saw(
                format!("{name} ({delivery}, {:?})", stage.broken.dialect()),
                &called,
            );
            marked += called
                .attempts
                .iter()
                .filter(|attempt| attempt.maybe_billed)
                .count() as u64;
        }
    }
    let charged = stage.broken.ledger().charged_unused();
    report.check(
        "I16",
        (marked != charged.exchanges).then(|| {
            format!(
                "{marked} attempts are marked as maybe billed, {} were charged unused",
                charged.exchanges
            )
        }),
    );
    let expected = charged.exchanges * (11 * 2_500 + 7 * 10_000);
    report.check(
        "I16",
        (charged.nano_usd != expected).then(|| format!("{} nano-USD", charged.nano_usd)),
    );
    stage.count_faults(report);
}
