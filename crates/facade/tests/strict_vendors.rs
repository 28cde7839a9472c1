//! What vendors are known to refuse of their own format is noted, and on a strict route refused.
#![cfg(all(
    feature = "mistral",
    feature = "groq",
    feature = "cerebras",
    feature = "google"
))]

use std::sync::Arc;

use interline::{Client, Route, Strictness};
use interline_core::{
    ChatRequest, Effort, ErrorKind, Extra, FormatId, Message, Origin, ProviderSet, ReasoningConfig,
};
use serde_json::json;

const CHAT: FormatId = FormatId::from_static("openai.chat");
/// Nobody listens there: a call that gets that far fails otherwise.
const NOWHERE: &str = "http://127.0.0.1:9";

fn client() -> Client {
    let key = "not-a-real-key";
    let mistral = interline::mistral::Mistral::builder()
        .api_key(key)
        .base_url(NOWHERE);
    let groq = interline::groq::Groq::builder()
        .api_key(key)
        .base_url(NOWHERE);
    let cerebras = interline::cerebras::Cerebras::builder()
        .api_key(key)
        .base_url(NOWHERE);
    let google = interline::google::Google::builder()
        .api_key(key)
        .base_url(NOWHERE);
    let sets: [(&str, ProviderSet); 4] = [
        ("mistral", mistral.build().expect("good settings").into()),
        ("groq", groq.build().expect("good settings").into()),
        ("cerebras", cerebras.build().expect("good settings").into()),
        ("google", google.build().expect("good settings").into()),
    ];
    let mut builder = Client::builder().without_tracing().seed(1);
    for (kind, set) in sets {
        let route = Route::fallback([format!("{kind}/m").as_str()]);
        builder = builder
            .provider_of_kind(kind, kind, Arc::clone(&set.chat))
            .route(
                format!("{kind}-strict"),
                route.with_strictness(Strictness::Strict),
            );
    }
    builder.build().expect("a good client")
}

#[track_caller]
fn check_refused(
    runtime: &tokio::runtime::Runtime,
    vendor: &str,
    request: &ChatRequest,
    field: &str,
) {
    let route = format!("{vendor}-strict");
    let answer = runtime.block_on(client().complete(request.for_model(route.as_str())));
    let error = answer.expect_err("nothing is left out on a strict route");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(error.param(), Some(field), "{error}");
}

#[test]
fn a_strict_route_refuses_what_a_vendor_is_known_to_refuse() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let hi = || ChatRequest::new("m", [Message::user("hi")]);
    for (vendor, field) in [
        ("mistral", "logit_bias"),
        ("mistral", "service_tier"),
        ("mistral", "store"),
        ("mistral", "verbosity"),
        ("groq", "logit_bias"),
        ("cerebras", "logit_bias"),
        ("cerebras", "service_tier"),
    ] {
        let mut request = hi();
        let fields = [(field.to_owned(), json!("x"))].into_iter().collect();
        request.edit(|body| body.extra = Extra::new(CHAT, fields));
        let request = request.with_origin(Origin::new(CHAT, "{}".into()));
        check_refused(&runtime, vendor, &request, field);
    }
    let thinking = hi().with_reasoning(ReasoningConfig::effort(Effort::High));
    check_refused(&runtime, "google", &thinking, "reasoning");
}
