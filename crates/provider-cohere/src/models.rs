//! The list of models, page by page.

use interline_core::{Error, ListedModel, Result};
use serde_json::Value;

use crate::fields::{Fields, Flaw};

/// The most models that Cohere gives on one page (`docs.cohere.com/reference/list-models`, 2026-08).
const PAGE_SIZE: usize = 1_000;

/// One page of the list.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) models: Vec<ListedModel>,
    /// What to ask the next page with; `None` on the last one.
    pub(crate) next: Option<String>,
}

/// The path of a page below the base address.
pub(crate) fn path(token: Option<&str>) -> String {
    let mut path = format!("v1/models?page_size={PAGE_SIZE}");
    if let Some(token) = token {
        path.push_str("&page_token=");
        for byte in token.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                path.push(char::from(byte));
            } else {
                path.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    path
}

/// Reads a page.
///
/// # Errors
/// `Protocol` where it is not a list of models.
pub(crate) fn decode(body: &[u8]) -> Result<Page> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|source| Error::protocol("the list of models is not JSON").with_source(source))?;
    read(value).map_err(|flaw| flaw.into_protocol("the list of models"))
}

fn read(value: Value) -> Result<Page, Flaw> {
    let mut fields = Fields::of(value, "")?;
    let listed = fields
        .array("models")?
        .ok_or_else(|| Flaw::new("models", "is required"))?;
    let models = listed.into_iter().enumerate().map(|(place, model)| {
        let mut model = Fields::of(model, format!("models[{place}]"))?;
        let mut listed = ListedModel::new(model.required_string("name")?);
        let context = model.unsigned("context_length")?;
        listed.context_window = context.filter(|tokens| *tokens > 0);
        Ok(listed)
    });
    Ok(Page {
        models: models.collect::<Result<_, Flaw>>()?,
        next: fields
            .string("next_page_token")?
            .filter(|token| !token.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_gives_names_context_and_the_next_page() {
        let page = decode(
            json!({"models": [
                {"name": "command-a-03-2025", "endpoints": ["chat"], "context_length": 288_000.0},
                {"name": "mine-ft", "context_length": 0},
            ], "next_page_token": "a/b"})
            .to_string()
            .as_bytes(),
        )
        .expect("a page");
        assert_eq!(page.models[0].context_window, Some(288_000));
        assert_eq!(page.models[1], ListedModel::new("mine-ft"));
        assert_eq!(page.next.as_deref(), Some("a/b"));
        assert_eq!(
            path(page.next.as_deref()),
            "v1/models?page_size=1000&page_token=a%2Fb"
        );
    }

    #[test]
    fn what_is_no_list_is_named() {
        let error = decode(b"{}").expect_err("no list");
        assert_eq!(error.message(), "the list of models: `models` is required");
    }
}
