//! Amounts and prices of a file: numbers or decimal texts, in USD.

use interline_core::{NanoUsd, TokenPrice};
use interline_routing::PriceCap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::located::Located;
use super::mistakes::Mistakes;

/// The most that tokens may cost, in USD per million tokens, each a number or a decimal text.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PriceCapEntry {
    /// Tokens read.
    input: Option<Located<Value>>,
    /// Tokens written.
    output: Option<Located<Value>>,
}

impl PriceCapEntry {
    /// The cap, without what is wrong in it.
    pub(super) fn read(&self, path: &str, mistakes: &mut Mistakes<'_>) -> PriceCap {
        let mut read = |key: &str, value: Option<&Located<Value>>| {
            let value = value?;
            price(&format!("{path}.{key}"), value, mistakes)
        };
        PriceCap::new(
            read("input", self.input.as_ref()),
            read("output", self.output.as_ref()),
        )
    }
}

/// An amount in USD.
pub(super) fn amount(
    path: &str,
    value: Option<&Located<Value>>,
    mistakes: &mut Mistakes<'_>,
) -> Option<NanoUsd> {
    let value = value?;
    let text = text_of(&value.value);
    let amount = NanoUsd::from_usd(&text).filter(|amount| *amount > NanoUsd::ZERO);
    if amount.is_none() {
        let message = format!(
            "`{text}` is not an amount in USD above 0, such as 0.05, with at most nine digits behind \
             the point"
        );
        mistakes.add(path, value.place, message);
    }
    amount
}

/// A price in USD per million tokens.
pub(super) fn price(
    path: &str,
    value: &Located<Value>,
    mistakes: &mut Mistakes<'_>,
) -> Option<TokenPrice> {
    let text = text_of(&value.value);
    let price = TokenPrice::from_usd_per_mtok(&text);
    if price.is_none() {
        let message = format!(
            "`{text}` is not a price in USD per million tokens, such as 2.5, with at most six digits \
             behind the point"
        );
        mistakes.add(path, value.place, message);
    }
    price
}

/// A number or a text as it would be written by hand: `0.000001`, never `1e-6`.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => {
            let plain = number.as_f64().map(|number| number.to_string());
            plain.unwrap_or_else(|| number.to_string())
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn small_numbers_are_read_as_they_are_written() {
        for (value, text) in [
            (json!(0.000_001), "0.000001"),
            (json!(1e-9), "0.000000001"),
            (json!(100), "100"),
            (json!("0.05"), "0.05"),
        ] {
            assert_eq!(text_of(&value), text);
        }
    }
}
