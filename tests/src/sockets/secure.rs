//! TLS and names (catalogue 34): certificates that nobody should believe, and hosts that nobody knows.
//!
//! Slow name servers and changed addresses are not played: the transport asks the system's resolver, which no test replaces.

use interline_core::ErrorKind::Unavailable;
use interline_core::{ConnectionFault, HealthImpact, Phase};
use interline_simulator::{Authority, CertificateCase, Dialect, Vendor};
use interline_transport::HttpConfig;

use super::SocketScenario;
use super::report::{SocketReport, shown};
use super::stage::{Called, DELIVERIES, DIALECTS, Ended, Stage, provider};

const NAME: &str = "tls-and-dns";

pub(super) fn scenario() -> SocketScenario {
    SocketScenario {
        number: 34,
        name: NAME,
        about: "certificates that are expired, for another name or of nobody, plain HTTP on a TLS port, unknown hosts",
        play: |_| {
            Box::pin(async {
                let mut report = SocketReport::new(NAME);
                for dialect in DIALECTS {
                    certificates(dialect, &mut report).await;
                    names(dialect, &mut report).await;
                }
                report
            })
        },
    }
}

async fn certificates(dialect: Dialect, report: &mut SocketReport) {
    let authority = Authority::new().expect("random numbers");
    let trusting = HttpConfig::default().with_extra_root(authority.der());
    let cases = [
        (CertificateCase::Expired, ConnectionFault::Tls),
        (CertificateCase::WrongName, ConnectionFault::Tls),
        (CertificateCase::SelfSigned, ConnectionFault::Tls),
    ];
    for (case, fault) in cases {
        let certificate = authority.certificate(case).expect("random numbers");
        let vendor = Vendor::builder(dialect, "broken").with_tls(&certificate);
        let stage = Stage::with(vendor, &trusting).await;
        for delivery in DELIVERIES {
            let called = stage.call(delivery, report).await;
            let name = format!("{case:?} ({delivery}, {dialect:?})");
            check(&name, &called, fault, report);
        }
        let handshakes = stage.broken.faults_fired();
        let failed = handshakes.contains_key("tls_handshake_failed");
        report.check(
            "I26",
            (!failed).then(|| format!("{case:?}: no handshake failed")),
        );
        stage.count_faults(report);
    }
    let sound = authority
        .certificate(CertificateCase::Sound)
        .expect("random numbers");
    let stage = Stage::with(
        Vendor::builder(dialect, "broken").with_tls(&sound),
        &trusting,
    )
    .await;
    for delivery in DELIVERIES {
        let called = stage.call(delivery, report).await;
        report.saw(format!("Sound ({delivery}, {dialect:?})"), &called);
        report.check("seen", called.first_error().map(ToString::to_string));
    }
}

async fn names(dialect: Dialect, report: &mut SocketReport) {
    let mut stage = Stage::new(dialect).await;
    let port = stage.broken.address().port();
    let config = HttpConfig::default().with_connect_timeout(super::stage::CONNECT);
    let urls = [
        // A name that is reserved to not exist.
        (
            format!("http://vendor.invalid:{port}/v1"),
            ConnectionFault::Dns,
        ),
        (format!("https://127.0.0.1:{port}/v1"), ConnectionFault::Tls),
    ];
    for (url, fault) in urls {
        stage.call_instead(provider(dialect, &url, &config));
        for delivery in DELIVERIES {
            let called = stage.call(delivery, report).await;
            let name = format!(
                "{} ({delivery}, {dialect:?})",
                if fault == ConnectionFault::Dns {
                    "unknown host"
                } else {
                    "plain HTTP on a TLS port"
                }
            );
            check(&name, &called, fault, report);
        }
    }
}

fn check(name: &str, called: &Called, fault: ConnectionFault, report: &mut SocketReport) {
    report.saw(name, called);
    let breach = match called.first_error() {
        None => Some(format!("{name}: no attempt failed")),
        Some(error) => {
            let is_met = error.kind() == Unavailable
                && error.phase() == Phase::BeforeSend
                && error.connection_fault() == Some(fault)
                && error.health_impact() == HealthImpact::Host;
            (!is_met).then(|| format!("{name}: {}: {error}", shown(error)))
        }
    };
    report.check("seen", breach);
    let answered = matches!(&called.ended, Ended::Whole { text } if text.starts_with("beta"));
    report.check(
        "I6",
        (!answered).then(|| format!("{name}: {}", called.ended)),
    );
}
