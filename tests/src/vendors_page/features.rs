//! Features in words: which are carried, which left out, which refused.

use interline::{Capabilities, Feature, Importance};

/// What becomes of features, in three lists.
pub(super) struct Fates {
    pub(super) carried: String,
    pub(super) left_out: String,
    pub(super) refused: String,
}

impl Fates {
    pub(super) fn of(able: &Capabilities) -> Self {
        let all = || Feature::ALL.into_iter();
        let lacking = |importance: Importance| {
            let lacks = |one: &Feature| !able.carries(*one) && one.importance() == importance;
            listed(all().filter(lacks))
        };
        Self {
            carried: listed(all().filter(|one| able.carries(*one))),
            left_out: lacking(Importance::Hint),
            refused: lacking(Importance::Semantic),
        }
    }
}

/// Names in backticks, or a dash where there are none.
pub(super) fn listed(features: impl Iterator<Item = Feature>) -> String {
    let names: Vec<String> = features.map(|one| format!("`{}`", one.name())).collect();
    if names.is_empty() {
        "—".to_owned()
    } else {
        names.join(", ")
    }
}

/// One feature of a row in the overview.
pub(super) fn mark(able: &Capabilities, feature: Feature) -> &'static str {
    match (able.carries(feature), feature.importance()) {
        (true, _) => "yes",
        (false, Importance::Hint) => "out",
        (false, _) => "**no**",
    }
}
