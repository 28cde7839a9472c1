//! The dependency graph of the workspace, reduced from `cargo metadata` to what the checks read.

use std::collections::{BTreeMap, VecDeque};

use cargo_metadata::{DependencyKind, Metadata};

use crate::Result;

/// A package of the resolved graph.
#[derive(Clone, Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The SPDX expression of its manifest.
    pub(crate) licence: Option<String>,
    pub(crate) origin: Origin,
    /// The dependencies that its manifest names.
    pub(crate) named: Vec<Named>,
    /// Indices of the packages that it resolves to, with the kind of edge.
    pub(crate) uses: Vec<(usize, Edge)>,
}

/// Where a package comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The workspace, with the package's folder.
    Workspace(String),
    /// The public registry.
    #[default]
    CratesIo,
    /// Anywhere else, for example git.
    Other(String),
}

/// A dependency as a manifest names it.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) package: String,
    pub(crate) edge: Edge,
    pub(crate) features: Vec<String>,
    pub(crate) default_features: bool,
}

/// Whether a dependency is part of the shipped crate or only of its tests and build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    Normal,
    Other,
}

/// The packages; the first ones are in no particular order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    packages: Vec<Package>,
}

impl Graph {
    /// Reduces the metadata.
    pub(crate) fn of(metadata: &Metadata) -> Result<Self> {
        let resolve = metadata
            .resolve
            .as_ref()
            .ok_or("cargo metadata resolved nothing: run it without --no-deps")?;
        let index: BTreeMap<_, _> = metadata
            .packages
            .iter()
            .enumerate()
            .map(|(index, package)| (&package.id, index))
            .collect();
        let mut packages: Vec<Package> = metadata
            .packages
            .iter()
            .map(|package| Package {
                name: package.name.to_string(),
                version: package.version.to_string(),
                licence: package.license.clone(),
                origin: origin(metadata, package),
                named: package.dependencies.iter().map(named).collect(),
                uses: Vec::new(),
            })
            .collect();
        for node in &resolve.nodes {
            let uses = node.deps.iter().filter_map(|dependency| {
                let normal = dependency
                    .dep_kinds
                    .iter()
                    .any(|kind| kind.kind == DependencyKind::Normal);
                let edge = if normal { Edge::Normal } else { Edge::Other };
                Some((*index.get(&dependency.pkg)?, edge))
            });
            if let Some(package) = index
                .get(&node.id)
                .and_then(|index| packages.get_mut(*index))
            {
                package.uses = uses.collect();
            }
        }
        Ok(Self { packages })
    }

    #[cfg(test)]
    pub(crate) fn from_packages(packages: Vec<Package>) -> Self {
        Self { packages }
    }

    pub(crate) fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The workspace's packages with their folders.
    pub(crate) fn members(&self) -> impl Iterator<Item = (usize, &Package, &str)> {
        self.packages
            .iter()
            .enumerate()
            .filter_map(|(index, package)| match &package.origin {
                Origin::Workspace(folder) => Some((index, package, folder.as_str())),
                Origin::CratesIo | Origin::Other(_) => None,
            })
    }

    /// The shortest way from any of `starts` to a package that `wanted` accepts, as names.
    pub(crate) fn way(
        &self,
        starts: impl IntoIterator<Item = usize>,
        follows: impl Fn(Edge) -> bool,
        wanted: impl Fn(&Package) -> bool,
    ) -> Option<Vec<&str>> {
        let mut came_from: BTreeMap<usize, Option<usize>> = BTreeMap::new();
        let mut queue = VecDeque::new();
        for start in starts {
            came_from.insert(start, None);
            queue.push_back(start);
        }
        while let Some(at) = queue.pop_front() {
            let package = self.packages.get(at)?;
            if wanted(package) {
                let mut way = vec![package.name.as_str()];
                let mut step = at;
                while let Some(Some(before)) = came_from.get(&step) {
                    way.push(self.packages.get(*before)?.name.as_str());
                    step = *before;
                }
                way.reverse();
                return Some(way);
            }
            for (next, edge) in &package.uses {
                if follows(*edge) && !came_from.contains_key(next) {
                    came_from.insert(*next, Some(at));
                    queue.push_back(*next);
                }
            }
        }
        None
    }
}

fn origin(metadata: &Metadata, package: &cargo_metadata::Package) -> Origin {
    match &package.source {
        Some(source) if source.is_crates_io() => Origin::CratesIo,
        Some(source) => Origin::Other(source.repr.clone()),
        None => package
            .manifest_path
            .parent()
            .and_then(|folder| folder.strip_prefix(&metadata.workspace_root).ok())
            .map_or_else(
                || Origin::Other("a path outside the workspace".to_owned()),
                |folder| Origin::Workspace(folder.as_str().replace('\\', "/")),
            ),
    }
}

fn named(dependency: &cargo_metadata::Dependency) -> Named {
    Named {
        package: dependency.name.clone(),
        edge: if dependency.kind == DependencyKind::Normal {
            Edge::Normal
        } else {
            Edge::Other
        },
        features: dependency.features.clone(),
        default_features: dependency.uses_default_features,
    }
}
