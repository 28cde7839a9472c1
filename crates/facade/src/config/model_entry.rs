//! An entry of `models`: what an operator says of a model, in place of the catalogue's facts.

use interline_catalog::{LongContext, ModelInfo, ModelMode, Prices, Rates};
use interline_core::{Feature, FeatureSet, Target, TokenPrice};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::located::Located;
use super::mistakes::Mistakes;
use super::money::price;

/// Facts about a model; those that are left out stay as the catalogue has them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ModelEntry {
    /// Other names of the model.
    aliases: Option<Vec<String>>,
    /// What it is for: `chat` or `embedding`.
    #[schemars(with = "Option<ModeName>")]
    mode: Option<Located<String>>,
    /// USD per million tokens.
    usd_per_mtok: Option<PricesEntry>,
    /// How many tokens it reads and writes in all.
    context_window: Option<u64>,
    /// How many tokens it may write.
    max_output_tokens: Option<u64>,
    /// How many numbers its vectors have.
    dimensions: Option<u32>,
    /// What it does, such as `tools` or `images`.
    features: Option<Located<Vec<String>>>,
    /// What it does not: calls that need one of them pass it over.
    lacks: Option<Located<Vec<String>>>,
}

/// The names of modes, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema needs the names only")]
enum ModeName {
    Chat,
    Embedding,
}

/// Prices in USD per million tokens, each a number or a decimal text.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PricesEntry {
    /// Tokens read.
    input: Option<Located<Value>>,
    /// Tokens written.
    output: Option<Located<Value>>,
    /// Tokens read from the vendor's cache.
    cached_input: Option<Located<Value>>,
    /// Tokens written to the vendor's cache.
    cache_write: Option<Located<Value>>,
    /// Tokens written to the vendor's cache for an hour.
    cache_write_1h: Option<Located<Value>>,
    /// What the whole call costs, once it reads more than a number of tokens.
    long_context: Option<LongContextEntry>,
    /// What calls through the vendor's batch API cost.
    batch: Option<RatesEntry>,
}

/// What long calls cost.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LongContextEntry {
    /// A call that reads more than this is a long one.
    above_input_tokens: u64,
    /// Tokens read.
    input: Located<Value>,
    /// Tokens written.
    output: Located<Value>,
    /// Tokens read from the vendor's cache.
    #[serde(default)]
    cached_input: Option<Located<Value>>,
    /// Tokens written to the vendor's cache.
    #[serde(default)]
    cache_write: Option<Located<Value>>,
    /// Tokens written to the vendor's cache for an hour.
    #[serde(default)]
    cache_write_1h: Option<Located<Value>>,
}

/// Prices of input and output.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RatesEntry {
    /// Tokens read.
    input: Located<Value>,
    /// Tokens written.
    output: Located<Value>,
}

/// What an entry changes, found right.
#[derive(Clone, Debug)]
pub(super) struct Change {
    entry: ModelEntry,
    mode: Option<ModelMode>,
    features: Option<FeatureSet>,
    lacks: Option<FeatureSet>,
    prices: Option<PriceChange>,
}

#[derive(Clone, Copy, Debug)]
struct PriceChange {
    input: Option<TokenPrice>,
    output: Option<TokenPrice>,
    cached_input: Option<TokenPrice>,
    cache_write: Option<TokenPrice>,
    cache_write_1h: Option<TokenPrice>,
    long_context: Option<LongContext>,
    batch: Option<Rates>,
}

/// Reads an entry, or notes what is wrong with it.
pub(super) fn read(
    name: &str,
    entry: &Located<ModelEntry>,
    mistakes: &mut Mistakes<'_>,
) -> Option<(Target, Change)> {
    let path = format!("models.{name}");
    let before = mistakes.count();
    let target = name
        .parse::<Target>()
        .map_err(|error| mistakes.add(&path, entry.place, error.message()))
        .ok();
    let value = &entry.value;
    let change = Change {
        mode: mode(&path, value.mode.as_ref(), mistakes),
        features: features(
            &format!("{path}.features"),
            value.features.as_ref(),
            mistakes,
        ),
        lacks: features(&format!("{path}.lacks"), value.lacks.as_ref(), mistakes),
        prices: value
            .usd_per_mtok
            .as_ref()
            .map(|prices| read_prices(&format!("{path}.usd_per_mtok"), prices, mistakes)),
        entry: value.clone(),
    };
    (mistakes.count() == before).then(|| Some((target?, change)))?
}

