//! #37: callers leave at many points of an answer, and the vendor stops working for nobody.

use std::path::PathBuf;
use std::time::Duration;

use interline_simulator::Vendor;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::caller::{Ask, Caller, Delivery};
use super::gateway::Start;
use super::history::Ledgers;
use super::load::Load;
use super::report::{ProcessReport, percentile};
use super::{ProcessScenario, history, stage};

/// How long the callers stay that leave, in milliseconds: before the first byte, and at many points after it.
const STAYS: [u64; 12] = [0, 5, 20, 40, 60, 90, 150, 250, 400, 600, 900, 1200];
const ROUNDS: usize = 5;

pub(super) fn scenario() -> ProcessScenario {
    ProcessScenario {
        number: 37,
        name: "client-disconnects",
        about: "callers leave before, during and late in an answer, others stay",
        play: |binary| Box::pin(play(binary)),
    }
}

async fn play(binary: PathBuf) -> ProcessReport {
    let mut report = ProcessReport::default();
    let alpha = stage::vendor("alpha", Duration::from_millis(50)).await;
    let config = format!(
        "{}routes:\n{}",
        stage::providers(&[&alpha]),
        stage::route("chat", &["alpha"], "")
    );
    let gateway = Start::of(&binary).run(&config).await;
    let caller = gateway.caller;
    let before = gateway.descriptors() - alpha.ledger().active_connections();
    let load = Load::start(caller, "chat", Duration::from_millis(50));
    let mut leavers = JoinSet::new();
    for round in 0..ROUNDS {
        for stay in STAYS {
            let delivery = match round % 2 {
                0 => Delivery::Stream,
                _ => Delivery::Unary,
            };
            leavers.spawn(leave(caller, delivery, Duration::from_millis(stay)));
        }
        sleep(Duration::from_millis(200)).await;
    }
    let left = leavers.join_all().await;
    let calls = load.stop().await;
    history::all_whole(&mut report, "callers who stayed", &calls);
    history::join(&mut report, &calls, &[&alpha]);
    let quiet = alpha.ledger().wait_until(|ledger| {
        let all = ledger.exchanges();
        all.iter()
            .all(|one| one.outcome != interline_simulator::Outcome::InFlight)
    });
    let _ = timeout(Duration::from_secs(5), quiet).await;
    let (seen, late) = let_go(&left, &alpha);
    report.fired(
        "callers who left after the vendor had their request",
        seen,
        STAYS.len() * ROUNDS / 2,
    );
    let slowest = late.iter().max().copied().unwrap_or_default().as_secs_f64();
    report.at_most("I20", "seconds until the vendor sees it, all", slowest, 1.0);
    let most = percentile(&late, 90).as_secs_f64();
    report.at_most("I20", "seconds until the vendor sees it, p90", most, 0.1);
    report.exactly(
        "I20",
        "answers that were made for nobody",
        seen - late.len(),
        0,
    );
    let in_flight = caller
        .metric("interline_http_requests_in_flight", &[])
        .await;
    // The one is the question itself.
    report.exactly(
        "I21",
        "requests in flight at the end",
        in_flight as usize,
        1,
    );
    let skips = caller.metric("interline_skips_total", &[]).await;
    report.exactly(
        "I11",
        "times that the vendor was passed over",
        skips as usize,
        0,
    );
    sleep(Duration::from_millis(500)).await;
    let after = gateway.descriptors() - alpha.ledger().active_connections();
    report.at_most(
        "I21",
        "descriptors more than before",
        after as f64 - before as f64,
        0.0,
    );
    report
}

/// A caller who leaves; the number of the call and when.
async fn leave(caller: Caller, delivery: Delivery, after: Duration) -> (u64, Instant) {
    let ask = Ask::new("chat", delivery);
    let mut stream: TcpStream = caller.open(&ask).await.expect("the gateway accepts");
    let mut bytes = Vec::new();
    let _ = timeout(after, stream.read_to_end(&mut bytes)).await;
    drop(stream);
    (ask.number, Instant::now())
}

/// How many of the calls the vendor had, and how long it took to see that their callers were gone.
fn let_go(left: &[(u64, Instant)], vendor: &Vendor) -> (usize, Vec<Duration>) {
    let ledgers = Ledgers::of(&[vendor]);
    let mut seen = 0;
    let mut late = Vec::new();
    for (number, at) in left {
        for exchange in ledgers.of_call(*number) {
            seen += 1;
            let let_go = exchange.client_left_at();
            late.extend(let_go.map(|seen_at| seen_at.saturating_duration_since(*at)));
        }
    }
    (seen, late)
}
