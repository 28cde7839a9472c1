//! The pieces of a Markdown page that checks read: code spans, links, fenced blocks.

/// A piece of a page and the line, counted from 1, on which it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) line: usize,
    pub(crate) text: &'a str,
}

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fence<'a> {
    /// The line of the opening fence.
    pub(crate) line: usize,
    /// What follows the opening backticks, for example `rust`.
    pub(crate) language: &'a str,
    pub(crate) lines: Vec<&'a str>,
}

/// The lines outside fenced blocks, with their numbers.
pub(crate) fn prose(page: &str) -> Vec<Piece<'_>> {
    let mut inside = false;
    let mut prose = Vec::new();
    for (line, text) in (1..).zip(page.lines()) {
        if text.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            prose.push(Piece { line, text });
        }
    }
    prose
}

/// The backticked spans of the prose, without their backticks.
pub(crate) fn code_spans(page: &str) -> Vec<Piece<'_>> {
    let mut spans = Vec::new();
    for Piece { line, text } in prose(page) {
        // Every second part of a line that is split at backticks stands between two of them.
        let parts: Vec<&str> = text.split('`').collect();
        let closed = parts.len().saturating_sub(1) / 2;
        let inside = parts.iter().skip(1).step_by(2).take(closed);
        spans.extend(
            inside
                .map(|text| Piece {
                    line,
                    text: text.trim(),
                })
                .filter(|span| !span.text.is_empty()),
        );
    }
    spans
}

/// The targets of inline links `[text](target)` in the prose.
pub(crate) fn link_targets(page: &str) -> Vec<Piece<'_>> {
    let mut targets = Vec::new();
    for Piece { line, text } in prose(page) {
        targets.extend(text.split("](").skip(1).filter_map(|tail| {
            let (target, _) = tail.split_once(')')?;
            Some(Piece { line, text: target })
        }));
    }
    targets
}

/// The first fenced block at or after a line, if only blank lines come before it.
pub(crate) fn fence_after(page: &str, line: usize) -> Option<Fence<'_>> {
    let mut rest = (1..)
        .zip(page.lines())
        .skip(line)
        .skip_while(|(_, text)| text.trim().is_empty());
    let (line, opening) = rest.next()?;
    let language = opening.trim().strip_prefix("```")?.trim();
    let lines = rest
        .map(|(_, text)| text)
        .take_while(|text| !text.trim_start().starts_with("```"))
        .collect();
    Some(Fence {
        line,
        language,
        lines,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "See `a/b` and `c`, not ` `.\n```text\n`inside`\n```\nAn [x](docs/x.md#top) and `open\n";

    #[test]
    fn spans_inside_fences_and_open_ones_do_not_count() {
        let spans: Vec<_> = code_spans(PAGE)
            .iter()
            .map(|span| (span.line, span.text))
            .collect();
        assert_eq!(spans, [(1, "a/b"), (1, "c")]);
    }

    #[test]
    fn link_targets_are_found() {
        let targets = link_targets(PAGE);
        assert_eq!(
            targets,
            [Piece {
                line: 5,
                text: "docs/x.md#top"
            }]
        );
    }

    #[test]
    fn a_fence_follows_directly_or_not_at_all() {
        let page = "marker\n\n```rust\nfn a() {}\n```\ntext\n";
        let fence = fence_after(page, 1).expect("a fence follows the marker");
        assert_eq!((fence.line, fence.language), (3, "rust"));
        assert_eq!(fence.lines, ["fn a() {}"]);
        assert_eq!(fence_after("marker\ntext\n```rust\n", 1), None);
    }
}
