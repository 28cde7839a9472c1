//! Counts of tokens over HTTP, in Anthropic's format: the vendor's word, or an estimate that says so.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use http::HeaderValue;
use interline::Cost;
use interline_core::{CallId, ResponseMeta};
use interline_dialect_anthropic as dialect;
use serde_json::json;

use crate::app::{App, id_of};
use crate::call::{json_reply, receive};
use crate::failure::{Failure, attempt_list};
use crate::inbound::ANTHROPIC_MESSAGES;
use crate::journal::Ending;
use crate::open_call::OpenCall;
use crate::reply_headers::{self, Facts};
use crate::request_options::Explain;
use crate::{error_reply, trace};

/// Says whether the vendor counted the tokens or they are an estimate.
pub(crate) const TOKEN_SOURCE: &str = "x-interline-token-source";

/// Answers the question how many tokens a prompt has.
pub(crate) async fn answer(app: Arc<App>, request: Request) -> Response {
    let id = id_of(&request);
    count(app, id.clone(), request)
        .await
        .unwrap_or_else(|failure| error_reply::of(&ANTHROPIC_MESSAGES, &failure, &id))
}

async fn count(app: Arc<App>, id: CallId, request: Request) -> Result<Response, Failure> {
    let (options, request) =
        receive(&ANTHROPIC_MESSAGES, request, dialect::decode_count_request).await?;
    let format = "anthropic.count_tokens";
    let mut open = OpenCall::new(&app, id.clone(), format, &request.model, &options);
    let client = app.client();
    let asked = client.count_tokens_with(request, options.of_call(&id));
    let count = match asked.await {
        Ok(count) => count,
        Err(error) => {
            let failure = Failure::from(&error);
            open.failed(&failure);
            return Err(failure);
        }
    };
    if let Some(route) = &count.route {
        open.routed(route);
    }
    open.ended(Ending::Answered);
    let mut body = dialect::encode_count_response(count.tokens);
    if options.explain == Explain::Yes {
        let trace = match &count.route {
            Some(route) => trace::object(route, Cost::Unknown),
            None => {
                json!({"request_id": id.as_str(), "attempt_list": attempt_list(&count.attempts)})
            }
        };
        body = trace::add_to(&dialect::FORMAT, &body, trace);
    }
    let mut answer = json_reply(body);
    let headers = answer.headers_mut();
    let route = count.route.as_ref();
    let facts = Facts {
        target: &count.target,
        tier: count.tier,
        attempts: u32::try_from(count.attempts.len()).unwrap_or(u32::MAX),
        fell_back: route.is_some_and(|route| route.is_fallback),
        cost: None,
        meta: &ResponseMeta::default(),
        wire_format: None,
    };
    reply_headers::of_answer(headers, &facts, &dialect::FORMAT);
    let source = HeaderValue::from_static(count.source.as_str());
    headers.insert(TOKEN_SOURCE, source);
    Ok(answer)
}
