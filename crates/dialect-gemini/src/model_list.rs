//! The vendor's list of models, one page at a time.

use bytes::Bytes;
use interline_core::{Error, ListedModel, Result};
use interline_transport::body_snippet;
use serde_json::Value;

use crate::model_name;
use interline_transport::json::{Fields, Flaw};

/// Where a page keeps its models: those of the Gemini API, then those of Vertex AI's publishers.
const LISTS: [&str; 2] = ["models", "publisherModels"];

/// One page of a list of models.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelPage {
    /// The models, in the vendor's order.
    pub models: Vec<ListedModel>,
    /// What to send as `pageToken` for the next page; `None` at the end.
    pub next: Option<String>,
}

/// Reads one page of a list of models.
///
/// # Errors
/// `Protocol` where the body is not a list of models.
pub fn decode_model_page(body: &Bytes) -> Result<ModelPage> {
    let value: Value = serde_json::from_slice(body).map_err(|source| {
        let start = body_snippet(body);
        Error::protocol(format!("the list of models is not JSON: {start}")).with_source(source)
    })?;
    read(&value).map_err(|flaw| flaw.into_protocol("the list of models"))
}

fn read(value: &Value) -> Result<ModelPage, Flaw> {
    let fields = Fields::of(value)?;
    let mut models = Vec::new();
    for list in LISTS {
        for (index, entry) in fields.list_or_one(list).iter().enumerate() {
            models.push(model(entry).map_err(|flaw| flaw.within(index).within(list))?);
        }
    }
    let next = fields.str("nextPageToken")?;
    Ok(ModelPage {
        models,
        next: next.filter(|token| !token.is_empty()).map(str::to_owned),
    })
}

fn model(value: &Value) -> Result<ListedModel, Flaw> {
    let fields = Fields::of(value)?;
    let mut model = ListedModel::new(model_name::of_resource(fields.required_str("name")?));
    model.display_name = fields.str("displayName")?.map(str::to_owned);
    model.context_window = fields.u64("inputTokenLimit")?;
    model.max_output_tokens = fields.u64("outputTokenLimit")?;
    Ok(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_its_models_and_what_follows() {
        let page = decode_model_page(&Bytes::from_static(
            br#"{"models":[{"name":"models/gemini-x","displayName":"Gemini X","version":"1",
                "inputTokenLimit":1048576,"outputTokenLimit":65536}],"nextPageToken":"t/1"}"#,
        ))
        .expect("a good page");
        let mut model = ListedModel::new("gemini-x");
        model.display_name = Some("Gemini X".into());
        model.context_window = Some(1_048_576);
        model.max_output_tokens = Some(65_536);
        assert_eq!(
            (page.models, page.next.as_deref()),
            (vec![model], Some("t/1"))
        );
        let page = decode_model_page(&Bytes::from_static(
            br#"{"publisherModels":[{"name":"publishers/anthropic/models/claude-x"}]}"#,
        ));
        let page = page.expect("a good page");
        assert_eq!(page.models, [ListedModel::new("claude-x")]);
        assert_eq!(page.next, None);
    }

    #[test]
    fn what_is_no_list_is_named() {
        for (body, message) in [
            ("<p>", "the list of models is not JSON: <p>"),
            (
                r#"{"models":[{}]}"#,
                "the list of models: models[0].name: field required",
            ),
        ] {
            let error = decode_model_page(&Bytes::from(body)).expect_err(body);
            assert_eq!(error.message(), message);
        }
    }
}
