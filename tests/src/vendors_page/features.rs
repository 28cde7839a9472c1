//! Features in words: which are carried, which left out, which refused.

use interline::{Feature, FeatureSet, Importance};

/// What becomes of features, in three lists.
pub(super) struct Fates {
    pub(super) carried: String,
    pub(super) left_out: String,
    pub(super) refused: String,
}

impl Fates {
    pub(super) fn of(able: FeatureSet) -> Self {
        let lacking = |importance: Importance| {
            let features = Feature::ALL.into_iter();
            listed(
                features.filter(move |one| !able.contains(*one) && one.importance() == importance),
            )
        };
        Self {
            carried: listed(able.iter()),
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
pub(super) const fn mark(able: FeatureSet, feature: Feature) -> &'static str {
    match (able.contains(feature), feature.importance()) {
        (true, _) => "yes",
        (false, Importance::Hint) => "out",
        (false, _) => "**no**",
    }
}
