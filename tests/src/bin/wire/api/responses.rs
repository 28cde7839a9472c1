//! Responses, at whatever vendor.
//!
//! Connections prefer this API, so that what is made of types goes there too.

use interline_dialect_openai::responses::decode_request;
use interline_testkit::{RecordedCase, UsageRule};
use serde_json::Value;

use super::{Api, Call, ChatCall, Connect};

/// How to replay a case whose calls go to `call_path`.
///
/// A stored prompt names its model itself; a gateway needs one to know where to send the call, so
/// that one is put in and not compared.
pub(super) fn api(case: &RecordedCase, call_path: Option<String>, connect: Connect) -> Api {
    let has_model = case.request.body.get("model").is_some();
    Api {
        call_path: call_path.map(Into::into),
        connect,
        call: Call::Chat(ChatCall {
            unread_keys: if has_model { &[] } else { &["model"] },
            usage: UsageRule::InputIncludesCache,
            decode_request: Box::new(move |body| {
                if has_model {
                    return Ok(decode_request(body, Vec::new())?.request);
                }
                let mut document: Value = serde_json::from_slice(&body).unwrap_or_default();
                if let Some(fields) = document.as_object_mut() {
                    fields.insert("model".to_owned(), "stored".into());
                }
                Ok(decode_request(document.to_string().into(), Vec::new())?.request)
            }),
        }),
    }
}
