//! Files that cannot be used are refused by name, with the way out, and left as they are.

use std::fs;
use std::path::Path;

use interline_core::{Error, ErrorKind};
use interline_ledger::Payer;
use interline_store_sqlite::SqliteStore;

use super::support::{Folder, call, open};

#[track_caller]
fn refused(file: &Path, words: &[&str]) -> Error {
    let error = SqliteStore::open(file).expect_err("a file that cannot be used");
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    let text = error.to_string();
    let name = file.to_str().expect("a name");
    for word in words.iter().chain([&name]) {
        assert!(text.contains(word), "`{word}` is missing: {text}");
    }
    error
}

fn sql(file: &Path, statements: &str) {
    let connection = rusqlite::Connection::open(file).expect("a file");
    connection.execute_batch(statements).expect("statements");
}

#[tokio::test]
async fn a_second_process_is_kept_out_while_the_first_lives() {
    let folder = Folder::new("second");
    let first = open(&folder.file()).await;
    refused(&folder.file(), &["in use by another process"]);
    let link = folder.path().join("link.db");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.file(), &link).expect("a link");
        refused(&link, &["in use by another process"]);
    }
    drop(first);
    drop(open(&folder.file()).await);
}

#[test]
fn what_is_no_file_of_ours_is_refused() {
    let folder = Folder::new("foreign");
    let file = folder.file();
    fs::write(
        &file,
        "this is a letter to my aunt, long enough to hold a header".repeat(20),
    )
    .expect("a file");
    refused(&file, &["no SQLite file", "name another one"]);
    fs::remove_file(&file).expect("a file");
    sql(&file, "CREATE TABLE recipes (name TEXT)");
    refused(&file, &["another program"]);
    refused(folder.path(), &["is a folder"]);
    let missing = folder.path().join("nowhere").join("spend.db");
    refused(&missing, &["its folder exists"]);
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused_and_left_as_it_is() {
    let folder = Folder::new("newer");
    drop(open(&folder.file()).await);
    sql(&folder.file(), "PRAGMA user_version = 7");
    refused(
        &folder.file(),
        &["newer version", "version 7", "this one knows 1"],
    );
    sql(&folder.file(), "PRAGMA user_version = 1");
    drop(open(&folder.file()).await);
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let folder = Folder::new("damaged");
    let ledger = open(&folder.file()).await;
    for key in 0..2_000 {
        call(&ledger, &Payer::new().with_key(&key.to_string()), 1);
    }
    drop(ledger);
    let mut bytes = fs::read(folder.file()).expect("a file");
    let length = bytes.len();
    for byte in bytes.iter_mut().skip(length / 2).take(length / 4) {
        *byte ^= 0x5A;
    }
    fs::write(folder.file(), bytes).expect("a file");
    refused(&folder.file(), &["damaged", "-wal away", "unspent"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_may_not_be_written_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("read-only");
    drop(open(&folder.file()).await);
    let mode = |mode| fs::Permissions::from_mode(mode);
    fs::set_permissions(folder.file(), mode(0o444)).expect("a file");
    let may_write = fs::OpenOptions::new()
        .write(true)
        .open(folder.file())
        .is_ok();
    if may_write {
        again_as_nobody(
            "it::files::a_file_that_may_not_be_written_is_refused",
            &folder,
        );
    } else {
        refused(&folder.file(), &["may not be written"]);
    }
}

/// Runs a test once more as a user without rights: root may write read-only files.
#[cfg(unix)]
fn again_as_nobody(test: &str, folder: &Folder) {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    /// The user and group `nobody` of every Linux.
    const NOBODY: u32 = 65_534;
    let place = folder.file().with_file_name("nobody");
    fs::create_dir(&place).expect("a folder");
    // A copy, because the build's folder may be closed to others.
    let program = place.join("tests");
    fs::copy(std::env::current_exe().expect("a program"), &program).expect("a copy");
    let open = fs::Permissions::from_mode(0o777);
    for path in [folder.file().parent().expect("a folder"), &place, &program] {
        fs::set_permissions(path, open.clone()).expect("an open folder");
    }
    let ended = std::process::Command::new(&program)
        .args(["--exact", test])
        .env("TMPDIR", &place)
        .current_dir(&place)
        .gid(NOBODY)
        .uid(NOBODY)
        .output()
        .expect("a program that starts");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(
        ended.status.success() && said.contains("1 passed"),
        "{said}"
    );
}
