//! Requests: what real clients sent is understood, passes unchanged, and means the same when it is
//! written anew from types.

use bytes::Bytes;
use interline_core::ErrorKind;
use interline_dialect_anthropic::{InboundRequest, Mode, Quirks, decode_request, encode_request};
use serde_json::{Value, json};

use crate::case::{Case, cases};

fn decode(case: &Case) -> interline_core::Result<InboundRequest> {
    decode_request(Bytes::from(case.request().to_string()), Vec::new())
}

/// Requests that are no Messages requests at all, which the vendor refused too.
fn is_malformed(case: &Case) -> bool {
    case.request()["messages"][0].is_string()
        || case.request()["output_format"]["json_schema"].is_object()
}

#[test]
fn every_request_is_understood_or_refused_as_the_vendor_did() {
    for case in cases() {
        match decode(&case) {
            Ok(inbound) => {
                assert!(!is_malformed(&case), "{}", case.id);
                assert_eq!(inbound.stream, case.is_stream(), "{}", case.id);
            }
            Err(error) => {
                assert!(is_malformed(&case), "{}: {error}", case.id);
                assert_eq!(error.kind(), ErrorKind::InvalidRequest);
                assert!(error.param().is_some(), "{}: {error}", case.id);
            }
        }
    }
}

#[test]
fn requests_pass_with_nothing_changed_but_model_and_stream() {
    for case in cases().iter().filter(|case| !is_malformed(case)) {
        let request = decode(case).expect("understood").request.for_model("other");
        let body = encode_request(&request, Mode::Unary, &Quirks::default()).expect("encodable");
        let sent: Value = serde_json::from_slice(&body).expect("JSON");
        let mut wanted = case.request().clone();
        wanted["model"] = json!("other");
        wanted.as_object_mut().expect("an object").remove("stream");
        assert_eq!(sent, wanted, "{}", case.id);
    }
}

#[test]
fn requests_mean_the_same_when_written_from_types() {
    for case in cases().iter().filter(|case| !is_malformed(case)) {
        let inbound = decode(case).expect("understood");
        let mode = if inbound.stream {
            Mode::Stream
        } else {
            Mode::Unary
        };
        let mut request = inbound.request;
        // An edit, even one that changes nothing, drops the origin.
        request.edit(|_| {});
        let body = encode_request(&request, mode, &Quirks::default()).expect("encodable");
        let sent: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(canonical(&sent), canonical(case.request()), "{}", case.id);
    }
}

/// The request without the freedoms of the format: text as blocks, absent for `false` streams, no
/// empty fields.
fn canonical(request: &Value) -> Value {
    let mut request = request.clone();
    let fields = request.as_object_mut().expect("an object");
    if fields.get("stream") == Some(&json!(false)) {
        fields.remove("stream");
    }
    fields.retain(|_, value| *value != json!([]) && !value.is_null());
    for key in ["temperature", "top_p"] {
        if let Some(number) = fields.get_mut(key) {
            // `1` and `1.0` are the same number and not the same JSON.
            *number = json!(number.as_f64());
        }
    }
    // The default; next to thinking nothing else is allowed, so it is left out there.
    if fields.get("temperature") == Some(&json!(1.0)) {
        fields.remove("temperature");
    }
    if let Some(system) = fields.get_mut("system") {
        as_blocks(system);
    }
    for message in fields["messages"].as_array_mut().expect("messages") {
        as_blocks(&mut message["content"]);
        for block in message["content"].as_array_mut().expect("blocks") {
            if block["type"] == "tool_result" && block.get("content").is_some() {
                as_blocks(&mut block["content"]);
            }
            let block = block.as_object_mut().expect("a block");
            block.retain(|_, value| !value.is_null());
        }
    }
    request
}

fn as_blocks(content: &mut Value) {
    if let Some(text) = content.as_str() {
        *content = json!([{"type": "text", "text": text}]);
    }
}
