//! The list of models: those of the publishers whose models this crate calls by their bare names.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use interline_core::{CallContext, ListedModel, Result};
use interline_dialect_gemini::decode_model_page;
use interline_transport::HttpRequest;

use crate::exchange::Exchange;

/// The publishers whose models are listed.
const PUBLISHERS: [&str; 2] = ["google", "anthropic"];

/// The longest page, in bytes (chosen, not measured: a model takes a few KiB).
const MAX_PAGE_BYTES: usize = 8 * 1024 * 1024;

/// How many models a page may have (chosen: what Google's own SDKs ask for).
const PAGE_MODELS: u32 = 100;

/// How many pages of a publisher are read at most, so that a vendor that never ends its list is no
/// endless loop (chosen, not measured).
const MAX_PAGES: usize = 20;

/// Whose quota a call counts against that names no project in its path.
const QUOTA_PROJECT: HeaderName = HeaderName::from_static("x-goog-user-project");

/// All models of all publishers, in Google's order.
pub(crate) async fn list(exchange: &Exchange, cx: &CallContext) -> Result<Vec<ListedModel>> {
    let mut models = Vec::new();
    for publisher in PUBLISHERS {
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut query = format!("pageSize={PAGE_MODELS}");
            if let Some(token) = &token {
                query.push_str("&pageToken=");
                query.push_str(&encoded(token));
            }
            let request = request(exchange, publisher, &query);
            let decode = |body: Bytes| decode_model_page(&body);
            let (page, _) = exchange.ask(cx, request, MAX_PAGE_BYTES, decode).await?;
            models.extend(page.models);
            match page.next {
                Some(next) if token.as_ref() != Some(&next) => token = Some(next),
                _ => break,
            }
        }
    }
    Ok(models)
}

/// Asks for the shortest list.
pub(crate) async fn check(exchange: &Exchange, cx: &CallContext) -> Result<()> {
    let request = request(exchange, "google", "pageSize=1");
    let listed = exchange.ask(cx, request, MAX_PAGE_BYTES, |_| Ok(())).await;
    listed.map(drop)
}

fn request(exchange: &Exchange, publisher: &str, query: &str) -> HttpRequest {
    let request = HttpRequest::get(exchange.place.catalog(publisher, query));
    match HeaderValue::from_str(exchange.place.project()) {
        Ok(project) => request.with_header(QUOTA_PROJECT, project),
        Err(_) => request,
    }
}

/// A value of a query: what has a meaning there is percent-encoded.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let pieces = text.bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    pieces.collect()
}
