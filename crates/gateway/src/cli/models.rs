//! `interline models`: the model catalogue as a table or as JSON.

use std::path::PathBuf;

use clap::Args;
use interline::{Config, Registry};
use interline_catalog::{Catalog, ModelInfo, Prices, Rates};
use interline_core::TokenPrice;
use owo_colors::OwoColorize;
use serde_json::{Value, json};

use super::exit::Exit;
use super::output;

/// What `models` takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Show what this configuration file says of models, too
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Show only models whose `kind/name` contains this text
    filter: Option<String>,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Prints the catalogue.
pub(super) fn perform(arguments: &Arguments, registry: &Registry) -> Result<(), Exit> {
    let catalog = match &arguments.config {
        Some(file) => {
            let config = Config::load(file)?;
            // Nothing is spent, and a gateway that runs has the file.
            let builder = config.client_builder(registry)?;
            let client = builder.spend_in_memory().build()?;
            client.catalog().clone()
        }
        None => Catalog::embedded(),
    };
    let filter = arguments.filter.as_deref().unwrap_or_default();
    let models: Vec<&ModelInfo> = catalog
        .models()
        .filter(|model| format!("{}/{}", model.kind, model.id).contains(filter))
        .collect();
    if arguments.json {
        let models: Vec<Value> = models.into_iter().map(describe).collect();
        let document = json!({ "as_of": catalog.as_of(), "models": models });
        return Ok(output::write(&format!("{document:#}\n"))?);
    }
    if models.is_empty() {
        return Err(Exit::failed(format!("no model contains `{filter}`")));
    }
    output::write(&table(&models))?;
    anstream::eprintln!(
        "{}",
        format!(
            "{} models, as of {}; prices in USD per million tokens",
            models.len(),
            catalog.as_of()
        )
        .dimmed()
    );
    Ok(())
}

fn table(models: &[&ModelInfo]) -> String {
    let longest = |text: fn(&ModelInfo) -> &str| models.iter().map(|model| text(model).len()).max();
    let kind_width = longest(|model| &model.kind).unwrap_or(0).max("kind".len());
    let id_width = longest(|model| &model.id).unwrap_or(0).max("model".len());
    let head = format!(
        "{:kind_width$}  {:id_width$}  {:>8}  {:>8}  {:>9}  {:>9}  {:<10}  can",
        "kind", "model", "input", "output", "context", "writes", "status"
    );
    let mut table = format!("{}\n", head.bold());
    for model in models {
        let price = |choose: fn(&Rates) -> TokenPrice| {
            model.prices.as_ref().map_or_else(
                || "—".to_owned(),
                |prices| usd_per_mtok(choose(&prices.standard)),
            )
        };
        let line = format!(
            "{:kind_width$}  {:id_width$}  {:>8}  {:>8}  {:>9}  {:>9}  {:<10}  {}",
            model.kind,
            model.id,
            price(|rates| rates.input),
            price(|rates| rates.output),
            tokens(model.context_window),
            tokens(model.max_output_tokens),
            model.status.as_str(),
            features(model).join(" ")
        );
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

fn features(model: &ModelInfo) -> Vec<&'static str> {
    model
        .features
        .iter()
        .map(interline_core::Feature::name)
        .collect()
}

fn describe(model: &ModelInfo) -> Value {
    json!({
        "kind": model.kind,
        "id": model.id,
        "aliases": model.aliases,
        "mode": model.mode.as_str(),
        "status": model.status.as_str(),
        "ends": model.ends,
        "usd_per_mtok": model.prices.as_ref().map(describe_prices),
        "context_window": model.context_window,
        "max_output_tokens": model.max_output_tokens,
        "dimensions": model.dimensions,
        "features": features(model),
        "lacks": model.lacks.iter().map(interline_core::Feature::name).collect::<Vec<_>>(),
        "sources": model.sources,
    })
}

fn describe_prices(prices: &Prices) -> Value {
    let mut described = describe_rates(&prices.standard);
    described["long_context"] = prices.long_context.map_or(Value::Null, |long| {
        let mut rates = describe_rates(&long.rates);
        rates["above_input_tokens"] = long.above_input_tokens.into();
        rates
    });
    described["batch"] = prices.batch.as_ref().map_or(Value::Null, describe_rates);
    described
}

fn describe_rates(rates: &Rates) -> Value {
    json!({
        "input": usd_per_mtok(rates.input),
        "output": usd_per_mtok(rates.output),
        "cached_input": rates.cached_input.map(usd_per_mtok),
        "cache_write": rates.cache_write.map(usd_per_mtok),
        "cache_write_1h": rates.cache_write_1h.map(usd_per_mtok),
    })
}

/// A price as a plain decimal without trailing zeros.
fn usd_per_mtok(price: TokenPrice) -> String {
    const PICO_PER_USD_PER_MTOK: u64 = 1_000_000;
    let whole = price.pico_usd() / PICO_PER_USD_PER_MTOK;
    let fraction = format!("{:06}", price.pico_usd() % PICO_PER_USD_PER_MTOK);
    match fraction.trim_end_matches('0') {
        "" => whole.to_string(),
        digits => format!("{whole}.{digits}"),
    }
}

/// Tokens in the unit that the number is round in.
fn tokens(count: Option<u64>) -> String {
    match count {
        None => "—".to_owned(),
        Some(count) if count >= 1_000_000 && count % 1_000_000 < 100_000 => {
            format!("{}M", count / 1_000_000)
        }
        Some(count) if count >= 1000 => format!("{}k", count / 1000),
        Some(count) => count.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_shown_as_vendors_write_them() {
        for decimal in ["2.5", "0.075", "15", "0"] {
            let price = TokenPrice::from_usd_per_mtok(decimal).expect("a price");
            assert_eq!(usd_per_mtok(price), decimal);
        }
    }

    #[test]
    fn token_counts_are_short() {
        for (count, shown) in [
            (None, "—"),
            (Some(512), "512"),
            (Some(128_000), "128k"),
            (Some(1_050_000), "1M"),
        ] {
            assert_eq!(tokens(count), shown);
        }
    }
}
