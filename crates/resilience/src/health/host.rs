//! When a host is passed over: the circuit breaker's machine with numbers for hosts.

use std::time::Duration;

use crate::breaker::{BreakerConfig, LeaseLength, PanicRule, TripRule};

/// The numbers by which a host is passed over that cannot be reached.
///
/// Three failed connections within 60 s pass over all targets of the host (as the `simple` breaker does
/// for one target), for 5 s, then for 10 s, with jitter, after which one call finds out whether it is back.
/// Longer at first than for a target (1 s, resilience.md §2.4), because a closed port seldom opens within a
/// second and all models of the host pay for looking: so two connections in ten seconds are the most
/// (resilience.md §4.4; from 1 s on it was three, measured).
pub(crate) fn host_config() -> BreakerConfig {
    let mut config = BreakerConfig::simple();
    config.trip = TripRule::Count {
        failures: 3,
        window: Duration::from_secs(60),
    };
    config.open = BreakerConfig::adaptive().open;
    config.open.first = Duration::from_secs(5);
    // A lost probe must not hold the host back for longer than a connection may take.
    config.probes.lease = LeaseLength::Fixed(Duration::from_secs(6));
    config.panic = PanicRule::Always;
    config
}
