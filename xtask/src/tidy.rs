//! `cargo xtask tidy`: the rules that no compiler checks, in seconds and with nothing to install.
//!
//! Each check is a pure function from the files or the dependency graph to findings;
//! a finding names the place, the rule it breaks and the way out.

mod deny;
mod dependencies;
mod docs;
mod edge_table;
mod edges;
mod example;
mod finding;
mod foreign_types;
mod graph;
mod layout;
mod markdown;
mod patterns;
mod rust_text;
mod source;
mod spdx;
mod tree;

use std::collections::BTreeSet;

use owo_colors::OwoColorize;

use crate::workspace::Workspace;
use crate::{Result, Verdict, screen};
use finding::Finding;
use graph::Graph;
use tree::Tree;

/// Runs every check and prints the findings, sorted by place.
pub(crate) fn perform(workspace: &Workspace) -> Result<Verdict> {
    let tree = Tree::read(workspace)?;
    let metadata = workspace.metadata()?;
    let graph = Graph::of(&metadata)?;
    let findings: BTreeSet<Finding> = [
        layout::check(&tree),
        source::check(&tree),
        patterns::check(&tree, &patterns::machine_paths(workspace.root())),
        edges::check(&tree, &graph),
        dependencies::check(&tree, &graph),
        foreign_types::check(&tree),
        docs::check(&tree),
        example::check(&tree),
    ]
    .into_iter()
    .flatten()
    .collect();
    for finding in &findings {
        screen::say(&finding.to_string());
    }
    let checked = format!(
        "{} files, {} packages",
        tree.files().len(),
        graph.packages().len()
    );
    if findings.is_empty() {
        screen::say(&format!("{} ({checked})", "tidy".green()));
        return Ok(Verdict::Passed);
    }
    let count = format!("{} findings", findings.len());
    screen::say(&format!("{} ({checked})", count.red()));
    Ok(Verdict::Failed)
}
