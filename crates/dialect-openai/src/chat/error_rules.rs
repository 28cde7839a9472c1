//! From a vendor's words and status to the one error kind: tables, first match wins.
//!
//! Codes come first because they are the most exact; then phrases, for servers that only write
//! sentences; then the status; and for errors inside a 200 the object's type.

use interline_core::{ErrorKind, TimeoutStage};
use interline_transport::kind_by_status;

use super::vendor_error::VendorError;

/// Codes and types that decide alone, whatever the status.
const WORDS: &[(&str, ErrorKind)] = &[
    ("context_length_exceeded", ErrorKind::ContextLength),
    ("exceed_context_size_error", ErrorKind::ContextLength),
    ("tokens_limit_reached", ErrorKind::ContextLength),
    ("content_filter", ErrorKind::ContentFiltered),
    ("content_policy_violation", ErrorKind::ContentFiltered),
    ("image_content_policy_violation", ErrorKind::ContentFiltered),
    ("responsibleaipolicyviolation", ErrorKind::ContentFiltered),
    ("flagged_input", ErrorKind::ContentFiltered),
    ("moderation_blocked", ErrorKind::ContentFiltered),
    ("insufficient_quota", ErrorKind::QuotaExhausted),
    ("billing_hard_limit_reached", ErrorKind::QuotaExhausted),
    ("billing_not_active", ErrorKind::QuotaExhausted),
    ("insufficient_balance", ErrorKind::QuotaExhausted),
    ("invalid_api_key", ErrorKind::Authentication),
    ("authentication_error", ErrorKind::Authentication),
    ("account_deactivated", ErrorKind::Authentication),
    ("permission_error", ErrorKind::Permission),
    ("permission_denied", ErrorKind::Permission),
    (
        "unsupported_country_region_territory",
        ErrorKind::Permission,
    ),
    ("model_not_found", ErrorKind::NotFound),
    ("model_not_available", ErrorKind::NotFound),
    ("invalid_model", ErrorKind::NotFound),
    ("rate_limit_exceeded", ErrorKind::RateLimited),
    ("rate_limit_error", ErrorKind::RateLimited),
    ("overloaded_error", ErrorKind::Overloaded),
    ("overloaded", ErrorKind::Overloaded),
    ("engine_overloaded", ErrorKind::Overloaded),
    ("server_is_overloaded", ErrorKind::Overloaded),
    ("slow_down", ErrorKind::Overloaded),
    ("capacity_exceeded", ErrorKind::Overloaded),
];

/// Phrases in lower case, with the statuses they count for; an empty list means any status.
const PHRASES: &[(&str, &[u16], ErrorKind)] = &[
    ("maximum context length", &[], ErrorKind::ContextLength),
    ("max context length", &[], ErrorKind::ContextLength),
    ("maximum prompt length", &[], ErrorKind::ContextLength),
    ("context length exceeded", &[], ErrorKind::ContextLength),
    ("exceeds the context", &[], ErrorKind::ContextLength),
    ("context window", &[400, 413, 422], ErrorKind::ContextLength),
    (
        "context size",
        &[400, 413, 422, 500],
        ErrorKind::ContextLength,
    ),
    ("prompt is too long", &[], ErrorKind::ContextLength),
    ("prompt too long", &[], ErrorKind::ContextLength),
    (
        "input is too long",
        &[400, 413, 422],
        ErrorKind::ContextLength,
    ),
    (
        "reduce the length of the messages",
        &[],
        ErrorKind::ContextLength,
    ),
    (
        "tokens + `max_new_tokens`",
        &[400, 413, 422],
        ErrorKind::ContextLength,
    ),
    ("content management policy", &[], ErrorKind::ContentFiltered),
    (
        "violating our usage policy",
        &[],
        ErrorKind::ContentFiltered,
    ),
    (
        "rejected as a result of our safety system",
        &[],
        ErrorKind::ContentFiltered,
    ),
    ("incorrect api key", &[400], ErrorKind::Authentication),
    ("invalid api key", &[400], ErrorKind::Authentication),
    (
        "exceeded your current quota",
        &[],
        ErrorKind::QuotaExhausted,
    ),
    ("insufficient balance", &[], ErrorKind::QuotaExhausted),
    ("insufficient credit", &[], ErrorKind::QuotaExhausted),
    ("used all available credits", &[], ErrorKind::QuotaExhausted),
    (
        "spending limit",
        &[402, 403, 412, 429],
        ErrorKind::QuotaExhausted,
    ),
    ("is suspended", &[403, 412], ErrorKind::QuotaExhausted),
    ("input was flagged", &[], ErrorKind::ContentFiltered),
    ("model not found", &[400], ErrorKind::NotFound),
    ("over capacity", &[500, 502, 503], ErrorKind::Overloaded),
    ("overloaded", &[500, 502, 503], ErrorKind::Overloaded),
];

