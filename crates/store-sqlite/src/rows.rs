//! What is read from the tables and written to them.

use std::sync::Arc;

use interline_core::{
    ModelId, NanoUsd, ProviderId, SpendAccount, SpendCell, SpendOwner, StoredSpend, Tally,
};
use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};

use crate::pending::Pending;

/// Hours with calls that the file keeps: 400 days without a pause. Chosen, not measured: a year to look
/// back at, and the month around it.
const KEPT_HOURS: i64 = 9_600;

/// Windows that the file keeps of each budget. Chosen, not measured.
const KEPT_WINDOWS: i64 = 64;

/// The columns of `spend_hour` that are sums.
const SUMS: [&str; 8] = [
    "calls",
    "unknown_cost_calls",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "cost_nano_usd",
    "estimated_nano_usd",
    "estimated_cost_nano_usd",
];

/// Writes a batch in one transaction, unless the file already holds it.
pub(crate) fn write(
    connection: &mut Connection,
    number: i64,
    batch: &Pending,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if last_batch(&transaction)? >= number {
        return transaction.rollback();
    }
    write_accounts(&transaction, batch)?;
    write_cells(&transaction, batch)?;
    transaction.execute("UPDATE batch SET written = ?1", [number])?;
    transaction.commit()
}

/// The number of the last batch that the file holds.
pub(crate) fn last_batch(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT written FROM batch", [], |row| row.get(0))
}

fn write_accounts(transaction: &Transaction<'_>, batch: &Pending) -> rusqlite::Result<()> {
    let columns = ["spent_nano_usd", "held_nano_usd"].map(sum_of).join(", ");
    let mut insert = transaction.prepare(&format!(
        "INSERT INTO account VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET {columns}"
    ))?;
    for (account, (spent, held)) in &batch.accounts {
        let budget = &*account.budget;
        insert.execute(params![
            budget,
            account.window_start,
            spent.get(),
            held.get()
        ])?;
    }
    Ok(())
}

fn write_cells(transaction: &Transaction<'_>, batch: &Pending) -> rusqlite::Result<()> {
    let columns = SUMS.map(sum_of).join(", ");
    let mut insert = transaction.prepare(&format!(
        "INSERT INTO spend_hour VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
         ON CONFLICT DO UPDATE SET {columns}"
    ))?;
    for (cell, tally) in &batch.cells {
        let (kind, owner) = match &cell.owner {
            SpendOwner::Key(name) => ("key", &**name),
            SpendOwner::Tag(name) => ("tag", &**name),
            _ => ("nobody", ""),
        };
        insert.execute(params![
            cell.hour,
            cell.provider.as_str(),
            cell.model.as_str(),
            kind,
            owner,
            integer(tally.calls),
            integer(tally.unknown_cost_calls),
            integer(tally.input_tokens),
            integer(tally.cached_input_tokens),
            integer(tally.output_tokens),
            tally.cost.get(),
            tally.estimated.get(),
            tally.estimated_cost.get(),
        ])?;
    }
    Ok(())
}

/// Adds to a column, stopping at the largest integer: SQLite would go on with a rounded number.
fn sum_of(column: &str) -> String {
    format!(
        "{column} = CASE WHEN excluded.{column} > 0 AND {column} > 9223372036854775807 - excluded.{column} \
         THEN 9223372036854775807 ELSE {column} + excluded.{column} END"
    )
}

/// Charges what calls held when the process before this one died; says how many accounts that changed.
pub(crate) fn charge_abandoned(connection: &Connection) -> rusqlite::Result<usize> {
    connection.execute(
        "UPDATE account SET spent_nano_usd = spent_nano_usd + held_nano_usd, held_nano_usd = 0 \
         WHERE held_nano_usd <> 0",
        [],
    )
}

/// Forgets the oldest hours and windows. They are counted, not compared with the clock, so that a clock
/// which jumps ahead forgets nothing.
pub(crate) fn prune(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute(
        "DELETE FROM spend_hour WHERE hour <= (SELECT hour FROM \
         (SELECT DISTINCT hour FROM spend_hour) ORDER BY hour DESC LIMIT 1 OFFSET ?1)",
        [KEPT_HOURS],
    )?;
    connection.execute(
        "DELETE FROM account WHERE (budget, window_start) IN (SELECT budget, window_start FROM \
         (SELECT budget, window_start, row_number() OVER \
         (PARTITION BY budget ORDER BY window_start DESC) AS place FROM account) WHERE place > ?1)",
        [KEPT_WINDOWS],
    )?;
    Ok(())
}

