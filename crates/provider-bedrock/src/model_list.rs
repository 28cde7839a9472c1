//! The models that a credential may use: those of the region, and the profiles that span regions.
//!
//! Newer models are called only through a profile (`us.anthropic.…`); their bare names are left out,
//! because a request cannot carry them. The list comes from the control plane.

use interline_core::{CallContext, Error, ListedModel, ModelLister, Result, async_trait};
use interline_transport::HttpRequest;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Bedrock;
use crate::address::in_path;

/// The longest list, in bytes (chosen, not measured; a region's is about 100 KiB).
const MAX_LIST_BYTES: usize = 8 * 1024 * 1024;

/// The most pages of profiles, each of up to 1000 (chosen, not measured).
const MAX_PAGES: usize = 16;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Models {
    #[serde(default)]
    model_summaries: Vec<Model>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    model_id: String,
    model_name: Option<String>,
    /// How it can be called; absent where that is not said.
    inference_types_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profiles {
    #[serde(default)]
    inference_profile_summaries: Vec<Profile>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    inference_profile_id: String,
    inference_profile_name: Option<String>,
}

#[async_trait]
impl ModelLister for Bedrock {
    async fn list_models(&self, cx: &CallContext) -> Result<Vec<ListedModel>> {
        let models: Models = self.list(cx, "foundation-models").await?;
        let mut listed: Vec<ListedModel> = models
            .model_summaries
            .into_iter()
            .filter(Model::can_be_asked)
            .map(|model| named(model.model_id, model.model_name))
            .collect();
        let mut path = "inference-profiles?maxResults=1000".to_owned();
        for _ in 0..MAX_PAGES {
            let page: Profiles = self.list(cx, &path).await?;
            let profiles = page.inference_profile_summaries.into_iter();
            listed.extend(profiles.map(|profile| {
                named(profile.inference_profile_id, profile.inference_profile_name)
            }));
            let Some(next) = page.next_token else {
                return Ok(listed);
            };
            path = format!(
                "inference-profiles?maxResults=1000&nextToken={}",
                in_path(&next)
            );
        }
        Err(Error::protocol(format!(
            "the list of inference profiles has more than {MAX_PAGES} pages"
        )))
    }
}

impl Bedrock {
    async fn list<T: DeserializeOwned>(&self, cx: &CallContext, path: &str) -> Result<T> {
        let request = HttpRequest::get(self.address.of_control(path));
        let response = self.exchange(cx, request).await?;
        let body = response.bytes(MAX_LIST_BYTES).await?;
        serde_json::from_slice(&body).map_err(|source| {
            Error::protocol("the list of models breaks the format").with_source(source)
        })
    }
}

impl Model {
    fn can_be_asked(&self) -> bool {
        let only_by_profile = |kinds: &Vec<String>| {
            !kinds.is_empty() && kinds.iter().all(|kind| kind == "INFERENCE_PROFILE")
        };
        !self
            .inference_types_supported
            .as_ref()
            .is_some_and(only_by_profile)
    }
}

fn named(id: String, name: Option<String>) -> ListedModel {
    let mut model = ListedModel::new(id);
    model.display_name = name;
    model
}

#[cfg(test)]
mod tests {
    use interline_core::ErrorKind;

    use super::*;
    use crate::testing::{answering, bedrock};

    #[tokio::test]
    async fn models_and_profiles_are_listed_by_the_names_that_requests_carry() {
        // Hand-written from the API reference; both lists come in one answer.
        let transport = answering(
            200,
            r#"{"modelSummaries": [
                {"modelId": "amazon.nova-lite-v1:0", "modelName": "Nova Lite",
                 "inferenceTypesSupported": ["ON_DEMAND"]},
                {"modelId": "anthropic.claude-haiku-4-5-20251001-v1:0",
                 "inferenceTypesSupported": ["INFERENCE_PROFILE"]},
                {"modelId": "old.model"}],
               "inferenceProfileSummaries": [
                {"inferenceProfileId": "us.anthropic.claude-haiku-4-5-20251001-v1:0",
                 "inferenceProfileName": "US Claude Haiku 4.5"}]}"#,
        );
        let listed = bedrock(&transport)
            .list_models(&CallContext::new("c"))
            .await;
        let listed = listed.expect("a list");
        let ids: Vec<&str> = listed.iter().map(|model| model.id.as_str()).collect();
        let profile = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
        assert_eq!(ids, ["amazon.nova-lite-v1:0", "old.model", profile]);
        assert_eq!(listed[0].display_name.as_deref(), Some("Nova Lite"));
        let url = transport.last().url;
        assert!(
            url.ends_with("/inference-profiles?maxResults=1000"),
            "{url}"
        );
    }

    #[tokio::test]
    async fn a_list_without_an_end_is_refused() {
        let transport = answering(200, r#"{"nextToken": "a/b"}"#);
        let listed = bedrock(&transport)
            .list_models(&CallContext::new("c"))
            .await;
        assert_eq!(listed.expect_err("no end").kind(), ErrorKind::Protocol);
        let url = transport.last().url;
        assert!(url.ends_with("&nextToken=a%2Fb"), "{url}");
    }
}
