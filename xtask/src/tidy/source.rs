//! Every Rust file says on its first line what it is for, and is short enough to read.

use super::finding::Finding;
use super::tree::Tree;

/// Lines a file may have before a trailing `mod tests`: `docs/style.md` asks for 60 to 250.
const LINES: usize = 600;

/// The same for files that hold only tests, where a table of cases is long but easy to read.
const TEST_LINES: usize = 900;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust() {
        if !text.starts_with("//!") {
            findings.push(Finding::new(
                path,
                1,
                "the first line is not `//!`: say in one sentence what the file is for",
            ));
        }
        let limit = if is_for_tests(path) {
            TEST_LINES
        } else {
            LINES
        };
        let lines = measured_lines(text);
        if lines > limit {
            findings.push(Finding::new(
                path,
                limit + 1,
                format!(
                    "{lines} lines without the trailing tests, and {limit} are allowed: \
                     split the file by concept"
                ),
            ));
        }
    }
    findings
}

fn is_for_tests(path: &str) -> bool {
    path.split('/')
        .any(|part| part == "tests" || part == "tests.rs")
}

/// The lines of a file, without a `mod tests { … }` that ends it.
fn measured_lines(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let Some(start) = lines.iter().rposition(|line| *line == "mod tests {") else {
        return lines.len();
    };
    let (before, tests) = lines.split_at(start);
    // The module is trailing when the brace that closes it, in the first column, is the file's last line.
    let closing = tests.iter().position(|line| *line == "}");
    let last = tests.iter().rposition(|line| !line.trim().is_empty());
    if closing.is_none() || closing != last {
        return lines.len();
    }
    let attributes = before
        .iter()
        .rev()
        .take_while(|line| line.starts_with("#["))
        .count();
    before.len() - attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_length(text: &str, expected: usize) {
        assert_eq!(measured_lines(text), expected);
    }

    #[test]
    fn only_a_trailing_test_module_is_not_counted() {
        check_length("//! A\nfn a() {}\n", 2);
        check_length(
            "//! A\nfn a() {}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() {}\n}\n",
            3,
        );
        check_length("//! A\n#[cfg(test)]\nmod tests {\n}\nfn a() {}\n", 5);
        check_length("//! A\n#[cfg(test)]\nmod tests;\nfn a() {}\n", 4);
    }

    #[test]
    fn long_files_and_missing_headers_are_found() {
        let long = format!("//! Long.\n{}", "// x\n".repeat(LINES));
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "fn a() {}\n"),
            ("crates/a/src/long.rs", &long),
            ("crates/a/src/long/tests.rs", &long),
            ("crates/a/tests/long.rs", &long),
            ("docs/long.md", &long),
        ]);
        let found: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/a/src/lib.rs:1: the first line"));
        assert!(found[1].starts_with("crates/a/src/long.rs:601: 601 lines"));
    }
}
