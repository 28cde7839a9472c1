//! Nothing lies around at the top: only the folders that the map of the repository names.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::tree::Tree;

/// The folders at the top of the repository; folders that start with a dot are tools' own and allowed.
const FOLDERS: [&str; 4] = ["crates", "docs", "tests", "xtask"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut strangers: BTreeMap<&str, &str> = BTreeMap::new();
    for file in tree.files() {
        if let Some((folder, _)) = file.split_once('/')
            && !folder.starts_with('.')
            && !FOLDERS.contains(&folder)
        {
            strangers.entry(folder).or_insert(file);
        }
    }
    strangers
        .into_iter()
        .map(|(folder, file)| {
            Finding::new(
                file,
                1,
                format!(
                    "the top-level folder `{folder}` is not one of {}: move it into one of them",
                    FOLDERS.join(", ")
                ),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_top_level_folders_are_found_once() {
        let tree = Tree::of(&[
            ("Cargo.toml", ""),
            (".ci/run", ""),
            ("crates/core/src/lib.rs", ""),
            ("scripts/a.sh", ""),
            ("scripts/b.sh", ""),
        ]);
        let findings = check(&tree);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0]
                .to_string()
                .starts_with("scripts/a.sh:1: the top-level folder `scripts`")
        );
    }
}
