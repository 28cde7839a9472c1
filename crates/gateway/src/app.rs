//! The HTTP surface: which path does what, and what every reply has in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::{MatchedPath, Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::{any, get, post};
use http::{HeaderName, HeaderValue, StatusCode, header};
use interline::Client;
use interline_core::CallId;
use secrecy::SecretString;
use tokio::time::Instant;

use crate::call;
use crate::failure::Failure;
use crate::inbound::{self, Inbound};
use crate::inbound_keys::{self, Caller, InboundKeys};
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::{admin, embeddings, error_reply, model_list, status, token_count};

/// What all requests share.
#[derive(Debug)]
pub(crate) struct App {
    /// Read once by each request, so that it keeps what it began with when a configuration is reloaded.
    configured: ArcSwap<Configured>,
    pub(crate) journal: Journal,
    pub(crate) metrics: Metrics,
    pub(crate) started: Instant,
    /// How long the caller of a stream waits for a sign of life.
    pub(crate) keep_alive: Duration,
    draining: AtomicBool,
}

/// What a configuration decides.
#[derive(Debug)]
pub(crate) struct Configured {
    pub(crate) client: Client,
    pub(crate) keys: InboundKeys,
    /// What callers of the admin API present; off without one.
    pub(crate) admin: Option<SecretString>,
}

impl App {
    pub(crate) fn new(configured: Configured, metrics: Metrics, keep_alive: Duration) -> Self {
        Self {
            configured: ArcSwap::from_pointee(configured),
            journal: Journal::default(),
            metrics,
            started: Instant::now(),
            keep_alive,
            draining: AtomicBool::new(false),
        }
    }

    /// The client as configured now; whoever has it keeps it.
    pub(crate) fn client(&self) -> Client {
        self.configured.load().client.clone()
    }

    /// Serves new requests with another client and other keys.
    pub(crate) fn configure(&self, configured: Configured) {
        self.configured.store(Arc::new(configured));
    }

    fn caller(&self, request: &Request) -> Option<Caller> {
        self.configured.load().keys.admit(request.headers())
    }

    fn admin_token(&self) -> Option<SecretString> {
        self.configured.load().admin.clone()
    }

    /// From now on `/readyz` says that no new request should come.
    pub(crate) fn start_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// The router over `app`.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let keyed = Router::new()
        .route("/v1/chat/completions", post(chat_completions))
        .route("/v1/responses", post(responses))
        .route("/v1/responses/{*rest}", any(kept_responses))
        .route("/v1/conversations", any(kept_responses))
        .route("/v1/conversations/{*rest}", any(kept_responses))
        .route("/v1/messages", post(messages))
        .route("/v1/messages/count_tokens", post(count_tokens))
        .route("/v1/embeddings", post(embed))
        .route("/v1/models", get(list_models))
        .route("/v1/models/{*id}", get(one_model))
        .route("/status.json", get(status_report))
        .route_layer(middleware::from_fn_with_state(Arc::clone(app), check_key));
    let admin = Router::new()
        .route("/admin/stats", get(admin::stats))
        .route("/admin/openapi.json", get(admin::document))
        .route("/admin/{*rest}", any(unknown_path))
        .route_layer(middleware::from_fn_with_state(Arc::clone(app), check_admin));
    Router::new()
        .merge(keyed)
        .merge(admin)
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readiness))
        .route("/metrics", get(metrics))
        .route("/", get(dashboard))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(app), accompany))
        .with_state(Arc::clone(app))
}

/// Names every request, counts it, and puts its name on the reply.
async fn accompany(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = CallId::new(format!("req_{}", uuid::Uuid::now_v7().simple()));
    request.extensions_mut().insert(id.clone());
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let in_flight = app.metrics.request_started();
    let mut response = next.run(request).await;
    drop(in_flight);
    app.metrics.replied(&path, response.status());
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("request-id"), value.clone());
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// Turns callers without a valid key away, in the format that they speak.
async fn check_key(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    if let Some(caller) = app.caller(&request) {
        request.extensions_mut().insert(caller);
        return next.run(request).await;
    }
    let failure = Failure::new(
        401,
        "authentication",
        "missing or wrong key: send one of the gateway's keys as `authorization: Bearer KEY` or `x-api-key: KEY`",
    );
    error_reply::of(spoken_by(&request), &failure, &id_of(&request))
}

