//! What a vendor does with a request: route it, check it, and shape an answer and a fault in its own format.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::ask::{Ask, Delivery};
use crate::charge::Price;
use crate::dialect::{Exchanged, ReportedLimits, Route, VendorError, WireFormat, header};
use crate::embeddings;
use crate::fault::{ErrorCase, Fault, RetryAfter};
use crate::http1::Request;
use crate::live::Live;
use crate::pacing::Pacing;
use crate::plan::{Answer, Body, Replacements, plan};
use crate::quota::Standing;
use crate::reply::{Reply, TokenUsage, tokens};
use crate::script::CallKind;
use crate::server::{Planned, Service};

/// A private-use letter that stands for bytes which are not UTF-8 until the answer is written.
const INVALID_MARK: &str = "\u{e000}";
/// What replaces the mark: three bytes that UTF-8 never has.
const INVALID_BYTES: &[u8] = &[0xff, 0xfe, 0xfd];

/// The fixed facts of a vendor.
pub(crate) struct VendorService {
    pub(crate) name: String,
    pub(crate) format: &'static dyn WireFormat,
    pub(crate) prefix: String,
    pub(crate) models: Vec<String>,
    pub(crate) api_key: Option<String>,
    pub(crate) reasoning_field: String,
    pub(crate) limits: ReportedLimits,
    pub(crate) price: Price,
    /// Keeps the request ids of two vendors apart.
    pub(crate) salt: u64,
    pub(crate) live: Arc<Mutex<Live>>,
}

/// What one request drew from the live settings.
struct Drawn {
    number: u64,
    fault: Option<Fault>,
    pacing: Pacing,
}

impl Service for VendorService {
    fn answer(&self, request: &Request) -> Planned {
        let route = self.route(request);
        let kind = match route {
            Route::ModelCall | Route::Embeddings => CallKind::Model,
            _ => CallKind::Other,
        };
        let drawn = self.draw(kind);
        let request_id = self.format.request_id(self.salt, drawn.number);
        let answer = self.shape(request, &route, &drawn, &request_id);
        self.planned(&answer, drawn, request_id)
    }

    fn too_large(&self, _: &Request) -> Planned {
        let mut drawn = self.draw(CallKind::Other);
        // The refusal comes before the body, and so before any fault.
        drawn.fault = None;
        let request_id = self.format.request_id(self.salt, drawn.number);
        let answer = self.error(&self.stock(ErrorCase::TooLarge), None, None, &request_id);
        self.planned(&answer, drawn, request_id)
    }
}

impl VendorService {
    fn draw(&self, kind: CallKind) -> Drawn {
        let mut live = self.live();
        live.requests += 1;
        Drawn {
            number: live.requests,
            fault: live.script.strike(kind),
            pacing: live.pacing,
        }
    }

    fn planned(&self, answer: &Answer, drawn: Drawn, request_id: String) -> Planned {
        let case = match &drawn.fault {
            Some(Fault::ErrorEventBeforeContent { case } | Fault::ErrorEventAfter { case, .. }) => {
                *case
            }
            _ => ErrorCase::ServerError,
        };
        let replacements = Replacements {
            ping: self.format.ping(),
            error_event: self.format.error_event(&self.stock(case), &request_id),
        };
        let unseen = matches!(&drawn.fault, Some(Fault::Http2(fault)) if fault.is_unseen());
        Planned {
            status: answer.status,
            charge: answer
                .usage
                .filter(|_| !unseen)
                .map(|usage| self.price.charge(usage)),
            steps: plan(answer, drawn.fault.as_ref(), drawn.pacing, &replacements),
            request_id,
            fault: drawn.fault,
        }
    }

    fn route(&self, request: &Request) -> Route {
        match request.path.strip_prefix(self.prefix.as_str()) {
            Some(path) => self.format.route(&request.method, path),
            None => Route::Unknown,
        }
    }

