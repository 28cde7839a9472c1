//! Makes the classifier of the entry `router`, or notes what is wrong with it.

use std::sync::Arc;

use interline_core::Error;
use interline_routing::AutoModel;
use interline_routing::classifier::{
    Chain, Classifier, Embedded, Examples, KeywordRule, Keywords, LlmClassifier, Task,
};

use super::durations;
use super::located::Located;
use super::mistakes::Mistakes;
use super::router_entry::{AskedModel, RouterEntry};
use crate::example_vectors::ExampleVectors;

/// Makes the classifier; the compiled-in one where nothing is said, `None` where none is wanted.
pub(super) fn read(
    entry: &RouterEntry,
    mistakes: &mut Mistakes<'_>,
) -> Option<Arc<dyn Classifier>> {
    let keywords = keywords(entry, mistakes);
    let Some(words) = &entry.classifier else {
        return Some(Arc::new(Embedded::standard()));
    };
    let path = "router.classifier";
    let is_alone = words.value.0.len() == 1;
    let mut links: Vec<Arc<dyn Classifier>> = Vec::new();
    for word in &words.value.0 {
        match word.as_str() {
            "embedded" => links.push(Arc::new(Embedded::standard())),
            "off" if is_alone => return None,
            "keyword" => match &keywords {
                Some(keywords) => links.push(Arc::new(keywords.clone())),
                None if entry.keywords.is_empty() => {
                    let message = "`keyword` needs `router.keywords`: list words for tasks";
                    mistakes.add(path, words.place, message);
                }
                None => {}
            },
            "llm" => {
                let Some(model) = asked("llm", entry.llm.as_ref(), words, mistakes) else {
                    continue;
                };
                let mut asks = LlmClassifier::new(model.model.value.as_str());
                let timeout = model.timeout.as_ref();
                if let Some(timeout) = durations::read("router.llm.timeout", timeout, mistakes) {
                    asks = asks.with_timeout(timeout);
                }
                links.push(Arc::new(asks));
            }
            "embedding" => {
                let model = asked("embedding", entry.embedding.as_ref(), words, mistakes);
                let Some(model) = model else { continue };
                let timeout = model.timeout.as_ref();
                let timeout = durations::read("router.embedding.timeout", timeout, mistakes);
                let name = model.model.value.as_str();
                links.push(Arc::new(ExampleVectors::new(
                    name,
                    Examples::standard(),
                    timeout,
                )));
            }
            other => {
                let message = format!(
                    "`{other}` is unknown: use `embedded`, `keyword`, `embedding`, `llm`, a list of \
                     them, or `off`"
                );
                mistakes.add(path, words.place, message);
            }
        }
    }
    let chain = Chain::new(links.iter().cloned());
    let chain = match &entry.min_confidence {
        None => chain,
        Some(share) => match chain.clone().with_min_confidence(share.value as f32) {
            Ok(chain) => chain,
            Err(error) => {
                mistakes.add("router.min_confidence", share.place, error.message());
                chain
            }
        },
    };
    match links.pop() {
        Some(only) if links.is_empty() => Some(only),
        _ => Some(Arc::new(chain)),
    }
}

fn keywords(entry: &RouterEntry, mistakes: &mut Mistakes<'_>) -> Option<Keywords> {
    let before = mistakes.count();
    let mut rules = Vec::new();
    let mut place = None;
    for (name, phrases) in &entry.keywords {
        place.get_or_insert(phrases.place);
        match name.parse::<Task>() {
            Ok(task) => rules.push(KeywordRule::new(task, phrases.value.iter().cloned())),
            Err(error) => {
                let error: Error = error;
                mistakes.add(
                    &format!("router.keywords.{name}"),
                    phrases.place,
                    error.message(),
                );
            }
        }
    }
    let place = place.filter(|_| mistakes.count() == before)?;
    Keywords::new(rules)
        .map_err(|error| mistakes.add("router.keywords", place, error.message()))
        .ok()
}

/// The model that a classifier asks: never one that is chosen automatically, which would ask again.
fn asked<'a>(
    word: &str,
    model: Option<&'a AskedModel>,
    words: &Located<super::router_entry::Words>,
    mistakes: &mut Mistakes<'_>,
) -> Option<&'a AskedModel> {
    let Some(model) = model else {
        let message = format!("`{word}` needs `router.{word}: {{ model: … }}`");
        mistakes.add("router.classifier", words.place, message);
        return None;
    };
    if AutoModel::is_meant(&model.model.value) {
        let message = "cannot be chosen automatically: name a route or a target";
        mistakes.add(&format!("router.{word}.model"), model.model.place, message);
    }
    Some(model)
}
