//! The vendors behind the gateways, and the configurations over them.

use std::fmt::Write as _;
use std::time::Duration;

use interline_simulator::{Pacing, Reply, Vendor};

/// Words of an answer.
const WORDS: usize = 40;
/// Exchanges that a vendor remembers: more than any scenario makes.
const LEDGER: usize = 200_000;

/// What a vendor answers: no word of another's, so that a mixture is seen.
pub(super) fn says(vendor: &str) -> String {
    let words: Vec<_> = (0..WORDS).map(|n| format!("{vendor}{n}")).collect();
    words.join(" ")
}

/// A vendor that takes so long for a word, and as long for the first.
pub(super) async fn vendor(name: &str, per_word: Duration) -> Vendor {
    Vendor::openai(name)
        .with_reply(Reply::text(says(name)))
        .with_pacing(Pacing::new(per_word, per_word))
        .with_ledger_capacity(LEDGER)
        .start()
        .await
        .expect("a vendor starts on loopback")
}

/// The part of a configuration that names vendors.
pub(super) fn providers(vendors: &[&Vendor]) -> String {
    let mut text = "providers:\n".to_owned();
    for vendor in vendors {
        let (name, url) = (vendor.name(), vendor.base_url());
        let _ = writeln!(text, "  {name}: {{ kind: local, base_url: \"{url}\" }}");
    }
    text
}

/// A route over targets in that order, all of the model `m`.
pub(super) fn route(name: &str, targets: &[&str], options: &str) -> String {
    let targets: Vec<_> = targets.iter().map(|one| format!("{one}/m")).collect();
    format!(
        "  {name}: {{ targets: [{}]{options} }}\n",
        targets.join(", ")
    )
}