impl Change {
    /// Makes the change.
    pub(super) fn make(self, info: &mut ModelInfo) {
        let entry = self.entry;
        if let Some(aliases) = entry.aliases {
            info.aliases = aliases;
        }
        info.mode = self.mode.unwrap_or(info.mode);
        info.features = self.features.unwrap_or(info.features);
        info.lacks = self.lacks.unwrap_or(info.lacks);
        info.context_window = entry.context_window.or(info.context_window);
        info.max_output_tokens = entry.max_output_tokens.or(info.max_output_tokens);
        info.dimensions = entry.dimensions.or(info.dimensions);
        if let Some(prices) = self.prices {
            info.prices = prices.over(info.prices);
        }
    }
}

impl PriceChange {
    /// The prices after the change; unknown where neither side knows what input and output cost.
    fn over(self, known: Option<Prices>) -> Option<Prices> {
        let old = known.map(|prices| prices.standard);
        let input = self.input.or(old.map(|rates| rates.input))?;
        let output = self.output.or(old.map(|rates| rates.output))?;
        let mut rates = Rates::new(input, output);
        let or_old = |new: Option<TokenPrice>, of: fn(Rates) -> Option<TokenPrice>| {
            new.or_else(|| old.and_then(of))
        };
        rates.cached_input = or_old(self.cached_input, |rates| rates.cached_input);
        rates.cache_write = or_old(self.cache_write, |rates| rates.cache_write);
        rates.cache_write_1h = or_old(self.cache_write_1h, |rates| rates.cache_write_1h);
        let mut prices = Prices::new(rates);
        prices.long_context = self.long_context.or(known.and_then(|old| old.long_context));
        prices.batch = self.batch.or(known.and_then(|old| old.batch));
        Some(prices)
    }
}

fn read_prices(path: &str, entry: &PricesEntry, mistakes: &mut Mistakes<'_>) -> PriceChange {
    let mut read = |key: &str, value: Option<&Located<Value>>| {
        value.and_then(|value| price(&format!("{path}.{key}"), value, mistakes))
    };
    let input = read("input", entry.input.as_ref());
    let output = read("output", entry.output.as_ref());
    let cached_input = read("cached_input", entry.cached_input.as_ref());
    let cache_write = read("cache_write", entry.cache_write.as_ref());
    let cache_write_1h = read("cache_write_1h", entry.cache_write_1h.as_ref());
    let long_context = entry.long_context.as_ref().and_then(|long| {
        let mut read = |key: &str, value| read(&format!("long_context.{key}"), value);
        let mut rates = Rates::new(
            read("input", Some(&long.input))?,
            read("output", Some(&long.output))?,
        );
        rates.cached_input = read("cached_input", long.cached_input.as_ref());
        rates.cache_write = read("cache_write", long.cache_write.as_ref());
        rates.cache_write_1h = read("cache_write_1h", long.cache_write_1h.as_ref());
        Some(LongContext::new(long.above_input_tokens, rates))
    });
    let batch = entry.batch.as_ref().and_then(|batch| {
        Some(Rates::new(
            read("batch.input", Some(&batch.input))?,
            read("batch.output", Some(&batch.output))?,
        ))
    });
    PriceChange {
        input,
        output,
        cached_input,
        cache_write,
        cache_write_1h,
        long_context,
        batch,
    }
}

fn mode(
    path: &str,
    word: Option<&Located<String>>,
    mistakes: &mut Mistakes<'_>,
) -> Option<ModelMode> {
    let word = word?;
    let known = [ModelMode::Chat, ModelMode::Embedding];
    let mode = known.into_iter().find(|mode| mode.as_str() == word.value);
    if mode.is_none() {
        let message = format!("`{}` is no mode: write chat or embedding", word.value);
        mistakes.add(&format!("{path}.mode"), word.place, message);
    }
    mode
}

fn features(
    path: &str,
    names: Option<&Located<Vec<String>>>,
    mistakes: &mut Mistakes<'_>,
) -> Option<FeatureSet> {
    let names = names?;
    let mut set = FeatureSet::empty();
    for name in &names.value {
        match Feature::ALL.into_iter().find(|one| one.name() == name) {
            Some(feature) => set.insert(feature),
            None => {
                let known = Feature::ALL.map(Feature::name).join(", ");
                let message = format!("`{name}` is no feature; known are {known}");
                mistakes.add(path, names.place, message);
            }
        }
    }
    Some(set)
}