/// Reads all accounts, and the cells of the newest `hours` hours that have any.
pub(crate) fn read(connection: &Connection, hours: usize) -> rusqlite::Result<StoredSpend> {
    let mut accounts =
        connection.prepare("SELECT budget, window_start, spent_nano_usd FROM account")?;
    let accounts = accounts
        .query_map([], |row| {
            let budget: String = row.get(0)?;
            let account = SpendAccount::new(budget, row.get(1)?);
            Ok((account, NanoUsd::new(row.get(2)?)))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut cells = connection.prepare(
        "SELECT * FROM spend_hour WHERE hour IN \
         (SELECT DISTINCT hour FROM spend_hour ORDER BY hour DESC LIMIT ?1)",
    )?;
    let limit = i64::try_from(hours).unwrap_or(i64::MAX);
    let cells = cells
        .query_map([limit], cell_of)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(StoredSpend::new(accounts, cells))
}

fn cell_of(row: &Row<'_>) -> rusqlite::Result<(SpendCell, Tally)> {
    let text = |column| row.get::<_, String>(column);
    let count = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.unsigned_abs());
    let owner: Arc<str> = text("owner")?.into();
    let owner = match text("owner_kind")?.as_str() {
        "key" => SpendOwner::Key(owner),
        "tag" => SpendOwner::Tag(owner),
        _ => SpendOwner::Nobody,
    };
    let (provider, model) = (
        ProviderId::from(text("provider")?),
        ModelId::from(text("model")?),
    );
    let mut tally = Tally::default();
    tally.calls = count("calls")?;
    tally.unknown_cost_calls = count("unknown_cost_calls")?;
    tally.input_tokens = count("input_tokens")?;
    tally.cached_input_tokens = count("cached_input_tokens")?;
    tally.output_tokens = count("output_tokens")?;
    tally.cost = NanoUsd::new(row.get("cost_nano_usd")?);
    tally.estimated = NanoUsd::new(row.get("estimated_nano_usd")?);
    tally.estimated_cost = NanoUsd::new(row.get("estimated_cost_nano_usd")?);
    Ok((
        SpendCell::new(row.get("hour")?, provider, model, owner),
        tally,
    ))
}

fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use interline_core::{AccountChange, SpendMovement, Usage};
    use rusqlite::ErrorCode;

    use super::*;

    fn batch(cells: i64, cost: i64) -> Pending {
        let mut pending = Pending::default();
        for hour in 0..cells {
            let (provider, model) = (ProviderId::new("p"), ModelId::new("m".repeat(200)));
            let cell = SpendCell::new(hour, provider, model, SpendOwner::Nobody);
            let tally = Tally::of_call(&Usage::new(1, 1), NanoUsd::new(cost));
            let account = SpendAccount::new("b", 0);
            let change = AccountChange::new(account, NanoUsd::new(cost), NanoUsd::ZERO);
            pending.add(SpendMovement::new(vec![change], vec![(cell, tally)]));
        }
        pending
    }

    fn file() -> Connection {
        let connection = Connection::open_in_memory().expect("memory");
        connection
            .execute_batch(crate::schema::TABLES)
            .expect("tables");
        connection
    }

    fn spent(connection: &Connection) -> (i64, i64) {
        let stored = read(connection, usize::MAX).expect("rows");
        let accounts: NanoUsd = stored.accounts.iter().map(|(_, spent)| *spent).sum();
        let cells: NanoUsd = stored.cells.iter().map(|(_, tally)| tally.cost).sum();
        (accounts.get(), cells.get())
    }

    #[test]
    fn a_batch_that_is_tried_twice_counts_once() {
        let mut connection = file();
        for number in [1, 1, 2, 2, 1] {
            write(&mut connection, number, &batch(10, 5)).expect("room");
        }
        assert_eq!(spent(&connection), (100, 100));
    }

    #[test]
    fn a_full_disk_keeps_nothing_of_a_batch_and_all_of_it_later() {
        let mut connection = file();
        write(&mut connection, 1, &batch(1, 5)).expect("room");
        let limit = |pages: u32| format!("PRAGMA max_page_count = {pages}");
        let pages = |connection: &Connection, pragma: &str| {
            let answer = connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
            answer.expect("a number")
        };
        pages(&connection, &limit(1));
        let error = write(&mut connection, 2, &batch(1_000, 5)).expect_err("full");
        assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DiskFull));
        assert_eq!(spent(&connection), (5, 5));
        pages(&connection, &limit(1_000_000));
        write(&mut connection, 2, &batch(1_000, 5)).expect("room");
        assert_eq!(spent(&connection), (5_005, 5_005));
    }

    #[test]
    fn sums_stop_at_the_largest_integer() {
        let mut connection = file();
        for number in 1..4 {
            write(&mut connection, number, &batch(1, i64::MAX)).expect("room");
        }
        assert_eq!(spent(&connection), (i64::MAX, i64::MAX));
    }

    #[test]
    fn only_the_oldest_hours_and_windows_are_dropped() {
        let mut connection = file();
        write(&mut connection, 1, &batch(KEPT_HOURS + 7, 1)).expect("room");
        let insert = "INSERT INTO account VALUES (?1, ?2, 1, 0)";
        for window in 1..100 {
            connection
                .execute(insert, params!["day", window])
                .expect("room");
        }
        prune(&connection).expect("room");
        let stored = read(&connection, usize::MAX).expect("rows");
        let oldest = stored.cells.iter().map(|(cell, _)| cell.hour).min();
        assert_eq!((stored.cells.len(), oldest), (9_600, Some(7)));
        let windows = stored
            .accounts
            .iter()
            .filter(|(account, _)| &*account.budget == "day");
        let oldest = windows.map(|(account, _)| account.window_start).min();
        assert_eq!(oldest, Some(36));
        assert_eq!(read(&connection, 3).expect("rows").cells.len(), 3);
    }
}
