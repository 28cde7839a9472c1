//! Reads the data file: JSON with prices as decimal text, so that no float comes near money.

use std::collections::BTreeMap;

use interline_core::{Error, ErrorKind, Feature, FeatureSet, Result, TokenPrice};
use serde::Deserialize;

use crate::{LongContext, ModelInfo, ModelMode, ModelStatus, Prices, Rates};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DataFile {
    as_of: String,
    sources: BTreeMap<String, String>,
    models: BTreeMap<String, Vec<ModelLine>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelLine {
    id: String,
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    mode: ModeWord,
    status: StatusWord,
    ends: Option<String>,
    usd_per_mtok: Option<PriceTexts>,
    context: Option<u64>,
    max_output: Option<u64>,
    dimensions: Option<u32>,
    features: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
    #[serde(default)]
    source: Vec<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ModeWord {
    #[default]
    Chat,
    Embedding,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StatusWord {
    Active,
    Deprecated,
    Retired,
    Unlisted,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceTexts {
    input: String,
    output: String,
    cached_input: Option<String>,
    cache_write: Option<String>,
    cache_write_1h: Option<String>,
    long_context: Option<LongContextTexts>,
    batch: Option<RateTexts>,
    regional: Option<Regional>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LongContextTexts {
    above_input_tokens: u64,
    input: String,
    output: String,
    cached_input: Option<String>,
    cache_write: Option<String>,
    cache_write_1h: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateTexts {
    input: String,
    output: String,
}

/// Names that begin with one of these mean the same model in some part of the world, at another price.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Regional {
    prefixes: Vec<String>,
    /// How many times the price, as decimal text.
    multiplier: String,
}

/// The day of the facts, and the models grouped by kind.
pub(crate) fn parse(text: &str) -> Result<(String, Vec<ModelInfo>)> {
    let file: DataFile = serde_json::from_str(text).map_err(|error| {
        flaw("the model catalogue is not readable".to_owned()).with_source(error)
    })?;
    let mut models = Vec::new();
    for (kind, lines) in file.models {
        for line in lines {
            let id = line.id.clone();
            let read = models_of(&kind, line, &file.sources)
                .map_err(|error| flaw(format!("model `{kind}/{id}`: {}", error.message())))?;
            models.extend(read);
        }
    }
    Ok((file.as_of, models))
}

/// The model of a line, and its regional names.
fn models_of(
    kind: &str,
    line: ModelLine,
    sources: &BTreeMap<String, String>,
) -> Result<Vec<ModelInfo>> {
    if let Some(unknown) = line.source.iter().find(|name| !sources.contains_key(*name)) {
        return Err(flaw(format!("`{unknown}` is not one of the sources")));
    }
    let model = ModelInfo {
        aliases: line.also,
        mode: match line.mode {
            ModeWord::Chat => ModelMode::Chat,
            ModeWord::Embedding => ModelMode::Embedding,
        },
        status: match line.status {
            StatusWord::Active => ModelStatus::Active,
            StatusWord::Deprecated => ModelStatus::Deprecated,
            StatusWord::Retired => ModelStatus::Retired,
            StatusWord::Unlisted => ModelStatus::Unlisted,
        },
        ends: line.ends,
        prices: line.usd_per_mtok.as_ref().map(prices).transpose()?,
        context_window: line.context,
        max_output_tokens: line.max_output,
        dimensions: line.dimensions,
        features: features(&line.features)?,
        lacks: features(&line.lacks)?,
        sources: line.source,
        ..ModelInfo::new(kind, line.id)
    };
    let regional = line.usd_per_mtok.and_then(|prices| prices.regional);
    let mut models = regional_names(&model, regional.as_ref())?;
    models.push(model);
    Ok(models)
}

fn regional_names(model: &ModelInfo, regional: Option<&Regional>) -> Result<Vec<ModelInfo>> {
    let (Some(regional), Some(prices)) = (regional, model.prices) else {
        return Ok(Vec::new());
    };
    // A multiplier is read like a price: 1.1 becomes 1,100,000 millionths.
    let millionths = u128::from(price(&regional.multiplier)?.pico_usd());
    let scaled = |price: TokenPrice| {
        let product = u128::from(price.pico_usd()) * millionths;
        let rounded = (product + 500_000) / 1_000_000;
        TokenPrice::from_pico_usd(u64::try_from(rounded).unwrap_or(u64::MAX))
    };
    let named = |prefix: &String| ModelInfo {
        id: format!("{prefix}{}", model.id),
        aliases: Vec::new(),
        prices: Some(prices.map(scaled)),
        ..model.clone()
    };
    Ok(regional.prefixes.iter().map(named).collect())
}

fn prices(texts: &PriceTexts) -> Result<Prices> {
    let batch = |texts: &RateTexts| Ok(Rates::new(price(&texts.input)?, price(&texts.output)?));
    let long_context = |texts: &LongContextTexts| -> Result<_> {
        Ok(LongContext::new(
            texts.above_input_tokens,
            Rates {
                cached_input: optional(texts.cached_input.as_deref())?,
                cache_write: optional(texts.cache_write.as_deref())?,
                cache_write_1h: optional(texts.cache_write_1h.as_deref())?,
                ..Rates::new(price(&texts.input)?, price(&texts.output)?)
            },
        ))
    };
    Ok(Prices {
        long_context: texts.long_context.as_ref().map(long_context).transpose()?,
        batch: texts.batch.as_ref().map(batch).transpose()?,
        ..Prices::new(Rates {
            cached_input: optional(texts.cached_input.as_deref())?,
            cache_write: optional(texts.cache_write.as_deref())?,
            cache_write_1h: optional(texts.cache_write_1h.as_deref())?,
            ..Rates::new(price(&texts.input)?, price(&texts.output)?)
        })
    })
}

fn optional(text: Option<&str>) -> Result<Option<TokenPrice>> {
    text.map(price).transpose()
}

fn price(text: &str) -> Result<TokenPrice> {
    TokenPrice::from_usd_per_mtok(text).ok_or_else(|| flaw(format!("`{text}` is not a price")))
}

fn features(names: &[String]) -> Result<FeatureSet> {
    names
        .iter()
        .map(|name| {
            Feature::ALL
                .into_iter()
                .find(|feature| feature.name() == name)
                .ok_or_else(|| flaw(format!("`{name}` is not a feature")))
        })
        .collect()
}

fn flaw(message: String) -> Error {
    Error::new(ErrorKind::Internal, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(line: &str) -> String {
        format!(r#"{{"as_of":"d","sources":{{"s":"S"}},"models":{{"k":[{line}]}}}}"#)
    }

    #[track_caller]
    fn refused(line: &str, named: &str) {
        let error = parse(&file(line)).expect_err("a bad line");
        let whole = format!("{error} {:?}", std::error::Error::source(&error));
        assert!(whole.contains(named), "{whole}");
    }

    #[test]
    fn a_bad_line_is_refused_by_name() {
        refused(
            r#"{"id":"m","status":"active","features":["flying"]}"#,
            "`flying`",
        );
        refused(
            r#"{"id":"m","status":"active","features":[],"usd_per_mtok":{"input":"-1","output":"1"}}"#,
            "`-1`",
        );
        refused(
            r#"{"id":"m","status":"active","features":[],"colour":1}"#,
            "colour",
        );
        refused(
            r#"{"id":"m","status":"active","features":[],"source":["rumour"]}"#,
            "`rumour`",
        );
    }

    #[test]
    fn a_model_without_prices_has_no_cost() {
        let text = file(r#"{"id":"m","status":"active","features":["tools"]}"#);
        let (_, models) = parse(&text).expect("a good file");
        let usage = interline_core::Usage::new(1, 1);
        assert_eq!(
            models.iter().map(|model| model.cost(&usage)).next(),
            Some(None)
        );
    }

    #[test]
    fn a_regional_name_is_the_model_at_another_price() {
        let text = file(
            r#"{"id":"m","status":"active","features":[],"usd_per_mtok":
               {"input":"0.035","output":"1","regional":{"prefixes":["eu."],"multiplier":"1.314"}}}"#,
        );
        let (_, models) = parse(&text).expect("a good file");
        let regional = models.iter().find(|model| model.id == "eu.m");
        let prices = regional.and_then(|model| model.prices).expect("prices");
        assert_eq!(prices.standard.input.pico_usd(), 45_990);
        assert_eq!(prices.standard.output.pico_usd(), 1_314_000);
    }
}
