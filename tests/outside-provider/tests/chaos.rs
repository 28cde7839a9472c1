//! Acme broken on purpose: what a crate of one's own can ask of the fault server.

#![cfg(feature = "gateway")]

use interline::{ChatRequest, Client, Message, Route};
use interline_core::{ErrorKind, ProviderFactory, ProviderSet, ProviderSettings};
use interline_simulator::{Ending, ErrorCase, Fault, Vendor};
use outside_provider::acme::AcmeFactory;
use serde_json::json;

/// Ways to fail before the first word of an answer.
fn faults() -> [Fault; 7] {
    [
        Fault::error(ErrorCase::ServerError),
        Fault::status(529),
        Fault::Closed,
        Fault::Reset,
        Fault::Html { status: 200 },
        Fault::EmptyBody,
        Fault::ErrorEventBeforeContent {
            case: ErrorCase::ServerError,
        },
    ]
}

/// Acme as a configuration would make it, at the vendor's address.
fn acme(vendor: &Vendor) -> ProviderSet {
    let values = json!({"base_url": vendor.base_url(), "api_key": "none"});
    let factory = AcmeFactory::new();
    let settings = ProviderSettings::new(factory.kind(), values);
    factory.build(settings).expect("good settings")
}

/// A client that asks the broken vendor first.
fn client(broken: &Vendor, sound: &Vendor) -> Client {
    Client::builder()
        .provider("broken", acme(broken))
        .provider("sound", acme(sound))
        .route("chat", Route::fallback(["broken/m", "sound/m"]))
        .build()
        .expect("a good route")
}

#[tokio::test]
async fn whatever_breaks_acme_before_its_first_word_the_next_target_answers() {
    for fault in faults() {
        let broken = Vendor::openai("broken").start().await.expect("a port");
        let sound = Vendor::openai("sound").start().await.expect("a port");
        broken.set_fault(Some(fault.clone()));
        let client = client(&broken, &sound);
        let request = ChatRequest::new("chat", [Message::user("Hi!")]);

        let reply = client.complete(request.clone()).await;
        let reply = reply.unwrap_or_else(|error| panic!("{}: {error}", fault.name()));
        assert_eq!(reply.route.provider.as_str(), "sound", "{}", fault.name());

        let mut stream = client.stream(request).await.expect("a stream").events();
        while let Some(event) = stream.next().await {
            event.unwrap_or_else(|error| panic!("{}: {error}", fault.name()));
        }
        // A fault that never struck would prove nothing.
        let fired: u64 = broken.faults_fired().values().sum();
        assert!(fired >= 1, "{} did not fire", fault.name());
    }
}

#[tokio::test]
async fn a_stream_of_acme_that_breaks_after_content_ends_with_an_error_and_never_restarts() {
    let broken = Vendor::openai("broken").start().await.expect("a port");
    let sound = Vendor::openai("sound").start().await.expect("a port");
    broken.set_fault(Some(Fault::CutAfter {
        events: 3,
        ending: Ending::Fin,
    }));
    let request = ChatRequest::new("chat", [Message::user("Hi!")]);
    let mut stream = client(&broken, &sound)
        .stream(request)
        .await
        .expect("the beginning is sound")
        .events();
    let mut end = None;
    while let Some(event) = stream.next().await {
        if let Err(error) = event {
            end = Some(error.kind());
        }
    }
    assert!(
        matches!(end, Some(ErrorKind::Protocol | ErrorKind::Unavailable)),
        "{end:?}"
    );
    assert_eq!(sound.ledger().total(), 0, "nothing was begun anew");
}
