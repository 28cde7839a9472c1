//! `thinking` and `output_config`: what they say in core's words, and when their own form may go out.
//!
//! These objects say more than core has words for (`adaptive`, `display`, task budgets), so a decoded
//! request keeps them whole among its unknown fields, next to their projection into core's types.
//! [`kept`] gives them back while they still say what the types say; an edited type wins.

use interline_core::{ChatBody, Effort, JsonSchemaFormat, ReasoningConfig, ResponseFormat};
use serde_json::{Map, Value};

use crate::FORMAT;
use interline_transport::json::{Fields, Flaw};

/// The fields this module is about. `output_format` is the beta form of `output_config.format`.
pub(crate) const KEYS: [&str; 3] = ["thinking", "output_config", "output_format"];

/// How hard to think, from `thinking` and `output_config.effort`.
pub(crate) fn reasoning(request: Fields<'_>) -> Result<Option<ReasoningConfig>, Flaw> {
    let mut reasoning = match request.object("thinking")? {
        None => None,
        Some(thinking) => Some(switch(thinking).map_err(|flaw| flaw.within("thinking"))?),
    };
    if let Some(config) = request.object("output_config")?
        && let Some(effort) = config
            .str("effort")
            .map_err(|flaw| flaw.within("output_config"))?
    {
        reasoning
            .get_or_insert_with(ReasoningConfig::default)
            .effort = Some(Effort::from(effort));
    }
    Ok(reasoning)
}

fn switch(thinking: Fields<'_>) -> Result<ReasoningConfig, Flaw> {
    let mut config = ReasoningConfig::switched(match thinking.required_str("type")? {
        "enabled" | "adaptive" => Some(true),
        "disabled" => Some(false),
        _ => None,
    });
    config.budget_tokens = thinking.u64("budget_tokens")?;
    Ok(config)
}

/// The shape of the answer, from `output_config.format` or `output_format`.
pub(crate) fn response_format(request: Fields<'_>) -> Result<Option<ResponseFormat>, Flaw> {
    if let Some(config) = request.object("output_config")?
        && let Some(format) = config
            .object("format")
            .map_err(|flaw| flaw.within("output_config"))?
    {
        return schema(format).map_err(|flaw| flaw.within("format").within("output_config"));
    }
    match request.object("output_format")? {
        None => Ok(None),
        Some(format) => schema(format).map_err(|flaw| flaw.within("output_format")),
    }
}

fn schema(format: Fields<'_>) -> Result<Option<ResponseFormat>, Flaw> {
    if format.required_str("type")? != "json_schema" {
        return Ok(None);
    }
    let schema = format
        .get("schema")
        .ok_or_else(|| Flaw::missing("schema"))?;
    Ok(Some(ResponseFormat::JsonSchema(JsonSchemaFormat::new(
        schema.clone(),
    ))))
}

/// The objects as the caller wrote them, while the types still say the same.
pub(crate) fn kept(body: &ChatBody) -> Option<Map<String, Value>> {
    let fields: Map<String, Value> = body
        .extra
        .for_format(&FORMAT)?
        .iter()
        .filter(|(key, _)| KEYS.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if fields.is_empty() {
        return None;
    }
    let value = Value::Object(fields);
    let said = Fields::of(&value).ok()?;
    let same = reasoning(said).ok()? == body.reasoning
        && response_format(said).ok()? == body.response_format;
    match value {
        Value::Object(fields) if same => Some(fields),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::format;

    fn read(request: &Value) -> Option<ReasoningConfig> {
        reasoning(Fields::of(request).expect("an object")).expect("good settings")
    }

    #[test]
    fn thinking_and_effort_become_one_wish() {
        assert_eq!(read(&json!({})), None);
        assert_eq!(
            read(&json!({"thinking": {"type": "enabled", "budget_tokens": 3000}})),
            Some(ReasoningConfig::budget(3000))
        );
        assert_eq!(
            read(&json!({"thinking": {"type": "disabled"}})),
            Some(ReasoningConfig::switched(Some(false)))
        );
        let both = read(&json!({
            "thinking": {"type": "adaptive"}, "output_config": {"effort": "low"},
        }))
        .expect("a wish");
        assert_eq!(both.enabled, Some(true));
        assert_eq!(both.effort, Some(Effort::Low));
    }

    #[test]
    fn an_edited_type_wins_over_the_kept_object() {
        let thinking = json!({"thinking": {"type": "adaptive", "display": "omitted"}});
        let Value::Object(fields) = thinking else {
            unreachable!("an object")
        };
        let mut body = ChatBody::default();
        body.extra = format::extra(fields.clone());
        body.reasoning = Some(ReasoningConfig::switched(Some(true)));
        assert_eq!(kept(&body), Some(fields));
        body.reasoning = Some(ReasoningConfig::budget(2048));
        assert_eq!(kept(&body), None);
    }

    #[test]
    fn both_forms_of_a_schema_are_read() {
        let format = json!({"type": "json_schema", "schema": {"type": "object"}});
        for request in [
            json!({"output_config": {"format": format}}),
            json!({"output_format": format}),
        ] {
            let read = response_format(Fields::of(&request).expect("an object"));
            let schema = JsonSchemaFormat::new(json!({"type": "object"}));
            assert_eq!(read, Ok(Some(ResponseFormat::JsonSchema(schema))));
        }
    }
}
