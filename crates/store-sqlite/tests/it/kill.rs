//! Kills a process that writes, again and again: what the next one finds is never more than was
//! recorded, and never misses what was acknowledged more than a second before the end.
//!
//! `INTERLINE_KILL_ROUNDS` sets how often; the default keeps the suite short.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use interline_core::{Target, Usage};
use interline_ledger::{Ledger, Payer, SpendQuery};

use super::support::{Folder, nano, noon, open, spent};

const FILE: &str = "INTERLINE_KILL_FILE";
const ROUNDS: &str = "INTERLINE_KILL_ROUNDS";
const THREADS: i64 = 3;
const COST: i64 = 1_000;
const ESTIMATE: i64 = 1_500;
const SLOW: i64 = 7_000_000_000;
const SECOND: u64 = 1_000_000;

fn micros() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(now.expect("after 1970").as_micros()).expect("before the year 500000")
}

/// The process that is killed: holds one reservation for good, and settles others as fast as it may.
///
/// It is a test so that this program can be started as it, by the test below; anybody else starts it
/// without a file, and it does nothing.
#[tokio::test]
async fn child_that_is_killed() {
    let Some(file) = std::env::var_os(FILE) else {
        return;
    };
    let ledger = open(&PathBuf::from(file)).await;
    let slow = Payer::new().with_key("slow");
    let target = Target::new("p", "m");
    let mut held = ledger
        .reserve(&slow, &target, Some(nano(SLOW)), noon())
        .expect("room");
    held.sent();
    writeln!(std::io::stdout(), "\nslow {}", micros()).expect("a reader");
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| settle_for_ever(&ledger));
        }
    });
}

fn settle_for_ever(ledger: &Ledger) {
    let target = Target::new("p", "m");
    let (never, lock) = (Condvar::new(), Mutex::new(()));
    loop {
        let held = ledger.reserve(&Payer::new(), &target, Some(nano(ESTIMATE)), noon());
        let mut held = held.expect("room");
        held.sent();
        held.settle(Usage::new(1, 1), Some(nano(COST)));
        writeln!(std::io::stdout(), "ack {}", micros()).expect("a reader");
        let guard = lock.lock().expect("nobody else");
        let _ = never.wait_timeout(guard, Duration::from_micros(100));
    }
}

/// What a process said before it died.
struct Life {
    acknowledged: Vec<u64>,
    slow_since: Option<u64>,
    killed_at: u64,
}

/// Lets a process live until it has said so many words, and kills it.
fn live(file: &Path, words: usize) -> Life {
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program)
        .args(["--exact", "it::kill::child_that_is_killed", "--nocapture"])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut life = Life {
        acknowledged: Vec::new(),
        slow_since: None,
        killed_at: u64::MAX,
    };
    let output = BufReader::new(child.stdout.take().expect("its output"));
    for line in output.lines() {
        let line = line.expect("text");
        // The last line may be cut.
        match line.split_once(' ') {
            Some(("ack", time)) if time.len() == 16 => {
                life.acknowledged.push(time.parse().expect("a number"));
            }
            Some(("slow", time)) if time.len() == 16 => {
                life.slow_since = Some(time.parse().expect("a number"));
            }
            _ => {}
        }
        if life.killed_at == u64::MAX && life.acknowledged.len() >= words {
            life.killed_at = micros();
            child.kill().expect("it lives");
        }
    }
    let status = child.wait().expect("it ended");
    assert!(!status.success(), "it was killed");
    assert_ne!(life.killed_at, u64::MAX, "it ended by itself");
    life
}

#[tokio::test]
async fn kill_9_loses_at_most_a_second_and_counts_nothing_twice() {
    let folder = Folder::new("kill");
    let rounds: u64 = std::env::var(ROUNDS).map_or(8, |text| text.parse().expect("a number"));
    let (mut day, mut month, mut rows) = (0, 0, 0);
    let mut worst_loss = 0;
    let mut draw: u64 = 0x9E37_79B9_7F4A_7C15;
    for round in 0..rounds {
        draw = draw
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let words = usize::try_from(draw >> 33).expect("31 bits") % 30_000;
        let life = live(&folder.file(), words);

        let ledger = open(&folder.file()).await;
        let found = spent(&ledger);
        let cells = ledger.spend(&SpendQuery::default()).expect("rows");
        let found_rows = cells.iter().map(|row| row.tally.cost.get()).sum::<i64>();
        drop(ledger);

        let count = |until: u64| {
            let counted = life
                .acknowledged
                .iter()
                .filter(|time| **time <= until)
                .count();
            i64::try_from(counted).expect("small")
        };
        let all = count(u64::MAX);
        let sure = count(life.killed_at - SECOND);
        let slow = found.1 - month;
        let settled = found.0 - day - slow;
        let context = format!("round {round}: {all} acknowledged, {sure} a second before the end");
        assert!(settled >= sure * COST, "{context}, and {settled} found");
        assert!(
            settled <= all * COST + THREADS * ESTIMATE,
            "{context}, and {settled} found"
        );
        let in_rows = found_rows - rows;
        assert!(in_rows >= sure * COST, "{context}, and {in_rows} in rows");
        assert!(
            in_rows <= (all + THREADS) * COST,
            "{context}, and {in_rows} in rows"
        );
        assert!(
            slow == SLOW || slow == 0,
            "{context}, and {slow} of what was held"
        );
        let is_old = life
            .slow_since
            .is_some_and(|since| since <= life.killed_at - SECOND);
        assert!(
            slow == SLOW || !is_old,
            "{context}, and what was held is lost"
        );

        let kept = usize::try_from(in_rows / COST).expect("small");
        let first_lost = life
            .acknowledged
            .get(kept)
            .copied()
            .unwrap_or(life.killed_at);
        worst_loss = worst_loss.max(life.killed_at.saturating_sub(first_lost));
        (day, month, rows) = (found.0, found.1, found_rows);
    }
    report(rounds, worst_loss);
}

#[expect(clippy::print_stderr, reason = "the figures that the docs quote")]
fn report(rounds: u64, worst_loss: u64) {
    eprintln!("{rounds} kills, the longest loss {} ms", worst_loss / 1_000);
}
