//! The page `docs/vendors.md`: what every kind of provider carries, written from the data that calls are served by.
//!
//! Nothing about a vendor is typed here: kinds and settings come from their factories, what a connection
//! offers from the connection itself, features from its capabilities, differences from its quirks.

mod features;
mod offer;
mod profiles;
mod sections;
mod settings;

use std::path::PathBuf;

use interline::{Feature, Importance, Registry};

use self::offer::Offer;

/// Where the page is.
#[must_use]
pub fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/vendors.md")
}

/// The page as it should be.
#[must_use]
pub fn text() -> String {
    let registry = Registry::standard();
    let offers: Vec<Offer<'_>> = registry.factories().map(Offer::of).collect();
    let mut page = String::from(INTRODUCTION);
    page.push_str(&feature_list());
    page.push_str(&sections::glance(&offers));
    page.push_str(&settings::common(&offers));
    let shared = settings::shared(&offers);
    for offer in &offers {
        page.push_str(&sections::kind(offer, &shared));
    }
    page
}

const INTRODUCTION: &str = "# Vendors

This page is written by `cargo xtask vendors` from the tables that calls are served by; change those, not this page.
`cargo xtask vendors --check` and the tests fail where it is stale.
What every pair of formats makes of each other, byte for byte, is in `tests/tests/matrix/golden`.

## How to read it

| word | meaning |
|---|---|
| passes through | the call arrives in a format that the vendor speaks: its bytes go out as they are, fields that no type knows included; only the model, what concerns streaming, and what the vendor is known to refuse or to call otherwise is replaced |
| carried | the feature reaches the vendor: as it came where the call passes through, else translated |
| left out | a hint that the vendor cannot follow: the call goes out without it, and that is noted in the decision trace and in `interline_dropped_hints_total`; on a route with `strict: true` the vendor is excluded instead |
| refused | the answer would be another one without it, so the vendor is excluded from the call; where no other target is left the error is `unsupported` and names the feature |

Fields that no type knows are left out, and noted, where the vendor speaks another format than the caller.
What only one format can carry and an answer depends on (a conversation that the vendor keeps, a tool that the vendor runs) is refused by vendors of other formats.
The catalogue takes features away from models that are known to lack them, whatever the vendor's adapter carries.
";

fn feature_list() -> String {
    let names = |importance: Importance| {
        let of = |feature: &Feature| feature.importance() == importance;
        let names = Feature::ALL.into_iter().filter(of);
        features::listed(names)
    };
    format!(
        "\nA vendor that lacks one of these is excluded: {}.\nA vendor that lacks one of these is asked without it: {}.\n",
        names(Importance::Semantic),
        names(Importance::Hint)
    )
}
