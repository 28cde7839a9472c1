//! Answers with status 200 that are none, and errors inside of streams (catalogue 28 and 30).

use interline_core::ErrorKind::{Overloaded, Protocol, Timeout};
use interline_core::{HealthImpact, Phase, TimeoutStage};
use interline_simulator::{ErrorCase, Fault};

use super::SocketScenario;
use super::case::{Case, Expected, Strike, Then, play_all};
use super::report::SocketReport;
use super::stage::Delivery;

const NAME: &str = "malformed-200";
const ERROR_EVENTS: &str = "error-event-mid-sse";

const STREAM: &[Delivery] = &[Delivery::Stream];
const WHOLE: &[Delivery] = &[Delivery::Unary];

pub(super) fn scenario() -> SocketScenario {
    SocketScenario {
        number: 30,
        name: NAME,
        about: "web pages, half JSON, wrong types, wrong lengths, garbage, nothing at all",
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
    let broken = Expected::kind(Protocol)
        .phase(Phase::BeforeOutput)
        .impact(HealthImpact::Endpoint);
    let fault = |fault| Strike::Fault(fault);
    let content_type = || {
        fault(Fault::ContentType {
            value: "text/plain".to_owned(),
        })
    };
    vec![
        Case::fails("HTML with 200", fault(Fault::Html { status: 200 }), broken),
        Case::fails("half JSON", fault(Fault::MalformedJson), broken),
        Case::fails("empty body", fault(Fault::EmptyBody), broken),
        Case::fails("garbage for HTTP", fault(Fault::Garbage), broken),
        Case::fails("not UTF-8", fault(Fault::InvalidUtf8), broken),
        Case::fails(
            "length too short",
            fault(Fault::WrongLength { by: -9 }),
            broken,
        )
        .only(WHOLE),
        Case::fails(
            "length too long",
            fault(Fault::WrongLength { by: 9 }),
            Expected::kind(Timeout(TimeoutStage::Idle)).impact(HealthImpact::Endpoint),
        )
        .only(WHOLE),
        Case::fails(
            "length too short",
            fault(Fault::WrongLength { by: -9 }),
            Expected::kind(Protocol).phase(Phase::AfterOutput),
        )
        .only(STREAM)
        .then(Then::PartAndError),
        // The terminal event says that all is there, whatever the length.
        Case::harmless("length too long", fault(Fault::WrongLength { by: 9 })).only(STREAM),
        // The body is right, and it is read for what it is.
        Case::harmless("text/plain", content_type()),
    ]
}

pub(super) fn error_events() -> SocketScenario {
    SocketScenario {
        number: 28,
        name: ERROR_EVENTS,
        about: "an error event before, or after, the first content of a stream",
        play: |_| {
            Box::pin(async {
                let mut report = SocketReport::new(ERROR_EVENTS);
                let case = ErrorCase::Overloaded;
                let expected = Expected::kind(Overloaded).impact(HealthImpact::Endpoint);
                let before = Strike::Fault(Fault::ErrorEventBeforeContent { case });
                let mut cases = vec![
                    Case::fails(
                        "before content",
                        before,
                        expected.phase(Phase::BeforeOutput),
                    )
                    .only(STREAM),
                ];
                for tokens in [1, 2, 5] {
                    let after = Strike::Fault(Fault::ErrorEventAfter { tokens, case });
                    let expected = expected.phase(Phase::AfterOutput);
                    cases.push(
                        Case::fails("after content", after, expected)
                            .only(STREAM)
                            .then(Then::PartAndError),
                    );
                }
                play_all(cases, &mut report).await;
                report
            })
        },
    }
}
