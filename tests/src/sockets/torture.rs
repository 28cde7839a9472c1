//! SSE torture (catalogue 29): the same events in every spelling that the standard allows, and lines without end.

use interline_core::{ErrorKind, HealthImpact};
use interline_simulator::{Fault, SseTorture};

use super::SocketScenario;
use super::case::{Case, Expected, Strike, play_all};
use super::report::SocketReport;
use super::stage::Delivery;

const NAME: &str = "sse-torture";
const STREAM: &[Delivery] = &[Delivery::Stream];

pub(super) fn scenario() -> SocketScenario {
    SocketScenario {
        number: 29,
        name: NAME,
        about: "split characters, CR and CRLF, comments, a byte-order mark, one byte at a time, giant lines",
        play: |_| {
            Box::pin(async {
                let mut report = SocketReport::new(NAME);
                play_all(cases(), &mut report).await;
                report
            })
        },
    }
}

fn cases() -> Vec<Case> {
    let harmless = [
        ("CR", SseTorture::Cr),
        ("CRLF", SseTorture::CrLf),
        ("byte-order mark", SseTorture::ByteOrderMark),
        ("comments and unknown fields", SseTorture::Comments),
        ("data over two lines", SseTorture::SplitData),
        ("one byte a chunk", SseTorture::TinyChunks),
        (
            "comment of 8 MiB",
            SseTorture::GiantComment { bytes: 8 << 20 },
        ),
        ("all of it", SseTorture::Everything),
    ];
    let mut cases: Vec<Case> = harmless
        .map(|(name, torture)| {
            Case::harmless(name, Strike::Fault(Fault::SseTorture(torture))).only(STREAM)
        })
        .to_vec();
    let giant = Strike::Fault(Fault::GiganticEvent { bytes: 5 << 20 });
    let limit = Expected::kind(ErrorKind::Protocol).impact(HealthImpact::Endpoint);
    cases.push(Case::fails("event of 5 MiB", giant, limit).only(STREAM));
    cases
}
