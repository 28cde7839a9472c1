//! A disk without room, made of a limit on the size of files: what cannot be written is told, budgets
//! hold, and the file stays whole.

use std::path::PathBuf;
use std::process::Command;

use interline_core::ErrorKind;
use interline_ledger::Payer;

use super::support::{Folder, call, open, spent};

const FILE: &str = "INTERLINE_FULL_FILE";

/// The process without room; started without a file it does nothing.
#[tokio::test]
async fn child_without_room() {
    let Some(file) = std::env::var_os(FILE) else {
        return;
    };
    let ledger = open(&PathBuf::from(file)).await;
    let mut kept = 0;
    for round in 1..=1_000 {
        for key in 0..50 {
            let name = format!("{round}-{key}");
            call(&ledger, &Payer::new().with_key(&name), 1);
        }
        match ledger.flush().await {
            Ok(()) => kept = round * 50,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
                assert!(error.to_string().contains("spend.db"), "{error}");
                assert!(ledger.trouble().is_some());
                assert_eq!(spent(&ledger).0, round * 50, "budgets hold");
                let name = PathBuf::from(std::env::var_os(FILE).expect("set above"));
                let told = name.with_file_name("told");
                std::fs::write(told, format!("{kept} {}", round * 50)).expect("a small file");
                return;
            }
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_is_told_and_leaves_a_file_that_is_whole() {
    let folder = Folder::new("full");
    drop(open(&folder.file()).await);
    // The signal for files that grow too large is ignored, so that writing fails instead; 256 blocks
    // are 128 or 256 KiB, according to the shell.
    let script = "trap '' XFSZ; ulimit -f 256; exec \"$0\" \"$@\"";
    let status = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", "it::full::child_without_room"])
        .env(FILE, folder.file())
        .stdout(std::process::Stdio::null())
        .status()
        .expect("a shell");
    assert!(status.success(), "{status}");
    let told = std::fs::read_to_string(folder.path().join("told")).expect("the disk was full");
    let sums: Vec<i64> = told
        .split(' ')
        .map(|sum| sum.parse().expect("a sum"))
        .collect();
    let [kept, recorded] = sums[..] else {
        panic!("two sums: {told}");
    };
    let ledger = open(&folder.file()).await;
    let found = spent(&ledger).0;
    assert!(
        (kept..=recorded).contains(&found),
        "{kept} ≤ {found} ≤ {recorded}"
    );
    assert!(kept > 0, "some of it fitted");
    call(&ledger, &Payer::new(), 1);
    ledger.flush().await.expect("there is room again");
}
