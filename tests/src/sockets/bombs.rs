//! Bombs (catalogue 31): answers that would fill the memory of whoever believes them.

use interline_core::{ErrorKind, HealthImpact};
use interline_simulator::{Fault, SseTorture};

use super::SocketScenario;
use super::case::{Case, Expected, Strike, play_all};
use super::memory::{resident_and_peak, restart_peak};
use super::report::SocketReport;
use super::stage::Delivery;
use crate::skip;

const NAME: &str = "bombs";
/// What the peak may be above the start: the catalogue's limit.
const MAX_GROWTH: u64 = 64 << 20;

pub(super) fn scenario() -> SocketScenario {
    SocketScenario {
        number: 31,
        name: NAME,
        about: "gzip at 1000:1, bodies and headers without end, arrays in arrays",
        play: |_| {
            Box::pin(async {
                let mut report = SocketReport::new(NAME);
                for case in cases() {
                    let name = case.name;
                    let counts = restart_peak();
                    let before = resident_and_peak();
                    play_all(vec![case], &mut report).await;
                    match (counts, before, resident_and_peak()) {
                        (true, Some((start, _)), Some((_, peak))) => {
                            let growth = peak.saturating_sub(start);
                            report.note(
                                format!("{name}: memory"),
                                format!(
                                    "+{:.1} MiB at the peak",
                                    growth as f64 / f64::from(1 << 20)
                                ),
                                "client and vendor together",
                            );
                            report.check(
                                "memory",
                                (growth > MAX_GROWTH)
                                    .then(|| format!("{name}: {growth} bytes more at the peak")),
                            );
                        }
                        _ => skip::announce(
                            "the peak of memory under bombs is only counted on Linux",
                        ),
                    }
                }
                report
            })
        },
    }
}

fn cases() -> Vec<Case> {
    let refused = Expected::kind(ErrorKind::Protocol).impact(HealthImpact::Endpoint);
    let bomb = |name, fault| Case::fails(name, Strike::Fault(fault), refused);
    let headers = |count, value_bytes| Fault::ManyHeaders { count, value_bytes };
    vec![
        bomb("gzip of 512 MiB", Fault::GzipBomb { bytes: 512 << 20 }),
        bomb("endless body", Fault::EndlessBody).only(&[Delivery::Unary]),
        bomb("10 000 headers", headers(10_000, 10)),
        bomb("header block of 90 KiB", headers(30, 3000)),
        bomb("10 000 nested arrays", Fault::DeepJson { depth: 10_000 }),
        // A comment is a sign of life and nothing to keep. Larger ones meet the timer where a debug build is busy.
        Case::harmless(
            "comment of 12 MiB",
            Strike::Fault(Fault::SseTorture(SseTorture::GiantComment {
                bytes: 12 << 20,
            })),
        )
        .only(&[Delivery::Stream]),
    ]
}
