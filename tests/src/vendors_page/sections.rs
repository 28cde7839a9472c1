//! The sections of the page: an overview of all kinds, then one section for each.

use interline::Feature;

use super::features::{Fates, mark};
use super::offer::{Ability, Offer};
use super::{profiles, settings};

/// How many models stand for a group of them.
const SHOWN_MODELS: usize = 3;

/// All kinds, one row each: what they offer, and what they carry.
pub(super) fn glance(offers: &[Offer<'_>]) -> String {
    let mut page = String::from(
        "\n## All kinds\n\n\
         | kind | formats it speaks | embeddings | list of models | counts tokens | fails together with | key variable |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for offer in offers {
        let set = &offer.plain;
        page.push_str(&format!(
            "| [{kind}](#{kind}) | {} | {} | {} | {} | {} | {} |\n",
            formats(&offer.abilities),
            yes(set.embed.is_some()),
            yes(set.models.is_some()),
            yes(set.count.is_some()),
            set.failure_domain.as_deref().map_or("—".into(), quoted),
            offer.factory.key_variable().map_or("—".into(), quoted),
            kind = offer.factory.kind(),
        ));
    }
    let is_presumed = |feature: &Feature| feature.is_presumed();
    let (small, large): (Vec<Feature>, Vec<Feature>) =
        Feature::ALL.into_iter().partition(is_presumed);
    page.push_str(&marks(offers, &large));
    page.push_str("\nThe smaller hints, where a request is translated:\n");
    page.push_str(&marks(offers, &small));
    page.push_str("\nyes: carried; out: left out; **no**: refused.\n");
    page
}

/// What becomes of some features, one row for each ability of each kind.
fn marks(offers: &[Offer<'_>], features: &[Feature]) -> String {
    let columns: Vec<&str> = features.iter().map(|one| one.name()).collect();
    let line = "---|".repeat(features.len());
    let mut page = format!("\n| kind | {} |\n|---|{line}\n", columns.join(" | "));
    for offer in offers {
        for ability in &offer.abilities {
            let marks = features.iter().map(|feature| mark(&ability.able, *feature));
            let marks: Vec<&str> = marks.collect();
            let name = match offer.abilities.len() {
                1 => offer.factory.kind().to_owned(),
                _ => format!("{} {}", offer.factory.kind(), whom(ability, 1)),
            };
            page.push_str(&format!("| {name} | {} |\n", marks.join(" | ")));
        }
    }
    page
}

/// One kind.
pub(super) fn kind(
    offer: &Offer<'_>,
    shared: &serde_json::Map<String, serde_json::Value>,
) -> String {
    let mut page = format!("\n## {}\n", offer.factory.kind());
    for ability in &offer.abilities {
        let Fates {
            carried,
            left_out,
            refused,
        } = Fates::of(&ability.able);
        let heading = match offer.abilities.len() {
            1 => String::new(),
            _ => format!("\nConnections {}:\n", whom(ability, SHOWN_MODELS)),
        };
        page.push_str(&format!(
            "{heading}\n| | |\n|---|---|\n\
             | passes through | {} |\n| carried | {carried} |\n| left out | {left_out} |\n\
             | refused | {refused} |\n",
            formats(std::slice::from_ref(ability)),
        ));
    }
    if let Some(profile) = profiles::of(offer.factory.kind()) {
        let mut told = profile.quirks.differences();
        let embeddings = profile.embeddings.iter();
        told.extend(embeddings.flat_map(|embeddings| embeddings.quirks.differences()));
        if !told.is_empty() {
            page.push_str(&format!("\n- {}\n", told.join("\n- ")));
        }
    }
    let own = settings::own(offer, shared);
    if !own.is_empty() {
        page.push_str(&format!("\n{own}"));
    }
    page
}

/// Which connections and models an ability holds for.
fn whom(ability: &Ability, most: usize) -> String {
    let models: Vec<String> = ability
        .models
        .iter()
        .take(most)
        .map(|id| quoted(id))
        .collect();
    let more = ability.models.len().saturating_sub(most);
    let to = match (models.as_slice(), more) {
        ([], _) => String::new(),
        (some, 0) => format!("to {}", some.join(", ")),
        (some, more) => format!("to {} and {more} more", some.join(", ")),
    };
    let with = match ability.settings.as_slice() {
        [] if to.is_empty() => "by default".to_owned(),
        [] => String::new(),
        settings => format!("with {}", settings.join(", ")),
    };
    format!("{to} {with}").trim().to_owned()
}

/// Formats, each once.
fn formats(abilities: &[Ability]) -> String {
    let mut names: Vec<String> = Vec::new();
    for format in abilities.iter().flat_map(|ability| &ability.able.formats) {
        let name = quoted(format.as_str());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

fn quoted(word: &str) -> String {
    format!("`{word}`")
}

const fn yes(is_there: bool) -> &'static str {
    if is_there { "yes" } else { "—" }
}
