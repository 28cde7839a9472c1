//! `outputConfig`: the shape of the answer.
//!
//! The schema travels as text. A decoded request keeps the object, so that its text goes out again as it
//! was spelled while the types still say the same. Schemas of other callers are made ones that Claude
//! accepts.

use interline_core::{ChatBody, Error, ErrorKind, JsonSchemaFormat, ResponseFormat};
use interline_dialect_anthropic::accepted_schema;
use serde_json::{Map, Value, json};

use crate::FORMAT;
use crate::model_family::{Maker, ModelFamily};

/// The object's key, on the wire and in the extra of a request.
pub(crate) const KEY: &str = "outputConfig";

/// What the object says in core's words; `None` where core has none.
pub(crate) fn decode(config: &Value) -> Option<ResponseFormat> {
    let format = config.get("textFormat")?;
    if format.get("type")?.as_str()? != "json_schema" {
        return None;
    }
    let shape = format.pointer("/structure/jsonSchema")?;
    let schema = serde_json::from_str(shape.get("schema")?.as_str()?).ok()?;
    let text = |key| Some(shape.get(key)?.as_str()?.to_owned());
    let mut wanted = JsonSchemaFormat::new(schema).with_description(text("description"));
    wanted.name = text("name");
    Some(ResponseFormat::JsonSchema(wanted))
}

/// Writes the object; `None` where there is nothing to say.
///
/// # Errors
/// `Unsupported` for JSON without a schema, which the format cannot ask for, and for a schema that the
/// model does not follow.
pub(crate) fn encode(body: &ChatBody, family: ModelFamily) -> Result<Option<Value>, Error> {
    let kept = body.extra.get(&FORMAT, KEY);
    let wanted = match &body.response_format {
        None | Some(ResponseFormat::Text) => {
            // What core has no words for is not a shape it could have dropped.
            return Ok(kept.filter(|kept| decode(kept).is_none()).cloned());
        }
        Some(ResponseFormat::JsonSchema(wanted)) => wanted,
        Some(_) => {
            let message = "bedrock.converse gives JSON only by a schema: send one";
            return Err(Error::new(ErrorKind::Unsupported, message).with_param("response_format"));
        }
    };
    if let Some(kept) = kept
        && decode(kept) == body.response_format
    {
        return Ok(Some(kept.clone()));
    }
    if !family.enforces_schemas() {
        let message =
            "this model of Bedrock follows no schema: Claude since 4.5 and open models do";
        return Err(Error::new(ErrorKind::Unsupported, message).with_param("response_format"));
    }
    let schema = match family.maker {
        Maker::Claude | Maker::Unknown => accepted_schema(&wanted.schema),
        _ => wanted.schema.clone(),
    };
    let mut shape = Map::new();
    shape.insert("schema".into(), json!(schema.to_string()));
    for (key, text) in [("name", &wanted.name), ("description", &wanted.description)] {
        if let Some(text) = text {
            shape.insert(key.into(), json!(text));
        }
    }
    let structure = json!({"jsonSchema": shape});
    let format = json!({"type": "json_schema", "structure": structure});
    Ok(Some(json!({"textFormat": format})))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format;

    fn encoded(body: &ChatBody) -> Result<Option<Value>, Error> {
        let family = ModelFamily::of("us.anthropic.claude-haiku-4-5-20251001-v1:0");
        encode(body, family)
    }

    #[test]
    fn the_object_keeps_its_spelling_until_it_is_edited() {
        let schema = "{\"type\": \"object\",  \"properties\": {}}";
        let config = json!({"textFormat": {"type": "json_schema", "structure":
            {"jsonSchema": {"name": "n", "description": "d", "schema": schema}}}});
        let mut body = ChatBody::default();
        body.response_format = decode(&config);
        body.extra = format::mark(KEY, config.clone());
        assert_eq!(encoded(&body).expect("encodable"), Some(config));
        body.response_format = None;
        assert_eq!(encoded(&body).expect("encodable"), None);
    }

    #[test]
    fn a_schema_is_closed_and_travels_as_text() {
        let mut body = ChatBody::default();
        let shape = JsonSchemaFormat::new(json!({"type": "object"}));
        body.response_format = Some(ResponseFormat::JsonSchema(shape));
        let schema = r#"{"additionalProperties":false,"type":"object"}"#;
        let config = json!({"textFormat": {"type": "json_schema", "structure":
            {"jsonSchema": {"schema": schema}}}});
        assert_eq!(encoded(&body).expect("encodable"), Some(config));
    }

    #[test]
    fn a_model_that_follows_no_schema_is_not_asked_to() {
        let mut body = ChatBody::default();
        let shape = JsonSchemaFormat::new(json!({"type": "object"}));
        body.response_format = Some(ResponseFormat::JsonSchema(shape));
        let error = encode(&body, ModelFamily::of("amazon.nova-lite-v1:0"));
        let error = error.expect_err("refused");
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Unsupported, Some("response_format"))
        );
    }

    #[test]
    fn json_without_a_schema_is_refused() {
        let mut body = ChatBody::default();
        body.response_format = Some(ResponseFormat::JsonObject);
        let error = encoded(&body).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.param(), Some("response_format"));
    }
}
