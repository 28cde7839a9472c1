//! The response headers of ours: who answered, after how many attempts, at what cost.

use http::{HeaderMap, HeaderName, HeaderValue};
use interline::RouteInfo;
use interline_catalog::Tier;
use interline_core::{FormatId, NanoUsd, ResponseMeta, Target};

use crate::failure::Failure;
use crate::router_trace;

/// What the headers of an answer say.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) target: &'a Target,
    pub(crate) tier: Tier,
    pub(crate) attempts: u32,
    pub(crate) fell_back: bool,
    /// Known only once the answer is complete.
    pub(crate) cost: Option<NanoUsd>,
    pub(crate) meta: &'a ResponseMeta,
    /// The format of the vendor's bytes, if they came over a wire.
    pub(crate) wire_format: Option<&'a FormatId>,
}

/// Puts the headers of an answer on it.
pub(crate) fn of_answer(headers: &mut HeaderMap, facts: &Facts<'_>, caller: &FormatId) {
    put(
        headers,
        "x-interline-provider",
        facts.target.provider.as_str(),
    );
    put(headers, "x-interline-model", facts.target.model.as_str());
    put(headers, "x-interline-tier", facts.tier.as_str());
    headers.insert("x-interline-attempts", HeaderValue::from(facts.attempts));
    headers.insert("x-interline-fallback", yes_or_no(facts.fell_back));
    if let Some(cost) = facts.cost {
        put(headers, "x-interline-cost-usd", &cost.to_string());
    }
    if let Some(id) = &facts.meta.request_id {
        put(headers, "x-interline-upstream-request-id", id);
    }
    // The names of rate-limit headers belong to the vendor's format, so callers of another format
    // would not understand them.
    if facts.wire_format == Some(caller) {
        for (name, value) in &facts.meta.rate_limit {
            if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
                put(headers, name, value);
            }
        }
    }
    without_cache(headers);
}

/// Puts on an answer what the router and the gate have to say of it: the task that was acted upon, and
/// what is wrong with an answer that goes out all the same.
pub(crate) fn of_route(headers: &mut HeaderMap, route: &RouteInfo) {
    if let Some(task) = route.router.as_deref().and_then(router_trace::task) {
        put(headers, "x-interline-task", task);
    }
    let marks = route.gate.iter().flat_map(|gate| &gate.marks);
    let marks: Vec<_> = marks.map(interline::Finding::code).collect();
    if !marks.is_empty() {
        put(headers, "x-interline-quality", &marks.join(","));
    }
}

/// Puts on the reply to a failed call what is known about it.
pub(crate) fn of_failure(headers: &mut HeaderMap, failure: &Failure) {
    let target = failure.last_target();
    if let Some((provider, model)) = target {
        put(headers, "x-interline-provider", provider.as_str());
        put(headers, "x-interline-model", model.as_str());
    }
    // An attempt that ended the call may come without a list.
    let attempts = failure.attempts().len().max(usize::from(target.is_some()));
    headers.insert("x-interline-attempts", HeaderValue::from(attempts));
    headers.insert("x-interline-fallback", yes_or_no(failure.fell_back()));
    if let Some(id) = failure.upstream_request_id() {
        put(headers, "x-interline-upstream-request-id", id);
    }
    without_cache(headers);
}

/// There is no response cache, and the header says so.
pub(crate) fn without_cache(headers: &mut HeaderMap) {
    headers.insert("x-interline-cache", HeaderValue::from_static("off"));
}

fn yes_or_no(value: bool) -> HeaderValue {
    HeaderValue::from_static(if value { "true" } else { "false" })
}

/// A model's name may hold what a header may not; then the header is left out.
fn put(headers: &mut HeaderMap, name: impl http::header::IntoHeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