/// Turns callers of the admin API without its token away.
async fn check_admin(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let failure = match app.admin_token() {
        Some(token) if inbound_keys::presents(request.headers(), &token) => {
            return next.run(request).await;
        }
        Some(_) => Failure::new(
            401,
            "authentication",
            "missing or wrong token: send the admin token as `authorization: Bearer TOKEN`",
        ),
        None => Failure::new(
            404,
            "not_found",
            "the admin API is off: set `admin: { token: \"${INTERLINE_ADMIN_TOKEN}\" }`",
        ),
    };
    error_reply::of(&inbound::OPENAI_CHAT, &failure, &id_of(&request))
}

async fn chat_completions(State(app): State<Arc<App>>, request: Request) -> Response {
    call::answer(app, &inbound::OPENAI_CHAT, request).await
}

async fn responses(State(app): State<Arc<App>>, request: Request) -> Response {
    call::answer(app, &inbound::OPENAI_RESPONSES, request).await
}

/// Answers that were kept, and what else is done with them: nothing is kept here.
async fn kept_responses(request: Request) -> Response {
    let failure = Failure::new(
        404,
        "unsupported",
        format!(
            "{} {} is about state that a vendor keeps, and this gateway keeps none: \
             send the conversation so far in `input` of POST /v1/responses",
            request.method(),
            request.uri().path()
        ),
    );
    error_reply::of(&inbound::OPENAI_RESPONSES, &failure, &id_of(&request))
}

async fn messages(State(app): State<Arc<App>>, request: Request) -> Response {
    call::answer(app, &inbound::ANTHROPIC_MESSAGES, request).await
}

async fn embed(State(app): State<Arc<App>>, request: Request) -> Response {
    embeddings::answer(app, request).await
}

async fn count_tokens(State(app): State<Arc<App>>, request: Request) -> Response {
    token_count::answer(app, request).await
}

async fn list_models(State(app): State<Arc<App>>, request: Request) -> Response {
    let format = spoken_by(&request);
    match model_list::list(&app.client(), format, request.uri()) {
        Ok(list) => Json(list).into_response(),
        Err(failure) => error_reply::of(format, &failure, &id_of(&request)),
    }
}

async fn one_model(
    State(app): State<Arc<App>>,
    Path(model): Path<String>,
    request: Request,
) -> Response {
    let format = spoken_by(&request);
    match model_list::one(&app.client(), format, &model) {
        Some(model) => Json(model).into_response(),
        None => {
            let failure = Failure::new(404, "not_found", format!("model `{model}` does not exist"))
                .with_param("model");
            error_reply::of(format, &failure, &id_of(&request))
        }
    }
}

async fn readiness(State(app): State<Arc<App>>) -> Response {
    if app.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response()
    } else {
        "ready\n".into_response()
    }
}

async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    // A pause that ran out causes no event, so health is written anew for each scrape.
    app.client().record_health();
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        app.metrics.render(),
    )
}

async fn status_report(State(app): State<Arc<App>>) -> Response {
    (
        [(header::CACHE_CONTROL, "no-store")],
        Json(status::report(&app)),
    )
        .into_response()
}

async fn dashboard() -> impl IntoResponse {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";
    (
        [
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        Html(include_str!("dashboard/page.html")),
    )
}

async fn unknown_path(request: Request) -> Response {
    let failure = Failure::new(
        404,
        "not_found",
        format!(
            "no such path: {} {}",
            request.method(),
            request.uri().path()
        ),
    );
    error_reply::of(spoken_by(&request), &failure, &id_of(&request))
}

async fn wrong_method(request: Request) -> Response {
    let failure = Failure::new(
        405,
        "invalid_request",
        format!(
            "{} does not take {}",
            request.uri().path(),
            request.method()
        ),
    );
    error_reply::of(spoken_by(&request), &failure, &id_of(&request))
}

/// The format that a caller speaks, told from the path and the headers.
fn spoken_by(request: &Request) -> &'static dyn Inbound {
    let anthropic = request.uri().path().starts_with("/v1/messages")
        || request.headers().contains_key("anthropic-version");
    if anthropic {
        &inbound::ANTHROPIC_MESSAGES
    } else {
        &inbound::OPENAI_CHAT
    }
}

/// The name that [`accompany`] gave to a request.
pub(crate) fn id_of(request: &Request) -> CallId {
    request
        .extensions()
        .get::<CallId>()
        .cloned()
        .unwrap_or_else(|| CallId::from("req_unnamed"))
}
