//! Which of a resource's APIs is called, and what it takes.

use interline_core::{Error, Feature, FeatureSet, Result};
use interline_dialect_openai::embeddings::{EmbeddingQuirks, TokenInputs};
use interline_dialect_openai::{
    DeveloperRole, Endpoint, Endpoints, OutputLimit, Quirks, StreamUsage,
};

/// Whose models a resource serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flavor {
    /// Those of OpenAI, under `/openai`.
    #[default]
    OpenAi,
    /// Those of many makers, under `/models` of Azure AI Foundry.
    Foundry,
}

/// The version of Foundry's API that is called where none is given: the latest of its documentation,
/// read in August 2026.
const FOUNDRY_VERSION: &str = "2024-05-01-preview";

/// The version in which `stream_options` and `max_completion_tokens` came, by Azure's page on the
/// life cycle of API versions; earlier ones refuse both.
const NEWER_FIELDS: &str = "2024-09-01";

/// The version in which Responses came to dated versions, by Azure's list of API versions.
const RESPONSES_SINCE: &str = "2025-03-01";

/// Paths of the resource that users copy behind the host; both APIs are below the host.
const KNOWN_PATHS: [&str; 3] = ["/openai/v1", "/openai", "/models"];

/// Which API is called, and what it takes.
#[derive(Debug)]
pub(crate) struct Surface {
    pub(crate) endpoints: Endpoints,
    pub(crate) quirks: Quirks,
    /// Where Responses are; `None` where the version has none.
    pub(crate) responses: Option<Endpoint>,
    pub(crate) embeddings: Endpoint,
    pub(crate) embedding_quirks: EmbeddingQuirks,
    pub(crate) models: Endpoint,
}

impl Surface {
    /// # Errors
    /// `InvalidRequest` where the version cannot stand in a URL.
    pub(crate) fn of(flavor: Flavor, version: Option<&str>) -> Result<Self> {
        if let Some(version) = version {
            check_version(version)?;
        }
        Ok(match (flavor, version) {
            (Flavor::Foundry, version) => Self::at(
                Paths::FOUNDRY,
                Some(version.unwrap_or(FOUNDRY_VERSION)),
                FOUNDRY,
                FOUNDRY_EMBEDDINGS,
            ),
            (Flavor::OpenAi, Some(version)) if is_dated(version) => {
                let quirks = if version < NEWER_FIELDS {
                    EARLY
                } else {
                    Quirks::new()
                };
                let mut paths = Paths::DEPLOYMENTS;
                if version < RESPONSES_SINCE {
                    paths.responses = None;
                }
                Self::at(paths, Some(version), quirks, EmbeddingQuirks::new())
            }
            (Flavor::OpenAi, version) => {
                Self::at(Paths::V1, version, Quirks::new(), EmbeddingQuirks::new())
            }
        })
    }

    fn at(
        paths: Paths,
        version: Option<&str>,
        quirks: Quirks,
        embedding_quirks: EmbeddingQuirks,
    ) -> Self {
        let query = version.map(|version| format!("api-version={version}"));
        let endpoint = |path| match &query {
            Some(query) => Endpoint::new(path).with_query(query.clone()),
            None => Endpoint::new(path),
        };
        let endpoints = Endpoints::new(paths.chat, paths.models);
        Self {
            endpoints: match &query {
                Some(query) => endpoints.with_query(query.clone()),
                None => endpoints,
            },
            quirks,
            responses: paths.responses.map(endpoint),
            embeddings: endpoint(paths.embeddings),
            embedding_quirks,
            models: endpoint(paths.models),
        }
    }
}

/// The paths of one API.
#[derive(Clone, Copy)]
struct Paths {
    chat: &'static str,
    /// The model stands in the body, whatever the version.
    responses: Option<&'static str>,
    embeddings: &'static str,
    /// Lists the models that could be deployed, not the deployments, which only the resource's
    /// management tells; needs the key.
    models: &'static str,
}

impl Paths {
    const V1: Self = Self {
        chat: "openai/v1/chat/completions",
        responses: Some("openai/v1/responses"),
        embeddings: "openai/v1/embeddings",
        models: "openai/v1/models",
    };
    const DEPLOYMENTS: Self = Self {
        chat: "openai/deployments/{model}/chat/completions",
        responses: Some("openai/responses"),
        embeddings: "openai/deployments/{model}/embeddings",
        models: "openai/models",
    };
    const FOUNDRY: Self = Self {
        chat: "models/chat/completions",
        responses: None,
        embeddings: "models/embeddings",
        models: "openai/models",
    };
}

/// What Azure documents of versions before [`NEWER_FIELDS`].
const EARLY: Quirks = Quirks::new()
    .with_output_limit(OutputLimit::MaxTokens)
    .with_renamed_fields(&[("max_completion_tokens", "max_tokens")])
    .with_refused_fields(&["stream_options"])
    .with_stream_usage(StreamUsage::Unasked);

