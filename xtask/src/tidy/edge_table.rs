//! Which crate may depend on which: the table of `docs/architecture.md`, as data.
//!
//! Only normal dependencies count: a crate's tests may use what they like.

/// What one crate, or each crate that matches a pattern, may depend on.
///
/// Folders are named by their last part; a trailing `*` stands for anything.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The crate's folder.
    pub(crate) folder: &'static str,
    /// Folders of the workspace crates that it may depend on directly.
    pub(crate) may_use: &'static [&'static str],
    /// External packages that it must not reach, not even through others.
    pub(crate) never: &'static [&'static str],
    /// The features of tokio that it may ask for.
    pub(crate) tokio: &'static [&'static str],
}

const ANY: &[&str] = &["*"];
const NONE: &[&str] = &[];

/// The packages of the HTTP stack: policy and contract crates know no wire.
const HTTP: &[&str] = &[
    "axum",
    "axum-*",
    "h2",
    "http",
    "http-*",
    "hyper",
    "hyper-*",
    "reqwest",
    "rustls",
    "tower-http",
    "ureq",
];

/// The rules, from the contract crate outwards.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        folder: "core",
        may_use: NONE,
        never: HTTP,
        tokio: &["time"],
    },
    Rule {
        folder: "transport",
        may_use: &["core"],
        never: NONE,
        tokio: ANY,
    },
    Rule {
        folder: "dialect-*",
        may_use: &["core", "transport"],
        never: NONE,
        tokio: ANY,
    },
    Rule {
        folder: "provider-*",
        may_use: &["core", "transport", "dialect-*"],
        never: NONE,
        tokio: ANY,
    },
    Rule {
        folder: "catalog",
        may_use: &["core"],
        never: HTTP,
        tokio: NONE,
    },
    Rule {
        folder: "resilience",
        may_use: &["core"],
        never: HTTP,
        tokio: ANY,
    },
    Rule {
        folder: "routing",
        may_use: &["core", "catalog"],
        never: HTTP,
        tokio: NONE,
    },
    Rule {
        folder: "ledger",
        may_use: &["core", "catalog"],
        never: HTTP,
        tokio: ANY,
    },
    Rule {
        folder: "store-*",
        may_use: &["core", "ledger"],
        never: NONE,
        tokio: ANY,
    },
    Rule {
        folder: "simulator",
        may_use: &["core"],
        never: NONE,
        tokio: ANY,
    },
    Rule {
        folder: "testkit",
        may_use: &["core", "transport", "simulator"],
        never: NONE,
        tokio: ANY,
    },
    Rule {
        folder: "facade",
        may_use: &[
            "core",
            "transport",
            "dialect-*",
            "provider-*",
            "catalog",
            "resilience",
            "routing",
            "ledger",
            "store-*",
        ],
        never: NONE,
        tokio: ANY,
    },
    Rule {
        // Core and catalog are the facade's own vocabulary, named directly.
        folder: "gateway",
        may_use: &["facade", "core", "catalog", "dialect-*", "simulator"],
        never: NONE,
        tokio: ANY,
    },
    Rule {
        folder: "tests",
        may_use: ANY,
        never: NONE,
        tokio: ANY,
    },
    Rule {
        folder: "trainer",
        may_use: &["core", "routing"],
        never: HTTP,
        tokio: NONE,
    },
    Rule {
        folder: "xtask",
        may_use: ANY,
        never: NONE,
        tokio: ANY,
    },
];
