//! External packages: allowed licences, no banned package, no unknown source.

use super::deny::Rules;
use super::finding::Finding;
use super::graph::{Graph, Origin, Package};
use super::spdx::Expression;
use super::tree::Tree;

const RULES: &str = "deny.toml";
const LOCK: &str = "Cargo.lock";

pub(crate) fn check(tree: &Tree, graph: &Graph) -> Vec<Finding> {
    let Some(text) = tree.text(RULES) else {
        let message = "the file is missing: it lists the allowed licences and the banned packages";
        return vec![Finding::new(RULES, 1, message)];
    };
    let rules = match Rules::parse(text) {
        Ok(rules) => rules,
        Err(error) => {
            let message = format!("tidy cannot read this file: {error}");
            return vec![Finding::new(RULES, 1, message)];
        }
    };
    graph
        .packages()
        .iter()
        .flat_map(|package| {
            let problems = [
                licence(&rules, package),
                ban(&rules, graph, package),
                source(package),
            ];
            let line = lock_line(tree, package);
            problems
                .into_iter()
                .flatten()
                .map(move |problem| Finding::new(LOCK, line, problem))
        })
        .collect()
}

fn licence(rules: &Rules, package: &Package) -> Option<String> {
    let Package { name, version, .. } = package;
    let Some(text) = &package.licence else {
        return Some(format!(
            "{name} {version} names no licence in its manifest: replace it, or ask its authors to add one"
        ));
    };
    match Expression::parse(text) {
        Ok(expression) if expression.allowed_by(&rules.licenses.allow) => None,
        Ok(_) => Some(format!(
            "{name} {version} has the licence `{text}`, which {RULES} does not allow: \
             replace the package, or extend `licenses.allow` if the project can live with it"
        )),
        Err(error) => Some(format!(
            "{name} {version} has the licence `{text}`, which is no SPDX expression: {error}"
        )),
    }
}

fn ban(rules: &Rules, graph: &Graph, package: &Package) -> Option<String> {
    let ban = rules
        .bans
        .deny
        .iter()
        .find(|ban| ban.package == package.name)?;
    let members = graph.members().map(|(index, _, _)| index);
    let way = graph
        .way(members, |_| true, |other| other.name == package.name)
        .unwrap_or_default();
    Some(format!(
        "{} is banned ({}): it comes in through {}; switch off the feature that brings it",
        package.name,
        ban.reason,
        way.join(" → ")
    ))
}

fn source(package: &Package) -> Option<String> {
    match &package.origin {
        Origin::Workspace(_) | Origin::CratesIo => None,
        Origin::Other(source) => Some(format!(
            "{} {} comes from {source}: only the workspace and the public registry are allowed sources",
            package.name, package.version
        )),
    }
}

/// Where the lock file lists this version of the package.
fn lock_line(tree: &Tree, package: &Package) -> usize {
    let name = format!("name = \"{}\"", package.name);
    let version = format!("version = \"{}\"", package.version);
    let lines: Vec<&str> = tree.text(LOCK).unwrap_or_default().lines().collect();
    lines
        .windows(2)
        .position(|pair| pair == [name.as_str(), version.as_str()])
        .map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::super::graph::Edge;
    use super::*;

    const DENY: &str = "[graph]\nall-features = true\n\
        [licenses]\nallow = [\"MIT\"]\nunused-allowed-license = \"allow\"\n\
        [bans]\nmultiple-versions = \"allow\"\n\
        deny = [{ crate = \"rsa\", reason = \"timing attack\" }]\n\
        [sources]\nunknown-registry = \"deny\"\nunknown-git = \"deny\"\n";

    fn package(name: &str, licence: Option<&str>, uses: &[usize]) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.map(str::to_owned),
            uses: uses.iter().map(|index| (*index, Edge::Normal)).collect(),
            ..Package::default()
        }
    }

    #[track_caller]
    fn check_packages(packages: Vec<Package>, expected: &[&str]) {
        let lock =
            "[[package]]\nname = \"other\"\n\n[[package]]\nname = \"rsa\"\nversion = \"1.0.0\"\n";
        let tree = Tree::of(&[(RULES, DENY), (LOCK, lock)]);
        let found: Vec<String> = check(&tree, &Graph::from_packages(packages))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{found}");
        }
    }

    #[test]
    fn licences_outside_the_list_are_found() {
        check_packages(vec![package("good", Some("MIT OR GPL-3.0"), &[])], &[]);
        check_packages(
            vec![
                package("bad", Some("GPL-3.0"), &[]),
                package("silent", None, &[]),
                package("odd", Some("MIT AND"), &[]),
            ],
            &["does not allow", "names no licence", "no SPDX expression"],
        );
    }

    #[test]
    fn a_banned_package_is_found_with_the_way_to_it() {
        let mut member = package("interline", Some("MIT"), &[1]);
        member.origin = Origin::Workspace("crates/facade".to_owned());
        check_packages(
            vec![
                member,
                package("middle", Some("MIT"), &[2]),
                package("rsa", Some("MIT"), &[]),
            ],
            &[
                "Cargo.lock:5: rsa is banned (timing attack): it comes in through interline → middle → rsa",
            ],
        );
    }

    #[test]
    fn other_sources_are_found() {
        let mut forked = package("forked", Some("MIT"), &[]);
        forked.origin = Origin::Other("git+https://example.com/fork".to_owned());
        check_packages(
            vec![forked],
            &["only the workspace and the public registry"],
        );
    }
}