/// What the reference of Foundry's chat completions lists: one answer, no documents, no
/// log-probabilities, `user`, `metadata` or switch for parallel calls; the bound is `max_tokens`.
/// That streams tell their usage on request, and thinking follows `reasoning_effort`, is recorded.
const FOUNDRY: Quirks = Quirks::new()
    .with_features(
        FeatureSet::all()
            .without(Feature::Files)
            .without(Feature::MultipleChoices)
            .without(Feature::Logprobs)
            .without(Feature::ParallelToolCalls)
            .without(Feature::TopK)
            .without(Feature::User)
            .without(Feature::Metadata),
    )
    .with_developer_role(DeveloperRole::AsSystem)
    .with_output_limit(OutputLimit::MaxTokens);

/// What the reference of Foundry's embeddings lists: texts only, and no `user`.
const FOUNDRY_EMBEDDINGS: EmbeddingQuirks = EmbeddingQuirks::new()
    .with_token_inputs(TokenInputs::Refused)
    .with_refused_fields(&["user"]);

/// The resource's host, without a path that one of its APIs has.
pub(crate) fn host(base_url: &str) -> &str {
    let base_url = base_url.trim_end_matches('/');
    KNOWN_PATHS
        .iter()
        .find_map(|path| base_url.strip_suffix(path))
        .unwrap_or(base_url)
}

/// Versions of the newer API are words, such as `preview`.
fn is_dated(version: &str) -> bool {
    version.starts_with(|first: char| first.is_ascii_digit())
}

fn check_version(version: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if version.is_empty() || !version.chars().all(plain) {
        return Err(Error::invalid_request(format!(
            "api_version is `{version}`; write a version such as 2024-10-21, or leave it out"
        ))
        .with_param("api_version"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(flavor: Flavor, version: Option<&str>, chat: &str, models: &str) {
        let surface = Surface::of(flavor, version).expect("a good version");
        let base = "https://x.example";
        let model = "gpt 4".into();
        assert_eq!(
            surface.endpoints.chat(base, &model),
            format!("{base}/{chat}")
        );
        assert_eq!(
            surface.embeddings.url_for(base, &model),
            format!("{base}/{}", chat.replace("chat/completions", "embeddings"))
        );
        assert_eq!(surface.endpoints.health(base), format!("{base}/{models}"));
        assert_eq!(surface.models.url(base), format!("{base}/{models}"));
    }

    #[test]
    fn version_and_flavor_decide_the_path() {
        check(
            Flavor::OpenAi,
            None,
            "openai/v1/chat/completions",
            "openai/v1/models",
        );
        check(
            Flavor::OpenAi,
            Some("preview"),
            "openai/v1/chat/completions?api-version=preview",
            "openai/v1/models?api-version=preview",
        );
        check(
            Flavor::OpenAi,
            Some("2024-10-21"),
            "openai/deployments/gpt%204/chat/completions?api-version=2024-10-21",
            "openai/models?api-version=2024-10-21",
        );
        check(
            Flavor::Foundry,
            None,
            "models/chat/completions?api-version=2024-05-01-preview",
            "openai/models?api-version=2024-05-01-preview",
        );
    }

    #[test]
    fn responses_are_where_the_version_has_them() {
        for (flavor, version, path) in [
            (Flavor::OpenAi, None, Some("openai/v1/responses")),
            (
                Flavor::OpenAi,
                Some("preview"),
                Some("openai/v1/responses?api-version=preview"),
            ),
            (
                Flavor::OpenAi,
                Some("2025-03-01-preview"),
                Some("openai/responses?api-version=2025-03-01-preview"),
            ),
            (Flavor::OpenAi, Some("2024-10-21"), None),
            (Flavor::Foundry, None, None),
        ] {
            let surface = Surface::of(flavor, version).expect("a good version");
            let url = surface.responses.map(|at| at.url("https://x.example"));
            let expected = path.map(|path| format!("https://x.example/{path}"));
            assert_eq!(url, expected, "{version:?}");
        }
    }

    #[test]
    fn early_versions_are_spared_newer_fields() {
        for (version, early) in [
            ("2023-07-01-preview", true),
            ("2024-02-01", true),
            ("2024-08-01-preview", true),
            ("2024-09-01-preview", false),
            ("2024-10-21", false),
        ] {
            let surface = Surface::of(Flavor::OpenAi, Some(version)).expect("a good version");
            assert_eq!(surface.quirks == EARLY, early, "{version}");
        }
    }

    #[test]
    fn a_version_that_would_change_the_url_is_refused() {
        for version in ["", "2024-10-21&x=1", "a b", "v1/../"] {
            let error = Surface::of(Flavor::OpenAi, Some(version)).expect_err("refused");
            assert_eq!(error.param(), Some("api_version"), "{version}");
        }
    }

    #[test]
    fn paths_of_the_apis_are_taken_off_the_host_and_prefixes_stay() {
        for (given, host_of_it) in [
            ("https://n.openai.azure.com", "https://n.openai.azure.com"),
            (
                "https://n.openai.azure.com/openai/v1/",
                "https://n.openai.azure.com",
            ),
            (
                "https://n.services.ai.azure.com/models",
                "https://n.services.ai.azure.com",
            ),
            ("https://proxy.example/azure", "https://proxy.example/azure"),
        ] {
            assert_eq!(host(given), host_of_it);
        }
    }
}
