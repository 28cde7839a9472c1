//! Scenarios that a simulation of typed errors cannot express, with the tier that does and why.

/// Number, name, tier, and why not here.
pub(crate) const ELSEWHERE: [(u32, &str, &str, &str); 8] = [
    (
        29,
        "sse-torture",
        "sockets",
        "bytes of the wire: the adapters hand on typed events",
    ),
    (
        31,
        "bombs",
        "sockets",
        "compressed and endless bodies end in the transport",
    ),
    (
        32,
        "h2-trouble",
        "sockets",
        "frames of HTTP/2; a refused stream looks like stale-pool here",
    ),
    (43, "kill-9", "process", "needs a process to kill"),
    (44, "drain", "process", "needs a process to end"),
    (45, "fd-exhaustion", "process", "needs a process's limits"),
    (
        46,
        "config-reload",
        "process",
        "the gateway swaps configurations, not the engine",
    ),
    (
        47,
        "key-explosion",
        "process",
        "memory of a process; the breaker's cap has unit tests",
    ),
];
