//! Words that must not be committed: unfinished code, switched-off checks, traces of one machine.
//!
//! This file names what it forbids, so it is the one file that the search for text leaves out.

use std::path::Path;

use super::finding::Finding;
use super::rust_text::code_only;
use super::tree::Tree;

const THIS_FILE: &str = "xtask/src/tidy/patterns.rs";

/// Forbidden in Rust code; comments and strings may mention them.
const IN_CODE: [(&str, &str); 4] = [
    (
        "todo!",
        "finish it, or open an issue and return an error that says so",
    ),
    (
        "unimplemented!",
        "finish it, or return an error of kind `unsupported`",
    ),
    ("dbg!", "remove it, or use `tracing::debug!`"),
    (
        "#[ignore",
        "make the test run, or let it say `SKIPPED: reason` on stderr where it cannot",
    ),
];

/// Attributes that switch a lint off and therefore must say why.
const LINT_ATTRIBUTES: [&str; 4] = ["#[allow(", "#![allow(", "#[expect(", "#![expect("];

/// Folders that exist on one machine only.
const MACHINE_PATHS: [&str; 4] = ["/root/", "/home/", "/Users/", "C:\\Users\\"];

/// Settings and addresses of a package registry: which one to use is each machine's own business.
const REGISTRIES: [&str; 6] = [
    "://index.",
    "://registry.",
    "://mirror",
    "index-url",
    "replace-with",
    "sparse+http",
];

/// The usual machine paths, and those of this machine.
pub(crate) fn machine_paths(root: &Path) -> Vec<String> {
    let mut paths: Vec<String> = MACHINE_PATHS.map(str::to_owned).to_vec();
    let home = std::env::var("HOME").unwrap_or_default();
    for own in [root.display().to_string(), home] {
        // A short path such as `/` or `/app` would be found in unrelated text.
        if own.matches('/').count() > 1 {
            paths.push(own);
        }
    }
    paths
}

pub(crate) fn check(tree: &Tree, machine_paths: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| *path != THIS_FILE) {
        for (number, line) in (1..).zip(text.lines()) {
            findings.extend(machine_paths.iter().filter(|p| names_path(line, p)).map(|p| {
                Finding::new(
                    path,
                    number,
                    format!("`{p}` is a path of one machine: use a relative path or a placeholder"),
                )
            }));
            findings.extend(REGISTRIES.iter().filter(|r| line.contains(*r)).map(|r| {
                Finding::new(
                    path,
                    number,
                    format!(
                        "`{r}` names a package registry: leave that to each machine's settings"
                    ),
                )
            }));
        }
    }
    for (path, text) in tree.rust() {
        check_code(path, &code_only(text), &mut findings);
    }
    findings
}

fn check_code(path: &str, code: &str, findings: &mut Vec<Finding>) {
    for (word, way_out) in IN_CODE {
        for at in starts(code, word) {
            let message = format!("`{word}` must not be committed: {way_out}");
            findings.push(Finding::new(path, line_at(code, at), message));
        }
    }
    for attribute in LINT_ATTRIBUTES {
        for at in starts(code, attribute) {
            let arguments = code.get(at..).and_then(|rest| rest.split(']').next());
            if !arguments.is_some_and(|arguments| arguments.contains("reason")) {
                let message = format!(
                    "`{attribute}…)]` gives no reason: add `reason = \"…\"`, or follow the lint"
                );
                findings.push(Finding::new(path, line_at(code, at), message));
            }
        }
    }
}

/// Where a word starts in the code, and is not the end of a longer one.
fn starts(code: &str, word: &str) -> Vec<usize> {
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| !ends_in_word(code.get(..*at).unwrap_or_default()))
        .collect()
}

fn ends_in_word(text: &str) -> bool {
    text.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Whether a line names this path or something under it, and not a path that merely ends alike (`docs/home/x`).
fn names_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default();
        let after = line.get(at + path.len()..).unwrap_or_default();
        let starts = !before.ends_with(|c: char| {
            c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '~' | '}' | '>')
        });
        let ends = path.ends_with(['/', '\\'])
            || !after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-'));
        starts && ends
    })
}

fn line_at(text: &str, at: usize) -> usize {
    text.get(..at)
        .map_or(1, |before| before.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::of(&[(path, text)]);
        let paths = machine_paths(Path::new("/srv/builds/interline"));
        check(&tree, &paths)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[track_caller]
    fn check_one(path: &str, text: &str, expected: &str) {
        let found = found(path, text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(expected), "{found:?}");
    }

    #[track_caller]
    fn check_none(path: &str, text: &str) {
        let found = found(path, text);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn unfinished_code_is_found_in_code_only() {
        check_one(
            "crates/a/src/b.rs",
            "fn f() {\n    todo!()\n}",
            "crates/a/src/b.rs:2: `todo!`",
        );
        check_one(
            "crates/a/src/b.rs",
            "#[ignore]\nfn f() {}",
            "crates/a/src/b.rs:1: `#[ignore`",
        );
        check_none(
            "crates/a/src/b.rs",
            "// no todo!() here\nlet s = \"dbg!\";\nmy_todo!();",
        );
        check_none("docs/style.md", "No `todo!`, no `dbg!`.");
    }

    #[test]
    fn lints_are_switched_off_with_a_reason() {
        check_one(
            "a.rs",
            "#[allow(dead_code)]\nfn f() {}",
            "a.rs:1: `#[allow(…)]`",
        );
        check_none(
            "a.rs",
            "#[allow(\n    dead_code,\n    reason = \"read by tests\"\n)]",
        );
        check_one("a.rs", "\n#![expect(x)]", "a.rs:2: `#![expect(…)]`");
    }

    #[test]
    fn paths_of_one_machine_are_found_everywhere() {
        check_one("docs/a.md", "see /root/x", "docs/a.md:1: `/root/`");
        check_one("a.toml", "x = \"/home/me/y\"", "a.toml:1: `/home/`");
        check_one(
            "a.rs",
            "// /srv/builds/interline/x",
            "a.rs:1: `/srv/builds/interline`",
        );
        check_none(
            "docs/a.md",
            "crates/root/x and https://example.com/home/y and /srv/builds/interliner",
        );
    }

    #[test]
    fn registries_are_each_machines_own_business() {
        check_one("a.toml", "replace-with = \"x\"", "a.toml:1: `replace-with`");
        check_none("docs/a.md", "https://example.com/index.html");
    }
}
