//! Reads the data file: JSON with prices as decimal text, so that no float comes near money.

use std::collections::BTreeMap;

use interline_core::{Error, ErrorKind, Feature, FeatureSet, Result, TokenPrice};
use serde::Deserialize;

use crate::{ModelInfo, ModelStatus, Prices};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DataFile {
    as_of: String,
    #[serde(rename = "source")]
    _source: String,
    models: BTreeMap<String, Vec<ModelLine>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelLine {
    id: String,
    #[serde(default)]
    also: Vec<String>,
    status: StatusWord,
    usd_per_mtok: Option<PriceTexts>,
    context: Option<u64>,
    max_output: Option<u64>,
    features: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
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
    up_to_input_tokens: Option<u64>,
}

/// The day of the facts, and the models grouped by kind.
pub(crate) fn parse(text: &str) -> Result<(String, Vec<ModelInfo>)> {
    let file: DataFile = serde_json::from_str(text).map_err(|error| {
        Error::new(ErrorKind::Internal, "the model catalogue is not readable").with_source(error)
    })?;
    let mut models = Vec::new();
    for (kind, lines) in file.models {
        for line in lines {
            models.push(model(&kind, line)?);
        }
    }
    Ok((file.as_of, models))
}

fn model(kind: &str, line: ModelLine) -> Result<ModelInfo> {
    let prices = line.usd_per_mtok.as_ref().map(prices).transpose();
    let at_line = |error: Error| {
        let message = format!("model `{kind}/{}`: {}", line.id, error.message());
        Error::new(ErrorKind::Internal, message)
    };
    Ok(ModelInfo {
        prices: prices.map_err(at_line)?,
        features: features(&line.features).map_err(at_line)?,
        lacks: features(&line.lacks).map_err(at_line)?,
        kind: kind.to_owned(),
        aliases: line.also,
        status: match line.status {
            StatusWord::Active => ModelStatus::Active,
            StatusWord::Deprecated => ModelStatus::Deprecated,
            StatusWord::Retired => ModelStatus::Retired,
            StatusWord::Unlisted => ModelStatus::Unlisted,
        },
        context_window: line.context,
        max_output_tokens: line.max_output,
        id: line.id,
    })
}

fn prices(texts: &PriceTexts) -> Result<Prices> {
    let optional = |text: &Option<String>| text.as_deref().map(price).transpose();
    Ok(Prices {
        cached_input: optional(&texts.cached_input)?,
        cache_write: optional(&texts.cache_write)?,
        up_to_input_tokens: texts.up_to_input_tokens,
        ..Prices::new(price(&texts.input)?, price(&texts.output)?)
    })
}

fn price(text: &str) -> Result<TokenPrice> {
    TokenPrice::from_usd_per_mtok(text)
        .ok_or_else(|| Error::new(ErrorKind::Internal, format!("`{text}` is not a price")))
}

fn features(names: &[String]) -> Result<FeatureSet> {
    names
        .iter()
        .map(|name| {
            Feature::ALL
                .into_iter()
                .find(|feature| feature.name() == name)
                .ok_or_else(|| {
                    Error::new(ErrorKind::Internal, format!("`{name}` is not a feature"))
                })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(line: &str, named: &str) {
        let text = format!(r#"{{"as_of":"d","source":"s","models":{{"k":[{line}]}}}}"#);
        let error = parse(&text).expect_err("a bad line");
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
    }

    #[test]
    fn a_model_without_prices_has_no_cost() {
        let text = r#"{"as_of":"d","source":"s","models":{"k":[{"id":"m","status":"active","features":["tools"]}]}}"#;
        let (_, models) = parse(text).expect("a good file");
        let usage = interline_core::Usage::new(1, 1);
        assert_eq!(
            models.iter().map(|model| model.cost(&usage)).next(),
            Some(None)
        );
    }
}
