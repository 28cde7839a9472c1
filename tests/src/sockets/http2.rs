//! HTTP/2 trouble (catalogue 32): GOAWAY, refused and reset streams, floods of resets, tiny windows; over TLS, as vendors do.

use interline_core::ErrorKind::{self, Unavailable};
use interline_core::{HealthImpact, Phase};
use interline_simulator::{Authority, CertificateCase, Dialect, Fault, Http2Fault, Vendor};
use interline_transport::HttpConfig;

use super::SocketScenario;
use super::case::{Case, Expected, Strike, Then, play};
use super::report::SocketReport;
use super::stage::{DELIVERIES, DIALECTS, Delivery, Stage};

const NAME: &str = "h2-trouble";
/// HTTP's own default.
const USUAL_WINDOW_BYTES: u32 = 65_535;

pub(super) fn scenario() -> SocketScenario {
    SocketScenario {
        number: 32,
        name: NAME,
        about: "GOAWAY, REFUSED_STREAM, resets and floods of them, windows of one byte",
        play: |_| {
            Box::pin(async {
                let mut report = SocketReport::new(NAME);
                for dialect in DIALECTS {
                    let stage = stage(dialect, USUAL_WINDOW_BYTES).await;
                    // The connection is made, so that faults strike a request and not a start.
                    stage.call(Delivery::Unary, &mut report).await;
                    for case in cases() {
                        play(&case, &stage, &mut report).await;
                    }
                    let tiny = self::stage(dialect, 1).await;
                    for delivery in DELIVERIES {
                        let called = tiny.call(delivery, &mut report).await;
                        report.saw(
                            format!("window of 1 byte ({delivery}, {dialect:?})"),
                            &called,
                        );
                        let failed = called.first_error().map(ToString::to_string);
                        report.check("seen", failed);
                    }
                    let requests = tiny.broken.ledger().total();
                    report.check(
                        "I4",
                        (requests != 2).then(|| format!("{requests} requests for 2 calls")),
                    );
                }
                report
            })
        },
    }
}

async fn stage(dialect: Dialect, window_bytes: u32) -> Stage {
    let authority = Authority::new().expect("random numbers");
    let sound = authority
        .certificate(CertificateCase::Sound)
        .expect("random numbers");
    let vendor = Vendor::builder(dialect, "broken")
        .with_tls(&sound)
        .with_http2(window_bytes);
    Stage::with(
        vendor,
        &HttpConfig::default().with_extra_root(authority.der()),
    )
    .await
}

fn cases() -> Vec<Case> {
    let unseen = Expected::kind(Unavailable)
        .phase(Phase::BeforeSend)
        .impact(HealthImpact::None);
    let lost = Expected::kind(Unavailable).phase(Phase::BeforeOutput);
    let reset = lost.impact(HealthImpact::Endpoint);
    let fault = |fault| Strike::Fault(Fault::Http2(fault));
    vec![
        Case::fails("REFUSED_STREAM", fault(Http2Fault::RefusedStream), unseen)
            .then(Then::SameAnswers),
        Case::fails("GOAWAY below our id", fault(Http2Fault::GoAway), unseen)
            .then(Then::SameAnswers),
        Case::fails(
            "INTERNAL_ERROR",
            fault(Http2Fault::ResetStream { code: 2 }),
            reset,
        ),
        Case::fails(
            "ENHANCE_YOUR_CALM",
            fault(Http2Fault::ResetStream { code: 11 }),
            reset,
        ),
        Case::fails(
            "10 000 resets",
            fault(Http2Fault::ResetFlood { frames: 10_000 }),
            reset,
        ),
        // The faults of HTTP/1.1 have their like.
        // A connection that was used before may have been given up by the vendor before it saw the request.
        Case::fails(
            "connection closed",
            Strike::Fault(Fault::Closed),
            lost.impact(HealthImpact::None),
        )
        .then(Then::SameAnswers),
        Case::fails(
            "half JSON",
            Strike::Fault(Fault::MalformedJson),
            Expected::kind(ErrorKind::Protocol).phase(Phase::BeforeOutput),
        ),
    ]
}