/// Types that only decide where no status does: in an error inside a 200.
const IN_BAND_TYPES: &[(&str, ErrorKind)] = &[
    ("invalid_request_error", ErrorKind::InvalidRequest),
    ("bad_request", ErrorKind::InvalidRequest),
    ("invalid_prompt", ErrorKind::InvalidRequest),
    ("invalid_image", ErrorKind::InvalidRequest),
    ("invalid_image_format", ErrorKind::InvalidRequest),
    ("invalid_image_url", ErrorKind::InvalidRequest),
    ("invalid_base64_image", ErrorKind::InvalidRequest),
    ("image_too_large", ErrorKind::InvalidRequest),
    ("image_too_small", ErrorKind::InvalidRequest),
    ("image_parse_error", ErrorKind::InvalidRequest),
    ("invalid_image_mode", ErrorKind::InvalidRequest),
    ("image_file_too_large", ErrorKind::InvalidRequest),
    ("unsupported_image_media_type", ErrorKind::InvalidRequest),
    ("empty_image_file", ErrorKind::InvalidRequest),
    ("failed_to_download_image", ErrorKind::InvalidRequest),
    ("image_file_not_found", ErrorKind::InvalidRequest),
    ("badrequesterror", ErrorKind::InvalidRequest),
    ("not_found_error", ErrorKind::NotFound),
    ("notfounderror", ErrorKind::NotFound),
    ("requests", ErrorKind::RateLimited),
    ("tokens", ErrorKind::RateLimited),
    ("timeout", ErrorKind::Timeout(TimeoutStage::FirstToken)),
    (
        "timeout_error",
        ErrorKind::Timeout(TimeoutStage::FirstToken),
    ),
];

/// A request that is larger than a whole minute's allowance: waiting does not help.
const NEVER_FITS: &str = "request too large";

