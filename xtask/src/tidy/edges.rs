//! Crates depend only on the crates below them: the graph against the table in `edge_table`.

use super::edge_table::{RULES, Rule};
use super::finding::Finding;
use super::graph::{Edge, Graph, Named, Package};
use super::tree::Tree;

const TABLE: &str = "xtask/src/tidy/edge_table.rs";

pub(crate) fn check(tree: &Tree, graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, package, folder) in graph.members() {
        let manifest = format!("{folder}/Cargo.toml");
        let name = last_part(folder);
        let Some(rule) = RULES.iter().find(|rule| matches(rule.folder, name)) else {
            let message = format!(
                "`{folder}` has no row in the table of allowed edges: add one to {TABLE} and to docs/architecture.md"
            );
            findings.push(Finding::new(manifest, 1, message));
            continue;
        };
        let normal = package
            .named
            .iter()
            .filter(|named| named.edge == Edge::Normal);
        for named in normal {
            let problem =
                forbidden_crate(graph, rule, named).or_else(|| forbidden_tokio(rule, named));
            if let Some(problem) = problem {
                let line = tree.line_of(&manifest, |line| line.starts_with(&named.package));
                findings.push(Finding::new(manifest.clone(), line, problem));
            }
        }
        findings.extend(reached(graph, rule, index, &manifest));
    }
    findings
}

fn forbidden_crate(graph: &Graph, rule: &Rule, named: &Named) -> Option<String> {
    let (_, _, folder) = graph
        .members()
        .find(|(_, package, _)| package.name == named.package)?;
    let used = last_part(folder);
    if rule.may_use.iter().any(|pattern| matches(pattern, used)) {
        return None;
    }
    let allowed = if rule.may_use.is_empty() {
        "no workspace crate".to_owned()
    } else {
        rule.may_use.join(", ")
    };
    Some(format!(
        "`{}` may depend on {allowed}, not on `{used}`: move the code to the layer that owns it, \
         or meet at a trait in crates/core (the table is {TABLE})",
        rule.folder
    ))
}

fn forbidden_tokio(rule: &Rule, named: &Named) -> Option<String> {
    if named.package != "tokio" || rule.tokio.contains(&"*") {
        return None;
    }
    if rule.tokio.is_empty() {
        return Some(format!(
            "`{}` is synchronous and does not use tokio: pass time and answers in as arguments",
            rule.folder
        ));
    }
    let extra: Vec<&str> = named
        .features
        .iter()
        .map(String::as_str)
        .chain(named.default_features.then_some("default"))
        .filter(|feature| !rule.tokio.contains(feature) && *feature != "default")
        .collect();
    (!extra.is_empty()).then(|| {
        format!(
            "`{}` may use only {} of tokio, not {}: do the rest in the crate that needs it",
            rule.folder,
            rule.tokio.join(", "),
            extra.join(", ")
        )
    })
}

fn reached(graph: &Graph, rule: &Rule, index: usize, manifest: &str) -> Option<Finding> {
    let forbidden = |package: &Package| {
        rule.never
            .iter()
            .any(|pattern| matches(pattern, &package.name))
    };
    let way = graph.way([index], |edge| edge == Edge::Normal, forbidden)?;
    let message = format!(
        "`{}` must not reach `{}`, but does: {}; remove the dependency or its feature",
        rule.folder,
        way.last()?,
        way.join(" → ")
    );
    Some(Finding::new(manifest, 1, message))
}

/// Whether a folder or package name matches a pattern with an optional trailing `*`.
fn matches(pattern: &str, name: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == name, |prefix| name.starts_with(prefix))
}

fn last_part(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap_or(folder)
}

#[cfg(test)]
mod tests {
    use super::super::graph::Origin;
    use super::*;

    /// Builds a graph from `(folder or external name, dependencies)`.
    fn graph(packages: &[(&str, &[&str])]) -> Graph {
        let position = |name: &str| {
            packages
                .iter()
                .position(|(other, _)| *other == name)
                .expect("the test names every package")
        };
        Graph::from_packages(
            packages
                .iter()
                .map(|(name, uses)| Package {
                    name: package_name(name),
                    origin: if name.contains('/') {
                        Origin::Workspace((*name).to_owned())
                    } else {
                        Origin::CratesIo
                    },
                    named: uses
                        .iter()
                        .map(|used| named(&package_name(used), &[]))
                        .collect(),
                    uses: uses
                        .iter()
                        .map(|used| (position(used), Edge::Normal))
                        .collect(),
                    ..Package::default()
                })
                .collect(),
        )
    }

    fn package_name(name: &str) -> String {
        match name.rsplit_once('/') {
            Some((_, folder)) => format!("interline-{folder}"),
            None => name.to_owned(),
        }
    }

    fn named(package: &str, features: &[&str]) -> Named {
        Named {
            package: package.to_owned(),
            edge: Edge::Normal,
            features: features
                .iter()
                .map(|feature| (*feature).to_owned())
                .collect(),
            default_features: false,
        }
    }

    #[track_caller]
    fn check_graph(packages: &[(&str, &[&str])], expected: &[&str]) {
        let found: Vec<String> = check(&Tree::default(), &graph(packages))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{found}");
        }
    }

    #[test]
    fn edges_of_the_table_are_allowed() {
        check_graph(
            &[
                ("crates/core", &[]),
                ("crates/transport", &["crates/core", "http"]),
                (
                    "crates/dialect-openai",
                    &["crates/core", "crates/transport"],
                ),
                ("crates/provider-groq", &["crates/dialect-openai"]),
                ("crates/facade", &["crates/provider-groq", "crates/core"]),
                ("crates/simulator", &["crates/core"]),
                ("crates/gateway", &["crates/facade", "crates/simulator"]),
                ("http", &[]),
            ],
            &[],
        );
    }

    #[test]
    fn a_provider_never_depends_on_another() {
        check_graph(
            &[
                ("crates/provider-groq", &["crates/provider-openai"]),
                ("crates/provider-openai", &[]),
            ],
            &["not on `provider-openai`"],
        );
    }

    #[test]
    fn the_facade_depends_on_neither_testkit_nor_simulator() {
        check_graph(
            &[
                ("crates/facade", &["crates/testkit", "crates/simulator"]),
                ("crates/testkit", &[]),
                ("crates/simulator", &[]),
            ],
            &["not on `testkit`", "not on `simulator`"],
        );
    }

    #[test]
    fn policy_reaches_no_http_even_through_others() {
        check_graph(
            &[
                ("crates/resilience", &["helper"]),
                ("helper", &["hyper-util"]),
                ("hyper-util", &[]),
            ],
            &["interline-resilience → helper → hyper-util"],
        );
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        check_graph(&[("crates/stranger", &[])], &["no row in the table"]);
    }

    #[test]
    fn core_uses_only_the_time_of_tokio() {
        let rule = RULES
            .iter()
            .find(|rule| rule.folder == "core")
            .expect("core has a row");
        assert_eq!(forbidden_tokio(rule, &named("tokio", &["time"])), None);
        let problem = forbidden_tokio(rule, &named("tokio", &["time", "net"]));
        assert!(problem.expect("net is not allowed").contains("not net"));
    }
}