    /// The answer, after the faults that change what it says.
    fn shape(&self, request: &Request, route: &Route, drawn: &Drawn, id: &str) -> Answer {
        match &drawn.fault {
            Some(Fault::Error {
                case,
                status,
                retry_after,
            }) => return self.error(&self.stock(*case), *status, retry_after.as_ref(), id),
            Some(Fault::Html { status }) => return html(*status),
            _ => {}
        }
        if let Err(error) = self.authenticate(request) {
            return self.error(&error, None, None, id);
        }
        let answer = match route {
            Route::ModelCall => self.model_call(request, drawn, id),
            Route::Embeddings => self
                .embeddings(request)
                .map(|vectors| self.value(&vectors, id)),
            Route::CountTokens => self
                .read(request)
                .map(|ask| self.value(&json!({"input_tokens": ask.input_tokens}), id)),
            Route::ListModels => Ok(self.value(&self.format.model_list(&self.models), id)),
            Route::OneModel(model) => self
                .check_model(model)
                .map(|()| self.value(&self.format.model(model), id)),
            Route::Unknown => {
                let message = format!("Invalid URL ({} {})", request.method, request.path);
                Err(VendorError::new(ErrorCase::UnknownPath, message))
            }
        };
        let mut answer = answer.unwrap_or_else(|error| self.error(&error, None, None, id));
        relabel(&mut answer, drawn.fault.as_ref());
        answer
    }

    fn authenticate(&self, request: &Request) -> Result<(), VendorError> {
        match &self.api_key {
            Some(key) if self.format.presented_key(request) != Some(key.as_str()) => {
                Err(self.stock(ErrorCase::Authentication))
            }
            _ => Ok(()),
        }
    }

    fn check_model(&self, model: &str) -> Result<(), VendorError> {
        if self.models.is_empty() || self.models.iter().any(|known| known == model) {
            return Ok(());
        }
        let message = self.format.unknown_model(model);
        Err(VendorError::new(ErrorCase::UnknownModel, message))
    }

    fn embeddings(&self, request: &Request) -> Result<Value, VendorError> {
        let body = json_body(request)?;
        let model = body
            .get("model")
            .and_then(Value::as_str)
            .unwrap_or_default();
        self.check_model(model)?;
        embeddings::answer(&body, model)
    }

    fn read(&self, request: &Request) -> Result<Ask, VendorError> {
        let body = json_body(request)?;
        let ask = self.format.read(request, &body)?;
        self.check_model(&ask.model)?;
        Ok(ask)
    }

    fn model_call(
        &self,
        request: &Request,
        drawn: &Drawn,
        id: &str,
    ) -> Result<Answer, VendorError> {
        let ask = self.read(request)?;
        if ask.delivery == Delivery::Whole
            && let Some(
                Fault::ErrorEventBeforeContent { case } | Fault::ErrorEventAfter { case, .. },
            ) = &drawn.fault
        {
            return Err(self.stock(*case));
        }
        let scripted = self.live().next_reply();
        let reply = scripted.unwrap_or_else(|| ask.derived_reply(&self.name));
        let reply = distorted(reply, drawn.fault.as_ref());
        let usage = ask.usage(&reply);
        let standing = match self.take_from_quota(&ask, usage) {
            Ok(standing) => standing,
            Err((wait, standing)) => return Ok(self.over_limit(wait, &standing, id)),
        };
        let exchanged = Exchanged {
            number: drawn.number,
            request_id: id,
            reasoning_field: &self.reasoning_field,
            usage,
            ask: &ask,
        };
        let mut headers = self.format.headers(exchanged.request_id);
        headers.extend(self.format.limit_headers(&standing));
        headers.push(date());
        let body = match ask.delivery {
            Delivery::Whole => {
                headers.push(header("content-type", "application/json"));
                let bytes = self.format.whole(&exchanged, &reply).to_string();
                let bytes = deepened(bytes, drawn.fault.as_ref());
                Body::Whole {
                    bytes: with_invalid_bytes(bytes.into()),
                    tokens: tokens(&reply.text).len().max(1),
                }
            }
            Delivery::Stream => {
                headers.push(header("content-type", "text/event-stream; charset=utf-8"));
                headers.push(header("cache-control", "no-cache"));
                let mut events = self.format.events(&exchanged, &reply);
                for event in &mut events {
                    event.bytes = with_invalid_bytes(std::mem::take(&mut event.bytes));
                    if let Some(Fault::DeepJson { .. }) = drawn.fault {
                        let text = String::from_utf8_lossy(&event.bytes).into_owned();
                        event.bytes = deepened(text, drawn.fault.as_ref()).into();
                    }
                }
                Body::Events(events)
            }
        };
        Ok(Answer {
            status: 200,
            headers,
            body,
            usage: Some(usage),
        })
    }

