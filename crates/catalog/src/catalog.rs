//! The catalogue: finds a model by the vendor's kind and the model's name.

use std::collections::HashMap;
use std::fmt;

use crate::ModelInfo;
use crate::data_file;

const EMBEDDED: &str = include_str!("../data/models.json");

/// Facts about models, found by kind of vendor and name.
#[derive(Clone)]
pub struct Catalog {
    as_of: String,
    models: Vec<ModelInfo>,
    /// Kind, then name or alias, to the model's place in `models`.
    places: HashMap<String, HashMap<String, usize>>,
}

impl Catalog {
    /// The catalogue that is compiled in.
    #[must_use]
    pub fn embedded() -> Self {
        let (as_of, models) = data_file::parse(EMBEDDED)
            .expect("the embedded file is read by this crate's tests before it is shipped");
        Self::from_models(as_of, models)
    }

    fn from_models(as_of: String, models: Vec<ModelInfo>) -> Self {
        let mut places: HashMap<String, HashMap<String, usize>> = HashMap::new();
        for (place, model) in models.iter().enumerate() {
            let names = places.entry(model.kind.clone()).or_default();
            for alias in &model.aliases {
                names.entry(alias.clone()).or_insert(place);
            }
            names.insert(model.id.clone(), place);
        }
        Self {
            as_of,
            models,
            places,
        }
    }

    /// The catalogue with a model changed, or added where it is new: an operator's own word, which
    /// holds against the embedded file.
    ///
    /// `id` may be an alias of the model; a name that was an alias of another model is then its own.
    #[must_use]
    pub fn with(mut self, kind: &str, id: &str, change: impl FnOnce(&mut ModelInfo)) -> Self {
        let place = self.models.iter().position(|model| {
            model.kind == kind && (model.id == id || model.aliases.iter().any(|alias| alias == id))
        });
        let mut model = place.map_or_else(
            || ModelInfo::new(kind, id),
            |place| self.models.remove(place),
        );
        change(&mut model);
        self.models.push(model);
        // Alphabetical by kind, and within a kind in the order of the file.
        self.models.sort_by(|one, other| one.kind.cmp(&other.kind));
        Self::from_models(self.as_of, self.models)
    }

    /// The day the facts were gathered, as `YYYY-MM-DD`.
    #[must_use]
    pub fn as_of(&self) -> &str {
        &self.as_of
    }

    /// The model that a vendor of `kind` calls `name`, aliases included.
    #[must_use]
    pub fn find(&self, kind: &str, name: &str) -> Option<&ModelInfo> {
        let place = self.places.get(kind)?.get(name)?;
        self.models.get(*place)
    }

    /// Every model, grouped by kind, in alphabetical order of kinds.
    pub fn models(&self) -> impl Iterator<Item = &ModelInfo> {
        self.models.iter()
    }

    /// The models of all kinds that answer to the bare `name`, at most one per kind.
    pub fn owners(&self, name: &str) -> impl Iterator<Item = &ModelInfo> {
        self.models.iter().filter(move |model| {
            self.find(&model.kind, name)
                .is_some_and(|found| found == *model)
        })
    }

    /// Whether the catalogue holds models of `kind`.
    #[must_use]
    pub fn knows_kind(&self, kind: &str) -> bool {
        self.places.contains_key(kind)
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog")
            .field("as_of", &self.as_of)
            .field("models", &self.models.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_kind_means_one_model() {
        let catalog = Catalog::embedded();
        assert!(catalog.models().count() > 100);
        for model in catalog.models() {
            for name in std::iter::once(&model.id).chain(&model.aliases) {
                assert_eq!(
                    catalog.find(&model.kind, name).map(|found| &found.id),
                    Some(&model.id),
                    "{}: {name}",
                    model.kind
                );
            }
        }
    }

    #[test]
    fn an_alias_finds_the_model_and_another_kind_does_not() {
        let catalog = Catalog::embedded();
        let found = catalog.find("openai", "gpt-4o-2024-08-06");
        assert_eq!(found.map(|model| model.id.as_str()), Some("gpt-4o"));
        assert_eq!(catalog.find("anthropic", "gpt-4o"), None);
        assert_eq!(catalog.find("nobody", "gpt-4o"), None);
    }

    #[test]
    fn an_operators_word_holds_against_the_file() {
        let price = |usd| interline_core::TokenPrice::from_usd_per_mtok(usd).expect("a price");
        let catalog = Catalog::embedded()
            .with("openai", "gpt-4o-2024-08-06", |model| {
                model.context_window = Some(7);
            })
            .with("acme", "own-1", |model| {
                let rates = crate::Rates::new(price("1"), price("2"));
                model.prices = Some(crate::Prices::new(rates));
                model.aliases.push("own".to_owned());
            });
        let changed = catalog.find("openai", "gpt-4o").expect("still there");
        assert_eq!(changed.context_window, Some(7));
        assert!(changed.prices.is_some(), "the rest stays");
        let usage = interline_core::Usage::new(1_000, 0);
        let own = catalog.find("acme", "own").expect("added");
        let cost = interline_core::NanoUsd::new(1_000_000);
        assert_eq!(own.cost(&usage), Some(cost));
        assert_eq!(catalog.owners("own").count(), 1);
    }

    #[test]
    fn a_bare_name_tells_every_kind_that_has_it() {
        let catalog = Catalog::embedded();
        let kinds = |name| -> Vec<_> {
            catalog
                .owners(name)
                .map(|model| model.kind.as_str())
                .collect()
        };
        assert_eq!(kinds("openai/gpt-oss-120b"), ["groq", "together"]);
        assert_eq!(kinds("claude-3-5-sonnet-latest"), ["anthropic"]);
        assert!(kinds("no-such-model").is_empty());
    }
}
