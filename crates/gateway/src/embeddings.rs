//! Vectors over HTTP: read the request, ask the client, write the answer in OpenAI's format.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use http::HeaderValue;
use interline_core::CallId;
use interline_dialect_openai::embeddings as dialect;

use crate::app::{App, id_of};
use crate::call::{json_reply, receive};
use crate::failure::Failure;
use crate::inbound::OPENAI_CHAT;
use crate::journal::Ending;
use crate::open_call::OpenCall;
use crate::reply_headers::{self, Facts};
use crate::request_options::Explain;
use crate::token_count::TOKEN_SOURCE;
use crate::{error_reply, trace};

/// Answers a request for vectors.
pub(crate) async fn answer(app: Arc<App>, request: Request) -> Response {
    let id = id_of(&request);
    vectors(app, id.clone(), request)
        .await
        .unwrap_or_else(|failure| error_reply::of(&OPENAI_CHAT, &failure, &id))
}

async fn vectors(app: Arc<App>, id: CallId, request: Request) -> Result<Response, Failure> {
    // The format has no headers that travel on.
    let decode = |bytes, _| dialect::decode_request(bytes);
    let (options, inbound) = receive(&OPENAI_CHAT, request, decode).await?;
    let model = &inbound.request.model;
    let mut open = OpenCall::new(&app, id.clone(), "openai.embeddings", model, &options);
    let client = app.client();
    let asked = client.embed_with(inbound.request, options.of_call(&id));
    let reply = match asked.await {
        Ok(reply) => reply,
        Err(error) => {
            let failure = Failure::from(&error);
            open.failed(&failure);
            return Err(failure);
        }
    };
    open.routed(&reply.route);
    open.cost(reply.cost);
    open.ended(Ending::Answered);
    let response = &reply.response;
    let mut body = dialect::encode_response(response, inbound.encoding, &response.model);
    if options.explain == Explain::Yes {
        let trace = trace::object(&reply.route, reply.cost);
        body = trace::add_to(&dialect::FORMAT, &body, trace);
    }
    let mut answer = json_reply(body);
    let facts = Facts {
        target: &reply.route.target(),
        tier: reply.route.tier,
        attempts: reply.route.attempts,
        fell_back: reply.route.is_fallback,
        cost: reply.cost.known(),
        meta: &response.meta,
        wire_format: response.raw.as_ref().map(|raw| &raw.format),
    };
    reply_headers::of_answer(answer.headers_mut(), &facts, &dialect::FORMAT);
    let source = HeaderValue::from_static(reply.token_source.as_str());
    answer.headers_mut().insert(TOKEN_SOURCE, source);
    Ok(answer)
}
