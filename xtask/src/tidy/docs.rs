//! Names in the docs exist: paths, links, crates, and the types that the architecture page speaks of.
//!
//! The changelog is left out: it is history, and names things that are gone.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::markdown::{Piece, code_spans, link_targets, prose};
use super::rust_text::code_only;
use super::tree::Tree;

const README: &str = "README.md";
const ARCHITECTURE: &str = "docs/architecture.md";
const CHANGELOG: &str = "docs/changelog.md";

/// A backticked span that starts like this is a path of the repository.
const REPOSITORY_FOLDERS: [&str; 4] = ["crates/", "docs/", "tests/", "xtask/"];

/// Characters of a placeholder such as `crates/provider-<vendor>`, which names no one file.
const PLACEHOLDERS: [char; 7] = ['<', '>', '*', '{', '}', '…', ' '];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (page, text) in tree.texts().filter(|(path, _)| is_checked(path)) {
        findings.extend(code_spans(text).iter().filter_map(|span| {
            let path = repository_path(span.text).filter(|path| !tree.has(path))?;
            let message =
                format!("`{path}` does not exist: correct the name or drop the backticks");
            Some(Finding::new(page, span.line, message))
        }));
        findings.extend(link_targets(text).iter().filter_map(|target| {
            let path = linked_path(page, target.text).filter(|path| !tree.has(path))?;
            let message = format!("the link to `{path}` leads nowhere: correct its target");
            Some(Finding::new(page, target.line, message))
        }));
    }
    findings.extend(unlisted(tree, README, in_a_table_row));
    findings.extend(unlisted(tree, ARCHITECTURE, |_| true));
    findings.extend(unknown_types(tree));
    findings
}

fn is_checked(path: &str) -> bool {
    let page = path == README || (path.starts_with("docs/") && path.ends_with(".md"));
    page && path != CHANGELOG
}

/// The path that a code span names, without a line number, an anchor or a closing slash.
///
/// A part called `x` stands for any name, as in `crates/x` and `crates/provider-x`.
fn repository_path(span: &str) -> Option<&str> {
    let named = REPOSITORY_FOLDERS
        .iter()
        .any(|folder| span.starts_with(folder));
    let path = span.split(['#', ':']).next()?.trim_end_matches('/');
    let placeholder = path
        .split('/')
        .any(|part| part == "x" || part.ends_with("-x"));
    (named && !placeholder && !span.contains(PLACEHOLDERS)).then_some(path)
}

/// The path, from the repository's root, that a relative link of this page leads to.
fn linked_path(page: &str, target: &str) -> Option<String> {
    let target = target.split('#').next().unwrap_or_default();
    if target.is_empty() || target.contains(':') || target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                // A link out of the repository cannot be checked.
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The workspace's packages that a page does not mention on any line that counts.
fn unlisted(tree: &Tree, page: &'static str, counts: fn(&str) -> bool) -> Vec<Finding> {
    let Some(text) = tree.text(page) else {
        return vec![Finding::new(page, 1, "the page is missing: write it")];
    };
    let counted: Vec<Piece<'_>> = prose(text)
        .into_iter()
        .filter(|piece| counts(piece.text))
        .collect();
    let mentions = |folder: &str| {
        let short = folder.rsplit('/').next().unwrap_or(folder);
        counted.iter().any(|piece| {
            code_spans(piece.text)
                .iter()
                .map(|span| span.text.trim_end_matches('/'))
                .any(|span| span == folder || span == short)
        })
    };
    tree.packages()
        .into_iter()
        .filter(|folder| !mentions(folder))
        .map(|folder| {
            let place = if page == README {
                "the crate table"
            } else {
                "the page"
            };
            let message = format!("{place} does not list `{folder}`: add it with what it holds");
            Finding::new(page, 1, message)
        })
        .collect()
}

fn in_a_table_row(line: &str) -> bool {
    line.trim_start().starts_with('|')
}

/// Types and traits that the architecture page names and that no Rust file of the repository contains.
fn unknown_types(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(ARCHITECTURE) else {
        return Vec::new();
    };
    let mut known = BTreeSet::new();
    for (_, source) in tree.rust() {
        let code = code_only(source);
        known.extend(words(&code).map(str::to_owned));
    }
    code_spans(text)
        .iter()
        .filter_map(|span| {
            let name = type_name(span.text).filter(|name| !known.contains(*name))?;
            let message =
                format!("no Rust file knows `{name}`: correct the name or drop the backticks");
            Some(Finding::new(ARCHITECTURE, span.line, message))
        })
        .collect()
}

/// The last part of a span like `Router` or `routing::Router`, if it is written like a type.
fn type_name(span: &str) -> Option<&str> {
    let is_path = span
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
    let name = span.rsplit("::").next()?;
    let camel = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.contains(|c: char| c.is_ascii_lowercase())
        && !name.contains(['_', ':']);
    (is_path && camel).then_some(name)
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_path(span: &str, expected: Option<&str>) {
        assert_eq!(repository_path(span), expected, "{span}");
    }

    #[test]
    fn spans_that_look_like_paths_are_paths() {
        check_path("crates/core", Some("crates/core"));
        check_path("crates/core/src/lib.rs:12", Some("crates/core/src/lib.rs"));
        check_path("docs/style.md#files", Some("docs/style.md"));
        check_path("xtask/", Some("xtask"));
        check_path("crates/provider-<vendor>", None);
        check_path("crates/*", None);
        check_path("crates/x", None);
        check_path("crates/provider-x/src", None);
        check_path("cargo xtask tidy", None);
        check_path("/v1/models", None);
    }

    #[track_caller]
    fn check_link(page: &str, target: &str, expected: Option<&str>) {
        assert_eq!(linked_path(page, target).as_deref(), expected, "{target}");
    }

    #[test]
    fn relative_links_are_resolved_from_their_page() {
        check_link("README.md", "docs/style.md#files", Some("docs/style.md"));
        check_link("docs/style.md", "../crates/core", Some("crates/core"));
        check_link("docs/style.md", "../../elsewhere", None);
        check_link("README.md", "https://example.com", None);
        check_link("README.md", "#anchor", None);
    }

    #[test]
    fn only_camel_case_is_a_type() {
        assert_eq!(type_name("Provider"), Some("Provider"));
        assert_eq!(type_name("routing::Router"), Some("Router"));
        for other in [
            "NO_COLOR",
            "tokio",
            "Retry-After",
            "core::error",
            "SSE",
            "Gateway::new()",
        ] {
            assert_eq!(type_name(other), None, "{other}");
        }
    }

    #[test]
    fn missing_names_are_found() {
        let tree = Tree::of(&[
            (
                README,
                "| `crates/core` | types |\n\nAlso `crates/gone` and `xtask`.\n",
            ),
            (ARCHITECTURE, "`core`, `xtask`, `Provider`, `Accessor`\n"),
            (CHANGELOG, "`crates/long-gone`\n"),
            ("crates/core/Cargo.toml", ""),
            (
                "crates/core/src/lib.rs",
                "//! Core.\n// Accessor\npub trait Provider {}\n",
            ),
            ("xtask/Cargo.toml", ""),
        ]);
        let found: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("README.md:3: `crates/gone` does not exist"));
        assert!(found[1].starts_with("README.md:1: the crate table does not list `xtask`"));
        assert!(found[2].starts_with("docs/architecture.md:1: no Rust file knows `Accessor`"));
    }
}
