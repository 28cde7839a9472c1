//! The request made anew from the types, as for a program or a caller of another format, compared with the recorded one.

use interline_testkit::RecordedCase;
use serde_json::Value;

use crate::api::Api;
use crate::equivalence::{Comparison, compare};
use crate::exchange::{self, Form};
use crate::replay::{is_compared, refused_before_the_vendor_could, unread_keys};

/// How the request made of the types differs from the recorded one; `None` where there is nothing to
/// compare.
pub(crate) async fn run(case: &RecordedCase, api: &Api) -> Option<Comparison> {
    let body = case.response_body().ok()?;
    let exchange = exchange::run(case, api, Form::FromTypes, &body, Vec::new()).await;
    // What cannot be called at all, the replay says.
    let exchange = exchange.ok()?;
    let recorded = exchange.recorded?;
    if refused_before_the_vendor_could(case, &exchange.outcome) {
        return None;
    }
    let Some(sent) = exchange.sent else {
        let why = exchange.outcome.error.map(|error| error.to_string());
        let why = format!("nothing was sent: {}", why.unwrap_or_default());
        return Some(Comparison {
            differences: vec![why],
            harmless: Vec::new(),
        });
    };
    let unread = unread_keys(api);
    let compared = |body| without_uncompared(body, unread);
    Some(compare(&case.api, compared(recorded), compared(sent.body)))
}

fn without_uncompared(mut body: Value, unread: &[&str]) -> Value {
    if let Value::Object(fields) = &mut body {
        fields.retain(|key, _| is_compared(key, unread));
    }
    body
}
