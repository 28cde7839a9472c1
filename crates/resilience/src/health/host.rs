//! When a host is passed over: the circuit breaker's machine with numbers for hosts.

use std::time::Duration;

use crate::breaker::{BreakerConfig, LeaseLength, PanicRule, TripRule};

/// The numbers by which a host is passed over that cannot be reached.
///
/// Three failed connections within 60 s pass over all targets of the host (as the `simple` breaker does
/// for one target), for 1 s that doubles up to 10 s with jitter (resilience.md §2.4), then one call finds
/// out whether it is back: a refused connection is known at once, so looking often costs little.
pub(crate) fn host_config() -> BreakerConfig {
    let mut config = BreakerConfig::simple();
    config.trip = TripRule::Count {
        failures: 3,
        window: Duration::from_secs(60),
    };
    config.open = BreakerConfig::adaptive().open;
    // A lost probe must not hold the host back for longer than a connection may take.
    config.probes.lease = LeaseLength::Fixed(Duration::from_secs(6));
    config.panic = PanicRule::Always;
    config
}
