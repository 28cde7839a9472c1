//! The facade compiles with no feature and with each vendor alone, and stays small.
//!
//! The vendors are read from the facade's manifest, so a new vendor feature is checked without a change here.

use std::collections::{BTreeMap, BTreeSet};

use super::outcome::Outcome;
use crate::run::{self, Shown};
use crate::workspace::Workspace;
use crate::{Result, screen};

const FACADE: &str = "interline";

/// What a vendor's feature must consist of, before the vendor's name.
const PROVIDER: &str = "dep:interline-provider-";

/// The facade with one vendor resolves to fewer crates than this (dev-dependencies not counted).
/// The project promises it to users who care about build time; chosen, not measured.
const CRATES_BELOW: usize = 150;

/// Vendors whose own libraries are part of the bargain, and how many crates more they may bring: AWS's
/// signing and event-stream framing, which nobody should write by hand, bring 33 to the 137 of other
/// vendors, and its crates can be asked for no less.
const HEAVIER: [(&str, usize); 1] = [("bedrock", 21)];

/// Checks each feature set.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let metadata = workspace.metadata()?;
    let facade = metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name.as_str() == FACADE)
        .ok_or("the workspace has no package `interline`: its vendor features cannot be read")?;
    let vendors = vendor_features(&facade.features);
    let mut problems = Vec::new();
    if vendors.is_empty() {
        problems.push(format!(
            "`{FACADE}` has no feature of the form [\"{PROVIDER}NAME\"]: its vendors cannot be checked alone"
        ));
    }
    problems.extend(check(workspace, None)?);
    for vendor in &vendors {
        problems.extend(check(workspace, Some(vendor))?);
        problems.extend(weigh(workspace, vendor)?);
    }
    Ok(Outcome {
        problems,
        facts: format!("no feature, then {}", vendors.join(", ")),
        ..Outcome::default()
    })
}

/// The features that enable exactly one provider crate and nothing else.
fn vendor_features(features: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    features
        .iter()
        .filter(|(_, enables)| matches!(enables.as_slice(), [one] if one.starts_with(PROVIDER)))
        .map(|(name, _)| name.clone())
        .collect()
}

fn arguments<'a>(subcommand: &'a str, vendor: Option<&'a str>) -> Vec<&'a str> {
    let mut arguments = vec![subcommand, "--package", FACADE, "--no-default-features"];
    if let Some(vendor) = vendor {
        arguments.extend(["--features", vendor]);
    }
    arguments
}

fn check(workspace: &Workspace, vendor: Option<&str>) -> Result<Option<String>> {
    // Warnings are read from the output: denying them with RUSTFLAGS would rebuild every dependency.
    let mut warned = false;
    let compiled = run::watched(
        &mut workspace.cargo(arguments("check", vendor)),
        |_, line| {
            warned |= line.starts_with("warning:");
            Shown::Yes
        },
    )?;
    let with = vendor.map_or_else(
        || "no feature".to_owned(),
        |vendor| format!("only the feature `{vendor}`"),
    );
    Ok(match (compiled, warned) {
        (false, _) => Some(format!("`{FACADE}` does not compile with {with}")),
        (true, true) => Some(format!("`{FACADE}` has warnings with {with}")),
        (true, false) => None,
    })
}

/// Counts what one vendor's feature pulls in, and looks for other vendors in it.
fn weigh(workspace: &Workspace, vendor: &str) -> Result<Vec<String>> {
    let mut command = workspace.cargo(arguments("tree", Some(vendor)));
    command.args(["--edges", "no-dev", "--prefix", "none", "--format", "{p}"]);
    let tree = run::captured(&mut command)
        .ok_or_else(|| format!("`cargo tree` failed for the feature `{vendor}`"))?;
    let packages = packages(&tree);
    screen::say(&format!("{vendor}: {} crates", packages.len()));
    let mut problems = Vec::new();
    let more = HEAVIER.iter().find(|(heavy, _)| *heavy == vendor);
    let below = CRATES_BELOW + more.map_or(0, |(_, more)| *more);
    if packages.len() >= below {
        problems.push(format!(
            "`{FACADE}` with the feature `{vendor}` resolves to {} crates, not fewer than {below}: \
             see `cargo tree -p {FACADE} --features {vendor} -e no-dev`",
            packages.len()
        ));
    }
    let own = format!("interline-provider-{vendor}");
    for other in packages.iter().filter(|package| {
        package.starts_with("interline-provider-") && package.split(' ').next() != Some(&own)
    }) {
        problems.push(format!(
            "the feature `{vendor}` also compiles another vendor: {other}"
        ));
    }
    Ok(problems)
}

/// The distinct packages (name and version) of a `cargo tree` listing without prefixes.
fn packages(tree: &str) -> BTreeSet<String> {
    tree.lines()
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .filter(|package| !package.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_features_of_exactly_one_provider_are_vendors() {
        let features = [
            ("default", vec![]),
            ("groq", vec!["dep:interline-provider-groq"]),
            ("full", vec!["groq", "config"]),
            ("config", vec!["dep:serde-saphyr"]),
            (
                "pair",
                vec!["dep:interline-provider-a", "dep:interline-provider-b"],
            ),
        ]
        .into_iter()
        .map(|(name, enables)| {
            let enables = enables.into_iter().map(str::to_owned).collect();
            (name.to_owned(), enables)
        })
        .collect();
        assert_eq!(vendor_features(&features), ["groq"]);
    }

    #[test]
    fn a_package_that_a_tree_repeats_counts_once() {
        let tree = "interline v0.1.0 (somewhere)\nserde v1.0.0\nserde v1.0.0 (*)\n\nserde v2.0.0\n";
        assert_eq!(packages(tree).len(), 3);
    }
}
