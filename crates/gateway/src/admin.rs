//! The admin API: figures for operators, as JSON, behind a token of their own.

mod document;
mod spend_question;
mod stats;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Json, Response};
use http::header;

use crate::app::{App, id_of};
use crate::error_reply;
use crate::inbound::OPENAI_CHAT;

/// `GET /admin/stats`: how targets, routes, tasks and budgets fare, and what calls cost.
pub(crate) async fn stats(State(app): State<Arc<App>>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let told = spend_question::read(query).and_then(|question| stats::report(&app, &question));
    match told {
        Ok(report) => ([(header::CACHE_CONTROL, "no-store")], Json(report)).into_response(),
        Err(failure) => error_reply::of(&OPENAI_CHAT, &failure, &id_of(&request)),
    }
}

/// `GET /admin/openapi.json`: what the admin API is.
pub(crate) async fn document() -> impl IntoResponse {
    Json(document::openapi())
}