    /// What to report after the call has taken its share, or how long it would have to wait.
    fn take_from_quota(
        &self,
        ask: &Ask,
        usage: TokenUsage,
    ) -> Result<Standing, (Duration, Standing)> {
        let unset = self.limits.standing(usage.input + usage.output);
        let now = Instant::now();
        let mut live = self.live();
        let Some(quota) = &mut live.quota else {
            return Ok(unset);
        };
        let tokens = quota.limits.tokens_of(usage, ask.max_tokens);
        let taken = quota.take(tokens, now);
        let standing = quota.standing(unset, now);
        taken.map(|()| standing).map_err(|wait| (wait, standing))
    }

    fn over_limit(&self, wait: Duration, standing: &Standing, id: &str) -> Answer {
        let error = self.stock(ErrorCase::RateLimited);
        let mut answer = self.error(&error, None, Some(&self.format.announced(wait)), id);
        answer.headers.extend(self.format.limit_headers(standing));
        answer
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        // Every change is complete before anything can panic.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn value(&self, value: &Value, id: &str) -> Answer {
        let mut headers = self.format.headers(id);
        headers.push(date());
        headers.push(header("content-type", "application/json"));
        Answer {
            status: 200,
            headers,
            body: unpaced(value.to_string()),
            usage: None,
        }
    }

    fn stock(&self, case: ErrorCase) -> VendorError {
        VendorError::new(case, self.format.stock_message(case))
    }

    fn error(
        &self,
        error: &VendorError,
        status: Option<u16>,
        retry_after: Option<&RetryAfter>,
        id: &str,
    ) -> Answer {
        let mut headers = self.format.headers(id);
        headers.push(date());
        headers.push(header("content-type", "application/json"));
        headers.extend(retry_after.map(|delay| delay.header(SystemTime::now())));
        Answer {
            status: status.unwrap_or_else(|| self.format.status(error.case)),
            headers,
            body: unpaced(self.format.error_body(error, id).to_string()),
            usage: None,
        }
    }
}

fn json_body(request: &Request) -> Result<Value, VendorError> {
    serde_json::from_slice(&request.body).map_err(|error| {
        let message = format!("We could not parse the JSON body of your request: {error}.");
        VendorError::new(ErrorCase::InvalidRequest, message)
    })
}

/// A body that no pacing delays.
fn unpaced(body: String) -> Body {
    Body::Whole {
        bytes: Bytes::from(body),
        tokens: 0,
    }
}

fn date() -> (String, String) {
    header("date", httpdate::fmt_http_date(SystemTime::now()))
}

fn html(status: u16) -> Answer {
    let page = format!(
        "<!DOCTYPE html>\n<html><head><title>{status}</title></head>\n<body><h1>{status}: the proxy in front of the vendor speaks</h1></body></html>\n"
    );
    Answer {
        status,
        headers: vec![header("content-type", "text/html; charset=UTF-8"), date()],
        body: unpaced(page),
        usage: None,
    }
}

/// The reply after the faults that change its text.
fn distorted(mut reply: Reply, fault: Option<&Fault>) -> Reply {
    match fault {
        Some(Fault::GiganticEvent { bytes }) => reply.text = "x".repeat(*bytes),
        Some(Fault::InvalidUtf8) => reply.text.insert_str(0, INVALID_MARK),
        _ => {}
    }
    reply
}

/// The answer after the faults that change its headers.
fn relabel(answer: &mut Answer, fault: Option<&Fault>) {
    match fault {
        Some(Fault::ContentType { value }) => {
            answer.headers.retain(|(name, _)| name != "content-type");
            answer.headers.push(header("content-type", value.as_str()));
        }
        Some(Fault::ManyHeaders { count, value_bytes }) => {
            let value = "y".repeat(*value_bytes);
            let more = (0..*count).map(|number| (format!("x-filler-{number}"), value.clone()));
            answer.headers.extend(more);
        }
        _ => {}
    }
}

/// The first JSON object of the text with a member of nested arrays in front, if the fault says so.
fn deepened(text: String, fault: Option<&Fault>) -> String {
    let (Some(Fault::DeepJson { depth }), Some(at)) = (fault, text.find("{\"")) else {
        return text;
    };
    let (before, after) = text.split_at(at + 1);
    let (open, close) = ("[".repeat(*depth), "]".repeat(*depth));
    format!("{before}\"deep\":{open}{close},{after}")
}

fn with_invalid_bytes(bytes: Bytes) -> Bytes {
    let mark = INVALID_MARK.as_bytes();
    let Some(at) = bytes.windows(mark.len()).position(|window| window == mark) else {
        return bytes;
    };
    let mut broken = BytesMut::from(bytes.as_ref());
    broken[at..at + mark.len()].copy_from_slice(INVALID_BYTES);
    broken.freeze()
}
