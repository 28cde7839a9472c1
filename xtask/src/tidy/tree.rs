//! The files of the repository, read once for all checks.

use std::collections::BTreeMap;

use crate::Result;
use crate::workspace::Workspace;

/// Relative paths with `/`, and the text of those files that are UTF-8.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads the files that are, or are about to be, under version control.
    pub(crate) fn read(workspace: &Workspace) -> Result<Self> {
        let mut files = BTreeMap::new();
        for path in workspace.files()? {
            let bytes = std::fs::read(workspace.root().join(&path))
                .map_err(|error| format!("cannot read {path}: {error}"))?;
            files.insert(path, String::from_utf8(bytes).ok());
        }
        Ok(Self { files })
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())))
            .collect();
        Self { files }
    }

    /// Every path, text or not.
    pub(crate) fn files(&self) -> Vec<&str> {
        self.files.keys().map(String::as_str).collect()
    }

    /// Every text file.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// Every Rust file.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// The text of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether a file or a folder of this path exists.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&folder))
    }

    /// The folders of the workspace's packages, for example `crates/core`.
    pub(crate) fn packages(&self) -> Vec<&str> {
        self.files
            .keys()
            .filter_map(|path| path.strip_suffix("/Cargo.toml"))
            .collect()
    }

    /// The line, counted from 1, of the first line for which `matches` holds; 1 where none is or the file is missing.
    pub(crate) fn line_of(&self, path: &str, matches: impl Fn(&str) -> bool) -> usize {
        self.text(path)
            .and_then(|text| text.lines().position(matches))
            .map_or(1, |index| index + 1)
    }
}