/// The kind of an error that came with HTTP `status`.
pub(crate) fn classify(status: u16, error: &VendorError) -> ErrorKind {
    let stated = if (200..300).contains(&status) {
        error.status.unwrap_or(status)
    } else {
        status
    };
    let names = || {
        let stated = [&error.code, &error.r#type].into_iter().flatten();
        stated.chain(&error.marks)
    };
    let named = |table: &[(&str, ErrorKind)]| {
        names().find_map(|name| {
            let found = table
                .iter()
                .find(|(word, _)| name.eq_ignore_ascii_case(word));
            found.map(|(_, kind)| *kind)
        })
    };
    if let Some(kind) = named(WORDS) {
        return kind;
    }
    let mut message = error.message.to_lowercase();
    if let Some(upstream) = &error.upstream {
        message.push_str(&upstream.to_lowercase());
    }
    let phrase = PHRASES.iter().find(|(phrase, statuses, _)| {
        message.contains(phrase)
            && (statuses.is_empty() || statuses.contains(&stated) || (200..300).contains(&stated))
    });
    if let Some((_, _, kind)) = phrase {
        return *kind;
    }
    if (200..300).contains(&stated) {
        return named(IN_BAND_TYPES).unwrap_or(ErrorKind::Unavailable);
    }
    by_status(stated)
}

fn by_status(status: u16) -> ErrorKind {
    const OWN: [(u16, ErrorKind); 2] = [
        (410, ErrorKind::NotFound),
        // A cheaper tier has no room.
        (498, ErrorKind::Overloaded),
    ];
    kind_by_status(&OWN, status)
}

/// Whether waiting may help against an error of this kind.
pub(crate) fn may_pass(kind: ErrorKind, error: &VendorError) -> bool {
    match kind {
        ErrorKind::RateLimited => !error.message.to_lowercase().contains(NEVER_FITS),
        ErrorKind::Overloaded
        | ErrorKind::Unavailable
        | ErrorKind::Protocol
        | ErrorKind::Timeout(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(status: u16, error: &serde_json::Value, expected: ErrorKind) {
        let error = VendorError::read(error);
        assert_eq!(classify(status, &error), expected, "{status} {error:?}");
    }

    #[test]
    fn codes_decide_over_statuses() {
        use ErrorKind as K;
        check(
            429,
            &json!({"message": "m", "code": "insufficient_quota"}),
            K::QuotaExhausted,
        );
        check(
            413,
            &json!({"message": "m", "code": "rate_limit_exceeded"}),
            K::RateLimited,
        );
        check(
            400,
            &json!({"message": "m", "code": "context_length_exceeded"}),
            K::ContextLength,
        );
        check(
            400,
            &json!({"message": "m", "code": "content_filter"}),
            K::ContentFiltered,
        );
        check(
            400,
            &json!({"message": "m", "type": "exceed_context_size_error", "code": 400}),
            K::ContextLength,
        );
    }

    #[test]
    fn phrases_decide_where_there_is_no_code() {
        use ErrorKind as K;
        let says = |message: &str| json!({"message": message, "type": "invalid_request_error"});
        check(
            400,
            &says("prompt too long; exceeded max context length by 7"),
            K::ContextLength,
        );
        check(
            400,
            &says("This model's maximum context length is 8192 tokens"),
            K::ContextLength,
        );
        check(
            429,
            &says("You exceeded your current quota, please check"),
            K::QuotaExhausted,
        );
        check(
            503,
            &says("The engine is currently overloaded"),
            K::Overloaded,
        );
        check(
            400,
            &says("max_tokens is too large: 99999"),
            K::InvalidRequest,
        );
        check(
            403,
            &says("Your team has used all available credits"),
            K::QuotaExhausted,
        );
        check(
            403,
            &says("Your chosen model requires moderation and your input was flagged"),
            K::ContentFiltered,
        );
        check(400, &says("Model not found: m"), K::NotFound);
    }

    #[test]
    fn a_gateway_is_judged_by_the_vendor_behind_it() {
        use ErrorKind as K;
        let behind = |raw: &str| json!({"message": "Provider returned error", "code": 400, "metadata": {"raw": raw}});
        check(
            400,
            &behind("This model's maximum context length is 8 tokens"),
            K::ContextLength,
        );
        check(400, &behind("n must be 1"), K::InvalidRequest);
        check(
            403,
            &json!({"message": "m", "code": 403, "metadata": {"flagged_input": "x"}}),
            K::ContentFiltered,
        );
        check(
            400,
            &json!({"message": "m", "innererror": {"code": "ResponsibleAIPolicyViolation"}}),
            K::ContentFiltered,
        );
    }

    #[test]
    fn the_status_decides_the_rest() {
        use ErrorKind as K;
        for (status, expected) in [
            (400, K::InvalidRequest),
            (401, K::Authentication),
            (402, K::QuotaExhausted),
            (403, K::Permission),
            (404, K::NotFound),
            (408, K::Timeout(TimeoutStage::FirstToken)),
            (413, K::PayloadTooLarge),
            (422, K::InvalidRequest),
            (429, K::RateLimited),
            (498, K::Overloaded),
            (500, K::Unavailable),
            (502, K::Unavailable),
            (503, K::Unavailable),
            (504, K::Timeout(TimeoutStage::FirstToken)),
            (529, K::Overloaded),
            (301, K::Protocol),
        ] {
            check(
                status,
                &json!({"message": "m", "type": "server_error"}),
                expected,
            );
        }
    }

    #[test]
    fn inside_a_200_the_stated_status_or_the_type_decides() {
        use ErrorKind as K;
        check(200, &json!({"message": "m", "code": 502}), K::Unavailable);
        check(200, &json!({"message": "m", "code": 429}), K::RateLimited);
        check(
            200,
            &json!({"message": "m", "type": "invalid_request_error"}),
            K::InvalidRequest,
        );
        check(200, &json!("something broke"), K::Unavailable);
    }
}
