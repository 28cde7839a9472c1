//! `deny.toml`: the rules for external packages, in the format of cargo-deny.
//!
//! Users of cargo-deny can run it on the same file. A key that this reader does not evaluate is an error
//! rather than a rule that silently does not hold here.

use serde::Deserialize;

/// The parts of the file that tidy evaluates.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Rules {
    pub(crate) graph: Graph,
    pub(crate) licenses: Licences,
    pub(crate) bans: Bans,
    pub(crate) sources: Sources,
}

/// Which packages are looked at.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Graph {
    /// Always `true` here: optional features are checked too.
    pub(crate) all_features: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Licences {
    /// SPDX identifiers, with an exception where one belongs to the licence.
    pub(crate) allow: Vec<String>,
    /// Only read by cargo-deny: whether an allowed licence that no package has is worth a warning.
    #[serde(rename = "unused-allowed-license")]
    _unused_allowed_license: Level,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Bans {
    /// Only `allow` is supported: duplicates are watched by eye.
    pub(crate) multiple_versions: Level,
    pub(crate) deny: Vec<Ban>,
}

/// A package that must not appear in the graph.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Ban {
    #[serde(rename = "crate")]
    pub(crate) package: String,
    pub(crate) reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Sources {
    pub(crate) unknown_registry: Level,
    pub(crate) unknown_git: Level,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    Allow,
    Warn,
    Deny,
}

impl Rules {
    /// Reads the file; the error says what is wrong and where.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let rules: Self = basic_toml::from_str(text).map_err(|error| error.to_string())?;
        let demanded = [
            (
                rules.graph.all_features,
                "`graph.all-features` must be true",
            ),
            (
                rules.bans.multiple_versions == Level::Allow,
                "`bans.multiple-versions` must be \"allow\": tidy does not check duplicates",
            ),
            (
                rules.sources.unknown_registry == Level::Deny
                    && rules.sources.unknown_git == Level::Deny,
                "`sources.unknown-registry` and `sources.unknown-git` must be \"deny\"",
            ),
        ];
        match demanded.iter().find(|(holds, _)| !holds) {
            Some((_, problem)) => Err((*problem).to_owned()),
            None => Ok(rules),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[graph]
all-features = true

[licenses]
allow = ["MIT"]
unused-allowed-license = "allow"

[bans]
multiple-versions = "allow"
deny = [{ crate = "rsa", reason = "timing attack without a fix" }]

[sources]
unknown-registry = "deny"
unknown-git = "deny"
"#;

    #[test]
    fn the_format_of_cargo_deny_is_read() {
        let rules = Rules::parse(GOOD).expect("the file is good");
        assert_eq!(rules.licenses.allow, ["MIT"]);
        assert_eq!(rules.bans.deny[0].package, "rsa");
    }

    #[test]
    fn a_key_that_tidy_does_not_evaluate_is_an_error() {
        let text = GOOD.replace("allow = [\"MIT\"]", "allow = [\"MIT\"]\nexceptions = []");
        let error = Rules::parse(&text).expect_err("exceptions are not evaluated");
        assert!(error.contains("exceptions"), "{error}");
    }

    #[test]
    fn a_level_that_tidy_cannot_honour_is_an_error() {
        let text = GOOD.replace("unknown-git = \"deny\"", "unknown-git = \"warn\"");
        assert!(Rules::parse(&text).is_err());
    }
}
