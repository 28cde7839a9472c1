//! Connections that are refused, lost, closed or reset before an answer.

use interline_core::ErrorKind::{Timeout, Unavailable};
use interline_core::{HealthImpact, Phase, TimeoutStage};
use interline_simulator::{Door, Fault};

use super::SocketScenario;
use super::case::{Case, Expected, Strike, play_all};
use super::report::SocketReport;

const NAME: &str = "broken-connections";

pub(super) fn scenario() -> SocketScenario {
    SocketScenario {
        number: 2,
        name: NAME,
        about: "ports that refuse, lose packets, accept and close, reset or say nothing",
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
    let silent = Timeout(TimeoutStage::FirstToken);
    let host = |kind| {
        Expected::kind(kind)
            .phase(Phase::BeforeSend)
            .impact(HealthImpact::Host)
    };
    let endpoint = |kind| {
        Expected::kind(kind)
            .phase(Phase::BeforeOutput)
            .impact(HealthImpact::Endpoint)
    };
    vec![
        Case::fails("refused", Strike::Door(Door::Refuse), host(Unavailable)),
        Case::fails(
            "unreachable",
            Strike::Door(Door::Unreachable),
            host(Timeout(TimeoutStage::Connect)),
        ),
        // Whether the end is seen while connecting, before or after sending is a race that the network decides.
        Case::fails(
            "reset on accept",
            Strike::Door(Door::Reset),
            Expected::kind(Unavailable).counts(),
        ),
        Case::fails(
            "closed on accept",
            Strike::Door(Door::Close),
            Expected::kind(Unavailable).counts(),
        ),
        Case::fails(
            "accepted and silent",
            Strike::Door(Door::Silent),
            endpoint(silent),
        ),
        Case::fails(
            "closed after the request",
            Strike::Fault(Fault::Closed),
            endpoint(Unavailable),
        ),
        Case::fails(
            "reset after the request",
            Strike::Fault(Fault::Reset),
            endpoint(Unavailable),
        ),
        Case::fails(
            "silent after the request",
            Strike::Fault(Fault::Silence),
            endpoint(silent),
        ),
    ]
}
