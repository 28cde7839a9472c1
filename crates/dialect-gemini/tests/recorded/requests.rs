//! Requests: what real clients sent is understood, passes unchanged, and means the same when it is
//! written anew from types.

use bytes::Bytes;
use interline_core::{ChatRequest, ErrorKind};
use interline_dialect_gemini::{Quirks, decode_request, encode_request};
use serde_json::Value;

use crate::canonical::canonical;
use crate::case::{Case, cases};

fn decode(case: &Case) -> interline_core::Result<ChatRequest> {
    decode_request(case.model(), Bytes::from(case.request().to_string()))
}

/// A request that the vendor refused too: it has a role that the format does not know.
fn is_malformed(case: &Case) -> bool {
    case.request()["contents"][0]["role"] == "invalid_role"
}

fn sent(request: &ChatRequest) -> Value {
    let body = encode_request(request, &Quirks::default()).expect("encodable");
    serde_json::from_slice(&body).expect("JSON")
}

#[test]
fn every_request_is_understood_or_refused_as_the_vendor_did() {
    for case in cases() {
        match decode(&case) {
            Ok(_) => assert!(!is_malformed(&case), "{}", case.id),
            Err(error) => {
                assert!(is_malformed(&case), "{}: {error}", case.id);
                assert_eq!(error.kind(), ErrorKind::InvalidRequest);
                assert_eq!(error.param(), Some("contents[0].role"));
            }
        }
    }
}

#[test]
fn requests_pass_with_nothing_changed() {
    for case in cases().iter().filter(|case| !is_malformed(case)) {
        let request = decode(case).expect("understood").for_model("other");
        assert_eq!(sent(&request), *case.request(), "{}", case.id);
    }
}

#[test]
fn requests_mean_the_same_when_written_from_types() {
    let mut failures = Vec::new();
    for case in cases().iter().filter(|case| !is_malformed(case)) {
        let mut request = decode(case).expect("understood");
        // An edit, even one that changes nothing, drops the origin.
        request.edit(|_| {});
        let (sent, wanted) = (canonical(&sent(&request)), canonical(case.request()));
        if sent != wanted {
            failures.push(format!("{}\n  sent   {sent}\n  wanted {wanted}", case.id));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
