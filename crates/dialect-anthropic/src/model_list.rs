//! The vendor's list of models, one page at a time.

use bytes::Bytes;
use interline_core::{Error, ListedModel, Result};
use interline_transport::body_snippet;
use serde_json::Value;

use interline_transport::json::Fields;
use interline_transport::json::Flaw;

/// One page of the list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) models: Vec<ListedModel>,
    /// What to ask for next: models after this one. `None` at the end.
    pub(crate) after: Option<String>,
}

/// Reads one page.
///
/// # Errors
/// `Protocol` where the body is not a list of models.
pub(crate) fn decode_page(body: &Bytes) -> Result<Page> {
    let value: Value = serde_json::from_slice(body).map_err(|source| {
        let start = body_snippet(body);
        Error::protocol(format!("the list of models is not JSON: {start}")).with_source(source)
    })?;
    read(&value).map_err(|flaw| flaw.into_protocol("the list of models"))
}

fn read(value: &Value) -> Result<Page, Flaw> {
    let fields = Fields::of(value)?;
    let data = fields.array("data")?.ok_or_else(|| Flaw::missing("data"))?;
    let models: Result<Vec<ListedModel>, Flaw> = data
        .iter()
        .enumerate()
        .map(|(index, entry)| model(entry).map_err(|flaw| flaw.within(index).within("data")))
        .collect();
    let models = models?;
    let after = if fields.bool("has_more")?.unwrap_or(false) {
        let last = models.last().map(|model| model.id.as_str());
        fields.str("last_id")?.or(last).map(str::to_owned)
    } else {
        None
    };
    Ok(Page { models, after })
}

fn model(value: &Value) -> Result<ListedModel, Flaw> {
    let fields = Fields::of(value)?;
    let mut model = ListedModel::new(fields.required_str("id")?);
    model.display_name = fields.str("display_name")?.map(str::to_owned);
    model.context_window = fields.u64("max_input_tokens")?;
    model.max_output_tokens = fields.u64("max_tokens")?;
    Ok(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_its_models_and_what_follows() {
        let page = decode_page(&Bytes::from_static(
            br#"{"data":[{"type":"model","id":"claude-x","display_name":"Claude X",
                "max_input_tokens":200000,"max_tokens":64000,"new":1},{"id":"claude-y"}],
                "has_more":true,"first_id":"claude-x","last_id":"claude-y"}"#,
        ))
        .expect("a good page");
        let mut first = ListedModel::new("claude-x");
        first.display_name = Some("Claude X".into());
        first.context_window = Some(200_000);
        first.max_output_tokens = Some(64_000);
        assert_eq!(page.models, [first, ListedModel::new("claude-y")]);
        assert_eq!(page.after.as_deref(), Some("claude-y"));
    }

    #[track_caller]
    fn broken(body: &'static str, message: &str) {
        let error = decode_page(&Bytes::from(body)).expect_err(body);
        assert_eq!(error.message(), message);
    }

    #[test]
    fn what_is_no_list_is_named() {
        broken("<p>", "the list of models is not JSON: <p>");
        broken("{}", "the list of models: data: field required");
        broken(
            r#"{"data":[{}]}"#,
            "the list of models: data[0].id: field required",
        );
    }
}
