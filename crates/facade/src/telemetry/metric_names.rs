//! The names of the metrics, with what they say.

use metrics::Unit;

pub(super) const OPERATION_DURATION: &str = "gen_ai_client_operation_duration_seconds";
pub(super) const TIME_TO_FIRST_CHUNK: &str = "gen_ai_client_operation_time_to_first_chunk_seconds";
pub(super) const TOKEN_USAGE: &str = "gen_ai_client_token_usage";

pub(super) const REQUESTS: &str = "interline_requests_total";
pub(super) const REQUEST_DURATION: &str = "interline_request_duration_seconds";
pub(super) const ATTEMPTS: &str = "interline_attempts_total";
pub(super) const FALLBACKS: &str = "interline_fallbacks_total";
pub(super) const SKIPS: &str = "interline_skips_total";
pub(super) const HEALTH_CHECKS: &str = "interline_health_checks_total";
pub(super) const RETRY_DENIALS: &str = "interline_retry_denials_total";
pub(super) const HEDGES: &str = "interline_hedges_total";
pub(super) const CREDENTIAL_REJECTIONS: &str = "interline_credential_rejections_total";
pub(super) const COST: &str = "interline_cost_nano_usd_total";
pub(super) const DROPPED_HINTS: &str = "interline_dropped_hints_total";
pub(super) const ANSWERS: &str = "interline_answers_total";
pub(super) const DECISIONS: &str = "interline_routing_decisions_total";
pub(super) const BUDGET_LIMIT: &str = "interline_budget_limit_usd";
pub(super) const BUDGET_SPENT: &str = "interline_budget_spent_usd";
pub(super) const BUDGET_HELD: &str = "interline_budget_held_usd";
pub(super) const BUDGET_LEFT: &str = "interline_budget_left_usd";
pub(super) const BUDGET_LEFT_RATIO: &str = "interline_budget_left_ratio";
pub(super) const BUDGET_LEVEL: &str = "interline_budget_level";
pub(super) const ESTIMATE_RATIO: &str = "interline_cost_estimate_ratio";
pub(super) const SPEND_STORE_FAILING: &str = "interline_spend_store_failing";
pub(super) const TARGET_AVAILABLE: &str = "interline_target_available";
pub(super) const TARGET_IN_FLIGHT: &str = "interline_target_in_flight";
pub(super) const TARGET_LATENCY: &str = "interline_target_latency_seconds";
pub(super) const TARGET_ERRORS: &str = "interline_target_error_ratio";
pub(super) const LIMIT_USED: &str = "interline_limit_used_ratio";
pub(super) const CONNECTION_LIMIT_USED: &str = "interline_connection_limit_used_ratio";

pub(super) const HISTOGRAMS: [(&str, Unit, &str); 4] = [
    (
        OPERATION_DURATION,
        Unit::Seconds,
        "One attempt at a vendor, a stream's end included.",
    ),
    (
        TIME_TO_FIRST_CHUNK,
        Unit::Seconds,
        "From the start of a streaming attempt to its first content.",
    ),
    (TOKEN_USAGE, Unit::Count, "Tokens that an answer used."),
    (
        REQUEST_DURATION,
        Unit::Seconds,
        "A whole call over all its attempts.",
    ),
];

pub(super) const COUNTERS: [(&str, &str); 12] = [
    (REQUESTS, "Calls, by route, operation and how they ended."),
    (ATTEMPTS, "Attempts at targets, by how they ended."),
    (
        FALLBACKS,
        "Calls that went on to another target, by reason.",
    ),
    (
        HEALTH_CHECKS,
        "Active health checks of providers, by how they ended.",
    ),
    (
        RETRY_DENIALS,
        "Calls that would have gone on but must not, by reason.",
    ),
    (
        HEDGES,
        "Attempts beside a silent one; losers are attempts that ended as `abandoned`.",
    ),
    (SKIPS, "Targets that were passed over, by reason."),
    (
        CREDENTIAL_REJECTIONS,
        "Credentials that a vendor refused: somebody must look at them.",
    ),
    (
        DROPPED_HINTS,
        "What answering targets were asked without: hints they lack, signed reasoning of others.",
    ),
    (
        ANSWERS,
        "Calls that a target answered; `fallback` says whether another one was asked first.",
    ),
    (
        DECISIONS,
        "Calls that the router routed and that were answered, by task and by the tier that answered.",
    ),
    (COST, "What answers cost by the catalogue, in 1e-9 USD."),
];

pub(super) const GAUGES: [(&str, &str); 14] = [
    (
        TARGET_AVAILABLE,
        "1 where a target is called, 0 where it is passed over.",
    ),
    (TARGET_IN_FLIGHT, "Calls under way at a target."),
    (
        TARGET_LATENCY,
        "How soon a target begins to answer streams of late; failures count as slow.",
    ),
    (
        TARGET_ERRORS,
        "Failures per call of late, fading without news.",
    ),
    (
        LIMIT_USED,
        "How much of what a model's limit holds is used, as its vendor tells it: 0 nothing, 1 all.",
    ),
    (
        CONNECTION_LIMIT_USED,
        "How much of what a connection's configured limit holds is used: 0 nothing, 1 all.",
    ),
    (
        BUDGET_LIMIT,
        "What calls may cost in one window of a budget.",
    ),
    (
        BUDGET_SPENT,
        "What calls cost that are over, in a budget's window.",
    ),
    (
        BUDGET_HELD,
        "What calls under way have reserved of a budget.",
    ),
    (BUDGET_LEFT, "What is left of a budget."),
    (
        BUDGET_LEFT_RATIO,
        "What is left of a budget: 1 all, 0 nothing.",
    ),
    (
        BUDGET_LEVEL,
        "Which targets a budget pays for: 3 the best, 2 balanced, 1 the cheapest, 0 none.",
    ),
    (
        ESTIMATE_RATIO,
        "What calls of the last day cost for each dollar that had been estimated.",
    ),
    (
        SPEND_STORE_FAILING,
        "1 where what was spent cannot be written, 0 where it can.",
    ),
];
