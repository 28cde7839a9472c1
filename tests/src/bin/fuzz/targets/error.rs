//! Error answers: any body with any status becomes an error with the status, and never our own fault.

use bytes::Bytes;
use http::HeaderMap;
use interline::ErrorKind;

use crate::dialect::Dialect;
use crate::target::{Behaviour, Target, own_number};

/// Statuses that vendors answer with.
const STATUSES: [u16; 20] = [
    301, 400, 401, 402, 403, 404, 408, 409, 413, 422, 424, 425, 429, 498, 499, 500, 502, 503, 504,
    529,
];

pub(crate) fn target(dialect: &'static Dialect) -> Target {
    Target {
        name: format!("{}-error", dialect.name),
        promise: "an error of the vendor's with its status and a message",
        seeds: Box::new(|recordings| {
            let mut seeds = recordings.errors(dialect.apis);
            seeds.push(dialect.seeds[3].as_bytes().to_vec());
            seeds
        }),
        run: Box::new(|input, behaviour| run(dialect, input, behaviour)),
    }
}

fn run(dialect: &Dialect, input: &[u8], behaviour: &mut Behaviour) {
    let place = own_number(input) % STATUSES.len() as u64;
    let status = STATUSES.get(place as usize).copied().unwrap_or(500);
    let body = Bytes::copy_from_slice(input);
    let error = (dialect.decode_error)(status, &HeaderMap::new(), body.clone());
    assert_eq!(error.status(), Some(status));
    assert!(!error.message().is_empty(), "an error says something");
    assert!(
        !matches!(
            error.kind(),
            ErrorKind::Internal | ErrorKind::Cancelled | ErrorKind::Budget
        ),
        "a vendor's error is not ours: {error}"
    );
    assert_eq!(
        error.wire().map(|wire| &wire.body),
        Some(&body),
        "the body is kept"
    );
    behaviour.note(error.kind());
    behaviour.note((error.vendor_code().is_some(), error.param().is_some()));
    behaviour.note(error.retry_after().is_some());
}
