//! Code shown in the docs is the code that is compiled.
//!
//! A page names the file right before the block that shows it:
//!
//! ```text
//! <!-- example: crates/facade/examples/quickstart.rs -->
//! ```
//!
//! and the fenced block that follows must be that file without its leading `//!` lines.
//! With `excerpt:` in place of `example:`, the block must be lines of that file, one after the other.

use super::finding::Finding;
use super::markdown::{fence_after, prose};
use super::tree::Tree;

const README: &str = "README.md";

/// The example that the README must show.
const QUICKSTART: &str = "crates/facade/examples/quickstart.rs";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut shows_quickstart = false;
    for (page, text) in tree.texts().filter(|(path, _)| path.ends_with(".md")) {
        for piece in prose(text) {
            if let Some(example) = marker(piece.text, "example:") {
                shows_quickstart |= page == README && example == QUICKSTART;
                findings.extend(compare(tree, page, text, piece.line, example));
            } else if let Some(source) = marker(piece.text, "excerpt:") {
                findings.extend(find(tree, page, text, piece.line, source));
            }
        }
    }
    if !shows_quickstart {
        let message = format!(
            "the quickstart is missing: put `<!-- example: {QUICKSTART} -->` \
             right before a ```rust block with that file's text"
        );
        findings.push(Finding::new(README, 1, message));
    }
    findings
}

/// The file named by a marker line of this kind.
fn marker<'a>(line: &'a str, kind: &str) -> Option<&'a str> {
    let inside = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    Some(inside.trim().strip_prefix(kind)?.trim())
}

/// Looks for a block among the lines of a file; how deep both are indented does not matter.
fn find(tree: &Tree, page: &str, text: &str, line: usize, file: &str) -> Option<Finding> {
    let Some(source) = tree.text(file) else {
        let message = format!("`{file}` does not exist: name a file of the repository");
        return Some(Finding::new(page, line, message));
    };
    let block = fence_after(text, line).filter(|fence| !fence.lines.is_empty());
    let Some(fence) = block else {
        let message = format!("no fenced block follows: show lines of `{file}` there");
        return Some(Finding::new(page, line, message));
    };
    let trimmed = |line: &&str| line.trim().to_owned();
    let wanted: Vec<String> = fence.lines.iter().map(trimmed).collect();
    let lines: Vec<String> = source.lines().map(|line| trimmed(&line)).collect();
    let is_there = lines.windows(wanted.len()).any(|window| window == wanted);
    let message = format!("the block is not in `{file}`: copy its lines from there");
    (!is_there).then(|| Finding::new(page, fence.line, message))
}

fn compare(tree: &Tree, page: &str, text: &str, line: usize, example: &str) -> Option<Finding> {
    let Some(source) = tree.text(example) else {
        let message =
            format!("the example `{example}` does not exist: name a file of the repository");
        return Some(Finding::new(page, line, message));
    };
    let Some(fence) = fence_after(text, line).filter(|fence| fence.language.starts_with("rust"))
    else {
        let message = format!("no ```rust block follows: show the text of `{example}` there");
        return Some(Finding::new(page, line, message));
    };
    let expected = shown_lines(source);
    let longer = expected.len().max(fence.lines.len());
    let differs = (0..longer).find(|index| {
        let trimmed = |lines: &[&str]| lines.get(*index).map(|line| line.trim_end().to_owned());
        trimmed(&expected) != trimmed(&fence.lines)
    })?;
    let message = match expected.get(differs) {
        Some(wanted) => format!(
            "the block differs from `{example}` here, which has `{}`",
            wanted.trim()
        ),
        None => format!("the block goes on where `{example}` ends"),
    };
    let way_out = "copy the file's text into the block";
    Some(Finding::new(
        page,
        fence.line + 1 + differs,
        format!("{message}: {way_out}"),
    ))
}

/// A source file without its leading `//!` lines and the blank lines around them.
fn shown_lines(source: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = source
        .lines()
        .skip_while(|line| line.starts_with("//!") || line.trim().is_empty())
        .collect();
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "//! The quickstart.\n\nfn main() {\n    run();\n}\n";

    #[track_caller]
    fn check_readme(block: &str, expected: Option<&str>) {
        let readme = format!("# Interline\n\n<!-- example: {QUICKSTART} -->\n{block}");
        let tree = Tree::of(&[(README, &readme), (QUICKSTART, SOURCE)]);
        let found: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        match expected {
            None => assert!(found.is_empty(), "{found:?}"),
            Some(expected) => {
                assert_eq!(found.len(), 1, "{found:?}");
                assert!(found[0].starts_with(expected), "{found:?}");
            }
        }
    }

    #[test]
    fn the_block_is_the_file_without_its_header() {
        check_readme("```rust\nfn main() {\n    run();\n}\n```\n", None);
        check_readme("\n```rust,no_run\nfn main() {\n    run();\n}\n```\n", None);
    }

    #[test]
    fn the_first_difference_is_named() {
        check_readme(
            "```rust\nfn main() {\n    walk();\n}\n```\n",
            Some("README.md:6: the block differs"),
        );
        check_readme(
            "```rust\nfn main() {\n    run();\n}\nmore\n```\n",
            Some("README.md:8: the block goes on"),
        );
        check_readme("No block.\n", Some("README.md:3: no ```rust block follows"));
    }

    #[track_caller]
    fn check_excerpt(block: &str, expected: Option<&str>) {
        let readme =
            format!("<!-- example: {QUICKSTART} -->\n```rust\nfn main() {{\n    run();\n}}\n```\n");
        let page = format!("<!-- excerpt: {QUICKSTART} -->\n{block}");
        let tree = Tree::of(&[
            (README, &readme),
            ("docs/a.md", &page),
            (QUICKSTART, SOURCE),
        ]);
        let found: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        match expected {
            None => assert!(found.is_empty(), "{found:?}"),
            Some(expected) => assert!(found[0].starts_with(expected), "{found:?}"),
        }
    }

    #[test]
    fn an_excerpt_is_lines_of_the_file() {
        check_excerpt("```rust\nrun();\n}\n```\n", None);
        check_excerpt(
            "```rust\nfn main() {\n}\n```\n",
            Some("docs/a.md:2: the block is not in"),
        );
        check_excerpt("None.\n", Some("docs/a.md:1: no fenced block follows"));
    }

    #[test]
    fn a_readme_without_the_quickstart_is_found() {
        let tree = Tree::of(&[(README, "# Interline\n"), (QUICKSTART, SOURCE)]);
        assert_eq!(check(&tree).len(), 1);
    }
}
