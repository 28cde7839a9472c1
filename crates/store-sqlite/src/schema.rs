//! Opens the file: whose it is, which version, whether it is whole.

use std::path::Path;
use std::time::Duration;

use interline_core::{Error, Result};
use rusqlite::{Connection, ErrorCode, OpenFlags};

/// Marks files as ours: `INTL` in ASCII.
const APPLICATION: i64 = 0x494E_544C;

/// The version of the tables.
const VERSION: i64 = 1;

/// How long a reader of the file may hold a write up. Chosen, not measured.
const BUSY: Duration = Duration::from_millis(500);

/// The tables of a new file.
pub(crate) const TABLES: &str = "
CREATE TABLE batch (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    written INTEGER NOT NULL
) STRICT;
INSERT INTO batch VALUES (1, 0);
CREATE TABLE account (
    budget TEXT NOT NULL,
    window_start INTEGER NOT NULL,
    spent_nano_usd INTEGER NOT NULL,
    held_nano_usd INTEGER NOT NULL,
    PRIMARY KEY (budget, window_start)
) STRICT, WITHOUT ROWID;
CREATE TABLE spend_hour (
    hour INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    owner_kind TEXT NOT NULL CHECK (owner_kind IN ('nobody', 'key', 'tag')),
    owner TEXT NOT NULL,
    calls INTEGER NOT NULL,
    unknown_cost_calls INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost_nano_usd INTEGER NOT NULL,
    estimated_nano_usd INTEGER NOT NULL,
    estimated_cost_nano_usd INTEGER NOT NULL,
    PRIMARY KEY (hour, provider, model, owner_kind, owner)
) STRICT, WITHOUT ROWID;
";

/// Opens the file for its one writer, and makes the tables where it is new.
///
/// # Errors
/// `InvalidRequest`: the error names the file, what is wrong with it, and the way out.
pub(crate) fn open(path: &Path) -> Result<Connection> {
    if path.is_dir() {
        return Err(Error::invalid_request(format!(
            "the spend file {} is a folder: name a file in it",
            path.display()
        )));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| unusable(path, &error))?;
    prepare(&connection, path)?;
    Ok(connection)
}

/// Opens the file for reading beside its writer.
///
/// # Errors
/// As for [`open`].
pub(crate) fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| unusable(path, &error))?;
    connection
        .busy_timeout(BUSY)
        .map_err(|error| unusable(path, &error))?;
    Ok(connection)
}

fn prepare(connection: &Connection, path: &Path) -> Result<()> {
    let sorry = |error: rusqlite::Error| unusable(path, &error);
    connection.busy_timeout(BUSY).map_err(sorry)?;
    let number = |pragma: &str| {
        connection
            .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0))
            .map_err(sorry)
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(sorry)?;
    let is_new = application == 0 && version == 0 && tables == 0;
    if !is_new && application != APPLICATION {
        return Err(Error::invalid_request(format!(
            "the spend file {} is an SQLite file of another program: name another file",
            path.display()
        )));
    }
    if version > VERSION {
        return Err(Error::invalid_request(format!(
            "the spend file {} was written by a newer version (its tables are of version {version}, and this \
             one knows {VERSION}): install that version, or name another file",
            path.display()
        )));
    }
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(sorry)?;
    if mode != "wal" {
        return Err(Error::invalid_request(format!(
            "the spend file {} lies where SQLite cannot keep a write-ahead log (it offers `{mode}`): use a local disk",
            path.display()
        )));
    }
    // Every transaction is synced: with less, a power cut could take back more than the last second.
    connection
        .execute_batch("PRAGMA synchronous = FULL")
        .map_err(sorry)?;
    if is_new {
        let make = format!(
            "BEGIN IMMEDIATE; {TABLES} PRAGMA application_id = {APPLICATION}; \
             PRAGMA user_version = {VERSION}; COMMIT;"
        );
        return connection.execute_batch(&make).map_err(sorry);
    }
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(sorry)?;
    match verdict.as_str() {
        "ok" => Ok(()),
        _ => Err(damaged(path, &verdict)),
    }
}

/// What an error of SQLite means for whoever named the file.
pub(crate) fn unusable(path: &Path, error: &rusqlite::Error) -> Error {
    let shown = path.display();
    let message = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => format!(
            "the spend file {shown} is no SQLite file: name another one, or move this one away to begin anew"
        ),
        Some(ErrorCode::DatabaseCorrupt) => return damaged(path, &error.to_string()),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => format!(
            "the spend file {shown} may not be written: give this user the right to write it and its folder"
        ),
        Some(ErrorCode::CannotOpen) => format!(
            "the spend file {shown} cannot be opened: see that its folder exists and may be written"
        ),
        Some(ErrorCode::DiskFull) => {
            format!("the spend file {shown} has no room: free some on its disk")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("the spend file {shown} is locked by another program: close it there")
        }
        _ => format!("the spend file {shown} cannot be used: {error}"),
    };
    Error::invalid_request(message)
}

fn damaged(path: &Path, how: &str) -> Error {
    Error::invalid_request(format!(
        "the spend file {0} is damaged ({how}): restore it from a copy, or move it and {0}-wal away to begin \
         anew, which sets all budgets to unspent",
        path.display()
    ))
}
