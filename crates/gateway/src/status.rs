//! `/status.json`: what the status page shows.

use interline_core::Target;
use serde_json::{Value, json};

use crate::app::App;
use crate::failure::millis;

/// Routes with the health of their targets, totals, and the last calls.
pub(crate) fn report(app: &App) -> Value {
    let client = app.client();
    let health = client.health();
    let target = |target: &Target| {
        let known = health.iter().find(|status| status.target == *target);
        let health = known.map(|status| status.health).unwrap_or_default();
        json!({
            "target": target.to_string(),
            "recent_failures": health.recent_failures,
            "closed_for_ms": health.closed_for.map(millis),
        })
    };
    let routes: Value = client
        .routes()
        .iter()
        .map(|route| {
            json!({
                "name": route.name,
                "strategy": route.strategy.name(),
                "targets": route.targets.iter().map(target).collect::<Value>(),
            })
        })
        .collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_s": app.started.elapsed().as_secs(),
        "draining": app.is_draining(),
        "routes": routes,
        "totals": app.journal.totals(),
        "recent": app.journal.recent(),
    })
}
