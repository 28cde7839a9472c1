//! One model call over HTTP: read the request, ask the client, write the answer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use interline::CallOptions;
use interline_core::{CallId, Error, Result};

use crate::app::{App, id_of};
use crate::body::{self, Upload};
use crate::error_reply;
use crate::failure::Failure;
use crate::inbound::{Inbound, InboundCall};
use crate::inbound_keys::Caller;
use crate::journal::{Ending, Mode};
use crate::open_call::OpenCall;
use crate::reply_headers::{self, Facts};
use crate::request_options::{Explain, RequestOptions};
use crate::stream_reply;
use crate::trace;

/// Bodies above this size are read on a thread for blocking work, so that parsing pictures does not
/// hold other calls up. 256 KiB take about a millisecond (chosen, not measured here).
const LARGE_BODY_BYTES: usize = 256 * 1024;

/// What is known of a call before it is made.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) app: Arc<App>,
    pub(crate) format: &'static dyn Inbound,
    pub(crate) id: CallId,
    pub(crate) options: RequestOptions,
    pub(crate) call: InboundCall,
}

impl Arrived {
    pub(crate) fn failure(&self, error: &Error) -> Failure {
        Failure::of(error, self.format, &self.call.request)
    }

    pub(crate) fn call_options(&self) -> CallOptions {
        self.options.of_call(&self.id)
    }
}

/// Answers a request of `format`.
pub(crate) async fn answer(
    app: Arc<App>,
    format: &'static dyn Inbound,
    request: Request,
) -> Response {
    let id = id_of(&request);
    let arrived = match read(app, format, id.clone(), request).await {
        Ok(arrived) => arrived,
        Err(failure) => return error_reply::of(format, &failure, &id),
    };
    let replied = match arrived.call.mode {
        Mode::Unary => whole_answer(arrived).await,
        Mode::Stream => stream_reply::open(arrived).await,
    };
    replied.unwrap_or_else(|failure| error_reply::of(format, &failure, &id))
}

async fn read(
    app: Arc<App>,
    format: &'static dyn Inbound,
    id: CallId,
    request: Request,
) -> Result<Arrived, Failure> {
    let query = format.travelling_query(request.uri());
    let (options, mut call) = receive(format, request, |bytes, headers| {
        format.decode(bytes, headers)
    })
    .await?;
    if let Some(query) = query {
        call.request = call.request.with_origin_query(query);
    }
    Ok(Arrived {
        app,
        format,
        id,
        options,
        call,
    })
}

/// Reads a request's headers and body; `decode` gets the body and the headers of `format` that
/// travel on.
pub(crate) async fn receive<T: Send + 'static>(
    format: &dyn Inbound,
    request: Request,
    decode: impl FnOnce(Bytes, Vec<(String, String)>) -> Result<T> + Send + 'static,
) -> Result<(RequestOptions, T), Failure> {
    let (parts, body) = request.into_parts();
    let options = RequestOptions::read(&parts.headers)?.by(parts.extensions.get::<Caller>());
    let bytes = body::read(body, Upload::told_by(&parts.headers)).await?;
    let headers = travelling(format, &parts.headers);
    let decoded = if bytes.len() < LARGE_BODY_BYTES {
        decode(bytes, headers)
    } else {
        match tokio::task::spawn_blocking(move || decode(bytes, headers)).await {
            Ok(decoded) => decoded,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    };
    Ok((options, decoded.map_err(|error| Failure::from(&error))?))
}

/// The headers that belong to the format and travel on to vendors that speak it.
fn travelling(format: &dyn Inbound, headers: &HeaderMap) -> Vec<(String, String)> {
    format
        .travelling_headers()
        .iter()
        .flat_map(|name| {
            headers
                .get_all(*name)
                .iter()
                .filter_map(|value| Some(((*name).to_owned(), value.to_str().ok()?.to_owned())))
        })
        .collect()
}

async fn whole_answer(arrived: Arrived) -> Result<Response, Failure> {
    let mut open = OpenCall::of(&arrived);
    let request = arrived.call.request.clone();
    let client = arrived.app.client();
    let answered = client.complete_with(request, arrived.call_options()).await;
    let reply = match answered {
        Ok(reply) => reply,
        Err(error) => {
            let failure = arrived.failure(&error);
            open.failed(&failure);
            return Err(failure);
        }
    };
    open.routed(&reply.route);
    open.cost(reply.cost);
    open.ended(Ending::Answered);
    let format = arrived.format;
    let mut body = format.encode(&reply.response, &arrived.call.request, &arrived.id);
    if arrived.options.explain == Explain::Yes {
        body = trace::add_to(
            &format.format(),
            &body,
            trace::object(&reply.route, reply.cost),
        );
    }
    let mut response = json_reply(body);
    let facts = Facts {
        target: &reply.route.target(),
        tier: reply.route.tier,
        attempts: reply.route.attempts,
        fell_back: reply.route.is_fallback,
        cost: reply.cost.known(),
        meta: &reply.response.meta,
        wire_format: reply.response.raw.as_ref().map(|raw| &raw.format),
    };
    reply_headers::of_answer(response.headers_mut(), &facts, &format.format());
    reply_headers::of_route(response.headers_mut(), &reply.route);
    Ok(response)
}

/// A reply of JSON.
pub(crate) fn json_reply(body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
